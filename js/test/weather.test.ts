import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CALM, Delayed, random, Sky } from "../src/shared/weather";

describe("network weather", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is the same for the same seed, and each direction has its own dice", () => {
    const stormy = { ...CALM, delay_ms: 100, jitter_ms: 50, seed: 7 };
    const one = new Sky(() => {});
    const other = new Sky(() => {});
    one.set(stormy);
    other.set(stormy);
    const delays = Array.from({ length: 50 }, () => one.delay("out"));
    for (let round = 0; round < 20; round += 1) other.delay("in");
    expect(Array.from({ length: 50 }, () => other.delay("out"))).toEqual(delays);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(50);
    expect(Math.max(...delays)).toBeLessThanOrEqual(150);
    expect(new Set(delays).size).toBeGreaterThan(40);
    one.set({ ...stormy, seed: 8 });
    expect(one.delay("out")).not.toBe(delays[0]);
  });

  it("is calm where it is not wanted", () => {
    const sky = new Sky(() => {});
    expect(sky.delay("out")).toBe(0);
    sky.set({ ...CALM, delay_ms: 100, direction: "in" });
    expect([sky.delay("out"), sky.delay("in")]).toEqual([0, 100]);
  });

  it("keeps the order, whatever the delays", () => {
    const delayed = new Delayed();
    const draw = random(3);
    const came: number[] = [];
    for (let number = 0; number < 500; number += 1)
      delayed.put(draw() * 300, () => came.push(number));
    let isEmpty = false;
    delayed.whenEmpty(() => {
      isEmpty = true;
    });
    expect(came).toEqual([]);
    vi.advanceTimersByTime(100);
    expect(isEmpty).toBe(false);
    vi.advanceTimersByTime(300);
    expect(came).toEqual(Array.from({ length: 500 }, (_, number) => number));
    expect(isEmpty).toBe(true);
  });

  it("cuts now and then, and the same cuts for the same seed", () => {
    const times: number[][] = [[], []];
    for (const found of times) {
      const began = performance.now();
      const sky = new Sky(() => found.push(Math.round(performance.now() - began)));
      sky.set({ ...CALM, cut_every_s: 10, seed: 5 });
      vi.advanceTimersByTime(1_000_000);
      sky.stop();
    }
    expect(times[0]).toEqual(times[1]);
    expect(times[0]?.length).toBeGreaterThan(60);
    expect(times[0]?.length).toBeLessThan(160);
  });
});
