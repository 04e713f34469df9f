// @vitest-environment node
// What remains of arguments as they are typed; see pure.test.ts, too.

import { describe, expect, it } from "vitest";
import { parseArgument, problemOfName } from "../../src/pane/arguments";

const problem = (text: string) => {
  const parsed = parseArgument(text);
  return parsed.ok ? "" : parsed.problem;
};

describe("an argument", () => {
  it.each<[string, unknown]>([
    ["null", null],
    [" \n\t-0.5e-3 ", -0.0005],
    ['"\\u0000\\ud83d"', "\u0000\ud83d"],
    ['{"a": 1, "a": 2}', { a: 2 }],
    ['{"": {}}', { "": {} }],
    ["[[[[[[]]]]]]", [[[[[[]]]]]]],
  ])("may be %j", (text, value) => {
    expect(parseArgument(text)).toEqual({ ok: true, value });
  });

  it("called “__proto__” is a member like any other", () => {
    const parsed = parseArgument('{"__proto__": {"a": 1}}');
    if (!parsed.ok) throw new Error(parsed.problem);
    expect(Object.keys(parsed.value as object)).toEqual(["__proto__"]);
  });

  it.each([
    ["   ", "This is not complete JSON yet"],
    ["'a'", 'JSON wants double quotes: "…"'],
    ["True", 'Text needs double quotes: "True"'],
    ["undefined", 'Text needs double quotes: "undefined"'],
    ["größe", 'Text needs double quotes: "größe"'],
    ["{size_1: 1}", 'Names in an object need double quotes: {"a": 1}'],
    ['{"a": 1,}', "There is an extra comma at the end"],
    ["[1 2]", "Not JSON at character 4"],
  ])("%s is told what is wrong", (text, words) => {
    expect(problem(text)).toBe(words);
  });

  it("with a name in another script without quotes is told so, too", () => {
    expect(problem("{größe: 1}")).toBe('Names in an object need double quotes: {"a": 1}');
  });

  it("says where a text goes on after its value", () => {
    expect(problem('{"a": 1} x')).toBe("Not JSON at character 10");
  });

  it("cuts what it quotes", () => {
    expect(problem("x".repeat(1000))).toBe(`Text needs double quotes: "${"x".repeat(30)}"`);
  });

  it("finds a number that would change in any depth, and none in texts or names", () => {
    expect(
      problem('{"9007199254740993": ["9007199254740993", {"a": 9007199254740993}]}'),
    ).toContain("9007199254740993 would arrive as 9007199254740992");
    expect(problem('["\\"", "1e999"]')).toBe("");
  });

  it("that is hostile takes no time", () => {
    const began = performance.now();
    for (const text of ["[".repeat(50_000), `"${"\\".repeat(50_001)}`, `{${"a".repeat(50_000)}`]) {
      expect(parseArgument(text).ok).toBe(false);
    }
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

describe("an event's name", () => {
  it.each(["constructor", "__proto__", "message", "error", "CONNECT", " connect"])(
    "may be “%s”",
    (name) => {
      expect(problemOfName(name)).toBe("");
    },
  );
});
