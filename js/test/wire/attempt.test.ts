// @vitest-environment node
// A client for one raw message: what it says, and what it hears.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Attempt } from "../../src/wire/attempt";
import { ours, Web } from "../support/server";
import { FakeWebSocket } from "../support/websocket";

let web: Web;
let attempt: Attempt;

const wait = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const heard = () => attempt.heard.value.map(({ from, text }) => `${from}: ${text}`);
const say = (data: unknown) => FakeWebSocket.last.say(data);

/** The server has let the client in, and into its namespace. */
async function inside(text: string): Promise<void> {
  void attempt.send(text);
  await wait();
  FakeWebSocket.last.open();
  say('0{"sid":"secret-1","pingInterval":25000}');
  say('40{"sid":"secret-2"}');
}

beforeEach(() => {
  vi.useFakeTimers();
  FakeWebSocket.forget();
  vi.stubGlobal("WebSocket", FakeWebSocket);
  vi.stubGlobal("document", { cookie: "_xsrf=x", getElementById: () => null });
  web = new Web(() => ours({ value: "tick&et" }));
  vi.stubGlobal("fetch", web.fetch);
  attempt = new Attempt("https://h.example/lab/", "chat");
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("an attempt", () => {
  it("is a WebSocket of its own, with a ticket of its own", async () => {
    void attempt.send("42[]");
    expect(attempt.isRunning.value).toBe(true);
    await wait();
    expect(web.paths).toEqual(["POST /lab/nbsocket/api/channels/chat/tickets"]);
    const { address } = FakeWebSocket.last;
    expect(`${address.protocol}//${address.host}${address.pathname}`).toBe(
      "wss://h.example/lab/nbsocket/chat/socket.io/",
    );
    expect(Object.fromEntries(address.searchParams)).toEqual({
      EIO: "4",
      transport: "websocket",
      join_token: "tick&et",
    });
  });

  it("enters the namespace, sends its text once, and shows no session's id", async () => {
    await inside("42 broken \u0000");
    say('40{"sid":"again"}');
    expect(FakeWebSocket.last.sent).toEqual(["40", "42 broken \u0000"]);
    expect(heard()).toEqual([
      'server: 0{"sid":"…","pingInterval":25000}',
      "us: 40",
      'server: 40{"sid":"…"}',
      "us: 42 broken \u0000",
      'server: 40{"sid":"…"}',
    ]);
  });

  it("was taken where the connection stays open", async () => {
    await inside("42[]");
    say('43["ok"]');
    await wait(1499);
    expect(attempt.isRunning.value).toBe(true);
    await wait(1);
    expect(heard().slice(-2)).toEqual([
      'server: 43["ok"]',
      "note: The connection stays open: the server accepted it.",
    ]);
    expect(attempt.isRunning.value).toBe(false);
    expect(FakeWebSocket.last.readyState).toBe(FakeWebSocket.CLOSED);
  });

  it("was not taken where the server closes the connection", async () => {
    await inside("9");
    FakeWebSocket.last.end(1002);
    await wait(5000);
    expect(heard().at(-1)).toBe(
      "note: The server rejected it and closed the connection (code 1002).",
    );
    expect(heard().filter((line) => line.startsWith("note"))).toHaveLength(1);
    expect(attempt.isRunning.value).toBe(false);
  });

  it("is none where the server lets nobody in", async () => {
    void attempt.send("42[]");
    await wait();
    FakeWebSocket.last.end(1006);
    await wait();
    expect(heard()).toEqual(["note: No connection (code 1006)."]);
    expect(attempt.isRunning.value).toBe(false);
  });

  it("answers a heartbeat, and tells bytes by their number", async () => {
    await inside("42[]");
    say("2");
    say(new ArrayBuffer(7));
    expect(FakeWebSocket.last.sent.at(-1)).toBe("3");
    expect(FakeWebSocket.last.binaryType).toBe("arraybuffer");
    expect(heard().slice(-2)).toEqual(["server: 2", "server: (7 bytes)"]);
  });

  it("is told where there is no ticket for it", async () => {
    web.answer = () => ours({ message: "No kernel" }, 404);
    await attempt.send("42[]");
    expect(heard()).toEqual(["note: No kernel"]);
    expect(FakeWebSocket.made).toEqual([]);
    expect(attempt.isRunning.value).toBe(false);
  });

  it("is one at a time, and each begins with an empty list", async () => {
    await inside("42[]");
    await attempt.send("again");
    expect(FakeWebSocket.made).toHaveLength(1);
    FakeWebSocket.last.end(1002);
    await wait();
    void attempt.send("again");
    expect(heard()).toEqual([]);
    await wait();
    expect(FakeWebSocket.made).toHaveLength(2);
  });
});
