// @vitest-environment node
// One run of the bench: its figures, how it starts, and how it stops; ../bench.test.ts has the sentence.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Figures, meanOf, Run, sentence, slowest } from "../../src/bench/run";
import { ours, Server, Web } from "../support/server";

vi.mock("socket.io-client", () => import("../support/client"));

let web: Web;
let server: Server;
let run: Run;
let counted: object;

const wait = (ms = 20) => vi.advanceTimersByTimeAsync(ms);
const asked = (part: string) => web.paths.filter((path) => path.includes(part)).length;
const hangs = () => new Promise<Response>(() => undefined);

/** The kernel answers the bench's questions for its clock. */
function ticking(): void {
  const seen = server.last;
  const { hear } = seen;
  const heard = hear.bind(seen);
  seen.hear = (data) => {
    heard(data);
    const id = /^42\/duplex-bench,(\d+)\["clock"\]$/.exec(String(data))?.[1];
    if (id) queueMicrotask(() => server.say(`3/duplex-bench,${id}[${Date.now()}]`));
  };
}

/** Start, and let everything begin. */
async function started(): Promise<void> {
  void run.start();
  for (let turn = 0; turn < 100 && server.seen.length === 0; turn += 1) await Promise.resolve();
  if (server.seen.length) ticking();
  await wait(100);
}

const event = (number: number) => ({ number, at: Date.now() - 10, data: number });
const figures = (change: Partial<Figures>) => ({ ...run.figures.poll, ...change });

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("requestAnimationFrame", (call: () => void) => setTimeout(call, 16));
  vi.stubGlobal("document", { cookie: "_xsrf=x", getElementById: () => null });
  server = new Server();
  counted = {};
  web = new Web(({ path }) => {
    if (path.endsWith("/tickets")) return ours({ value: "t1" });
    if (path.endsWith("/counts")) return ours(counted);
    if (path.endsWith("/poll")) return ours({ events: [], newest: 0 });
    return hangs();
  });
  vi.stubGlobal("fetch", web.fetch);
  run = new Run("http://localhost:3000/", "chat");
});

afterEach(async () => {
  void run.stop();
  await wait();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

async function stopped(): Promise<void> {
  const stopping = run.stop();
  await wait(200);
  await stopping;
}

describe("figures", () => {
  it("have a mean once there are events, and the slowest of the latest", () => {
    expect(meanOf(figures({}))).toBeUndefined();
    expect(meanOf(figures({ events: 4, total_ms: 10 }))).toBe(2.5);
    expect(slowest(figures({}))).toBe(0);
    const latest = [
      { at: 0, ms: 3 },
      { at: 1, ms: 7 },
    ];
    expect(slowest(figures({ latest }))).toBe(7);
  });

  it("say nothing before there are enough of them", () => {
    const { poll, long, sse, websocket } = run.figures;
    const setting = { interval_ms: 1000, delay_ms: 0 };
    const some = { ...poll, events: 1, total_ms: 1, requests: 3 };
    const waiting = sentence({ poll, long, sse, websocket }, setting);
    expect(sentence({ poll: some, long, sse, websocket }, setting)).toBe(waiting);
    expect(sentence({ poll: { ...some, requests: 2 }, long, sse, websocket: some }, setting)).toBe(
      waiting,
    );
    expect(sentence({ poll: some, long, sse, websocket: some }, setting)).not.toBe(waiting);
  });
});

describe("a run", () => {
  it("begins all four ways with one name, once", async () => {
    await started();
    void run.start();
    await wait();
    expect(run.isOn.value).toBe(true);
    expect(server.seen).toHaveLength(1);
    expect([asked("/bench/poll"), asked("/bench/long"), asked("/bench/sse")]).toEqual([1, 1, 1]);
    const names = new Set(
      web.asked
        .filter(({ path }) => path.includes("/bench/"))
        .map(({ url }) => url.searchParams.get("run")),
    );
    expect([...names]).toEqual([expect.stringMatching(/^[0-9a-f]{12}$/)]);
    expect(server.last.address.searchParams.get("pane")).toBe(`bench-${[...names][0]}`);
  });

  it("notes each event, how old it was, and what was in it", async () => {
    await started();
    server.say(`2/duplex-bench,["event",${JSON.stringify(event(1))}]`);
    await wait(0);
    const { websocket } = run.figures;
    expect(websocket).toMatchObject({ events: 1, last: 1 });
    expect(meanOf(websocket)).toBeGreaterThanOrEqual(9);
    expect(meanOf(websocket)).toBeLessThanOrEqual(11);
    expect(websocket.latest).toHaveLength(1);
  });

  it("keeps the latest three hundred latencies, and the mean of all", async () => {
    await started();
    for (let number = 0; number < 400; number += 1) {
      server.say(`2/duplex-bench,["event",${JSON.stringify(event(number))}]`);
    }
    await wait();
    expect(run.figures.websocket.latest).toHaveLength(300);
    expect(run.figures.websocket.events).toBe(400);
  });

  it("takes an event from the future for a new one", async () => {
    await started();
    server.say(`2/duplex-bench,["event",{"number":1,"at":${Date.now() + 9999},"data":null}]`);
    await wait(0);
    expect(meanOf(run.figures.websocket)).toBe(0);
  });

  it("asks each second what the server counted", async () => {
    const one = { requests: 3, empty: 2, header_bytes: 900, payload_bytes: 30 };
    counted = { poll: one, websocket: { ...one, requests: 1, wire_bytes: 5000 } };
    await started();
    await wait(3000);
    expect(asked("/counts")).toBe(3);
    expect(run.figures.poll).toMatchObject(one);
    const { header_bytes, payload_bytes } = run.figures.websocket;
    // What went over its wire beside its packets counts as heads, too.
    expect(payload_bytes).toBeGreaterThan(0);
    expect(header_bytes + payload_bytes).toBe(900 + 5000);
    expect(run.figures.long.requests).toBe(0);
  });

  it("is not disturbed by counts that do not come", async () => {
    await started();
    web.answer = () => Promise.reject(new TypeError("Failed to fetch"));
    await expect(run.count()).resolves.toBeUndefined();
  });

  it("asks for no counts before it ran", async () => {
    await run.count();
    expect(web.asked).toEqual([]);
  });

  it("goes on with the other ways where there is no WebSocket", async () => {
    const { answer } = web;
    web.answer = (one) =>
      one.path.endsWith("/tickets") ? ours({ message: "No kernel" }, 404) : answer(one);
    await started();
    expect(run.figures.websocket.fault).toBe("No kernel");
    expect(asked("/bench/poll")).toBe(1);
  });

  it("stops everything, with a last look at what was counted", async () => {
    await started();
    counted = { poll: { requests: 9, empty: 0, header_bytes: 0, payload_bytes: 0 } };
    await stopped();
    await wait();
    expect([run.isOn.value, run.figures.poll.requests]).toEqual([false, 9]);
    expect(server.last.packets.at(-1)).toBe("1/duplex-bench,");
    const before = web.asked.length;
    await wait(60_000);
    expect(web.asked).toHaveLength(before);
    expect(server.tries).toBe(1);
  });

  it("begins with empty figures", async () => {
    await started();
    server.say(`2/duplex-bench,["event",${JSON.stringify(event(1))}]`);
    await wait();
    await stopped();
    expect(run.figures.websocket.events).toBe(1);
    server = new Server();
    await started();
    expect(run.figures.websocket.events).toBe(0);
  });
});

describe("another setting", () => {
  it("starts over once it rests", async () => {
    await started();
    const ended = server;
    server = new Server();
    run.set({ interval_ms: 500, delay_ms: 0 });
    await wait(500);
    run.set({ interval_ms: 200, delay_ms: 0 });
    await wait(600);
    expect(server.seen).toHaveLength(0);
    await wait(300);
    expect(server.seen).toHaveLength(1);
    expect(ended.last.packets.at(-1)).toBe("1/duplex-bench,");
    expect(run.setting.value.interval_ms).toBe(200);
  });

  it("starts nothing that is not on", async () => {
    run.set({ interval_ms: 500, delay_ms: 100 });
    run.startOver();
    await wait(5000);
    expect(web.asked).toEqual([]);
  });

  it("does not bring back a run that was stopped meanwhile", async () => {
    await started();
    run.startOver();
    await stopped();
    await wait(5000);
    expect(server.tries).toBe(1);
  });
});

describe("a run that is stopped while something is on its way", () => {
  it("leaves a run alone that began meanwhile", async () => {
    await started();
    let answer: (response: Response) => void = () => undefined;
    const { answer: before } = web;
    web.answer = (one) =>
      one.path.endsWith("/counts") ? new Promise((resolve) => (answer = resolve)) : before(one);
    void run.stop();
    await wait();
    web.answer = before;
    server = new Server();
    await started();
    answer(ours({}));
    await wait();
    expect(run.isOn.value).toBe(true);
    const count = web.asked.length;
    await wait(5000);
    const polling = web.asked
      .slice(count)
      .filter(({ path }) => path.endsWith("/bench/poll"))
      .map(({ url }) => `bench-${url.searchParams.get("run")}`);
    expect([...new Set(polling)]).toEqual([server.last.address.searchParams.get("pane")]);
  });

  it("leaves no WebSocket behind", async () => {
    let give: (response: Response) => void = () => undefined;
    const { answer } = web;
    web.answer = (one) =>
      one.path.endsWith("/tickets") ? new Promise((resolve) => (give = resolve)) : answer(one);
    void run.start();
    await wait();
    void run.stop();
    await wait();
    give(ours({ value: "t1" }));
    await wait(10_000);
    const open = server.seen.filter(({ socket }) => socket?.readyState === WebSocket.OPEN);
    expect(open).toEqual([]);
  });
});
