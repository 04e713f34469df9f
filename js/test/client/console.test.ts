// @vitest-environment node
// What a frame's console tells the page around it.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type ConsoleMessage, tellConsole } from "../../src/client/console";

const LEVELS = ["log", "info", "warn", "error", "debug"] as const;

const told: ConsoleMessage[] = [];
const quiet = Object.fromEntries(LEVELS.map((level) => [level, vi.fn()]));
let listeners: Record<string, (event: object) => void>;

/** Every line that was told, as “level: text”. */
const lines = () => {
  vi.advanceTimersByTime(30);
  return told.flatMap((message) =>
    message.kind === "lines" ? message.lines.map(({ level, text }) => `${level}: ${text}`) : [],
  );
};

beforeEach(() => {
  vi.useFakeTimers();
  told.length = 0;
  listeners = {};
  vi.stubGlobal("console", { ...console, ...quiet });
  vi.stubGlobal("addEventListener", (name: string, call: (event: object) => void) => {
    listeners[name] = call;
  });
  const around = {
    postMessage: (message: ConsoleMessage, origin: string) => {
      expect(origin).toBe("*");
      told.push(structuredClone(message));
    },
  };
  tellConsole(around as unknown as Window);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  for (const level of LEVELS) quiet[level]?.mockReset();
});

describe("a frame's console", () => {
  it.each(LEVELS)("says by %s what it always says, and tells it", (level) => {
    console[level]("a", 1);
    expect(quiet[level]).toHaveBeenCalledWith("a", 1);
    expect(lines()).toEqual([`${level}: a 1`]);
  });

  it("tells many lines at once, and in order", () => {
    for (let number = 0; number < 100; number += 1) console.log(number);
    expect(told).toEqual([]);
    expect(lines()).toHaveLength(100);
    expect(told).toHaveLength(1);
    console.log("later");
    expect(lines().at(-1)).toBe("log: later");
    expect(told).toHaveLength(2);
  });

  it("cuts a line that is very long", () => {
    console.log("x".repeat(20_000));
    expect(lines()[0]).toHaveLength("log: ".length + 10_000);
  });

  const circular: Record<string, unknown> = {};
  circular.me = circular;

  it.each<[string, unknown, string]>([
    ["a text as it is", "a\nb", "a\nb"],
    ["an empty text", "", ""],
    ["null", null, "null"],
    ["undefined", undefined, "undefined"],
    ["a number", -0.5, "-0.5"],
    ["a large whole number", 10n, "10"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["an object", { a: [1] }, '{\n "a": [\n  1\n ]\n}'],
    ["a list", [], "[]"],
    ["bytes", new ArrayBuffer(3), "ArrayBuffer(3)"],
    ["an object that holds itself", circular, "[object Object]"],
    [
      "an object whose JSON fails",
      {
        toJSON: () => {
          throw new Error("no");
        },
      },
      "[object Object]",
    ],
    ["an error without a stack", Object.assign(new Error("no"), { stack: "" }), "Error: no"],
  ])("shows %s", (_, value, text) => {
    console.log(value);
    expect(lines()).toEqual([`log: ${text}`]);
  });

  it("shows an error with its stack, and a function with its code", () => {
    const error = new TypeError("bad");
    console.error(error);
    console.log(() => 42);
    expect(lines()).toEqual([`error: ${error.stack}`, "log: () => 42"]);
  });

  it("never throws, whatever it is to show", () => {
    const bare = Object.assign(Object.create(null), { big: 1n });
    expect(() => console.log(bare)).not.toThrow();
  });
});

describe("what is thrown in a frame", () => {
  it("is told with its line in the cell, which has one line more", () => {
    listeners.error?.({ error: new Error("bad"), filename: "blob:http://h/1", lineno: 3 });
    expect(lines()).toEqual(["error: Error: bad (line 4 of the cell)"]);
    expect(told[0]).toEqual({ kind: "failed" });
  });

  it("is told without a line where it is not the cell's", () => {
    listeners.error?.({ error: new Error("bad"), filename: "http://h/lib.js", lineno: 3 });
    listeners.error?.({ error: null, message: "Script error.", filename: "", lineno: 0 });
    expect(lines()).toEqual(["error: Error: bad", "error: Script error."]);
  });

  it("is told where nobody handles a promise", () => {
    listeners.unhandledrejection?.({ reason: { code: 7 } });
    listeners.unhandledrejection?.({ reason: undefined });
    expect(lines()).toEqual(['error: Unhandled: {\n "code": 7\n}', "error: Unhandled: undefined"]);
    expect(told.some((message) => message.kind === "failed")).toBe(false);
  });
});
