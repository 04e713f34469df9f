// What the kernel tells a pane's widget; its life is in ../widget.test.ts.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import factory from "../../src/pane/widget";
import { widgetOf } from "../support/model";
import { all, one, said, settle, texts } from "../support/page";
import { ours, Server, Web } from "../support/server";

vi.mock("socket.io-client", () => import("../support/client"));

let dispose: () => void;
let server: Server;

const wait = (ms = 50) => settle(() => vi.advanceTimersByTimeAsync(ms));

async function connected(weather: object = {}) {
  server = new Server();
  const made = widgetOf(factory(), {
    channel: "chat",
    name: "alice",
    pane_id: "p1",
    base_url: "/",
    saved_id: "s1",
    weather,
  });
  dispose = made.dispose;
  const view = made.render();
  await wait();
  const tell = async (...items: object[]) => {
    made.model.say({ type: "handler_output", items });
    await wait();
  };
  return { ...made, view, el: view.el, tell };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(document, "cookie", "get").mockReturnValue("_xsrf=x");
  vi.stubGlobal("fetch", new Web(() => ours({ value: "v" })).fetch);
});

afterEach(() => {
  dispose();
  document.body.replaceChildren();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("a pane's widget", () => {
  it("shows what handlers wrote, cut where the kernel cut it", async () => {
    const { el, tell } = await connected();
    await tell(
      { kind: "stdout", event: "say", text: "one\n\n" },
      { kind: "stderr", event: "say", text: "two", cut: true },
    );
    expect(texts(el, '[data-kind="print"] .nbs-said')).toEqual(["one"]);
    expect(texts(el, '[data-kind="error"] .nbs-said')).toEqual([
      "two … (more was printed; see the cell)",
    ]);
  });

  it("shows its rooms, and lights up", async () => {
    const { el, tell } = await connected();
    await tell(
      { kind: "rooms", event: "", text: '["a","b"]' },
      { kind: "lit", event: "", text: "" },
    );
    expect(said(one(el, ".nbs-rooms"))).toBe("in a, b");
    expect(one(el, "[data-pane]").dataset.lit).toBe("true");
    await wait(2000);
    expect(one(el, "[data-pane]").dataset.lit).toBe("false");
  });

  it("loses its connection when the kernel wants it", async () => {
    const { el, tell } = await connected();
    expect(one(el, "[data-pane]").dataset.state).toBe("connected");
    await tell({ kind: "cut", event: "", text: "" });
    expect(one(el, "[data-pane]").dataset.state).toBe("reconnecting");
  });

  it("says that nobody answers a question", async () => {
    const { el, tell } = await connected();
    one<HTMLInputElement>(el, '[data-field="ask"]').click();
    await wait();
    one<HTMLButtonElement>(el, '[data-action="emit"]').click();
    await wait();
    await tell({ kind: "unanswered", event: "message", text: "0" });
    expect(all(el, '[data-ack="failed"]')).toHaveLength(1);
  });

  it("has the kernel's weather, and follows it", async () => {
    const { el, model } = await connected({ delay_ms: 100 });
    const weather = () => said(one(el, ".nbs-weather summary"));
    expect(weather()).toBe("Network weather ↔ 100 ± 0 ms");
    model.set("weather", { jitter_ms: 20, direction: "out" });
    model.trigger("change:weather");
    await wait();
    expect(weather()).toBe("Network weather → 0 ± 20 ms");
  });

  it("tells the kernel what there is to see, and waits for its answer", async () => {
    const { model, tell } = await connected();
    const pictures = () => model.sent.filter(({ type }) => type === "snapshot");
    await wait(2000);
    expect(pictures()).toHaveLength(1);
    expect(pictures()[0]).toMatchObject({ state: "connected", rows: [{ kind: "note" }] });
    await tell({ kind: "stdout", event: "say", text: "new" });
    await wait(5000);
    expect(pictures()).toHaveLength(1);
    model.say({ type: "saved" });
    await wait(2000);
    expect(pictures()).toHaveLength(2);
  });

  it("takes no notice of a message that is none of its own, or that comes before it is seen", () => {
    const made = widgetOf(factory(), { weather: {} });
    dispose = made.dispose;
    made.model.say({ type: "saved" });
    made.model.say({ type: "handler_output", items: [{ kind: "lit", event: "", text: "" }] });
    expect(made.model.sent).toEqual([]);
  });

  it("leaves the channel two seconds after its last view, and comes back with the next", async () => {
    const { view, render, model } = await connected();
    view.remove();
    await wait(2010);
    expect(server.last.packets.at(-1)).toBe("1");
    expect(model.listeners).toBe(2);
    const again = render();
    await wait();
    expect(one(again.el, "[data-pane]").dataset.state).toBe("connected");
    expect(server.seen).toHaveLength(2);
  });
});
