// What runs in a client cell's frame before all else: its console and its height go to the page around it.

import { afterEach, beforeEach, expect, it, vi } from "vitest";

let resize: () => void;
let observed: Element[];
let told: object[];

beforeEach(async () => {
  vi.useFakeTimers();
  observed = [];
  told = [];
  vi.stubGlobal("console", { ...console, log: vi.fn() });
  vi.stubGlobal("parent", { postMessage: (message: object) => told.push(message) });
  vi.stubGlobal(
    "ResizeObserver",
    class {
      constructor(call: () => void) {
        resize = call;
      }
      observe(element: Element) {
        observed.push(element);
      }
    },
  );
  vi.resetModules();
  await import("../../src/script/prelude");
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

it("a frame tells what its console says", () => {
  console.log("hello");
  vi.advanceTimersByTime(30);
  expect(told).toEqual([{ kind: "lines", lines: [{ level: "log", text: "hello" }] }]);
});

it("a frame tells how high it is with each change of its size", () => {
  expect(observed).toEqual([document.body]);
  const height = vi.spyOn(document.body, "scrollHeight", "get").mockReturnValue(120);
  resize();
  height.mockReturnValue(240);
  resize();
  expect(told).toEqual([
    { kind: "height", height: 120 },
    { kind: "height", height: 240 },
  ]);
});
