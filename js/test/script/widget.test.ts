// What %%client shows: a sandboxed frame, what it tells, and its console.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import factory from "../../src/script/widget";
import { stillFrames } from "../support/frames";
import { widgetOf } from "../support/model";
import { one, said, texts } from "../support/page";
import { ours, Web } from "../support/server";

let web: Web;
let frames: ReturnType<typeof stillFrames>;

const wait = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

async function run(code = "io()", name = "zoe") {
  const made = widgetOf(factory(), { channel: "chat", name, base_url: "/lab/", code });
  const { el, remove } = made.render();
  await wait();
  const frame = el.querySelector("iframe");
  const tell = async (data: unknown, source: unknown = frames.window, ports: object[] = []) => {
    const event = new MessageEvent("message", { data, source: source as Window });
    Object.defineProperty(event, "ports", { value: ports });
    window.dispatchEvent(event);
    await wait(400);
  };
  const root = one(el, "section");
  const state = () => [root.dataset.state, said(one(root, ".nbs-state"))];
  return { ...made, el, remove, frame, root, tell, state };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(document, "cookie", "get").mockReturnValue("_xsrf=x");
  frames = stillFrames();
  web = new Web(() => ours({ value: "t1", seat: "s1" }));
  vi.stubGlobal("fetch", web.fetch);
});

afterEach(() => {
  document.body.replaceChildren();
  delete document.body.dataset.jpThemeLight;
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("a client cell", () => {
  it("runs in a frame that may run scripts and nothing else, and has no ticket", async () => {
    const { frame, state } = await run("io(); // mine");
    expect(web.paths).toEqual(["GET /lab/nbsocket/api/channels/chat"]);
    expect(frame?.getAttribute("sandbox")).toBe("allow-scripts");
    const [text] = frames.documents;
    expect(text).toContain("io(); // mine");
    expect(text).toContain("/*virtual:prelude-code*/");
    expect(text).toContain("/*virtual:client-code*/");
    expect(text).toContain(
      '{"origin":"http://localhost:3000","path":"/lab/nbsocket/chat/socket.io/","ticket":"","isFrame":true}',
    );
    expect(state()[0]).toBe("connected");
  });

  it("has its name as text", async () => {
    const { root } = await run("", "<b>\u202e");
    expect(said(one(root, "strong"))).toBe("<b>\\u202e");
    expect(root.querySelector("b")).toBeNull();
  });

  it("is dark where the notebook is", async () => {
    document.body.dataset.jpThemeLight = "false";
    await run();
    expect(frames.documents[0]).toContain("background:#111");
  });

  it.each([
    [() => ours({ message: "No kernel" }, 404), "waiting", "No kernel holds the channel."],
    [() => ours({ message: "Log in first" }, 403), "error", "Log in first"],
  ])("that cannot run says why: %#", async (answer, value, words) => {
    web.answer = answer;
    const { frame, state } = await run();
    expect(frame).toBeNull();
    expect(state()[0]).toBe(value);
    expect(state()[1]).toContain(words);
  });

  it.each([
    [() => Promise.reject(new TypeError("Failed to fetch"))],
    [() => new Response("<html>", { status: 200 })],
  ])("whose page no Jupyter server serves reaches the kernel over its comm: %#", async (answer) => {
    web.answer = answer;
    const { frame, state } = await run();
    expect(frame).not.toBeNull();
    expect(state()[0]).toBe("connected");
    expect(frames.documents[0]).toContain('"origin":"https://nbsocket.invalid"');
  });

  it("that is gone before it could begin does not", async () => {
    let answer: (response: Response) => void = () => undefined;
    web.answer = () => new Promise((resolve) => (answer = resolve));
    const { el, remove } = await run();
    remove();
    answer(ours({}));
    await wait();
    expect(el.querySelector("iframe")).toBeNull();
    expect(frames.documents).toEqual([]);
  });
});

describe("what a frame tells", () => {
  it("of its console is shown as text, and counted", async () => {
    const { root, tell } = await run();
    await tell({ kind: "lines", lines: [{ level: "log", text: "<b>hi" }] });
    expect(texts(root, "li")).toEqual(["<b>hi"]);
    expect(root.dataset.lines).toBe("1");
  });

  it.each([
    [1, 1, "connected", "Connected, on channel chat"],
    [1, 0, "disconnected", "Not connected, on channel chat"],
    [3, 2, "connected", "Connected 2 of 3, on channel chat"],
    [3, 0, "disconnected", "Not connected 0 of 3, on channel chat"],
  ])(
    "of its %i clients, %i of them connected, is its state",
    async (made, connected, value, words) => {
      const { tell, state } = await run();
      await tell({ kind: "sockets", made, connected });
      expect(state()).toEqual([value, words]);
    },
  );

  it("of an error is its state, too", async () => {
    const { tell, state } = await run();
    await tell({ kind: "failed" });
    expect(state()[0]).toBe("error");
  });

  it.each([
    [120.5, "120.5px"],
    [100_000, "600px"],
    [-5, "0px"],
  ])("of its height %d makes it %s high", async (height, found) => {
    const { frame, tell } = await run();
    await tell({ kind: "height", height });
    expect(frame?.style.height).toBe(found);
  });

  it.each([
    null,
    7,
    "failed",
    [],
    {},
    { kind: "sockets", made: 0, connected: 0 },
    { kind: "height", height: "9px;color:red" },
    { kind: "height", height: Number.NaN },
    { kind: "lines", lines: "x" },
    { kind: "seat" },
  ])("may be anything, and changes nothing then: %o", async (message) => {
    const { root, frame, tell, state } = await run();
    const before = state();
    await tell(message);
    expect(state()).toEqual(before);
    expect([root.dataset.lines, frame?.style.height]).toEqual([undefined, ""]);
  });

  it("is not heard from anybody else", async () => {
    const { tell, state } = await run();
    const before = state();
    await tell({ kind: "failed" }, window);
    await tell({ kind: "failed" }, null);
    expect(state()).toEqual(before);
  });
});

describe("the place of a frame", () => {
  function port() {
    return { postMessage: vi.fn(), close: vi.fn(), onmessage: null as unknown };
  }

  type Port = ReturnType<typeof port>;
  const ask = (one: Port, data: object) => (one.onmessage as (event: object) => void)({ data });

  it("has tickets, over the port that its document handed out first", async () => {
    const { tell } = await run();
    const [first, second] = [port(), port()];
    await tell({ kind: "seat" }, undefined, [first]);
    await tell({ kind: "seat" }, undefined, [second]);
    ask(first, { ask: 1 });
    await wait();
    expect(first.postMessage.mock.calls).toEqual([[{ ask: 1, ticket: "t1" }]]);
    expect(second.onmessage).toBeNull();
  });

  it("is closed where its document went to another address", async () => {
    const { frame, el, tell, state } = await run();
    const first = port();
    await tell({ kind: "seat" }, undefined, [first]);
    ask(first, { ask: 1 });
    await wait();
    frame?.dispatchEvent(new Event("load"));
    expect(first.postMessage).toHaveBeenLastCalledWith({ still: 1 });
    ask(first, { still: 1 });
    await wait(10_000);
    expect(el.querySelector("iframe")).not.toBeNull();
    frame?.dispatchEvent(new Event("load"));
    await wait(10_000);
    expect(el.querySelector("iframe")).toBeNull();
    expect(state()[0]).toBe("error");
    expect(web.paths.at(-1)).toBe("DELETE /lab/nbsocket/api/channels/chat/tickets/s1");
  });

  it("is given back with its view", async () => {
    const { tell, remove, frame } = await run();
    const first = port();
    await tell({ kind: "seat" }, undefined, [first]);
    ask(first, { ask: 1 });
    await wait();
    remove();
    expect(first.close).toHaveBeenCalledTimes(1);
    expect(frame?.isConnected).toBe(false);
    expect(web.paths.at(-1)).toBe("DELETE /lab/nbsocket/api/channels/chat/tickets/s1");
  });
});
