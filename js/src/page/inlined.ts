// A page with all its files inside it, for where no server serves them. Needs a DOM to read HTML; loads nothing.

import { scriptJson, scriptText } from "../script/frame";

/** A page's files by their path, as the kernel sends them. */
export type Files = Record<string, { type: string; base64: string }>;

const CLIENT = /(^|\/)socket\.io\/socket\.io(\.min|\.esm|\.esm\.min)?\.js$/;
const LOADS = "script[src], link[href], img[src], audio[src], video[src], source[src], track[src]";
const URL_IN_CSS = /url\(\s*(["']?)([^"')]+)\1\s*\)/g;
/** A place that there is never (RFC 6761, section 6.4); only paths below it matter. */
const NOWHERE = "https://nbsocket.invalid/";

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

function textOf(base64: string): string {
  return new TextDecoder().decode(bytesOf(base64));
}

function base64Of(text: string): string {
  let letters = "";
  for (const byte of new TextEncoder().encode(text)) letters += String.fromCharCode(byte);
  return btoa(letters);
}

/** Return the page at `path`, with each file that it names in place of its address. */
export function inlined(files: Files, path: string, home: object, clientCode: string): string {
  const main = files[path];
  if (!main) throw new Error(`there is no page at ${path}`);
  const page = new DOMParser().parseFromString(textOf(main.base64), "text/html");

  function dataOf(address: string, from: string): string | undefined {
    let name: string;
    try {
      name = new URL(address, NOWHERE + from).href;
    } catch {
      return undefined;
    }
    if (!name.startsWith(NOWHERE)) return undefined;
    const at = decodeURIComponent(new URL(name).pathname.slice(1));
    const file = files[at];
    if (!file || at === path) return undefined;
    const type = file.type.split(";")[0] ?? "";
    if (type !== "text/css") return `data:${type};base64,${file.base64}`;
    const style = textOf(file.base64).replace(URL_IN_CSS, (whole, _quote, inside: string) => {
      const data = dataOf(inside, at);
      return data ? `url("${data}")` : whole;
    });
    return `data:text/css;base64,${base64Of(style)}`;
  }

  for (const element of page.querySelectorAll(LOADS)) {
    const name = element.tagName === "LINK" ? "href" : "src";
    const address = element.getAttribute(name) ?? "";
    if (element.tagName === "SCRIPT" && CLIENT.test(address) && !/^(\w+:)?\/\//.test(address)) {
      element.removeAttribute("src");
      element.textContent = `window.__nbsocket_home=${scriptJson(home)};${scriptText(clientCode)}`;
      continue;
    }
    const data = dataOf(address, path);
    if (data) element.setAttribute(name, data);
  }
  for (const style of page.querySelectorAll("style")) {
    style.textContent = (style.textContent ?? "").replace(URL_IN_CSS, (whole, _quote, inside) => {
      const data = dataOf(inside, path);
      return data ? `url("${data}")` : whole;
    });
  }
  return `<!doctype html>\n${page.documentElement.outerHTML}`;
}
