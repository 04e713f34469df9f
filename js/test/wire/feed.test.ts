// The wire's route: it says how it goes, keeps its clock, and comes back by itself.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Feed } from "../../src/wire/feed";
import { ours, Web } from "../support/server";
import { FakeWebSocket } from "../support/websocket";

const BASE = "http://localhost:3000/lab/";
const HELLO = { type: "hello", seen: 7, now: 0, attached: true, sessions: [] };

let web: Web;
let feed: Feed;

const wait = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const tell = (said: object) => FakeWebSocket.last.say(JSON.stringify(said));
const made = () => FakeWebSocket.made.length;

function config(text: string): void {
  const element = document.createElement("script");
  element.id = "jupyter-config-data";
  element.textContent = text;
  document.head.append(element);
}

/** A feed that is live. */
function live(): void {
  feed.open();
  FakeWebSocket.last.open();
  tell(HELLO);
}

function batch(items: object[], more: object = {}): void {
  const said = { type: "batch", now: 0, items, seen: 7 + items.length, told: items.length };
  tell({ ...said, kernel_ahead_ms: 0, kernel_error_ms: null, ...more });
}

beforeEach(() => {
  vi.useFakeTimers();
  FakeWebSocket.forget();
  vi.stubGlobal("WebSocket", FakeWebSocket);
  web = new Web(() => ours({}));
  vi.stubGlobal("fetch", web.fetch);
  feed = new Feed(BASE, "a/b", () => undefined);
});

afterEach(() => {
  feed.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  document.head.replaceChildren();
});

describe("a feed", () => {
  it("connects to its channel once, and is live when it was greeted", async () => {
    expect(made()).toBe(0);
    feed.open();
    feed.open();
    expect(made()).toBe(1);
    expect(FakeWebSocket.last.address.href).toBe(
      "ws://localhost:3000/lab/nbsocket/api/channels/a%2Fb/wire",
    );
    FakeWebSocket.last.open();
    expect(feed.state.value).toBe("connecting");
    tell(HELLO);
    expect(feed.state.value).toBe("live");
    expect(feed.store.seen).toBe(0);
  });

  it("asks for the time at once a few times, and then every two seconds", async () => {
    live();
    await wait(450);
    expect(FakeWebSocket.last.sent).toHaveLength(5);
    await wait(6000);
    expect(FakeWebSocket.last.sent).toHaveLength(8);
    const asked = JSON.parse(String(FakeWebSocket.last.sent[0])) as { asked: number };
    expect(Object.keys(asked)).toEqual(["asked"]);
    expect(Math.abs(asked.asked - performance.timeOrigin)).toBeLessThan(10_000);
  });

  it("knows from the answers how far the server's clock is ahead", async () => {
    live();
    await wait(10);
    const { asked } = JSON.parse(String(FakeWebSocket.last.sent[0])) as { asked: number };
    tell({ type: "clock", asked, now: asked + 5000 });
    expect(feed.store.clock.ahead).toBeGreaterThanOrEqual(4990);
    expect(feed.store.clock.ahead).toBeLessThanOrEqual(5000);
    expect(feed.store.clock.error).toBeLessThanOrEqual(5);
  });

  it("fills its store, and draws once for a batch", async () => {
    live();
    await wait(50);
    const before = feed.version.value;
    const came = { type: "came", at: 1, role: "guest", transport: "polling", pane: "" };
    batch(
      [1, 2, 3].map((session) => ({ ...came, session, round_trip_ms: null })),
      { kernel_ahead_ms: 2.5, kernel_error_ms: 0.5 },
    );
    await wait(50);
    expect(feed.version.value).toBe(before + 1);
    expect(feed.store.rows.kept.map((row) => row.note)).toEqual([
      "client 1 connected",
      "client 2 connected",
      "client 3 connected",
    ]);
    expect([feed.store.kernelAhead, feed.store.kernelError]).toEqual([2.5, 0.5]);
    batch([]);
    expect([feed.store.kernelAhead, feed.store.kernelError]).toEqual([0, undefined]);
  });

  it("draws seldom after a flood, so that clicks have their turn", async () => {
    live();
    await wait(50);
    const went = { type: "went", at: 1, session: 1, reason: "gone" };
    batch(Array.from({ length: 60 }, () => went));
    await wait(50);
    const before = feed.version.value;
    batch([went]);
    await wait(250);
    expect(feed.version.value).toBe(before);
    await wait(100);
    expect(feed.version.value).toBe(before + 1);
  });

  it("is closed for good when it is closed", async () => {
    live();
    feed.close();
    expect(feed.state.value).toBe("closed");
    expect(FakeWebSocket.last.readyState).toBeGreaterThanOrEqual(FakeWebSocket.CLOSING);
    const { sent } = FakeWebSocket.last;
    const before = sent.length;
    await wait(60_000);
    expect(made()).toBe(1);
    expect(sent).toHaveLength(before);
    expect(web.asked).toEqual([]);
    expect(feed.state.value).toBe("closed");
  });

  it("can be opened again after it was closed", async () => {
    live();
    feed.close();
    await wait(10);
    live();
    expect(made()).toBe(2);
    expect(feed.state.value).toBe("live");
  });
});

describe("a feed that loses its connection", () => {
  it("comes back, and counts from what was seen then", async () => {
    live();
    FakeWebSocket.last.end();
    await wait(10);
    expect(feed.state.value).toBe("connecting");
    expect(web.paths).toEqual(["GET /lab/nbsocket/api/channels/a%2Fb"]);
    await wait(1500);
    expect(made()).toBe(2);
    FakeWebSocket.last.open();
    tell({ ...HELLO, seen: 100 });
    batch([], { seen: 103 });
    expect(feed.state.value).toBe("live");
    expect(feed.store.seen).toBe(3);
  });

  it("asks the time on its new connection alone", async () => {
    live();
    await wait(1000);
    const old = FakeWebSocket.last;
    const before = old.sent.length;
    old.end();
    await wait(1510);
    FakeWebSocket.last.open();
    await wait(10_000);
    expect(old.sent).toHaveLength(before);
    expect(FakeWebSocket.last.sent).toHaveLength(10);
  });

  it("waits for a kernel where none holds the channel", async () => {
    live();
    web.answer = () => ours({ message: "No kernel" }, 404);
    FakeWebSocket.last.end();
    await wait(10);
    expect(feed.state.value).toBe("waiting");
    for (let round = 0; round < 4; round += 1) {
      await wait(1500);
      FakeWebSocket.last.end();
      await wait(10);
    }
    expect(made()).toBe(5);
    expect(feed.state.value).toBe("waiting");
    web.answer = () => ours({});
    await wait(1500);
    FakeWebSocket.last.open();
    tell(HELLO);
    expect(feed.state.value).toBe("live");
  });

  it("does not call it a refusal when the channel came back between the two questions", async () => {
    live();
    web.answer = () => ours({ message: "No kernel" }, 404);
    FakeWebSocket.last.end();
    await wait(1510);
    web.answer = () => ours({});
    // Refused once more, and the cookie alone is not trusted any longer: it is tried with the token, at once.
    FakeWebSocket.last.end();
    await wait(10);
    expect(made()).toBe(3);
    FakeWebSocket.last.end();
    await wait(10);
    expect(feed.state.value).toBe("connecting");
  });

  it("says when the Jupyter server does not answer", async () => {
    live();
    web.answer = () => Promise.reject(new TypeError("Failed to fetch"));
    FakeWebSocket.last.end();
    await wait(10);
    expect([feed.state.value, feed.detail.value]).toEqual(["reconnecting", ""]);
    await wait(1500);
    expect(made()).toBe(2);
  });

  it("says why the Jupyter server refuses", async () => {
    live();
    web.answer = () => ours({ message: "Log in first" }, 403);
    FakeWebSocket.last.end();
    await wait(10);
    expect([feed.state.value, feed.detail.value]).toEqual(["error", "Log in first"]);
    await wait(1500);
    expect(made()).toBe(2);
  });

  it("gives up where another server answers", async () => {
    feed.open();
    web.answer = () => new Response("<h1>Static</h1>", { status: 404 });
    FakeWebSocket.last.end();
    await wait(60_000);
    expect(feed.state.value).toBe("error");
    expect(feed.detail.value).toContain("is not a Jupyter server with nbsocket");
    expect(made()).toBe(1);
  });

  it("stays closed when it is closed while it asks why", async () => {
    live();
    web.answer = () => new Promise((resolve) => setTimeout(() => resolve(ours({})), 1000));
    FakeWebSocket.last.end();
    await wait(10);
    feed.close();
    await wait(60_000);
    expect(feed.state.value).toBe("closed");
    expect(made()).toBe(1);
  });
});

describe("a feed that is refused at once", () => {
  it("tries again with the page's token, and keeps to it", async () => {
    config('{"token": "secret"}');
    feed.open();
    expect(FakeWebSocket.last.address.search).toBe("");
    FakeWebSocket.last.end();
    await wait(10);
    expect(made()).toBe(2);
    expect(FakeWebSocket.last.address.search).toBe("?token=secret");
    FakeWebSocket.last.open();
    tell(HELLO);
    FakeWebSocket.last.end();
    await wait(1510);
    expect(FakeWebSocket.last.address.search).toBe("?token=secret");
  });

  it("says so when the token does not do either, and goes on trying", async () => {
    feed.open();
    FakeWebSocket.last.end();
    await wait(10);
    FakeWebSocket.last.end();
    await wait(10);
    expect(feed.state.value).toBe("error");
    expect(feed.detail.value).toContain("perhaps too many are open");
    await wait(1500);
    expect(made()).toBe(3);
    FakeWebSocket.last.open();
    tell(HELLO);
    expect(feed.state.value).toBe("live");
  });

  it("is refused, too, when it is let in and closed without a greeting", async () => {
    feed.open();
    for (let round = 0; round < 2; round += 1) {
      FakeWebSocket.last.open();
      FakeWebSocket.last.end();
      await wait(10);
    }
    expect(feed.state.value).toBe("error");
  });
});

describe("a feed over a comm", () => {
  /** A widget's comm whose other side is the test. */
  class Comm {
    readonly opened: string[] = [];
    private call: ((content: object, buffers: BufferSource[]) => void) | undefined;
    send(content: Record<string, unknown>): void {
      if (content.open && !this.opened.includes(String(content.id))) {
        this.opened.push(String(content.id));
      }
    }
    listen(call: (content: object, buffers: BufferSource[]) => void): () => void {
      this.call = call;
      return () => {};
    }
    tell(content: object): void {
      this.call?.({ type: "stream", id: this.opened.at(-1), ...content }, []);
    }
    say(said: object): void {
      const body = new TextEncoder().encode(JSON.stringify(said));
      const head = [0x81, 126, body.length >> 8, body.length & 255];
      const data = btoa(String.fromCharCode(...head, ...body));
      this.tell({ start: 0, received: 0, limit: 1e6, size: head.length + body.length, data });
    }
  }

  let comm: Comm;

  beforeEach(() => {
    comm = new Comm();
    feed = new Feed("", "a/b", () => undefined, comm);
  });

  it("is live when it was greeted, and comes back", async () => {
    feed.open();
    await wait();
    comm.say({
      ...HELLO,
      channel: "a long name, so that the frame is one with a long length. ".repeat(3),
    });
    expect([feed.state.value, made(), comm.opened.length]).toEqual(["live", 0, 1]);
    comm.tell({ ended: "" });
    expect(feed.state.value).toBe("reconnecting");
    await wait(1500);
    expect(comm.opened.length).toBe(2);
  });

  it("waits for the cell that makes the server", async () => {
    feed.open();
    await wait();
    comm.tell({ ended: "nobody holds the channel 'a/b'" });
    expect(feed.state.value).toBe("waiting");
    await wait(1500);
    expect(comm.opened.length).toBe(2);
  });

  it("says why it is refused, and asks no more", async () => {
    feed.open();
    await wait();
    comm.tell({ ended: "Visitors do not get it" });
    expect([feed.state.value, feed.detail.value]).toEqual(["error", "Visitors do not get it"]);
    await wait(60_000);
    expect(comm.opened.length).toBe(1);
  });

  it("is taken where another server serves the page", async () => {
    web.answer = () => new Response("<html>", { status: 200 });
    feed = new Feed(BASE, "a/b", () => undefined, comm);
    feed.open();
    FakeWebSocket.last.end();
    await wait();
    expect(comm.opened.length).toBe(1);
  });
});
