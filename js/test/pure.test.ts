import { describe, expect, it } from "vitest";
import { parseArgument } from "../src/pane/arguments";
import { frameDocument, scriptJson, scriptText } from "../src/script/frame";
import { BoundedLog } from "../src/shared/log";
import { shortened, show, visible } from "../src/shared/text";

describe("a bounded log", () => {
  it("keeps the newest, in order, and counts what it dropped", () => {
    const log = new BoundedLog<number>(100);
    for (let n = 0; n < 1000; n += 1) log.push(n);
    expect(log.total).toBe(1000);
    expect(log.kept.length + log.dropped).toBe(1000);
    expect(log.kept.length).toBeLessThanOrEqual(150);
    expect(log.kept.at(-1)).toBe(999);
    expect(log.kept[0]).toBe(1000 - log.kept.length);
    log.clear();
    expect([log.kept.length, log.dropped]).toEqual([0, 0]);
  });
});

describe("text from strangers", () => {
  it("shows what would be invisible or would turn the text around", () => {
    expect(visible("a\u202eb\u0000c\u001bd\u200be")).toBe("a\\u202eb\\u0000c\\u001bd\\u200be");
    expect(visible("ü😀\n\t")).toBe("ü😀\n\t");
  });

  it("is cut, and says how long it was", () => {
    expect(shortened("x".repeat(5000))).toContain("… (5000 characters)");
  });

  it("shows bytes in any depth", () => {
    expect(show(new Uint8Array([0, 255]))).toBe("<2 bytes: 00 ff>");
    expect(show({ a: [new Uint8Array(100).buffer] })).toContain("<100 bytes: 00");
    expect(show(undefined)).toBe("undefined");
    expect(show({ __proto__: null, a: 1 })).toBe('{"a":1}');
  });
});

describe("arguments as they are typed", () => {
  it("are JSON values", () => {
    expect(parseArgument(' {"a": [1, null]} ')).toEqual({ ok: true, value: { a: [1, null] } });
  });

  it.each([
    ["hello", "Text needs double quotes"],
    ["'hello'", "JSON wants double quotes"],
    ["{a: 1}", "Names in an object"],
    ["[1, 2,]", "a comma too many"],
    ["", "not complete"],
    ["[1, 2", "not complete|Not JSON at character"],
  ])("explain what is wrong with %s", (text, words) => {
    const parsed = parseArgument(text);
    expect(parsed.ok).toBe(false);
    if (!parsed.ok) expect(parsed.problem).toMatch(new RegExp(words));
  });
});

describe("the document of a client cell", () => {
  const home = { origin: "http://h", path: "/p/", ticket: "</script><b>" };

  it("cannot be left by what it contains", () => {
    expect(scriptJson("</script><!--")).not.toContain("<");
    expect(scriptText("a</script>b<!--c</SCRIPT>")).not.toMatch(/<\/script|<!--/i);
  });

  it("holds exactly its own four scripts", () => {
    const text = frameDocument(home, "client</script>", "document.title = '</script>'", false);
    const parsed = new DOMParser().parseFromString(text, "text/html");
    expect(parsed.querySelectorAll("script").length).toBe(4);
    expect(parsed.querySelectorAll("b").length).toBe(0);
  });
});
