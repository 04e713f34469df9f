import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts", "test/**/*.test.tsx", "test/**/*.test.mjs"],
    environment: "happy-dom",
  },
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
});
