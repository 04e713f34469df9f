// The server's clock as a page sees it: always within what is certain.

import { describe, expect, it } from "vitest";
import { Clock } from "../src/wire/clock";

/** Numbers that look random and are the same each time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

describe("the server's clock", () => {
  it("is the page's own while nothing is known", () => {
    expect(new Clock().ahead).toBe(0);
    expect(new Clock().error).toBeUndefined();
  });

  it("is half a round trip from certain", () => {
    const clock = new Clock();
    clock.noteAnswer(100, 5101, 102);
    expect(clock.ahead).toBe(5000);
    expect(clock.error).toBe(1);
  });

  it("is narrowed by packets where answers were slow one way", () => {
    const clock = new Clock();
    // Answered at once, read 40 ms later: the page was busy. The clocks are one.
    clock.noteAnswer(100, 100.5, 140);
    expect(clock.ahead).toBeLessThan(-15);
    clock.notePacket("out", 200, 199);
    expect(Math.abs(clock.ahead)).toBeLessThan(1.5);
    expect(clock.error).toBeLessThan(1);
  });

  it("takes one bound for what it is", () => {
    const clock = new Clock();
    clock.notePacket("in", 100, 90);
    expect(clock.ahead).toBe(-10);
    expect(clock.error).toBeUndefined();
  });

  it("never lets a packet arrive before it left, and says how wrong it may be", () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const next = random(seed);
      const clock = new Clock();
      const ahead = (next() - 0.5) * 10_000;
      let now = 1000;
      for (let step = 0; step < 200; step += 1) {
        now += next() * 50;
        const [there, back] = [next() * 60, next() * 60];
        const kind = next();
        if (kind < 0.2) {
          clock.noteAnswer(now, now + there + ahead, now + there + back);
        } else if (kind < 0.6) {
          clock.notePacket("in", now, now + there + ahead);
          expect(now + clock.ahead).toBeLessThanOrEqual(now + there + ahead + 1e-6);
        } else {
          clock.notePacket("out", now + back, now + ahead);
          expect(now + back + clock.ahead).toBeGreaterThanOrEqual(now + ahead - 1e-6);
        }
        if (clock.error !== undefined) {
          expect(Math.abs(clock.ahead - ahead)).toBeLessThanOrEqual(clock.error + 1e-6);
        }
      }
      expect(clock.error).toBeLessThan(10);
    }
  });

  it("follows a clock that was set", () => {
    const clock = new Clock();
    clock.noteAnswer(100, 101, 102);
    clock.noteAnswer(200, 90_201, 202);
    expect(clock.ahead).toBeCloseTo(90_000, -1);
    clock.noteAnswer(300, 301, 302);
    clock.noteAnswer(400, 401, 402);
    expect(clock.ahead).toBeCloseTo(0, -1);
  });
});
