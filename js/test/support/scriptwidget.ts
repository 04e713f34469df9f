// The widget of a client cell, built as build.mjs builds it: its two texts come from the builder, not from a file.

import { join } from "node:path";
import { build } from "esbuild";

const built = await build({
  entryPoints: [join(import.meta.dirname, "../../src/script/widget.ts")],
  bundle: true,
  format: "esm",
  write: false,
  plugins: [
    {
      name: "code-of-frames",
      setup(builder) {
        builder.onResolve({ filter: /^virtual:/ }, ({ path }) => ({ path, namespace: "virtual" }));
        builder.onLoad({ filter: /.*/, namespace: "virtual" }, ({ path }) => ({
          contents: `/*${path}*/`,
          loader: "text",
        }));
      },
    },
  ],
});
const code = encodeURIComponent(built.outputFiles[0]?.text ?? "");
const address = `data:text/javascript,${code}`;
const widget = (await import(
  /* @vite-ignore */ address
)) as typeof import("../../src/script/widget");

export default widget.default;
