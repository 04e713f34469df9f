// What a wire view says in words and numbers.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Announcer, Counters, Legend, WORDS } from "../../src/wire/counters";
import { Feed } from "../../src/wire/feed";
import { action, click, mount, now, one, said, texts, unmountAll } from "../support/page";
import { kernelItem, tell } from "../support/wire";

let feed: Feed;
const show = vi.fn<(isWanted: boolean) => void>();

const counters = (isCrossed = false) =>
  mount(<Counters feed={feed} isCrossed={isCrossed} showCrossings={show} />);

beforeEach(() => {
  vi.useFakeTimers();
  feed = new Feed("http://h/", "chat", () => undefined);
  feed.store.begin(0, []);
  show.mockReset();
});

afterEach(() => {
  unmountAll();
  vi.useRealTimers();
});

describe("the counters", () => {
  it("know nothing at first, and offer no crossings", () => {
    const el = counters();
    expect(texts(el, "li")).toEqual([
      "packets 0",
      "left out 0",
      "crossings 0 Show their rows ◆",
      "server clock not known yet",
      "kernel clock not known yet",
    ]);
    expect(action(el, "crossings").disabled).toBe(true);
  });

  it("count what was seen, what was left out, and what met", () => {
    tell(feed.store, { at: 1000, kernelAt: 1020 }, { direction: "out", at: 1010, kernelAt: 1005 });
    feed.store.batch([kernelItem({ left_out: 1500 })], 12_345);
    const el = counters();
    expect(said(one(el, '[data-count="seen"]'))).toBe("12,345");
    expect(said(one(el, '[data-count="left-out"]'))).toBe("12,343");
    expect(one(el, "[data-flooded]").dataset.flooded).toBe("true");
    expect(said(one(el, '[data-count="kernel-left-out"]'))).toBe("1,500");
    expect(said(one(el, '[data-count="crossings"]'))).toBe("1");
  });

  it("follow the feed", () => {
    const el = counters();
    tell(feed.store, {});
    now(() => {
      feed.version.value += 1;
    });
    expect(said(one(el, '[data-count="seen"]'))).toBe("1");
  });

  it.each([
    [1.26, 0.5, "1.3 ± 0.5 ms"],
    [-0.04, 0, "0.0 ± 0.0 ms"],
    [-90_000.5, 12.34, "-90000.5 ± 12.3 ms"],
    [undefined, 1, "0.0 ± 1.0 ms"],
  ])("say that a clock is %s ± %s ahead", (ahead, error, words) => {
    feed.store.kernelAhead = ahead;
    feed.store.kernelError = error;
    expect(texts(counters(), "li").at(-1)).toBe(`kernel clock ${words}`);
  });

  it("say how far the server's clock is ahead", () => {
    feed.store.clock.noteAnswer(100, 5101, 102);
    expect(texts(counters(), "li").at(-2)).toBe("server clock 5000.0 ± 1.0 ms");
  });

  it.each([
    [false, "Show their rows ◆", true],
    [true, "Show all rows", false],
  ])("offer the rows of crossings or all (%s)", (isCrossed, words, wanted) => {
    feed.store.crossings = 1;
    const button = action(counters(isCrossed), "crossings");
    expect([said(button), button.getAttribute("aria-pressed")]).toEqual([words, String(isCrossed)]);
    click(button);
    expect(show.mock.calls).toEqual([[wanted]]);
  });

  it("come with a legend that needs no color", () => {
    expect(texts(mount(<Legend />), "li")).toEqual([
      "to the server",
      "to the client",
      "handler runs",
      "cell busy",
      "they crossed",
      "many at once",
      "client's time unknown",
    ]);
  });
});

describe("what a screen reader is told", () => {
  it("is each state, and now and then how many packets there are", () => {
    const el = mount(<Announcer feed={feed} />);
    const announced = () => said(one(el, '[role="status"]'));
    expect(announced()).toBe(WORDS.connecting);
    now(() => {
      feed.state.value = "live";
    });
    expect(announced()).toBe("Live");
    tell(feed.store, {}, {});
    now(() => vi.advanceTimersByTime(4999));
    expect(announced()).toBe("Live");
    now(() => vi.advanceTimersByTime(1));
    expect(announced()).toBe("2 packets, 0 crossings");
    now(() => {
      feed.state.value = "waiting";
    });
    now(() => vi.advanceTimersByTime(20_000));
    expect(announced()).toBe(WORDS.waiting);
  });
});
