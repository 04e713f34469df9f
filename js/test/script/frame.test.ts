// The document of a client cell's frame; pure.test.ts has more.

import { describe, expect, it } from "vitest";
import { frameDocument, scriptJson, scriptText } from "../../src/script/frame";

const HOME = { origin: "https://h:8888", path: "/nbsocket/chat/socket.io/", ticket: "" };

function parsed(code: string, isDark = false, home = HOME) {
  const text = frameDocument(home, "/*prelude*/", "/*client*/", code, isDark);
  return new DOMParser().parseFromString(text, "text/html");
}

describe("a client cell's document", () => {
  it("runs the prelude, says where home is, has the client, and then the cell", () => {
    const scripts = [...parsed("cell()").querySelectorAll("script")].map((one) => one.textContent);
    expect(scripts[0]).toBe("/*prelude*/");
    expect(scripts[1]).toBe(`window.__nbsocket_home=${JSON.stringify(HOME)}`);
    expect(scripts[2]).toBe("/*client*/");
    expect(scripts[3]).toContain(JSON.stringify("cell()"));
  });

  it("runs its cell as it was written, whatever is in it", () => {
    const code = `const a = "</script><!--", b = '\\u2028\u2028', c = \`\${1}\`;\n// ü`;
    const script = [...parsed(code).querySelectorAll("script")].at(-1)?.textContent ?? "";
    const given = /new Blob\(\[("[\s\S]*")\], /.exec(script)?.[1] ?? "";
    expect(JSON.parse(given)).toBe(code);
  });

  it("may reach its channel and nothing else", () => {
    const policy = parsed("").querySelector("meta[http-equiv]")?.getAttribute("content") ?? "";
    const rules = Object.fromEntries(
      policy.split("; ").map((rule) => [rule.split(" ")[0], rule.split(" ").slice(1)]),
    );
    expect(rules["connect-src"]).toEqual([
      "https://h:8888/nbsocket/chat/socket.io/",
      "wss://h:8888/nbsocket/chat/socket.io/",
      "data:",
      "blob:",
    ]);
    expect([rules["default-src"], rules["form-action"], rules["base-uri"]]).toEqual([
      ["'none'"],
      ["'none'"],
      ["'none'"],
    ]);
  });

  it("is dark where the notebook is", () => {
    const style = (isDark: boolean) => parsed("", isDark).body.getAttribute("style");
    expect(style(true)).toContain("color:#eee;background:#111");
    expect(style(false)).toContain("color:#111;background:#fff");
  });
});

describe("text within a script", () => {
  it.each(["</script>", "</SCRIPT >", "<!-- <script>", "</ScRiPt\n>"])(
    "cannot end it: %j",
    (text) => {
      expect(scriptText(text)).not.toMatch(/<\/script|<!--/i);
      expect(scriptJson(text)).not.toContain("<");
      expect(JSON.parse(scriptJson(text))).toBe(text);
    },
  );

  it("stays as it is where it does no harm", () => {
    expect(scriptText("a < b && c </ d/.e")).toBe("a < b && c </ d/.e");
  });
});
