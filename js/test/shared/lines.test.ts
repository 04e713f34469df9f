// The lines of a frame's console.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Lines } from "../../src/shared/lines";

const changed = vi.fn<(count: number) => void>();
let lines: Lines;

const draw = () => vi.advanceTimersByTime(400);
const shown = () => [...lines.element.querySelectorAll("li")];
const many = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ level: "log", text: String(index) }));

beforeEach(() => {
  vi.useFakeTimers();
  changed.mockReset();
  lines = new Lines("the page", changed);
});

afterEach(() => {
  vi.useRealTimers();
});

describe("the lines of a console", () => {
  it("can be reached by the keyboard, and say whose they are", () => {
    expect(lines.element.tabIndex).toBe(0);
    expect(lines.element.getAttribute("role")).toBe("log");
    expect(lines.element.getAttribute("aria-label")).toBe("Console of the page");
  });

  it("are shown as text with their level", () => {
    lines.add([
      { level: "log", text: "<b>one\u202e" },
      { level: "error", text: "two\nthree" },
    ]);
    expect(shown()).toEqual([]);
    draw();
    expect(shown().map((line) => [line.dataset.level, line.textContent])).toEqual([
      ["log", "<b>one\\u202e"],
      ["error", "two\nthree"],
    ]);
    expect(lines.element.querySelector("b")).toBeNull();
    expect(changed.mock.calls).toEqual([[2]]);
  });

  it("are the latest three hundred, and it is said how many there were before", () => {
    lines.add(many(300));
    draw();
    expect(lines.leftOut.textContent).toBe("");
    lines.add(many(5000));
    draw();
    expect(shown()).toHaveLength(300);
    expect(shown().at(-1)?.textContent).toBe("4999");
    expect(lines.leftOut.textContent).toBe("5,000 earlier lines are not shown.");
    expect(lines.count).toBe(5300);
    expect(changed).toHaveBeenLastCalledWith(5300);
  });

  it("scroll to the newest", () => {
    vi.spyOn(lines.element, "scrollHeight", "get").mockReturnValue(500);
    lines.add(many(1));
    draw();
    expect(lines.element.scrollTop).toBe(500);
  });

  it("may be anything, since a frame may say anything", () => {
    lines.add([null, 7, "text", [], {}, { level: { a: 1 }, text: ["x"] }]);
    draw();
    expect(shown().map((line) => line.textContent)).toEqual([
      "undefined",
      "undefined",
      "undefined",
      "undefined",
      "undefined",
      "x",
    ]);
  });

  it("that cannot be text do not keep the others from being shown", () => {
    const bad = { level: "log", text: { toString: 1, valueOf: 1 } };
    lines.add([bad, { level: "log", text: "good" }]);
    draw();
    expect(shown().at(-1)?.textContent).toBe("good");
  });
});
