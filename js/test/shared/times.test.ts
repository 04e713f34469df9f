// @vitest-environment node
// When the clients of a page sent and received what.

import { afterEach, describe, expect, it } from "vitest";
import { forget, pageNow, Times, timesOf, watch } from "../../src/shared/times";

type Engine = Parameters<typeof watch>[2];

function engine() {
  const listeners: Record<string, (packet: { type: string }) => void> = {};
  const on = (name: string, call: (packet: { type: string }) => void) => {
    listeners[name] = call;
  };
  return { listeners, engine: { on } as unknown as Engine };
}

afterEach(() => {
  forget("p1");
});

describe("times", () => {
  it("are found by the packet's number, from 1 on, each way by itself", () => {
    const times = new Times("alice");
    times.note("sent", 10);
    times.note("sent", 20);
    times.note("received", 30);
    expect([times.at("sent", 1), times.at("sent", 2), times.at("received", 1)]).toEqual([
      10, 20, 30,
    ]);
    for (const index of [0, -1, 3, 1.5]) expect(times.at("sent", index)).toBeUndefined();
    expect(times.at("received", 2)).toBeUndefined();
  });

  it("are kept of the latest 20,000 at least, by the same numbers", () => {
    const times = new Times("alice");
    for (let number = 1; number <= 100_000; number += 1) times.note("sent", number);
    expect(times.at("sent", 1)).toBeUndefined();
    expect(times.at("sent", 80_001)).toBe(80_001);
    expect(times.at("sent", 100_000)).toBe(100_000);
    expect(times.at("received", 1)).toBeUndefined();
  });
});

describe("a pane's connection", () => {
  it("is watched: its messages, and nothing else of it", () => {
    const { listeners, engine: watched } = engine();
    const before = pageNow();
    watch("p1", "alice", watched);
    for (const type of ["open", "ping", "message", "message"]) listeners.packet?.({ type });
    for (const type of ["pong", "message"]) listeners.packetCreate?.({ type });
    const times = timesOf("p1");
    expect(times?.name).toBe("alice");
    expect(times?.at("received", 2)).toBeGreaterThanOrEqual(before);
    expect(times?.at("received", 2)).toBeLessThanOrEqual(pageNow());
    expect([times?.at("received", 3), times?.at("sent", 2)]).toEqual([undefined, undefined]);
    expect(times?.at("sent", 1)).toBeDefined();
  });

  it("begins anew with another, and is forgotten with its pane", () => {
    const { listeners, engine: watched } = engine();
    watch("p1", "alice", watched);
    listeners.packet?.({ type: "message" });
    watch("p1", "bob", engine().engine);
    expect([timesOf("p1")?.name, timesOf("p1")?.at("received", 1)]).toEqual(["bob", undefined]);
    forget("p1");
    forget("p2");
    expect(timesOf("p1")).toBeUndefined();
  });

  it("is known to every bundle of the page", () => {
    watch("p1", "alice", engine().engine);
    const world = globalThis as unknown as Record<symbol, Map<string, Times>>;
    expect(world[Symbol.for("nbsocket.times")]?.get("p1")).toBe(timesOf("p1"));
  });
});
