// Which part of the time the ladder shows.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Span } from "../../src/wire/span";
import type { Packet, Store } from "../../src/wire/store";

let ahead = 0;
let kept: { at: number; packet?: Partial<Packet> }[] = [];
let span: Span;

const now = () => performance.timeOrigin + performance.now() + ahead;
const packet = (at: number, index = 1) => ({ at, packet: { at, index } });

beforeEach(() => {
  vi.useFakeTimers();
  ahead = 1000;
  kept = [];
  const store = {
    rows: {
      get kept() {
        return kept;
      },
    },
    clock: {
      get ahead() {
        return ahead;
      },
    },
  };
  span = new Span(store as unknown as Store);
});

afterEach(() => {
  vi.useRealTimers();
});

describe("what is shown", () => {
  it("ends now, on the server's clock, while it is live", () => {
    expect(span.to).toBe(now());
    vi.advanceTimersByTime(500);
    expect(span.to).toBe(now());
    expect([span.isPaused, span.reach]).toEqual([false, 0]);
  });

  it("stands still while it is paused, and is live again afterwards", () => {
    span.pause();
    const at = span.to;
    vi.advanceTimersByTime(500);
    expect([span.isPaused, span.to]).toEqual([true, at]);
    span.pause();
    expect([span.isPaused, span.to]).toEqual([false, at + 500]);
  });

  it("goes to where packets are when it is paused", () => {
    const at = now() - 60_000;
    kept = [{ at: at - 10 }, packet(at), packet(at + 5, 0)];
    span.pause();
    expect(span.to).toBe(at + span.length / 2);
  });

  it("stays where it is when it is paused and a packet is seen", () => {
    kept = [packet(now() - 100)];
    span.pause();
    expect(span.to).toBe(now());
  });
});

describe("zoom", () => {
  it("has a shortest and a longest span", () => {
    const seen = new Set<number>();
    for (let step = 0; step < 20; step += 1, span.zoom(-1)) seen.add(span.length);
    expect([span.length, span.isShortest, span.isLongest]).toEqual([50, true, false]);
    for (let step = 0; step < 20; step += 1, span.zoom(1)) seen.add(span.length);
    expect([span.length, span.isShortest, span.isLongest]).toEqual([60_000, false, true]);
    expect(seen.size).toBe(10);
  });

  it("keeps the middle in the middle while it is paused", () => {
    const middle = now() - 10_000;
    kept = [packet(middle)];
    span.pause();
    span.show({ at: middle } as Packet);
    for (const steps of [-1, -1, 1, -2]) {
      span.zoom(steps);
      expect(span.to - span.length / 2).toBe(middle);
    }
  });
});

describe("moving", () => {
  it("goes back as far as there is something, and not beyond the end", () => {
    kept = [packet(now() - 700)];
    span.pause();
    span.move(300);
    expect(span.back.value).toBe(300);
    span.move(10_000);
    expect(span.back.value).toBe(700);
    span.move(-10_000);
    expect(span.back.value).toBe(0);
  });

  it("to a packet pauses, and has it in the middle", () => {
    const at = now() - 20_000;
    span.show({ at } as Packet);
    expect(span.isPaused).toBe(true);
    expect(span.to - span.length / 2).toBe(at);
  });

  it("to a packet of this moment does not go beyond the end", () => {
    span.show({ at: now() } as Packet);
    expect(span.back.value).toBe(0);
  });
});
