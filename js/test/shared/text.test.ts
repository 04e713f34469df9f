// @vitest-environment node
// Values as text that is safe to show; pure.test.ts has more.

import { describe, expect, it } from "vitest";
import { bytesOf, shortened, show, visible } from "../../src/shared/text";

describe("what would be invisible", () => {
  it.each([
    ["\u0000\u0008\u000b\u001f", "\\u0000\\u0008\\u000b\\u001f"],
    ["\u007f\u0085\u009f", "\\u007f\\u0085\\u009f"],
    ["\u200b\u200f\u2060\ufeff", "\\u200b\\u200f\\u2060\\ufeff"],
    ["\u202a\u202e\u2066\u2069", "\\u202a\\u202e\\u2066\\u2069"],
    ["a\tb\nc d\u00a0e", "a\tb\nc d\u00a0e"],
    ["שלום 👩‍🏫", "שלום 👩\\u200d🏫"],
    ["\\u0000", "\\u0000"],
  ])("is shown: %j", (text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it("is shown, also where it is the Arabic letter mark", () => {
    expect(visible("a\u061cb")).toBe("a\\u061cb");
  });
});

describe("a long text", () => {
  it("is cut at its limit, and not before", () => {
    expect(shortened("abc", 3)).toBe("abc");
    expect(shortened("abcd", 3)).toBe("abc… (4 characters)");
    expect(shortened("x".repeat(2000))).toHaveLength(2000);
  });

  it("is not cut within a character", () => {
    expect(shortened("ab😀d", 3)).not.toMatch(/[\ud800-\udbff]…/);
  });
});

describe("bytes", () => {
  it("are found in buffers and in views of a part of them", () => {
    const { buffer } = Uint8Array.of(1, 2, 3, 4);
    expect([...(bytesOf(buffer) ?? [])]).toEqual([1, 2, 3, 4]);
    expect([...(bytesOf(new DataView(buffer, 1, 2)) ?? [])]).toEqual([2, 3]);
    expect([...(bytesOf(new Uint16Array(buffer, 2, 1)) ?? [])]).toEqual([3, 4]);
  });

  it.each([null, undefined, "bytes", 7, {}, [1, 2]])("are not %o", (value) => {
    expect(bytesOf(value)).toBeUndefined();
  });

  it("are shown up to 32 of them", () => {
    expect(show(new Uint8Array(32))).toBe(`<32 bytes: ${"00 ".repeat(32).trim()}>`);
    expect(show(new Uint8Array(33))).toBe(`<33 bytes: ${"00 ".repeat(32).trim()} …>`);
  });
});

describe("a value", () => {
  it.each<[unknown, string]>([
    ["a\u0000", '"a\\u0000"'],
    [null, "null"],
    [Number.NaN, "null"],
    [[undefined], "[null]"],
    [() => 1, "() => 1"],
    [{ a: "\u202e" }, '{"a":"\\u202e"}'],
  ])("%o is one line of text", (value, text) => {
    expect(show(value)).toBe(text);
  });
});
