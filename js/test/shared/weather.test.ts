// Network weather between the stock client and its transports; ../weather.test.ts has its parts.

import { Manager, type Socket } from "socket.io-client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CALM, Delayed, Sky, transportsUnder, type Weather } from "../../src/shared/weather";
import { Server } from "../support/server";

vi.mock("socket.io-client", () => import("../support/client"));

let server: Server;
let sky: Sky;
let socket: Socket;
let got: unknown[];

const wait = (ms = 20) => vi.advanceTimersByTimeAsync(ms);
const events = () => server.last.packets.filter((packet) => packet.startsWith("2"));

async function connect(wanted: "upgrade" | "websocket" | "polling"): Promise<void> {
  const manager = new Manager("http://localhost:3000", {
    path: "/socket.io/",
    reconnection: false,
    transports: transportsUnder(sky, wanted),
  });
  socket = manager.socket("/");
  socket.onAny((...event: unknown[]) => got.push(event[1]));
  await wait(1000);
}

const be = (weather: Partial<Weather>) => sky.set({ ...CALM, ...weather });

beforeEach(() => {
  vi.useFakeTimers();
  server = new Server();
  sky = new Sky(() => undefined);
  got = [];
});

afterEach(async () => {
  socket?.disconnect();
  sky.stop();
  await wait();
  vi.useRealTimers();
});

describe.each(["websocket", "polling"] as const)("under a sky, %s", (transport) => {
  beforeEach(() => connect(transport));

  it("is as ever while it is calm", async () => {
    socket.emit("say", 1);
    server.event("tell", 2);
    await wait();
    expect([events(), got]).toEqual([['2["say",1]'], [2]]);
    expect(socket.io.engine.transport.name).toBe(transport);
  });

  it("is late by its delay, each way", async () => {
    be({ delay_ms: 300 });
    socket.emit("say", 1);
    server.event("tell", 2);
    await wait(290);
    expect([events(), got]).toEqual([[], []]);
    await wait(30);
    expect([events(), got]).toEqual([['2["say",1]'], [2]]);
  });

  it("is late one way where only that is slow", async () => {
    be({ delay_ms: 300, direction: "in" });
    socket.emit("say", 1);
    server.event("tell", 2);
    await wait(50);
    expect([events(), got]).toEqual([['2["say",1]'], []]);
    await wait(300);
    expect(got).toEqual([2]);
  });

  it("keeps the order, whatever the jitter, and when the weather clears", async () => {
    be({ delay_ms: 200, jitter_ms: 200, seed: 3 });
    for (let number = 0; number < 20; number += 1) {
      socket.emit("say", number);
      server.event("tell", number);
      if (number === 15) be({});
      await wait(15);
    }
    await wait(10_000);
    const numbers = Array.from({ length: 20 }, (_, number) => number);
    expect(events()).toEqual(numbers.map((number) => `2["say",${number}]`));
    expect(got).toEqual(numbers);
  });

  it("sends nothing any more that waited when its connection ended", async () => {
    be({ delay_ms: 300, direction: "out" });
    socket.emit("say", 1);
    await wait(20);
    server.last.drop();
    await wait(1000);
    expect(events()).toEqual([]);
    expect(socket.connected).toBe(false);
  });
});

describe("what had arrived before a connection ended", () => {
  async function dropped(transport: "websocket" | "polling"): Promise<string[]> {
    await connect(transport);
    const heard: string[] = [];
    socket.on("tell", () => heard.push("event"));
    socket.on("disconnect", () => heard.push("end"));
    be({ delay_ms: 300, direction: "in" });
    server.event("tell", 1);
    await wait(20);
    server.last.drop();
    await wait(200);
    expect(heard).toEqual([]);
    await wait(1000);
    return heard;
  }

  it("is heard before its end by polling", async () => {
    expect(await dropped("polling")).toEqual(["event", "end"]);
  });

  it("is heard before its end by a WebSocket", async () => {
    expect(await dropped("websocket")).toEqual(["event", "end"]);
  });
});

describe("an upgrade under a sky", () => {
  it("loses nothing, and is slow as everything else", async () => {
    server.manners.upgrades = true;
    be({ delay_ms: 100 });
    await connect("upgrade");
    socket.emit("say", 1);
    await wait(5000);
    expect(socket.io.engine.transport.name).toBe("websocket");
    socket.emit("say", 2);
    server.event("tell", 3);
    await wait(150);
    expect([events(), got]).toEqual([['2["say",1]', '2["say",2]'], [3]]);
  });
});

describe("what is delayed", () => {
  it("can be forgotten, and goes on afterwards", () => {
    const delayed = new Delayed();
    const run = vi.fn();
    const emptied = vi.fn();
    delayed.put(100, run);
    delayed.whenEmpty(emptied);
    delayed.clear();
    vi.advanceTimersByTime(1000);
    expect([run.mock.calls.length, emptied.mock.calls.length]).toEqual([0, 0]);
    expect(delayed.isEmpty).toBe(true);
    delayed.whenEmpty(emptied);
    expect(emptied).toHaveBeenCalledTimes(1);
    delayed.put(100, run);
    vi.advanceTimersByTime(100);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it("may put more in while it runs", () => {
    const delayed = new Delayed();
    const came: number[] = [];
    delayed.put(10, () => {
      came.push(1);
      delayed.put(10, () => came.push(3));
    });
    delayed.put(10, () => came.push(2));
    vi.advanceTimersByTime(15);
    expect(came).toEqual([1, 2]);
    vi.advanceTimersByTime(10);
    expect(came).toEqual([1, 2, 3]);
  });
});
