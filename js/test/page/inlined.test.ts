// A page with all its files inside it.

import { describe, expect, it } from "vitest";
import { type Files, inlined } from "../../src/page/inlined";

const HOME = { origin: "https://nbsocket.invalid", isFrame: true };

function file(text: string, type: string): Files[string] {
  const bytes = new TextEncoder().encode(text);
  return { type, base64: btoa(String.fromCharCode(...bytes)) };
}

function page(html: string, files: Files = {}, path = "") {
  const all = { [path]: file(html, "text/html; charset=utf-8"), ...files };
  const text = inlined(all, path, HOME, "/*the client*/");
  return { text, dom: new DOMParser().parseFromString(text, "text/html") };
}

describe("a page with all its files inside it", () => {
  it.each([
    '<script src="socket.io/socket.io.js"></script>',
    "<script src=/socket.io/socket.io.min.js></script>",
    '<script src="../socket.io/socket.io.js" defer></script>',
  ])("has the client in the place of %s", (tag) => {
    const { dom } = page(`<p>hello</p>${tag}<script>io()</script>`);
    const [client, own] = dom.querySelectorAll("script");
    expect(client?.getAttribute("src")).toBeNull();
    expect(client?.textContent).toContain('__nbsocket_home={"origin":"https://nbsocket.invalid"');
    expect(client?.textContent).toContain("/*the client*/");
    expect(own?.textContent).toBe("io()");
  });

  it.each([
    "https://cdn.example/socket.io/socket.io.js",
    "//cdn.example/socket.io/socket.io.js",
    "missing.js",
    "https://[",
  ])("leaves the address %s as it is", (address) => {
    const { dom } = page(`<script src="${address}"></script>`);
    expect(dom.querySelector("script")?.getAttribute("src")).toBe(address);
  });

  it("has scripts, pictures and styles as data, whatever language they are in", () => {
    const { dom } = page(
      '<link rel="stylesheet" href="look.css"><img src="./dot.svg"><script src="/lessons/own.js"></script>',
      {
        "lessons/look.css": file(
          'p { background: url("dot.svg") } b { cursor: url(no.cur) }',
          "text/css",
        ),
        "lessons/dot.svg": file("<svg/>", "image/svg+xml"),
        "lessons/own.js": file("say('Grüße')", "text/javascript; charset=utf-8"),
      },
      "lessons/",
    );
    const dot = `data:image/svg+xml;base64,${btoa("<svg/>")}`;
    expect(dom.querySelector("img")?.getAttribute("src")).toBe(dot);
    const style = dom.querySelector("link")?.getAttribute("href") ?? "";
    expect(atob(style.split(",")[1] ?? "")).toBe(
      `p { background: url("${dot}") } b { cursor: url(no.cur) }`,
    );
    const script = dom.querySelector("script")?.getAttribute("src") ?? "";
    const bytes = Uint8Array.from(atob(script.split(",")[1] ?? ""), (one) => one.charCodeAt(0));
    expect(new TextDecoder().decode(bytes)).toBe("say('Grüße')");
  });

  it("has pictures that its own styles name", () => {
    const { text } = page("<style>p { background: url(a.png) }</style>", {
      "a.png": { type: "image/png", base64: "AAAA" },
    });
    expect(text).toContain('url("data:image/png;base64,AAAA")');
  });

  it("is not put into itself, and must be there", () => {
    const { dom } = page('<img src="">');
    expect(dom.querySelector("img")?.getAttribute("src")).toBe("");
    expect(() => inlined({}, "x", HOME, "")).toThrow("there is no page at x");
  });
});
