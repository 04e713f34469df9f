// Builds the front end into ../nbsocket/static, and fails when a bundle outgrows its budget.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";
import { lackingInScript, lackingInStyles, NOTEBOOKS, PHONES, targetOf } from "./browsers.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "..", "nbsocket", "static");
const BUDGET_GZIPPED_BYTES = 120 * 1024;

const common = {
  bundle: true,
  minify: true,
  target: targetOf(NOTEBOOKS),
  legalComments: "none",
  logLevel: "warning",
  outdir: target,
  absWorkingDir: here,
};

// The client that pages, also those on phones, and frames load: a classic script with the global `io`.
const client = await build({
  ...common,
  target: targetOf(PHONES),
  entryPoints: { "socket.io": "src/client/bundle.ts" },
  format: "iife",
  write: false,
});
const clientCode = client.outputFiles[0].text;
await mkdir(target, { recursive: true });
await writeFile(join(target, "socket.io.js"), clientCode);
checkBrowsers("socket.io.js", PHONES, { script: clientCode });

const prelude = await build({
  ...common,
  entryPoints: { prelude: "src/script/prelude.ts" },
  format: "iife",
  write: false,
});
const texts = { client: clientCode, prelude: prelude.outputFiles[0].text };

await build({
  ...common,
  entryPoints: {
    pane: "src/pane/widget.tsx",
    wire: "src/wire/widget.tsx",
    board: "src/board/widget.tsx",
    panel: "src/panel/widget.tsx",
    bench: "src/bench/widget.tsx",
    script: "src/script/widget.ts",
    page: "src/page/widget.ts",
  },
  format: "esm",
  jsx: "automatic",
  jsxImportSource: "preact",
  plugins: [
    {
      name: "code-of-frames",
      setup(builder) {
        builder.onResolve({ filter: /^virtual:(client|prelude)-code$/ }, ({ path }) => ({
          path: path.slice("virtual:".length, -"-code".length),
          namespace: "virtual",
        }));
        builder.onLoad({ filter: /.*/, namespace: "virtual" }, ({ path }) => ({
          contents: texts[path],
          loader: "text",
        }));
      },
    },
  ],
});

const read = (...path) => readFile(join(here, "src", ...path), "utf8");

function checkBudget(name, content) {
  const size = gzipSync(content).length;
  if (size > BUDGET_GZIPPED_BYTES) {
    throw new Error(`${name}: ${size} bytes gzipped, the budget is ${BUDGET_GZIPPED_BYTES}`);
  }
}

/** Fail where a browser that is promised lacks something. */
function checkBrowsers(name, browsers, { styles = "", script = "" }) {
  const lacking = [...lackingInStyles(styles, browsers), ...lackingInScript(script, browsers)];
  if (lacking.length)
    throw new Error(`${name} needs what is not everywhere:\n  ${lacking.join("\n  ")}`);
}

/** Stylesheets are nested in their widget's class; older browsers get them flat. */
async function flat(css, browsers) {
  const options = { loader: "css", target: targetOf(browsers), minify: true };
  return (await transform(css, options)).code;
}

const tokens = await read("shared", "tokens.css");
const boards = await read("board", "boardview.css");
const lines = await read("shared", "lines.css");
const parts = { board: boards, script: lines, page: lines };
for (const name of ["pane", "wire", "script", "page", "board", "panel", "bench"]) {
  const shared = `${tokens}\n${parts[name] ?? ""}`;
  const styles = await flat(`${shared}\n${await read(name, `${name}.css`)}`, NOTEBOOKS);
  await writeFile(join(target, `${name}.css`), styles);
  const script = await readFile(join(target, `${name}.js`), "utf8");
  checkBudget(`${name}.js`, script);
  checkBrowsers(name, NOTEBOOKS, { styles, script });
}

// The join page: one file, so that a phone asks for nothing else.
const joined = await build({
  ...common,
  target: targetOf(PHONES),
  entryPoints: { join: "src/join/join.tsx" },
  format: "iife",
  jsx: "automatic",
  jsxImportSource: "preact",
  write: false,
});
const styles = await flat(`${await read("join", "join.css")}\n${boards}`, PHONES);
const script = joined.outputFiles[0].text;
checkBrowsers("join.html", PHONES, { styles, script });
const page = (await read("join", "template.html"))
  .replace("/*CSS*/", () => styles)
  .replace("/*JS*/", () => script);
checkBudget("join.html", page);
await writeFile(join(target, "join.html"), page);
