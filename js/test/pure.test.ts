import { describe, expect, it } from "vitest";
import { parseArgument, problemOfName } from "../src/pane/arguments";
import { frameDocument, scriptJson, scriptText } from "../src/script/frame";
import { BoundedLog } from "../src/shared/log";
import { largestMessage, objection } from "../src/shared/size";
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
    ["{'from': 1}", "double quotes, not single"],
    ["{'from': \"Ada\", \"to\": 'Bo'}", "double quotes, not single"],
    ["['a', 'b']", "double quotes, not single"],
    ["{a: 1}", "Names in an object"],
    ["[1, 2,]", "an extra comma"],
    ["", "not complete"],
    ["[1, 2", "not complete|Not JSON at character"],
  ])("explain what is wrong with %s", (text, words) => {
    const parsed = parseArgument(text);
    expect(parsed.ok).toBe(false);
    if (!parsed.ok) expect(parsed.problem).toMatch(new RegExp(words));
  });
});

describe("numbers as they are typed", () => {
  it.each([
    ["12345678901234567890", "would arrive as 12345678901234567168"],
    ['[1, {"a": 9007199254740993}]', "9007199254740993 would arrive as 9007199254740992"],
    ["1e999", "is too large for a JavaScript number"],
    ["[-1e400]", "-1e400 is too large"],
    ["-0", "would arrive as 0"],
    ["[-0.0]", "would arrive as 0"],
  ])("says what becomes of %s", (text, problem) => {
    const parsed = parseArgument(text);
    expect(parsed.ok).toBe(false);
    expect(parsed.ok ? "" : parsed.problem).toContain(problem);
  });

  it.each([
    "9007199254740991",
    "-9007199254740992",
    "9007199254740994",
    "1e20",
    "0.1",
    "0",
    '"12345678901234567890"',
    '{"1e999": "-0", "a\\"1e999": 1}',
  ])("takes %s as it is", (text) => {
    expect(parseArgument(text)).toEqual({ ok: true, value: JSON.parse(text) });
  });
});

describe("an event's name", () => {
  it.each([
    "connect",
    "connect_error",
    "disconnect",
    "disconnecting",
    "newListener",
    "removeListener",
  ])("is not %s, which the libraries keep for themselves", (name) => {
    expect(problemOfName(name)).toContain("is Socket.IO's own event");
  });

  it("is any other text", () => {
    expect(problemOfName("")).toBe("An event needs a name.");
    expect(problemOfName("Connect")).toBe("");
    expect(problemOfName("toString")).toBe("");
  });
});

describe("the size of an event", () => {
  const event = (...args: unknown[]) => ({ nsp: "/", data: ["e", ...args] });

  it("is that of its text in UTF-8, with the type of its packet", () => {
    expect(largestMessage(event("é"), false)).toBe(`42["e","é"]`.length + 1);
    expect(largestMessage({ ...event(), nsp: "/x", id: 7 }, true)).toBe('42/x,7["e"]'.length);
  });

  it("is that of its largest attachment, which polling sends as Base64", () => {
    const bytes = new Uint8Array(1000);
    expect(largestMessage(event(bytes, new ArrayBuffer(10)), false)).toBe(1000);
    expect(largestMessage(event({ deep: [bytes.buffer] }), true)).toBe(1 + 1336);
  });

  it("is objected to from one byte over the limit on", () => {
    expect(objection(1_000_000, 1_000_000)).toBe("");
    expect(objection(5, 0)).toBe("");
    const said = objection(1_000_001, 1_000_000);
    expect(said).toContain("1,000,001 bytes");
    expect(said).toContain("takes 1,000,000 (max_payload)");
  });
});

describe("the document of a client cell", () => {
  const home = { origin: "http://h", path: "/p/", ticket: "</script><b>" };

  it("cannot be left by what it contains", () => {
    expect(scriptJson("</script><!--")).not.toContain("<");
    expect(scriptText("a</script>b<!--c</SCRIPT>")).not.toMatch(/<\/script|<!--/i);
  });

  it("holds exactly its own four scripts", () => {
    const text = frameDocument(
      home,
      "prelude",
      "client</script>",
      "document.title = '</script>'",
      false,
    );
    const parsed = new DOMParser().parseFromString(text, "text/html");
    expect(parsed.querySelectorAll("script").length).toBe(4);
    expect(parsed.querySelectorAll("b").length).toBe(0);
  });
});
