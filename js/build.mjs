// Builds the front end into ../nbsocket/static, and fails when a bundle outgrows its budget.
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "..", "nbsocket", "static");
const BUDGET_GZIPPED_BYTES = 120 * 1024;

const common = {
  bundle: true,
  minify: true,
  target: "es2022",
  legalComments: "none",
  logLevel: "warning",
  outdir: target,
  absWorkingDir: here,
};

// The client that pages and frames load: a classic script with the global `io`.
const client = await build({
  ...common,
  entryPoints: { "socket.io": "src/client/bundle.ts" },
  format: "iife",
  write: false,
});
const clientCode = client.outputFiles[0].text;
await build({
  ...common,
  entryPoints: { "socket.io": "src/client/bundle.ts" },
  format: "iife",
});

await build({
  ...common,
  entryPoints: {
    pane: "src/pane/widget.tsx",
    wire: "src/wire/widget.tsx",
    script: "src/script/widget.ts",
    page: "src/page/widget.ts",
  },
  format: "esm",
  jsx: "automatic",
  jsxImportSource: "preact",
  plugins: [
    {
      name: "client-code",
      setup(builder) {
        builder.onResolve({ filter: /^virtual:client-code$/ }, () => ({
          path: "client-code",
          namespace: "virtual",
        }));
        builder.onLoad({ filter: /.*/, namespace: "virtual" }, () => ({
          contents: clientCode,
          loader: "text",
        }));
      },
    },
  ],
});

for (const name of ["pane", "wire", "script", "page"]) {
  const tokens = await readFile(join(here, "src", "shared", "tokens.css"), "utf8");
  const own = await readFile(join(here, "src", name, `${name}.css`), "utf8");
  await writeFile(join(target, `${name}.css`), `${tokens}\n${own}`);
  const size = gzipSync(await readFile(join(target, `${name}.js`))).length;
  if (size > BUDGET_GZIPPED_BYTES) {
    throw new Error(`${name}.js: ${size} bytes gzipped, the budget is ${BUDGET_GZIPPED_BYTES}`);
  }
}

await copyFile(join(here, "src", "join", "join.html"), join(target, "join.html"));
