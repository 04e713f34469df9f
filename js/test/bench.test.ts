import { describe, expect, it } from "vitest";
import { type Figures, inWords, roundedUp, sentence } from "../src/bench/run";
import { WAYS, type Way } from "../src/bench/ways";

const SETTING = { interval_ms: 1000, delay_ms: 0 };

function figures(means: Record<Way, number>): Record<Way, Figures> {
  const one = (mean: number): Figures => ({
    events: 10,
    requests: 5,
    empty: 2,
    header_bytes: 4000,
    payload_bytes: 300,
    latest: [],
    total_ms: 10 * mean,
    last: undefined,
    fault: "",
  });
  return Object.fromEntries(WAYS.map((way) => [way, one(means[way])])) as Record<Way, Figures>;
}

describe("a plot's scale", () => {
  it.each([
    [50, 50],
    [51, 70],
    [71, 100],
    [100, 100],
    [101, 150],
    [437, 500],
    [1012, 1500],
    [5001, 7000],
    [7001, 10000],
  ])("which must hold %d ends at %d", (slowest, end) => {
    expect(roundedUp(slowest)).toBe(end);
  });

  it.each([
    [0, "0 ms"],
    [2.04, "2.0 ms"],
    [516.4, "516 ms"],
    [1000, "1 s"],
    [1012, "1.01 s"],
    [10000, "10 s"],
  ])("calls %d %s", (ms, words) => {
    expect(inWords(ms)).toBe(words);
  });
});

describe("the sentence", () => {
  it("says how old the news were, and that polling costs half of the interval", () => {
    const said = sentence(figures({ poll: 487, long: 9, sse: 5, websocket: 3 }), SETTING);
    expect(said).toContain("short polling asked 5 times, 2 of them for nothing");
    expect(said).toContain("487 ms late on average, about half the interval");
    expect(said).toContain("its events arrived 3.0 ms late");
    expect(said).toContain("400 bytes of headers");
  });

  it("does not speak of half of the interval where it was not so", () => {
    const said = sentence(figures({ poll: 1400, long: 9, sse: 5, websocket: 3 }), SETTING);
    expect(said).toContain("1.4 s late on average.");
  });
});
