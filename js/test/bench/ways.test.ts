// @vitest-environment node
// The four ways in which a page can get the same events.

import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type BenchEvent, beginHttp, counts, pause, SocketWay } from "../../src/bench/ways";
import { ours, Server, Web } from "../support/server";

vi.mock("socket.io-client", () => import("../support/client"));

const TARGET = { base: "http://localhost:3000/lab/", channel: "a b", run: "r1" };
const ROUTE = "/lab/nbsocket/api/channels/a%20b/bench";

let web: Web;
let stop: AbortController;
let setting: { interval_ms: number; delay_ms: number };
let taken: BenchEvent[][];
let faults: string[];

const wait = (ms = 10) => vi.advanceTimersByTimeAsync(ms);
const event = (number: number, data: unknown = null) => ({ number, at: number, data });
const take = (events: BenchEvent[]) => void taken.push(events);
const fault = (words: string) => void faults.push(words);
const begin = (way: "poll" | "long" | "sse") =>
  beginHttp(way, TARGET, () => setting, take, fault, stop.signal);
const since = () => web.asked.map(({ url }) => url.searchParams.get("since"));

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("document", { cookie: "_xsrf=x", getElementById: () => null });
  web = new Web(() => ours({ events: [], newest: 0 }));
  vi.stubGlobal("fetch", web.fetch);
  stop = new AbortController();
  setting = { interval_ms: 1000, delay_ms: 0 };
  taken = [];
  faults = [];
});

afterEach(async () => {
  stop.abort();
  await wait();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("a pause", () => {
  it("takes its time, or ends when it is stopped", async () => {
    const ended = vi.fn();
    void pause(1000, stop.signal).then(ended);
    await wait(999);
    expect(ended).not.toHaveBeenCalled();
    await wait(1);
    expect(ended).toHaveBeenCalledTimes(1);
    void pause(1000, stop.signal).then(ended);
    stop.abort();
    await wait(0);
    expect(ended).toHaveBeenCalledTimes(2);
  });

  it("leaves nothing behind", async () => {
    void pause(1000, stop.signal);
    await wait(1000);
    expect(getEventListeners(stop.signal, "abort")).toEqual([]);
  });
});

describe("what the server counted", () => {
  it("is asked for by the run", async () => {
    web.answer = () => ours({ poll: { requests: 3 } });
    expect(await counts(TARGET)).toEqual({ poll: { requests: 3 } });
    expect(`${web.paths[0]}${web.asked[0]?.url.search}`).toBe(`GET ${ROUTE}/counts?run=r1`);
  });

  it("is an error where it is refused", async () => {
    web.answer = () => ours({}, 404);
    await expect(counts(TARGET)).rejects.toThrow("status 404");
  });
});

describe("short polling", () => {
  it("asks each interval for what is newer than it has", async () => {
    let newest = 4;
    web.answer = () => {
      newest += 1;
      return ours({ events: [event(newest)], newest });
    };
    begin("poll");
    await wait(2010);
    expect(web.paths).toEqual([`GET ${ROUTE}/poll`, `GET ${ROUTE}/poll`, `GET ${ROUTE}/poll`]);
    expect(since()).toEqual([null, "5", "6"]);
    expect(taken).toEqual([[event(5)], [event(6)], [event(7)]]);
    expect(new Set(faults)).toEqual(new Set([""]));
  });

  it("counts its requests' time into the interval, and does not fall behind", async () => {
    web.answer = () =>
      new Promise((resolve) => setTimeout(() => resolve(ours({ events: [], newest: 0 })), 400));
    begin("poll");
    await wait(3010);
    expect(web.asked).toHaveLength(4);
  });

  it("follows another interval", async () => {
    begin("poll");
    await wait(10);
    setting = { interval_ms: 100, delay_ms: 0 };
    await wait(1000);
    const before = web.asked.length;
    await wait(1000);
    expect(web.asked.length - before).toBe(10);
  });

  it("says what is wrong, and tries again after a second", async () => {
    web.answer = () => ours({}, 503);
    begin("poll");
    await wait(10);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain("503");
    web.answer = () => Promise.reject(new TypeError("Failed to fetch"));
    await wait(1010);
    expect(faults.at(-1)).toBe("Failed to fetch");
    web.answer = () => ours({ events: [event(1)], newest: 1 });
    await wait(2010);
    expect(faults.at(-1)).toBe("");
    expect(taken[0]).toEqual([event(1)]);
  });

  it("ends when it is stopped, and takes nothing that comes later", async () => {
    web.answer = () =>
      new Promise((resolve) =>
        setTimeout(() => resolve(ours({ events: [event(1)], newest: 1 })), 500),
      );
    begin("poll");
    await wait(100);
    stop.abort();
    await wait(10_000);
    expect(web.asked).toHaveLength(1);
    expect([taken, faults.filter(Boolean)]).toEqual([[], []]);
    expect(web.asked[0]?.init.signal).toBe(stop.signal);
  });
});

describe("a network delay", () => {
  it("is waited for on the way there and on the way back", async () => {
    setting = { interval_ms: 1000, delay_ms: 200 };
    web.answer = () => ours({ events: [event(1)], newest: 1 });
    begin("poll");
    await wait(190);
    expect(web.asked).toHaveLength(0);
    await wait(20);
    expect([web.asked.length, taken.length]).toEqual([1, 0]);
    await wait(200);
    expect(taken).toHaveLength(1);
  });
});

describe("long-polling", () => {
  it("asks again as soon as it is answered, and waits as long as it takes", async () => {
    const answers: ((response: Response) => void)[] = [];
    web.answer = () => new Promise((resolve) => answers.push(resolve));
    begin("long");
    await wait(60_000);
    expect(web.paths).toEqual([`GET ${ROUTE}/long`]);
    answers[0]?.(ours({ events: [event(1), event(2)], newest: 2 }));
    await wait(10);
    expect(taken).toEqual([[event(1), event(2)]]);
    expect(since()).toEqual([null, "2"]);
  });
});

describe("server-sent events", () => {
  /** A stream that a test writes to. */
  function stream() {
    let writer: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        writer = controller;
      },
    });
    return {
      response: new Response(body),
      write: (text: string) => writer?.enqueue(new TextEncoder().encode(text)),
      close: () => writer?.close(),
    };
  }

  const sse = (...events: BenchEvent[]) =>
    events.map((one) => `data: ${JSON.stringify(one)}\n\n`).join("");

  it("come one by one from one answer, also in pieces", async () => {
    const one = stream();
    web.answer = () => one.response;
    begin("sse");
    await wait();
    one.write(sse(event(1, "ü")));
    await wait();
    expect(taken).toEqual([[event(1, "ü")]]);
    const text = `: still here\n\n${sse(event(2), event(3))}`;
    one.write(text.slice(0, 30));
    await wait();
    one.write(text.slice(30));
    await wait();
    expect(taken.flat().map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(web.asked).toHaveLength(1);
    expect(faults).toEqual([""]);
  });

  it("go on where they ended, a second later", async () => {
    const [one, two] = [stream(), stream()];
    web.answer = () => (web.asked.length === 1 ? one : two).response;
    begin("sse");
    await wait();
    one.write(sse(event(7)));
    await wait();
    one.close();
    await wait(900);
    expect(web.asked).toHaveLength(1);
    await wait(200);
    expect(since()).toEqual([null, "7"]);
  });

  it("are waited for by the network's delay", async () => {
    setting = { interval_ms: 1000, delay_ms: 300 };
    const one = stream();
    web.answer = () => one.response;
    begin("sse");
    await wait(310);
    one.write(sse(event(1)));
    await wait(290);
    expect(taken).toEqual([]);
    await wait(20);
    expect(taken).toHaveLength(1);
  });

  it("say what is wrong, and try again", async () => {
    web.answer = () => ours({}, 503);
    begin("sse");
    await wait();
    expect(faults[0]).toContain("503");
    const one = stream();
    web.answer = () => one.response;
    await wait(1010);
    expect(faults.at(-1)).toBe("");
    one.write("data: {broken\n\n");
    await wait();
    expect(faults.at(-1)).toMatch(/JSON/);
  });

  it("end when they are stopped", async () => {
    const one = stream();
    web.answer = () => one.response;
    begin("sse");
    await wait();
    stop.abort();
    one.write(sse(event(1)));
    await wait(10_000);
    expect(taken).toEqual([]);
    expect(web.asked).toHaveLength(1);
  });
});

describe("a WebSocket", () => {
  let server: Server;
  let way: SocketWay;

  beforeEach(async () => {
    server = new Server();
    web.answer = () => ours({ value: "t1" });
    way = new SocketWay();
    await way.begin({ ...TARGET, channel: "chat" }, take, fault);
    await wait();
  });

  afterEach(() => way.end());

  it("connects with an owner's ticket, as what it is", async () => {
    expect(web.asked[0]?.init.body).toBe('{"role":"owner"}');
    expect(server.last.address.pathname).toBe("/lab/nbsocket/chat/socket.io/");
    expect(Object.fromEntries(server.last.address.searchParams)).toMatchObject({
      join_token: "t1",
      pane: "bench-r1",
      transport: "websocket",
    });
    expect(server.last.packets).toEqual(["0/duplex-bench,"]);
    expect(faults).toEqual([""]);
  });

  it("takes each event, and counts the bytes of its packets", async () => {
    const before = way.payload_bytes;
    expect(before).toBeGreaterThan(0);
    const text = `2/duplex-bench,["event",${JSON.stringify(event(1, "ü"))}]`;
    server.say(text);
    await wait();
    expect(taken).toEqual([[event(1, "ü")]]);
    expect(way.payload_bytes - before).toBe(1 + new TextEncoder().encode(text).length);
  });

  it("says when its connection is lost, comes back, and counts on", async () => {
    server.last.drop();
    await wait();
    expect(faults.at(-1)).toContain("transport close");
    await wait(5000);
    expect(faults.at(-1)).toBe("");
    const before = way.payload_bytes;
    server.say('2/duplex-bench,["event",{}]');
    await wait();
    expect(way.payload_bytes).toBeGreaterThan(before);
  });

  it("says why it is refused", async () => {
    server.manners.enter = () => '4/duplex-bench,{"message":"No bench here"}';
    server.last.drop();
    await wait(5000);
    expect(faults.at(-1)).toBe("No bench here");
  });

  it("knows how far the kernel's clock is ahead, by the quickest of five answers", async () => {
    const took = [40, 10, 30, 20, 50];
    const asked = way.clockAhead();
    for (const [index, ms] of took.entries()) {
      await wait(ms);
      server.say(`3/duplex-bench,${index}[${Date.now() + 5000 - ms / 2 + index}]`);
    }
    expect(await asked).toBeCloseTo(5001, 5);
  });

  it("does not wait for a clock for ever", async () => {
    const failed = expect(way.clockAhead()).rejects.toThrow();
    await wait(5010);
    await failed;
  });

  it("is slowed by the network's delay", async () => {
    way.setDelay(300);
    server.say('2/duplex-bench,["event",{}]');
    await wait(290);
    expect(taken).toEqual([]);
    await wait(20);
    expect(taken).toHaveLength(1);
  });

  it("is gone at its end, and does not come back", async () => {
    way.end();
    await wait(60_000);
    expect(server.last.packets.at(-1)).toBe("1/duplex-bench,");
    expect(server.tries).toBe(1);
  });

  it("that is ended before it began has nothing to end", () => {
    expect(() => new SocketWay().end()).not.toThrow();
  });
});
