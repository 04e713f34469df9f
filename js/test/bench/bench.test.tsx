// The bench on the screen.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Bench } from "../../src/bench/bench";
import { type Figures, Run } from "../../src/bench/run";
import { WAYS } from "../../src/bench/ways";
import {
  action,
  all,
  click,
  field,
  mount,
  now,
  one,
  press,
  said,
  texts,
  type,
  unmountAll,
} from "../support/page";

vi.mock("socket.io-client", () => import("../support/client"));

let run: Run;
const setRate = vi.fn<(rate: number) => void>();
const toggle = vi.fn();

const bench = (isSending = true) =>
  mount(<Bench run={run} rate={2.5} isSending={isSending} setRate={setRate} toggle={toggle} />);
const way = (el: HTMLElement, name: string) => one(el, `[data-way="${name}"]`);
const count = (el: HTMLElement, name: string) => said(one(el, `[data-count="${name}"]`));

function note(name: (typeof WAYS)[number], change: Partial<Figures>): void {
  now(() => {
    Object.assign(run.figures[name], change);
    run.version.value += 1;
  });
}

beforeEach(() => {
  run = new Run("http://localhost:3000/", "chat");
  setRate.mockReset();
  toggle.mockReset();
});

afterEach(unmountAll);

describe("the bench", () => {
  it("shows four ways, with nothing in them at first", () => {
    const el = bench(false);
    expect(all(el, "[data-way]").map((one) => one.dataset.way)).toEqual([...WAYS]);
    expect(count(way(el, "poll"), "latency")).toBe("–");
    expect(way(el, "poll").dataset).toMatchObject({ events: "0", requests: "0", bytes: "0" });
    expect(way(el, "poll").getAttribute("data-mean")).toBe("");
    expect(all(el, "circle")).toEqual([]);
  });

  it.each([
    [true, "Stop", "connected", "off"],
    [false, "Start", "disconnected", "polite"],
  ])(
    "says whether it sends (%s), and is read out only when it rests",
    (isSending, words, state, live) => {
      const el = bench(isSending);
      const button = action(el, "toggle");
      expect(said(button)).toBe(words);
      expect(one(el, ".nbs-state").dataset.state).toBe(state);
      expect(one(el, "[data-said]").getAttribute("aria-live")).toBe(live);
      click(button);
      expect(toggle).toHaveBeenCalledTimes(1);
    },
  );

  it("has sliders for the rate, the interval and the delay", () => {
    const el = bench();
    expect(texts(el, "output")).toEqual(["2.5/s", "1000 ms", "0 ms"]);
    type(field(el, "rate"), "4.5");
    expect(setRate.mock.calls).toEqual([[4.5]]);
    type(field(el, "interval"), "300");
    type(field(el, "delay"), "150");
    expect(run.setting.value).toEqual({ interval_ms: 300, delay_ms: 150 });
    expect(texts(el, "output").slice(1)).toEqual(["300 ms", "150 ms"]);
    const heard = vi.fn();
    document.addEventListener("keydown", heard);
    press(field(el, "rate"), "ArrowLeft");
    document.removeEventListener("keydown", heard);
    expect(heard).not.toHaveBeenCalled();
  });

  it("shows what was counted", () => {
    const el = bench();
    note("poll", {
      events: 4,
      requests: 1234,
      empty: 3,
      header_bytes: 5000,
      payload_bytes: 70,
      total_ms: 2000,
    });
    const poll = way(el, "poll");
    expect(
      ["events", "requests", "empty", "header", "each", "payload"].map((name) => count(poll, name)),
    ).toEqual(["4", "1,234", "3", "5,000", "4", "70"]);
    expect(count(poll, "latency")).toBe("500 ms");
    expect(poll.dataset).toMatchObject({ events: "4", bytes: "5070", mean: "500" });
    expect(way(el, "websocket").querySelector('[data-count="each"]')).toBeNull();
  });

  it("shows what came last, and what is wrong, as text", () => {
    const el = bench();
    note("sse", { last: { a: `<b>${"x".repeat(80)}` }, fault: "<i>no" });
    expect(said(one(way(el, "sse"), ".nbs-last"))).toMatch(/^\{"a":"<b>x+… \(91 characters\)$/);
    expect(said(one(way(el, "sse"), ".nbs-problem"))).toBe("<i>no");
    expect(el.querySelector(".nbs-last b, i")).toBeNull();
  });

  it("draws all four on one scale, as far as half a minute back", () => {
    const el = bench();
    note("poll", {
      events: 3,
      total_ms: 900,
      latest: [
        { at: 0, ms: 100 },
        { at: 40_000, ms: 900 },
        { at: 55_000, ms: 0 },
      ],
    });
    note("websocket", { events: 1, total_ms: 9, latest: [{ at: 55_000, ms: 9 }] });
    const dots = (name: string) =>
      all(way(el, name), "circle").map((dot) => [
        Number(dot.getAttribute("cx")),
        Number(dot.getAttribute("cy")),
      ]);
    const [roof, floor] = [14, 84];
    const height = (ms: number) => floor - (ms / 1000) * (floor - roof);
    expect(dots("poll")).toEqual([
      [120, height(900)],
      [240, height(0)],
    ]);
    expect(dots("websocket")).toEqual([[240, height(9)]]);
    expect(texts(el, "svg text:first-of-type")).toEqual(["1 s", "1 s", "1 s", "1 s"]);
    expect(one(way(el, "poll"), ".nbs-mean").getAttribute("y1")).toBe(String(height(300)));
  });
});
