import { defineConfig } from "vitest/config";

/** What the builder puts into frames, as texts that tests can look for. */
const codeOfFrames = {
  name: "code-of-frames",
  resolveId: (path: string) => (path.startsWith("virtual:") ? `\0${path}` : undefined),
  load: (id: string) =>
    id.startsWith("\0virtual:") ? `export default "/*${id.slice(1)}*/"` : undefined,
};

/** They bundle the stock client with esbuild, which does not run in a context of Node's `vm`. */
const BUNDLING = [
  "test/bench/bench.test.tsx",
  "test/bench/widget.test.tsx",
  "test/client/bundle.test.ts",
  "test/join/*.test.ts*",
  "test/pane/connection.test.ts",
  "test/pane/widget.test.ts",
  "test/shared/weather.test.ts",
];

// A page for each file is quick to make in a context of its own, and slow in a process of its own.
const shared = { environment: "happy-dom", testTimeout: 60_000 } as const;

export default defineConfig({
  plugins: [codeOfFrames],
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  test: {
    coverage: {
      include: ["src/**"],
      exclude: ["src/virtual.d.ts"],
      reporter: ["text"],
      thresholds: { lines: 85, branches: 85 },
    },
    projects: [
      {
        extends: true,
        test: {
          ...shared,
          name: "modules",
          include: ["test/**/*.test.ts", "test/**/*.test.tsx", "test/**/*.test.mjs"],
          exclude: BUNDLING,
          pool: "vmThreads",
        },
      },
      {
        extends: true,
        test: { ...shared, name: "with the stock client", include: BUNDLING, pool: "threads" },
      },
    ],
  },
});
