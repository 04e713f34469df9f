// @vitest-environment node
import { describe, expect, it } from "vitest";
import { lackingInScript, lackingInStyles, NOTEBOOKS, PHONES } from "../browsers.mjs";

describe("what older browsers lack", () => {
  it.each([
    ["a function of a color", "p { color: light-dark(#000, #fff) }", "light-dark()"],
    ["one within a variable", ":root { --line: color-mix(in srgb, red, blue) }", "color-mix()"],
    ["a property", "p { translate: 1px 2px }", "translate"],
    ["a value", "p { overflow: clip }", "overflow: clip"],
    ["an at-rule", "@container (min-width: 1px) { p { color: red } }", "@container"],
    ["a condition", "@media (prefers-contrast: more) { p { color: red } }", "prefers-contrast"],
    ["a selector", "p:has(b) { color: red }", ":has"],
  ])("is found in styles: %s", (_, css, name) => {
    expect(lackingInStyles(css, PHONES).join()).toContain(name);
  });

  it.each([
    ["a plain sheet", "p { color: var(--text, #000); display: grid; gap: 1em }"],
    ["a value before it", "p { overflow-wrap: break-word; overflow-wrap: anywhere }"],
    ["a question before it", "@supports (translate: 1px) { p { translate: 1px 2px } }"],
    ["a prefix beside it", "p { -webkit-user-select: all; user-select: all }"],
  ])("is not found in %s", (_, css) => {
    expect(lackingInStyles(css, PHONES)).toEqual([]);
  });

  it.each([
    ["a method", "x.at(-1)", "Array.at"],
    ["a method of a class", "Object.hasOwn(x, 'a')", "Object.hasOwn"],
    ["a function", "const y = structuredClone(x)", "structuredClone"],
    ["a method of the DOM", "const y = crypto.randomUUID()", "randomUUID"],
    [
      "a method of a class of the DOM",
      "fetch(x, { signal: AbortSignal.timeout(5) })",
      "AbortSignal.timeout",
    ],
    [
      "a class",
      "new NavigationPreloadManager(), new TransformStreamDefaultController()",
      "Transform",
    ],
  ])("is found in scripts: %s", (_, code, name) => {
    expect(lackingInScript(code, PHONES).join()).toContain(name);
  });

  it("is not found in what all have", () => {
    const code = "new ResizeObserver(f); [1].flatMap(g); Object.entries(x); x.replaceAll('a', 'b')";
    expect(lackingInScript(code, PHONES)).toEqual([]);
  });

  it("depends on the browsers", () => {
    expect(lackingInScript("x.at(-1)", NOTEBOOKS)).toEqual([]);
    expect(lackingInScript("x.toSorted()", NOTEBOOKS)).not.toEqual([]);
  });
});
