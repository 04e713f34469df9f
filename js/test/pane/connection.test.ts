// A pane's connection: ticket, client, state, and what becomes of what is emitted.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PaneConnection } from "../../src/pane/connection";
import type { Entry } from "../../src/pane/entries";
import { timesOf } from "../../src/shared/times";
import { CALM } from "../../src/shared/weather";
import { type Manners, ours, Server, Web } from "../support/server";
import { FakeXhr } from "../support/xhr";

vi.mock("socket.io-client", () => import("../support/client"));

const TICKET = { value: "v", id: "i", role: "owner", expires_at: 0 };
const BASE = "http://localhost:3000/lab/";

let web: Web;
let connection: PaneConnection;

const wait = (ms = 10) => vi.advanceTimersByTimeAsync(ms);
const state = () => [connection.state.value, connection.detail.value];
const rows = () => connection.log.kept.map(({ kind, event, args }) => [kind, event, ...args]);
const last = (): Entry => connection.log.kept.at(-1) ?? expect.fail("the log is empty");
const events = (server: Server) => server.last.packets.filter((packet) => /^[2-6]/.test(packet));
const tickets = () => web.paths.filter((path) => path.endsWith("/tickets")).length;

/** Connect by a WebSocket alone, which is simplest to follow. */
async function connected(manners: Manners = {}): Promise<Server> {
  const server = new Server(manners);
  connection.options = { ...connection.options, transports: "websocket" };
  await connection.connect();
  await wait();
  return server;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(1 - 1e-9);
  vi.spyOn(document, "cookie", "get").mockReturnValue("_xsrf=x");
  web = new Web(() => ours(TICKET));
  vi.stubGlobal("fetch", web.fetch);
  connection = new PaneConnection({ channel: "chat", paneId: "p1", name: "alice", base: BASE });
});

afterEach(() => {
  connection.disconnect();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("a pane's connection", () => {
  it("goes to its channel with an owner's ticket, and says which pane it is", async () => {
    const server = await connected();
    expect(web.asked[0]?.init.body).toBe('{"role":"owner"}');
    const { pathname, searchParams } = server.last.address;
    expect(pathname).toBe("/lab/nbsocket/chat/socket.io/");
    expect(Object.fromEntries(searchParams)).toMatchObject({
      join_token: "v",
      pane: "p1",
      name: "alice",
      transport: "websocket",
    });
    expect(server.last.packets).toEqual(["0"]);
    expect(state()).toEqual(["connected", ""]);
    expect(rows()).toEqual([["note", "connected"]]);
    expect(connection.channel).toBe("chat");
    expect(connection.transport).toBe("websocket");
  });

  it("begins by polling and goes over to a WebSocket", async () => {
    const server = new Server({ upgrades: true });
    await connection.connect();
    await wait();
    expect(FakeXhr.asked[0]?.address.searchParams.get("transport")).toBe("polling");
    await wait(1000);
    expect([connection.transport, server.last.transport]).toEqual(["websocket", "websocket"]);
    connection.emit("say", ["é"], false);
    await wait();
    expect(events(server)).toEqual(['2["say","é"]']);
  });

  it("stays with polling where it is told to", async () => {
    const server = new Server({ upgrades: true });
    connection.options = { ...connection.options, transports: "polling" };
    await connection.connect();
    await wait(1000);
    expect([connection.transport, server.last.transport]).toEqual(["polling", "polling"]);
  });

  it("is asked for once, however often", async () => {
    const server = await connected();
    await connection.connect();
    await connection.connect();
    await wait(1000);
    expect([server.tries, tickets()]).toEqual([1, 1]);
  });

  it("enters its namespace with what is said at the door", async () => {
    connection.options = { ...connection.options, namespace: "/admin", auth: { pin: 7 } };
    const server = await connected();
    expect(server.last.packets).toEqual(['0/admin,{"pin":7}']);
    connection.emit("say", [1], false);
    await wait();
    expect(events(server)).toEqual(['2/admin,["say",1]']);
  });

  it("writes down the times of its packets for wire views, until it is gone", async () => {
    const server = await connected();
    server.event("hello");
    await wait();
    expect(timesOf("p1")?.name).toBe("alice");
    expect(timesOf("p1")?.at("sent", 1)).toBeDefined();
    expect(timesOf("p1")?.at("received", 2)).toBeDefined();
    connection.disconnect();
    expect(timesOf("p1")).toBeUndefined();
  });
});

describe("what is received", () => {
  it("is logged and counted; drawing happens once for many", async () => {
    const server = await connected();
    await wait(100);
    const before = connection.version.value;
    for (let number = 0; number < 20; number += 1) server.event("tick", number, { a: [1] });
    await wait(100);
    expect(connection.received.value).toBe(20);
    expect(connection.version.value).toBe(before + 1);
    expect(rows().at(-1)).toEqual(["in", "tick", 19, { a: [1] }]);
  });

  it("can be answered once, if the server waits for it", async () => {
    const server = await connected();
    server.say('27["ask",1]');
    await wait();
    const entry = last();
    expect(entry.args).toEqual([1]);
    connection.answer(entry, ["yes"]);
    connection.answer(entry, ["no"]);
    await wait();
    expect(events(server)).toEqual(['37["yes"]']);
    expect(entry.ack).toMatchObject({ state: "answered", args: ["yes"] });
  });

  it("cannot be answered, if the server does not wait for it", async () => {
    const server = await connected();
    server.event("tell", 1);
    await wait();
    connection.answer(last(), ["yes"]);
    await wait();
    expect(events(server)).toEqual([]);
    expect(last().ack).toBeUndefined();
  });

  it("is forgotten when the log is cleared; its count stays", async () => {
    const server = await connected();
    server.event("tick");
    await wait(100);
    const before = connection.version.value;
    connection.clear();
    await wait(100);
    expect(rows()).toEqual([]);
    expect(connection.received.value).toBe(1);
    expect(connection.version.value).toBe(before + 1);
  });
});

describe("what is emitted", () => {
  it("is sent and logged", async () => {
    const server = await connected();
    expect(connection.emit("say", ["é", { a: null }], false)).toBe("");
    await wait();
    expect(events(server)).toEqual(['2["say","é",{"a":null}]']);
    expect(last()).toMatchObject({ kind: "out", event: "say", args: ["é", { a: null }] });
    expect([last().kept, last().ack]).toEqual([false, undefined]);
  });

  it("can have bytes, which follow as a message of their own", async () => {
    const server = await connected();
    connection.emit("file", [Uint8Array.of(1, 2).buffer], false);
    await wait();
    expect(events(server)).toEqual(['51-["file",{"_placeholder":true,"num":0}]']);
    expect(server.last.socket?.sent.at(-1)).toEqual(Uint8Array.of(1, 2).buffer);
  });

  it("is answered, in how many milliseconds", async () => {
    const server = await connected();
    connection.emit("ask", [], true);
    await wait(25);
    expect(events(server)).toEqual(['20["ask"]']);
    expect(last().ack).toEqual({ state: "waiting" });
    server.say('30["yes",2]');
    await wait();
    expect(last().ack).toMatchObject({ state: "answered", args: ["yes", 2] });
    expect(last().ack).toHaveProperty("after_ms", 25);
  });

  it("has no answer after ten seconds", async () => {
    await connected();
    connection.emit("ask", [], true);
    await wait(9990);
    expect(last().ack).toEqual({ state: "waiting" });
    await wait(20);
    expect(last().ack).toMatchObject({ state: "none" });
  });

  it("has no answer once its connection is gone", async () => {
    const server = await connected();
    connection.emit("ask", [], true);
    await wait();
    const entry = last();
    server.last.drop();
    await wait();
    expect(entry.ack).toMatchObject({ state: "none" });
  });

  it("has failed when the kernel says so; an answer that comes after all counts", async () => {
    const server = await connected();
    connection.emit("first", [], true);
    connection.emit("second", [], true);
    await wait();
    const [first, second] = connection.log.kept.filter((entry) => entry.kind === "out");
    connection.handlerFailed(1);
    connection.handlerFailed(7);
    expect([first?.ack, second?.ack]).toEqual([{ state: "waiting" }, { state: "failed" }]);
    server.say('31["late"]');
    await wait();
    expect(second?.ack).toMatchObject({ state: "answered", args: ["late"] });
  });

  it("stays failed, whatever the clock says later", async () => {
    await connected();
    connection.emit("ask", [], true);
    await wait();
    connection.handlerFailed(0);
    await wait(20_000);
    expect(last().ack).toEqual({ state: "failed" });
  });

  it("is kept while the connection is gone, and sent when it is back", async () => {
    const server = await connected();
    server.last.drop();
    await wait();
    connection.emit("later", [1], false);
    expect(last().kept).toBe(true);
    await wait(6000);
    expect(server.seen).toHaveLength(2);
    expect(events(server)).toEqual(['2["later",1]']);
  });

  it("is kept before there was any connection, and sent with the first", async () => {
    web.answer = () => ours({ message: "No kernel" }, 404);
    const server = await connected();
    connection.emit("early", [1], false);
    expect(last().kept).toBe(true);
    web.answer = () => ours(TICKET);
    await wait(10_000);
    expect(connection.state.value).toBe("connected");
    expect(events(server)).toEqual(['2["early",1]']);
  });

  it("and asked before there was any connection has no answer after ten seconds", async () => {
    web.answer = () => ours({ message: "No kernel" }, 404);
    await connected();
    connection.emit("early", [], true);
    const entry = last();
    await wait(20_000);
    expect(entry.ack).toMatchObject({ state: "none" });
  });

  it("is objected to where it is larger than the server takes, and not logged", async () => {
    const server = await connected({ maxPayload: 100 });
    const before = rows().length;
    expect(connection.emit("say", ["x".repeat(100)], false)).toContain("takes 100 (max_payload)");
    expect(connection.emit("file", [new ArrayBuffer(101)], false)).toContain("101 bytes");
    expect(connection.emit("file", [new ArrayBuffer(100)], false)).toBe("");
    await wait();
    expect(events(server)).toHaveLength(1);
    expect(rows()).toHaveLength(before + 1);
  });

  it("counts as Base64 where it goes by polling", async () => {
    new Server({ maxPayload: 100 });
    connection.options = { ...connection.options, transports: "polling" };
    await connection.connect();
    await wait();
    expect(connection.emit("file", [new ArrayBuffer(72)], false)).toBe("");
    expect(connection.emit("file", [new ArrayBuffer(73)], false)).toContain("Not sent");
  });
});

describe("a ticket that is not given", () => {
  it("is waited for where no kernel holds the channel", async () => {
    web.answer = () => ours({ message: "No kernel" }, 404);
    const server = await connected();
    expect(state()).toEqual([
      "waiting",
      "Run the cell that creates the server; this pane then connects automatically.",
    ]);
    await wait(60_000);
    expect(server.tries).toBe(0);
    // Never longer than five seconds between two.
    expect(tickets()).toBeGreaterThan(12);
    web.answer = () => ours(TICKET);
    await wait(5010);
    expect(state()).toEqual(["connected", ""]);
    // It says so once, not with every try.
    expect(rows().map(([, event]) => event)).toEqual(["waiting", "connected"]);
  });

  it("is told with the server's words, and can be asked for at once", async () => {
    web.answer = () => ours({ message: "Log in first" }, 403);
    await connected();
    expect(state()).toEqual([
      "error",
      "The Jupyter server refused to issue a ticket: Log in first",
    ]);
    web.answer = () => ours(TICKET);
    await connection.connect();
    await wait();
    expect(state()).toEqual(["connected", ""]);
    await wait(10_000);
    expect(tickets()).toBe(2);
  });

  it("is asked for again while the Jupyter server does not answer", async () => {
    web.answer = () => Promise.reject(new TypeError("Failed to fetch"));
    await connected();
    expect(state()).toEqual(["reconnecting", "The Jupyter server does not answer."]);
    await wait(1010);
    expect(tickets()).toBe(2);
  });

  it("by another server is not asked for again, until somebody wants it", async () => {
    web.answer = () => new Response("<h1>Static</h1>", { status: 404 });
    await connected();
    expect(connection.state.value).toBe("error");
    await wait(60_000);
    expect(tickets()).toBe(1);
    web.answer = () => ours(TICKET);
    await connection.connect();
    await wait();
    expect(connection.state.value).toBe("connected");
  });

  it("is not missed by who left meanwhile", async () => {
    const server = new Server();
    let refuse: (why: Error) => void = () => undefined;
    web.answer = () => new Promise((_, reject) => (refuse = reject));
    const connecting = connection.connect();
    connection.disconnect();
    refuse(new TypeError("Failed to fetch"));
    await connecting;
    await wait(10_000);
    expect(state()).toEqual(["disconnected", "You disconnected."]);
    expect([server.tries, tickets()]).toEqual([0, 1]);
  });

  it("that comes too late is not used", async () => {
    const server = new Server();
    web.answer = () => new Promise((resolve) => setTimeout(() => resolve(ours(TICKET)), 1000));
    void connection.connect();
    await wait();
    connection.disconnect();
    await wait(10_000);
    expect(server.tries).toBe(0);
  });
});

describe("a connection that is lost", () => {
  it("comes back with another ticket, and counts on", async () => {
    const server = await connected();
    server.event("tick");
    await wait();
    web.answer = () => ours({ ...TICKET, value: "v2" });
    server.last.drop();
    await wait();
    expect(state()).toEqual(["reconnecting", "The connection was lost (transport close)."]);
    await wait(1010);
    expect(server.last.address.searchParams.get("join_token")).toBe("v2");
    expect(state()).toEqual(["connected", ""]);
    server.event("tick");
    await wait(100);
    expect(connection.received.value).toBe(2);
  });

  it("is tried again and again, ever more seldom", async () => {
    const server = await connected();
    server.refuses = true;
    server.last.drop();
    await wait(60_000);
    expect(server.tries).toBeGreaterThan(12);
    expect(server.tries).toBeLessThan(20);
    expect(connection.state.value).toBe("reconnecting");
    server.refuses = false;
    await wait(5010);
    expect(connection.state.value).toBe("connected");
  });

  it("can be lost on purpose, as a network does it", async () => {
    const server = await connected();
    connection.cut();
    await wait();
    expect(connection.state.value).toBe("reconnecting");
    connection.cut();
    await wait(1010);
    expect([connection.state.value, server.tries]).toEqual(["connected", 2]);
  });

  it("is lost now and then in bad weather, and no longer once the pane is gone", async () => {
    const server = await connected();
    vi.mocked(Math.random).mockReturnValue(0);
    connection.setWeather({ ...CALM, cut_every_s: 5, seed: 3 });
    expect(connection.weather.value.cut_every_s).toBe(5);
    await wait(60_000);
    expect(server.tries).toBeGreaterThan(4);
    connection.disconnect();
    const tries = server.tries;
    await wait(60_000);
    expect(server.tries).toBe(tries);
  });

  it("leaves its rooms, and is told of them again", async () => {
    const server = await connected();
    connection.inRooms(["a", "b"]);
    expect(connection.rooms.value).toEqual(["a", "b"]);
    server.last.drop();
    await wait();
    expect(connection.rooms.value).toEqual([]);
  });
});

describe("the end of a connection", () => {
  it("that the pane wants is the server's to know, and lasts", async () => {
    const server = await connected();
    connection.disconnect();
    await wait(60_000);
    expect(server.last.packets.at(-1)).toBe("1");
    expect(state()).toEqual(["disconnected", "You disconnected."]);
    expect(server.tries).toBe(1);
    await connection.connect();
    await wait();
    expect(state()).toEqual(["connected", ""]);
  });

  it("that the server wants lasts, too", async () => {
    const server = await connected();
    server.say("1");
    await wait(60_000);
    expect(state()).toEqual(["disconnected", "The server disconnected this client."]);
    expect(server.tries).toBe(1);
    await connection.connect();
    await wait();
    expect(state()).toEqual(["connected", ""]);
  });

  it("at the door of its namespace is told, and tried again", async () => {
    const server = await connected({ enter: () => '4{"message":"Not authorized"}' });
    expect(state()).toEqual(["error", "Refused: Not authorized"]);
    await wait(1010);
    expect(server.tries).toBe(2);
    delete server.manners.enter;
    await connection.connect();
    await wait();
    expect(state()).toEqual(["connected", ""]);
  });

  it("in one way is the beginning in another", async () => {
    const server = await connected();
    const before = server.last;
    await connection.reconnect({ namespace: "/b", auth: { a: 1 }, transports: "polling" });
    await wait();
    expect(before.packets.at(-1)).toBe("1");
    expect(server.last.packets).toEqual(['0/b,{"a":1}']);
    expect([connection.state.value, connection.transport]).toEqual(["connected", "polling"]);
    expect(rows().map((row) => row.slice(1))).toEqual([
      ["connected"],
      ["disconnected", "Reconnecting with new settings."],
      ["connected"],
    ]);
  });
});

describe("what the kernel says of a pane", () => {
  it("is logged: what handlers printed, and what they raised", () => {
    connection.handlerSaid("print", "say", "printed");
    connection.handlerSaid("error", "say", "ValueError");
    expect(rows()).toEqual([
      ["print", "say", "printed"],
      ["error", "say", "ValueError"],
    ]);
  });

  it("lights it up for two seconds after the last time", async () => {
    connection.lightUp();
    await wait(1500);
    connection.lightUp();
    await wait(1500);
    expect(connection.isLit.value).toBe(true);
    await wait(500);
    expect(connection.isLit.value).toBe(false);
  });

  it("ends with a restart, which the pane may ask for", async () => {
    web.answer = ({ method }) =>
      method === "GET" ? ours({ kernel_id: "k1" }) : new Response("{}");
    await connection.restartKernel();
    expect(web.paths).toEqual([
      "GET /lab/nbsocket/api/channels/chat",
      "POST /lab/api/kernels/k1/restart",
    ]);
  });
});

describe("a log", () => {
  it("numbers its entries, and keeps 20,000 to 30,000 of them", () => {
    for (let number = 0; number < 40_000; number += 1) connection.handlerSaid("print", "e", "x");
    expect(connection.log.kept.length).toBeLessThanOrEqual(30_000);
    expect(connection.log.kept.length).toBeGreaterThanOrEqual(20_000);
    expect(last().id).toBe(40_000);
    expect(connection.log.dropped + connection.log.kept.length).toBe(40_000);
  });
});

describe("a pane's connection over its comm", () => {
  const sent: Record<string, unknown>[] = [];
  const port = {
    send: (content: Record<string, unknown>) => void sent.push(content),
    listen: () => () => {},
  };
  const opened = () => sent.filter((content) => content.open);

  beforeEach(() => {
    sent.length = 0;
  });

  function over(target: object): void {
    const alice = { channel: "chat", paneId: "p1", name: "alice", base: "", port };
    connection = new PaneConnection({ ...alice, ...target });
  }

  it("is taken where the kernel has no Jupyter server, which nobody asks then", async () => {
    over({});
    void connection.connect();
    await wait(600);
    expect([web.asked, opened().length]).toEqual([[], 1]);
    expect(opened()[0]?.open).toMatchObject({ query: { pane: "p1", name: "alice" } });
  });

  it("is taken where it is told to", async () => {
    over({ base: BASE, pinned: "comm" });
    void connection.connect();
    await wait(600);
    expect([web.asked, opened().length]).toEqual([[], 1]);
  });

  it("is taken where the server is out of reach from here, unless it was reached before", async () => {
    over({ base: BASE });
    web.answer = () => Promise.reject(new TypeError("Failed to fetch"));
    void connection.connect();
    await wait(600);
    expect(opened()).toHaveLength(1);
  });

  it("is over when the kernel was restarted", async () => {
    over({});
    void connection.connect();
    await wait(600);
    connection.orphaned();
    expect([connection.isOrphan.value, ...state()]).toEqual([
      true,
      "disconnected",
      "The kernel was restarted.",
    ]);
  });

  it("stays where it goes to the Jupyter server", async () => {
    await connected();
    connection.orphaned();
    expect([connection.isOrphan.value, state()[0]]).toEqual([true, "connected"]);
  });

  it("is the next way where the server lets it in and its connections fail", async () => {
    over({ base: BASE });
    const server = new Server();
    server.refuses = true;
    void connection.connect();
    await wait(20_000);
    expect(server.tries).toBeGreaterThanOrEqual(3);
    expect(opened().length).toBeGreaterThanOrEqual(1);
  });

  it("is given up for the next way if nobody answers, and where it is the only one it is not", async () => {
    over({ base: BASE, pinned: "comm" });
    void connection.connect();
    await wait(60_000);
    expect(new Set(opened().map(({ id }) => id)).size).toBe(1);
    connection.disconnect();
    sent.length = 0;
    over({});
    void connection.connect();
    await wait(60_000);
    expect(new Set(opened().map(({ id }) => id)).size).toBeGreaterThan(1);
  });
});
