// A value as one line, as a tree that opens, and as a hex dump.

import { afterEach, describe, expect, it } from "vitest";
import { Value } from "../../src/pane/tree";
import { all, mount, one, said, texts, unmountAll } from "../support/page";

const show = (value: unknown) => mount(<Value value={value} />);

/** The lines of a hex dump. */
const dump = (bytes: ArrayBuffer | ArrayBufferView) =>
  (one(show(bytes), "pre").textContent ?? "").split("\n");

afterEach(unmountAll);

describe("a value", () => {
  it.each<[unknown, string]>([
    [null, "null"],
    [undefined, "undefined"],
    ["a\u202eb", '"a\\u202eb"'],
    [-1.5, "-1.5"],
    [{ a: [1, "<b>"] }, '{"a":[1,"<b>"]}'],
    [[], "[]"],
    [new ArrayBuffer(0), "<0 bytes: >"],
  ])("that is short is one line: %o", (value, text) => {
    const el = show(value);
    expect(said(el)).toBe(text);
    expect(el.querySelector("details, b")).toBeNull();
  });

  it("that is a long text is one line all the same", () => {
    const el = show("x".repeat(100));
    expect(said(el)).toBe(`"${"x".repeat(100)}"`);
    expect(el.querySelector("details")).toBeNull();
  });

  it("that is long has a tree behind its line", () => {
    const el = show({ name: "Ann", list: [1, { deep: null }], long: "x".repeat(60), none: {} });
    expect(said(one(el, "summary"))).toContain('{"name":"Ann","list":[1,{"deep":null}]');
    const top = all(one(el, "ul"), ":scope > li");
    expect(top.map((item) => said(one(item, ".nbs-key")))).toEqual([
      "name:",
      "list:",
      "long:",
      "none:",
    ]);
    expect(texts(el, "ul summary")).toEqual(["[2]", "{…}", "{…}"]);
    expect(texts(one(el, "ul ul"), ":scope > li")).toEqual(["0: 1", "1: {…}deep: null"]);
  });

  it("shows long keys cut, and all of them as text", () => {
    const el = show({ ["k".repeat(200)]: 1, "<i>\u0000</i>": 2 });
    expect(texts(el, ".nbs-key")).toEqual([
      `${"k".repeat(100)}… (200 characters):`,
      "<i>\\u0000</i>:",
    ]);
    expect(el.querySelector("i")).toBeNull();
  });

  it("with a key “__proto__” shows it as any other", () => {
    const el = show(JSON.parse(`{"__proto__": 1, "filler": "${"x".repeat(60)}"}`));
    expect(texts(el, ".nbs-key")).toEqual(["__proto__:", "filler:"]);
  });

  it("with very many children shows 200 of them, and says how many there are more", () => {
    const el = show(Array.from({ length: 1201 }, (_, index) => index));
    const items = texts(el, "ul > li");
    expect(items).toHaveLength(201);
    expect(items.slice(-2)).toEqual(["199: 199", "… 1001 more"]);
  });

  it("that is very deep ends in a line", () => {
    let value: unknown = "bottom";
    for (let depth = 0; depth < 60; depth += 1) value = [value];
    const el = show(value);
    expect(all(el, "ul")).toHaveLength(21);
    expect(said(el)).toContain('"bottom"');
  });

  it("with bytes in it shows them on their line", () => {
    const el = show({ data: Uint8Array.of(0, 255), filler: "x".repeat(60) });
    expect(texts(el, "ul > li")[0]).toBe("data: <2 bytes: 00 ff>");
  });

  it("keeps its line short, and says how long it was", () => {
    expect(said(one(show(["x".repeat(500)]), "summary"))).toMatch(
      /^\["x{198}… \(504 characters\)$/,
    );
  });
});

describe("bytes", () => {
  it("are dumped sixteen on a line, with what is text beside them", () => {
    const text = "Hello, <world>!\u007f\u0000~";
    expect(dump(new TextEncoder().encode(text))).toEqual([
      "0000  48 65 6c 6c 6f 2c 20 3c 77 6f 72 6c 64 3e 21 7f  Hello, <world>!·",
      "0010  00 7e                                            ·~",
    ]);
  });

  it("are dumped as far as their view of a buffer goes", () => {
    const all = Uint8Array.of(1, 2, 3, 4).buffer;
    expect(dump(new DataView(all, 1, 2))[0]).toMatch(/^0000 {2}02 03 {2}/);
  });

  it("are dumped up to one kibibyte, and it is said how many there are more", () => {
    const lines = dump(new ArrayBuffer(1025));
    expect(lines).toHaveLength(65);
    expect(lines.at(-1)).toBe("… 1 more bytes");
    expect(lines.at(-2)).toMatch(/^03f0 /);
    expect(dump(new ArrayBuffer(1024))).toHaveLength(64);
  });
});
