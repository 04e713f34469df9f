// What io.page shows: the page in a sandboxed frame, its console, and a way to open it in a tab.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import factory from "../../src/page/widget";
import { stillFrames } from "../support/frames";
import { widgetOf } from "../support/model";
import { action, one, said } from "../support/page";
import { ours, Web } from "../support/server";

let web: Web;
let frames: ReturnType<typeof stillFrames>;

const settled = async () => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
};

async function show(path = "lessons/") {
  const made = widgetOf(factory(), { channel: "chat", path, base_url: "/lab/" });
  const { el, remove } = made.render();
  const frame = one<HTMLIFrameElement>(el, "iframe");
  await settled();
  const tell = (data: unknown, source: unknown = frames.window) => {
    window.dispatchEvent(new MessageEvent("message", { data, source: source as Window }));
    vi.advanceTimersByTime(400);
  };
  return { ...made, el, remove, frame, root: one(el, "section"), tell };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(document, "cookie", "get").mockReturnValue("_xsrf=x");
  frames = stillFrames();
  web = new Web(() => ours({ value: "t1" }));
  vi.stubGlobal("fetch", web.fetch);
});

afterEach(() => {
  document.body.replaceChildren();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("a page in a notebook", () => {
  it("is loaded with a guest's ticket in its fragment, and may do little", async () => {
    const { frame, root } = await show();
    expect(web.asked[0]?.init.body).toBe('{"role":"guest"}');
    expect(frames.addresses).toEqual([
      "http://localhost:3000/lab/nbsocket/chat/lessons/#join_token=t1&console=1",
    ]);
    expect(frame.getAttribute("sandbox")?.split(" ").sort()).toEqual([
      "allow-forms",
      "allow-modals",
      "allow-scripts",
    ]);
    expect(root.dataset.state).toBe("connected");
    expect(said(one(root, '[role="status"]'))).toBe("/lab/nbsocket/chat/lessons/");
  });

  it.each([
    [404, "No kernel", "No kernel holds the channel."],
    [403, "Log in <b>first</b>", "Log in <b>first</b>"],
  ])("that is refused with %i says why", async (status, message, words) => {
    web.answer = () => ours({ message }, status);
    const { root } = await show();
    expect(root.dataset.state).toBe("error");
    expect(said(one(root, '[role="status"]'))).toContain(words);
    expect(root.querySelector("b")).toBeNull();
    expect(frames.addresses).toEqual([]);
  });

  it("takes its frame and its ear away with it", async () => {
    const { remove, frame, tell, root } = await show();
    remove();
    expect(frame.isConnected).toBe(false);
    tell({ kind: "lines", lines: [{ level: "log", text: "late" }] });
    expect(said(one(root, "summary"))).toBe("Console");
  });
});

describe("the console of a page", () => {
  it("shows what the page says, as text, and how much it is", async () => {
    const { root, tell } = await show();
    expect(one<HTMLDetailsElement>(root, "details").open).toBe(false);
    tell({ kind: "lines", lines: [{ level: "warn", text: "<b>careful" }] });
    expect(said(one(root, "summary"))).toBe("Console (1)");
    expect(said(one(root, "li"))).toBe("<b>careful");
    expect(one(root, "li").dataset.level).toBe("warn");
  });

  it("is what there is to see where the page shows nothing", async () => {
    const { root, frame, tell } = await show();
    tell({ kind: "empty" });
    expect(one<HTMLDetailsElement>(root, "details").open).toBe(true);
    expect(frame.style.height).toMatch(/^0(px)?$/);
  });

  it("hears nobody but its own page", async () => {
    const { root, tell } = await show();
    tell({ kind: "lines", lines: [{ level: "log", text: "foreign" }] }, window);
    tell({ kind: "empty" }, null);
    expect(said(one(root, "summary"))).toBe("Console");
    expect(one<HTMLDetailsElement>(root, "details").open).toBe(false);
  });

  it.each([null, undefined, 7, "lines", [], {}, { kind: "lines" }, { kind: "lines", lines: 3 }])(
    "is not disturbed by %o",
    async (message) => {
      const { root, tell } = await show();
      const failed = vi.fn();
      window.addEventListener("error", failed);
      tell(message);
      window.removeEventListener("error", failed);
      expect(failed).not.toHaveBeenCalled();
      expect(said(one(root, "summary"))).toBe("Console");
    },
  );
});

describe("a page in a tab", () => {
  function tabs() {
    const tab = { opener: window as unknown, close: vi.fn(), location: { replace: vi.fn() } };
    const open = vi.fn<(url: string) => typeof tab | null>(() => tab);
    vi.stubGlobal("open", open);
    window.open = open as unknown as typeof window.open;
    return { tab, open };
  }

  it("is opened within the click, and filled with a ticket of its own", async () => {
    const { tab, open } = tabs();
    const { root } = await show();
    web.answer = () => ours({ value: "t2" });
    action(root, "open").click();
    expect(open.mock.calls).toEqual([["about:blank"]]);
    expect(tab.location.replace).not.toHaveBeenCalled();
    await settled();
    expect(tab.opener).toBeNull();
    expect(tab.location.replace.mock.calls).toEqual([
      ["http://localhost:3000/lab/nbsocket/chat/lessons/#join_token=t2"],
    ]);
    expect(root.dataset.state).toBe("connected");
  });

  it("is closed where there is no ticket for it, and it is said why", async () => {
    const { tab } = tabs();
    const { root } = await show();
    web.answer = () => ours({ message: "Log in first" }, 403);
    action(root, "open").click();
    await settled();
    expect(tab.close).toHaveBeenCalledTimes(1);
    expect(said(one(root, '[role="status"]'))).toContain("Log in first");
  });

  it("that the browser blocks is told", async () => {
    tabs().open.mockReturnValue(null);
    const { root } = await show();
    action(root, "open").click();
    await settled();
    expect(said(one(root, '[role="status"]'))).toContain("the browser blocked the new tab");
  });
});

describe("a page where no server serves it", () => {
  const html = '<script src="socket.io/socket.io.js"></script><p>hi</p>';
  const files = { "lessons/": { type: "text/html", base64: btoa(html) } };

  async function byComm(base_url = "") {
    const made = widgetOf(factory(), { channel: "chat", path: "lessons/", base_url });
    const { el, remove } = made.render();
    await settled();
    return { ...made, el, remove, root: one(el, "section") };
  }

  it("comes over the comm, once, and opens no tab", async () => {
    const { model, root } = await byComm();
    expect(web.asked).toEqual([]);
    expect(model.sent).toContainEqual({ type: "page" });
    model.say({ type: "page", files });
    model.say({ type: "page", files });
    expect(frames.documents).toHaveLength(1);
    expect(frames.documents[0]).toContain("<p>hi</p>");
    expect(frames.documents[0]).toContain('"isPage":true');
    expect(root.dataset.state).toBe("connected");
    expect(root.querySelector('[data-action="open"]')).toBeNull();
    expect(said(one(root, '[role="status"]'))).toContain("/nbsocket/chat/lessons/, over the");
  });

  it("does so if the page's server is another one", async () => {
    web.answer = () => new Response("", { status: 404 });
    const { model } = await byComm("/lab/");
    expect(model.sent).toContainEqual({ type: "page" });
  });

  it("carries its clients over the comm, and lets them go with it", async () => {
    const { model, remove } = await byComm();
    model.say({ type: "page", files });
    const answers: unknown[] = [];
    const port = {
      onmessage: (_: { data: unknown }) => {},
      postMessage: (answer: unknown) => answers.push(answer),
      close: () => {},
    };
    const event = new MessageEvent("message", { data: { kind: "seat" }, source: frames.window });
    Object.defineProperty(event, "ports", { value: [port] });
    window.dispatchEvent(event);
    port.onmessage({ data: { ask: 1 } });
    await settled();
    expect(answers).toContainEqual({ ask: 1, isByComm: true });
    port.onmessage({ data: { stream: { type: "stream", id: "a" }, buffers: [] } });
    expect(model.sent).toContainEqual({ type: "stream", id: "a" });
    remove();
    expect(model.sent).toContainEqual({ type: "stream", id: "a", closed: true });
    expect(model.listeners).toBe(0);
  });
});
