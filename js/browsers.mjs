// Which browsers must run what is built, and what of a style sheet or a script one of them lacks.
// The facts are those of MDN's browser-compat-data.
import { readFileSync } from "node:fs";
import postcss from "postcss";
import parseValue from "postcss-value-parser";

const data = JSON.parse(
  readFileSync(new URL("node_modules/@mdn/browser-compat-data/data.json", import.meta.url), "utf8"),
);

/** Phones come as they are: what a class loads must run in browsers of the autumn of 2021. */
export const PHONES = { chrome: 92, firefox: 90, safari: 15 };
/** Notebooks: these have what the style sheets of the widgets need. */
export const NOTEBOOKS = { chrome: 111, firefox: 114, safari: 16.4 };

/** The browsers as esbuild's target. */
export function targetOf(browsers) {
  return Object.entries(browsers).map(([name, version]) => `${name}${version}`);
}

const MOBILE = { chrome: "chrome_android", firefox: "firefox_android", safari: "safari_ios" };

/** Without these a page looks plainer, and does all that it does. */
const MAY_BE_LACKING = new Set([
  "accent-color",
  "color-scheme",
  "cursor",
  "field-sizing",
  "resize",
  ":focus-visible",
]);
/** Names of our own, and of our libraries', that something newer has, too. */
const OWN_NAMES = new Set([
  "bytes",
  "command",
  "delay",
  "dispose",
  "displayName",
  "hand",
  "role",
  "take",
  "transport",
]);
/** What socket.io-client uses only where it is there and asked for. */
const ASKED_FOR = new Set(["WebTransport", "TransformStream", "pipeThrough", "pipeTo"]);

/** The browsers of those given that do not have a feature, in words; "" if all have it. */
function lackedBy(feature, browsers) {
  const support = feature?.__compat?.support;
  if (!support) return "";
  const lacking = [];
  for (const [name, version] of Object.entries(browsers)) {
    for (const browser of [name, MOBILE[name]]) {
      const entries = [support[browser] ?? []].flat();
      const plain = entries.filter((one) => !one.flags && !one.prefix && !one.alternative_name);
      const has = plain.some((one) => {
        const added = one.version_added;
        if (added === true) return true;
        const removed = Number.parseFloat(one.version_removed) || Number.POSITIVE_INFINITY;
        return Number.parseFloat(String(added).replace("≤", "")) <= version && version < removed;
      });
      if (!has) {
        const added = plain[0]?.version_added;
        lacking.push(`${browser} ${version}${added ? ` (it came with ${added})` : ""}`);
      }
    }
  }
  return lacking.join(", ");
}

function isWithinSupports(node) {
  for (let at = node.parent; at; at = at.parent) {
    if (at.type === "atrule" && at.name === "supports") return true;
  }
  return false;
}

function functionOf(name) {
  const { types } = data.css;
  if (types[name]) return types[name];
  for (const kind of Object.values(types)) if (kind[name]?.__compat) return kind[name];
  return undefined;
}

/** Call `found(name, who, node)` for each thing in a parsed style sheet that a browser lacks. */
function walkNewer(sheet, browsers, found) {
  const note = (name, feature, node) => {
    const who = lackedBy(feature, browsers);
    if (who) found(name, who, node);
  };
  sheet.walk((node) => {
    if (isWithinSupports(node)) return;
    if (node.type === "atrule") {
      const rule = data.css["at-rules"][node.name];
      note(`@${node.name}`, rule, node);
      for (const [, name] of node.params.matchAll(/\(\s*([a-z-]+)/g)) {
        note(`@${node.name} (${name})`, rule?.[name], node);
      }
    } else if (node.type === "rule") {
      for (const [whole, name] of node.selector.matchAll(/::?([a-z-]+)/g)) {
        note(whole, data.css.selectors[name], node);
      }
    } else if (node.type === "decl") {
      const property = data.css.properties[node.prop];
      note(node.prop, property, node);
      parseValue(node.value).walk((part) => {
        if (part.type === "function") note(`${part.value}()`, functionOf(part.value), node);
        else if (part.type === "word") {
          note(`${node.prop}: ${part.value}`, property?.[part.value], node);
        }
      });
    }
  });
}

/** Of two values newer browsers take the second; the one before it, or one with a prefix, is for the others. */
function hasAnother(node) {
  const before = node.parent.nodes.slice(0, node.parent.index(node));
  return before.some((one) => one.prop === node.prop || one.prop === `-webkit-${node.prop}`);
}

/** What a style sheet needs and these browsers lack, a line each. */
export function lackingInStyles(css, browsers) {
  const lines = new Map();
  walkNewer(postcss.parse(css), browsers, (name, who, node) => {
    if (MAY_BE_LACKING.has(name.split(": ")[0])) return;
    if (node.type !== "decl" || !hasAnother(node)) lines.set(name, `${name}: not in ${who}`);
  });
  return [...lines.values()];
}

/** A style sheet as these browsers read it: they skip what one of them lacks. */
export function stylesAsReadBy(css, browsers) {
  const sheet = postcss.parse(css);
  const skipped = new Set();
  walkNewer(sheet, browsers, (_name, _who, node) => skipped.add(node));
  for (const node of skipped) node.remove();
  return sheet.toString();
}

/** Every member of every class of JavaScript and of the DOM: its owner, its name, whether it is the class's own. */
function* members() {
  for (const [owner, all] of Object.entries(data.javascript.builtins)) {
    yield { owner, name: "", feature: all };
    for (const [name, feature] of Object.entries(all)) {
      if (!/^[a-z]\w*$/i.test(name) || name === owner) continue;
      const isStatic = typeof globalThis[owner] === "object" || name in (globalThis[owner] ?? {});
      yield { owner, name, isStatic, feature };
    }
  }
  for (const [owner, all] of Object.entries(data.api)) {
    yield { owner, name: "", feature: all };
    for (const [key, feature] of Object.entries(all)) {
      if (!/^[a-z]\w*$/i.test(key) || key === owner || key.endsWith("_event")) continue;
      yield {
        owner,
        name: key.replace(/_static$/, ""),
        isStatic: key.endsWith("_static"),
        feature,
      };
    }
  }
}

/** All of JavaScript and of the DOM that one of these browsers lacks. */
export function membersLackingIn(browsers) {
  return [...members()].filter((one) => lackedBy(one.feature, browsers));
}

/**
 * What of JavaScript and of the DOM a script cannot use in these browsers. A method counts if no class that they have has one of
 * its name: a bundle does not say of which class a value is.
 */
function lackingIn(browsers) {
  const lacking = [...members()].map((one) => ({ ...one, who: lackedBy(one.feature, browsers) }));
  const known = new Set(lacking.filter((one) => !one.who && !one.isStatic).map((one) => one.name));
  // Who has no instances of a newer class does not get at its members; iterators are had by every generator.
  const newer = new Set(lacking.filter((one) => one.who && !one.name).map((one) => one.owner));
  newer.delete("Iterator");
  return lacking.filter(
    (one) =>
      one.who && (!one.name || (!newer.has(one.owner) && (one.isStatic || !known.has(one.name)))),
  );
}

/** What a script needs and these browsers lack, a line each. */
export function lackingInScript(code, browsers) {
  const used = new Set(Array.from(code.matchAll(/\.([a-z]\w*)/gi), ([, name]) => name));
  const before = /(?<![.\w$"'-])([a-z]\w*)(?=[.(])/gi;
  const globals = new Set(Array.from(code.matchAll(before), ([, name]) => name));
  const own = new Set(code.match(/(?<![\w$])[a-z]\w*\.[a-z]\w*/gi));
  const found = [];
  for (const { owner, name, isStatic, who } of lackingIn(browsers)) {
    const isUsed = !name
      ? globals.has(owner)
      : isStatic
        ? own.has(`${owner}.${name}`)
        : used.has(name);
    const words = name ? `${owner}.${name}` : owner;
    if (isUsed && !OWN_NAMES.has(name) && !ASKED_FOR.has(name || owner))
      found.push(`${words}: not in ${who}`);
  }
  return found;
}
