// A wire view as a widget: one feed for all its views.

import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import factory from "../../src/wire/widget";
import { widgetOf } from "../support/model";
import { one } from "../support/page";
import { FakeWebSocket } from "../support/websocket";

const HELLO = { type: "hello", seen: 0, now: 0, attached: true, sessions: [] };

const wait = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms).then(() => undefined));
const make = () => widgetOf(factory(), { channel: "chat", base_url: "/lab/", saved_id: "s1" });

beforeEach(() => {
  vi.useFakeTimers();
  FakeWebSocket.forget();
  vi.stubGlobal("WebSocket", FakeWebSocket);
});

afterEach(() => {
  document.body.replaceChildren();
  document.head.replaceChildren();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a wire view's widget", () => {
  it("has one feed for all views, and closes it after the last", async () => {
    const { render, model } = make();
    const [first, second] = [render(), render()];
    expect(FakeWebSocket.made.map(({ address }) => address.href)).toEqual([
      "ws://localhost:3000/lab/nbsocket/api/channels/chat/wire",
    ]);
    FakeWebSocket.last.open();
    FakeWebSocket.last.say(JSON.stringify(HELLO));
    await wait(50);
    expect([first, second].map(({ el }) => one(el, "[data-wire]").dataset.state)).toEqual([
      "live",
      "live",
    ]);
    first.remove();
    expect(FakeWebSocket.last.readyState).toBe(FakeWebSocket.OPEN);
    second.remove();
    await wait(10);
    expect(FakeWebSocket.last.readyState).toBe(FakeWebSocket.CLOSED);
    expect(model.listeners).toBe(0);
    expect(second.el.innerHTML).toBe("");
  });

  it("begins anew with the next view", async () => {
    const { render } = make();
    render().remove();
    render();
    expect(FakeWebSocket.made).toHaveLength(2);
  });

  it("hides its saved picture while it is there", () => {
    const hidden = () => document.head.textContent?.includes(".nbs-saved-s1{display:none}");
    const { remove } = make().render();
    expect(hidden()).toBe(true);
    remove();
    expect(hidden()).toBe(false);
  });

  it("tells the kernel what there is to see", async () => {
    const { render, model } = make();
    render();
    FakeWebSocket.last.open();
    FakeWebSocket.last.say(JSON.stringify(HELLO));
    await wait(2100);
    expect(model.sent.filter(({ type }) => type === "snapshot")).toMatchObject([
      { seen: 0, rows: [], lanes: [{ label: "server" }, { label: "kernel" }] },
    ]);
  });

  it("calls the clients that are panes of this page by their names", async () => {
    const { Times } = await import("../../src/shared/times");
    const shared = globalThis as unknown as Record<symbol, Map<string, unknown>>;
    shared[Symbol.for("nbsocket.times")] = new Map([["p1", new Times("alice")]]);
    const { render } = make();
    const { el } = render();
    FakeWebSocket.last.open();
    const session = { session: 1, role: "owner", transport: "websocket", round_trip_ms: null };
    FakeWebSocket.last.say(JSON.stringify({ ...HELLO, sessions: [{ ...session, pane: "p1" }] }));
    await wait(50);
    expect(one(el, '[data-field="client"]').textContent).toBe("all clientsalice");
    shared[Symbol.for("nbsocket.times")]?.clear();
  });
});
