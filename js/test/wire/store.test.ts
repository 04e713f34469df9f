// @vitest-environment node
// What a wire view has seen, and what it counts.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { forget, watch } from "../../src/shared/times";
import { cross, type Packet, Store } from "../../src/wire/store";
import { client, filled, http, kernelItem, packetItem, packets, tell } from "../support/wire";

const notes = (store: Store) => store.rows.kept.map((row) => row.note);

describe("clients", () => {
  it("are called by their number, and said to come and go", () => {
    const store = new Store();
    store.begin(0, [client(1)]);
    store.batch(
      [
        { type: "came", at: 5, ...client(2) },
        { type: "went", at: 6, session: 1, reason: "transport close" },
        { type: "went", at: 7, session: 9, reason: "unknown" },
      ],
      0,
    );
    expect(notes(store)).toEqual([
      "client 2 connected",
      "client 1 left: transport close",
      "client 9 left: unknown",
    ]);
    expect([...store.clients].map(([session, { isHere }]) => [session, isHere])).toEqual([
      [1, false],
      [2, true],
    ]);
  });

  it("are called as their pane, if it is known", () => {
    const store = new Store((pane) => (pane === "p1" ? "alice" : undefined));
    store.begin(0, [client(1, { pane: "p1" }), client(2, { pane: "p2" })]);
    expect([store.label(1), store.label(2), store.label(3)]).toEqual([
      "alice",
      "client 2",
      "client 3",
    ]);
  });

  it("of a connection before are not here any longer; Clear forgets them", () => {
    const store = new Store();
    store.begin(0, [client(1), client(2)]);
    store.begin(0, [client(2)]);
    expect(store.clients.get(1)?.isHere).toBe(false);
    store.clear();
    expect([...store.clients.keys()]).toEqual([2]);
  });
});

describe("counts", () => {
  it("are of what the server saw since the view began, and of what it did not tell", () => {
    const store = new Store();
    store.begin(100, []);
    store.batch([packetItem()], 105);
    expect([store.seen, store.told, store.leftOut]).toEqual([5, 1, 4]);
    store.batch([packetItem(), packetItem()], 107);
    expect([store.seen, store.told, store.leftOut]).toEqual([7, 3, 4]);
  });

  it("never say that less than nothing is left out", () => {
    const store = new Store();
    store.begin(0, []);
    store.batch([packetItem(), packetItem()], 1);
    expect(store.leftOut).toBe(0);
  });

  it("begin anew after Clear, and with another connection", () => {
    const store = filled({ kernelAt: 1010 }, { direction: "out", at: 1008, kernelAt: 1005 });
    expect([store.seen, store.crossings]).toEqual([2, 1]);
    store.clear();
    expect([store.seen, store.told, store.crossings]).toEqual([0, 0, 0]);
    expect([store.rows.kept, store.crossed.kept, store.runs.kept]).toEqual([[], [], []]);
    store.batch([packetItem()], 3);
    expect([store.seen, store.told]).toEqual([1, 1]);
    store.begin(50, []);
    store.batch([], 52);
    expect(store.seen).toBe(2);
  });

  it("add up what the kernel left out", () => {
    const store = filled();
    store.batch([kernelItem({ left_out: 3 }), kernelItem({ left_out: 4 })], 0);
    expect(store.kernelLeftOut).toBe(7);
  });

  it("of what the kernel left out begin anew after Clear, too", () => {
    const store = filled();
    store.batch([kernelItem({ left_out: 3 })], 0);
    store.clear();
    expect(store.kernelLeftOut).toBe(0);
  });

  it("of rows are bounded", () => {
    const store = filled();
    store.batch(
      Array.from({ length: 31_000 }, () => http()),
      0,
    );
    expect(store.rows.kept.length).toBeLessThanOrEqual(30_000);
    expect(store.rows.kept.length + store.rows.dropped).toBe(31_000);
  });
});

describe("a packet", () => {
  it("is decoded, and has a number of its own as its row has", () => {
    const store = filled({ text: '42/a,7["say",1]' }, { direction: "out", text: '43/a,7["ok"]' });
    const [say, ok] = packets(store);
    expect(say?.decoded).toMatchObject({ socket: "EVENT", event: "say", ackId: 7 });
    expect(ok?.decoded).toMatchObject({ socket: "ACK", namespace: "/a" });
    expect(store.rows.kept.map((row) => [row.id, row.packet?.id])).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it("to the kernel is complete once the kernel has told when it came", () => {
    const store = filled();
    const item = packetItem({ at: 1000 });
    store.batch([item], 1);
    expect(packets(store)[0]?.kernelAt).toBeUndefined();
    store.batch([kernelItem({ arrived: [[item.number, 1010]] })], 1);
    expect(packets(store)[0]?.kernelAt).toBe(1010);
  });

  it("is not touched by what the kernel tells of others, or twice", () => {
    const store = filled();
    const item = packetItem({ at: 1000 });
    const heartbeat = packetItem({ text: "3", index: 0 });
    store.batch([item, heartbeat], 2);
    const arrived: [number, number][] = [
      [item.number, 1010],
      [item.number, 2000],
      [heartbeat.number, 3000],
      [987_654, 1],
    ];
    store.batch([kernelItem({ arrived })], 2);
    expect(packets(store).map((packet) => packet.kernelAt)).toEqual([1010, undefined]);
  });

  it("of very many that the kernel never tells of is forgotten by its number alone", () => {
    const store = filled();
    const items = Array.from({ length: 5001 }, () => packetItem());
    store.batch(items, items.length);
    const [first, second] = items;
    if (!first || !second) throw new Error("no items");
    store.batch([kernelItem({ arrived: [first, second].map(({ number }) => [number, 1010]) })], 0);
    expect(packets(store)[0]?.kernelAt).toBeUndefined();
    expect(packets(store)[1]?.kernelAt).toBe(1010);
  });
});

describe("two packets cross", () => {
  const made = (
    direction: "in" | "out",
    at: number,
    kernelAt: number | undefined,
    clientAt?: number,
  ) => ({ direction, at, kernelAt, clientAt }) as Packet;

  it.each<[string, Packet, Packet, boolean]>([
    ["each left before the other arrived", made("in", 0, 10), made("out", 8, 5), true],
    ["one arrived before the other left", made("in", 0, 5), made("out", 9, 6), false],
    ["one left as the other arrived", made("in", 8, 20), made("out", 8, 5), false],
    ["the kernel answered as it got one", made("in", 0, 5), made("out", 8, 5), false],
    ["the kernel has not told of one", made("in", 0, undefined), made("out", 8, 5), false],
    ["the kernel's time is not told", made("in", 0, 10), made("out", 8, undefined), false],
    ["the client's own times say so", made("in", 9, 20, 0), made("out", 8, 5, 12), true],
    ["the client's own times say otherwise", made("in", 0, 20, 9), made("out", 8, 5, 8.5), false],
  ])("or not, where %s", (_, up, down, crossed) => {
    expect(cross(up, down)).toBe(crossed);
  });

  it("only within one client's connection", () => {
    const store = filled(
      { kernelAt: 1010 },
      { direction: "out", at: 1008, kernelAt: 1005, session: 2 },
    );
    expect(store.crossings).toBe(0);
  });

  it("and are kept as rows, each once", () => {
    const store = filled({ kernelAt: 1010 });
    tell(
      store,
      { direction: "out", at: 1006, kernelAt: 1005 },
      { direction: "out", at: 1008, kernelAt: 1006 },
    );
    expect(store.crossings).toBe(2);
    expect(store.crossed.kept.map(({ packet }) => packet?.crossings)).toEqual([2, 1, 1]);
  });

  it("not after a client went, whose number another may get", () => {
    const store = filled({ kernelAt: 1010 });
    store.batch([{ type: "went", at: 1001, session: 1, reason: "gone" }], 1);
    tell(store, { direction: "out", at: 1008, kernelAt: 1005 });
    expect(store.crossings).toBe(0);
  });
});

describe("what runs in the kernel", () => {
  it("is told when it begins, and ends when it ends", () => {
    const store = filled();
    store.batch([kernelItem({ ran: [[1, "say", 1000, 0]], cells: [[7, 990, 0]] })], 0);
    expect(store.isCellBusy).toBe(true);
    store.batch([kernelItem({ cells: [[7, 990, 1005]] })], 0);
    expect(store.isCellBusy).toBe(false);
    store.batch([kernelItem({ ran: [[1, "say", 1000, 1010]] })], 0);
    expect(store.runs.kept).toEqual([
      { what: "say", isCell: false, session: 1, begin: 1000, end: 1010 },
      { what: "cell", isCell: true, session: 0, begin: 990, end: 1005 },
    ]);
  });

  it("may be told when it is over already, and may be the same twice at once", () => {
    const store = filled();
    const ran: [number, string, number, number][] = [
      [1, "say", 1000, 1001],
      [1, "say", 1000, 1002],
      [2, "say", 1000, 0],
      [1, "say", 1003, 0],
    ];
    store.batch([kernelItem({ ran })], 0);
    expect(store.runs.kept.map((run) => run.end)).toEqual([1001, 1002, 0, 0]);
    expect(store.isCellBusy).toBe(false);
  });

  it("has one end, also where the connection was lost while it ran", () => {
    const store = filled();
    store.batch([kernelItem({ cells: [[7, 990, 0]] })], 0);
    store.begin(0, []);
    store.batch([kernelItem({ cells: [[7, 990, 1005]] })], 0);
    expect(store.runs.kept.filter((run) => run.end === 0)).toEqual([]);
  });
});

describe("the times of a pane of this page", () => {
  let listeners: Record<string, (packet: { type: string }) => void>;

  beforeEach(() => {
    vi.useFakeTimers();
    listeners = {};
    const engine = {
      on: (name: string, call: (packet: { type: string }) => void) => {
        listeners[name] = call;
      },
    };
    watch("p1", "alice", engine as unknown as Parameters<typeof watch>[2]);
  });

  afterEach(() => {
    forget("p1");
    vi.useRealTimers();
  });

  const here = () => performance.timeOrigin + performance.now();

  it("are waited for a little, since the server may tell of a packet before it is there", () => {
    const store = new Store();
    store.begin(0, [client(1, { pane: "p1" })]);
    const sent = here();
    store.batch([packetItem({ direction: "out", at: sent, kernelAt: sent - 1 })], 1);
    expect(packets(store)[0]?.clientAt).toBeUndefined();
    vi.advanceTimersByTime(100);
    listeners.packet?.({ type: "message" });
    vi.advanceTimersByTime(200);
    expect(packets(store)[0]?.clientAt).toBeCloseTo(sent + 100 + store.clock.ahead, 0);
  });

  it("count for crossings, where the server's alone would not show one", () => {
    const store = new Store();
    store.begin(0, [client(1, { pane: "p1" })]);
    const began = here();
    listeners.packetCreate?.({ type: "message" });
    const up = packetItem({ direction: "in", at: began + 20, index: 1 });
    const down = packetItem({ direction: "out", at: began + 15, kernelAt: began + 10, index: 1 });
    store.batch([up, down, kernelItem({ arrived: [[up.number, began + 30]] })], 2);
    vi.advanceTimersByTime(40);
    listeners.packet?.({ type: "message" });
    vi.advanceTimersByTime(300);
    expect(store.crossings).toBe(1);
  });

  it("are not known of heartbeats", () => {
    const store = new Store();
    store.begin(0, [client(1, { pane: "p1" })]);
    listeners.packetCreate?.({ type: "message" });
    store.batch([packetItem({ text: "3", index: 0 })], 1);
    expect(packets(store)[0]?.clientAt).toBeUndefined();
  });
});
