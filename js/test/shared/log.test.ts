// @vitest-environment node
// A bounded log, and drawing in batches.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BoundedLog, batched } from "../../src/shared/log";

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("requestAnimationFrame", (call: () => void) => setTimeout(call, 16));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a bounded log", () => {
  it("keeps everything up to half beyond its limit, and then its limit", () => {
    const log = new BoundedLog<number>(10);
    for (let number = 1; number <= 15; number += 1) log.push(number);
    expect([log.kept.length, log.dropped]).toEqual([15, 0]);
    log.push(16);
    expect([log.kept[0], log.kept.length, log.dropped, log.total]).toEqual([7, 10, 6, 16]);
  });

  it("counts in all, also after it was cleared", () => {
    const log = new BoundedLog<number>(10);
    log.push(1);
    log.clear();
    log.push(2);
    expect([[...log.kept], log.total, log.dropped]).toEqual([[2], 2, 0]);
  });
});

describe("drawing in batches", () => {
  it("happens once a frame, however often it is asked for, and not unasked", () => {
    const draw = vi.fn();
    const ask = batched(draw);
    for (let time = 0; time < 20; time += 1) ask();
    expect(draw).not.toHaveBeenCalled();
    vi.advanceTimersByTime(20);
    expect(draw).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1000);
    expect(draw).toHaveBeenCalledTimes(1);
    ask();
    vi.advanceTimersByTime(20);
    expect(draw).toHaveBeenCalledTimes(2);
  });

  it("waits after a flood, and goes on at once after a quiet frame", () => {
    const draw = vi.fn();
    const ask = batched(draw);
    for (let time = 0; time < 51; time += 1) ask();
    vi.advanceTimersByTime(20);
    ask();
    vi.advanceTimersByTime(290);
    expect(draw).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(40);
    expect(draw).toHaveBeenCalledTimes(2);
    ask();
    vi.advanceTimersByTime(20);
    expect(draw).toHaveBeenCalledTimes(3);
  });

  it("goes on after a drawing that failed", () => {
    const draw = vi.fn().mockImplementationOnce(() => {
      throw new Error("cannot draw");
    });
    const ask = batched(draw);
    ask();
    expect(() => vi.advanceTimersByTime(20)).toThrow("cannot draw");
    ask();
    vi.advanceTimersByTime(20);
    expect(draw).toHaveBeenCalledTimes(2);
  });
});
