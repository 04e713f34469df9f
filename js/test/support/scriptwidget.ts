// The widget of a client cell, built as build.mjs builds it: its two texts come from the builder, not from a file.

import { join } from "node:path";
import { built } from "./built";

const widget = await built<typeof import("../../src/script/widget")>("script-widget", {
  entryPoints: [join(import.meta.dirname, "../../src/script/widget.ts")],
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

export default widget.default;
