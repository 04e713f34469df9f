import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts", "test/**/*.test.tsx", "test/**/*.test.mjs"],
    environment: "happy-dom",
    coverage: {
      include: ["src/**"],
      exclude: ["src/virtual.d.ts"],
      reporter: ["text"],
      thresholds: { lines: 85, branches: 85 },
    },
  },
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
});
