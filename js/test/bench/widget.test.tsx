// The bench as a widget: it follows the kernel's source, and stops with its last view.

import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import factory from "../../src/bench/widget";
import { widgetOf } from "../support/model";
import { action, click, field, one, texts, type } from "../support/page";
import { ours, Server, Web } from "../support/server";

vi.mock("socket.io-client", () => import("../support/client"));

let web: Web;
let server: Server;
let dispose: () => void;

const wait = (ms = 50) => act(() => vi.advanceTimersByTimeAsync(ms).then(() => undefined));

function make(running = false) {
  const made = widgetOf(factory(), {
    channel: "chat",
    base_url: "/",
    rate: 2,
    interval: 0.5,
    running,
    saved_id: "s1",
  });
  dispose = made.dispose;
  const change = async (name: string, value: unknown) => {
    made.model.set(name, value);
    made.model.trigger(`change:${name}`);
    await wait();
  };
  return { ...made, change };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(document, "cookie", "get").mockReturnValue("_xsrf=x");
  server = new Server();
  web = new Web(({ path }) => {
    if (path.endsWith("/tickets")) return ours({ value: "t1" });
    if (path.endsWith("/counts")) return ours({});
    return new Promise<Response>(() => undefined);
  });
  vi.stubGlobal("fetch", web.fetch);
});

afterEach(async () => {
  dispose();
  await wait();
  document.body.replaceChildren();
  document.head.replaceChildren();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("a bench's widget", () => {
  it("begins with the kernel's rate and interval, and does nothing of itself", async () => {
    const { el } = make().render();
    await wait();
    expect(texts(el, "output")).toEqual(["2/s", "500 ms", "0 ms"]);
    expect(one(el, "[data-on]").dataset.on).toBe("false");
    expect(web.asked).toEqual([]);
  });

  it("asks the kernel to start, to stop, and for another rate", async () => {
    const { render, model, change } = make();
    const { el } = render();
    model.sent.length = 0;
    click(action(el, "toggle"));
    await change("running", true);
    click(action(el, "toggle"));
    type(field(el, "rate"), "7");
    expect(model.sent).toEqual([{ type: "start" }, { type: "stop" }, { type: "rate", rate: 7 }]);
  });

  it("runs while the kernel's source runs", async () => {
    const { render, change } = make();
    const { el } = render();
    await change("running", true);
    expect(one(el, "[data-on]").dataset.on).toBe("true");
    expect(server.seen).toHaveLength(1);
    await change("running", false);
    expect(one(el, "[data-on]").dataset.on).toBe("false");
    await wait(200);
    expect(server.last.packets.at(-1)).toBe("1/duplex-bench,");
  });

  it("runs at once where the source runs already, once for all its views", async () => {
    const { render } = make(true);
    const views = [render(), render()];
    await wait();
    expect(server.seen).toHaveLength(1);
    expect(views.map(({ el }) => one(el, "[data-on]").dataset.on)).toEqual(["true", "true"]);
  });

  it("starts over with another rate", async () => {
    const { render, change } = make(true);
    const { el } = render();
    await wait();
    await change("rate", 5);
    expect(texts(el, "output")[0]).toBe("5/s");
    await wait(20_000);
    expect(server.seen).toHaveLength(2);
  });

  it("stops with its last view", async () => {
    const { render } = make(true);
    const [first, second] = [render(), render()];
    await wait();
    first.remove();
    await wait();
    expect(server.last.packets.at(-1)).not.toBe("1/duplex-bench,");
    second.remove();
    await wait(200);
    expect(server.last.packets.at(-1)).toBe("1/duplex-bench,");
    expect(second.el.innerHTML).toBe("");
  });

  it("tells the kernel what it shows", async () => {
    const { render, model } = make(true);
    render();
    await wait(2100);
    const picture = model.sent.find(({ type }) => type === "snapshot");
    expect(picture).toMatchObject({
      said: expect.any(String),
      rows: ["poll", "long", "sse", "websocket"].map((way) => ({ way })),
    });
    expect(picture?.rows).toContainEqual({
      way: "poll",
      events: 0,
      requests: 0,
      empty: 0,
      "header bytes": 0,
      "payload bytes": 0,
      "mean latency": "",
    });
  });

  it("leaves nothing behind", async () => {
    const { render, model } = make(true);
    render().remove();
    dispose();
    await wait();
    expect(model.listeners).toBe(0);
    expect(document.head.textContent).toBe("");
  });
});
