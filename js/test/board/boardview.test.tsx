// Results of a class: bars, words, a table, a wall of strokes.

import { afterEach, describe, expect, it, vi } from "vitest";
import { type BoardData, BoardView, drawStrokes, type Stroke } from "../../src/board/boardview";
import { PALETTE } from "../../src/shared/palette";
import { canvases, Drawing } from "../support/canvas";
import { all, mount, one, said, texts, unmountAll } from "../support/page";

const show = (change: Partial<BoardData>) =>
  mount(<BoardView kind="bars" title="" data={[]} {...change} />);
const widths = (el: HTMLElement) => all(el, ".nbs-bar > span").map((bar) => bar.style.width);
const sizes = (el: HTMLElement) =>
  all(el, ".nbs-words > li").map((word) => Number.parseFloat(word.style.fontSize));

afterEach(() => {
  unmountAll();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("a board", () => {
  it("has its title, as text, or none", () => {
    expect(said(one(show({ title: "<b>Votes\u202e" }), "figcaption"))).toBe("<b>Votes\\u202e");
    expect(show({}).querySelector("figcaption")).toBeNull();
  });

  it.each(["bars", "words", "table"] as const)("of %s says that there is nothing yet", (kind) => {
    const el = show({ kind });
    expect(said(one(el, "p"))).toBe("Nothing yet.");
    expect(el.querySelector("li, table")).toBeNull();
    expect(one(el, "figure").dataset.board).toBe(kind);
  });

  it("says how much of it is shown", () => {
    const data = [
      ["a", 1],
      ["b", 2],
    ];
    expect(said(one(show({ data, left_out: 1234 }), "p"))).toBe("2 of 1,236 are shown.");
    expect(show({ data }).querySelector("p")).toBeNull();
  });
});

describe("bars", () => {
  it("are as long as their numbers, beside the longest", () => {
    const el = show({
      data: [
        ["a<b>", 10],
        ["b", 2.5],
        ["c", 0],
        ["d", 1234],
      ],
    });
    expect(texts(el, "li")).toEqual(["a<b>10", "b2.5", "c0", "d1,234"]);
    expect(widths(el).at(-1)).toBe("100%");
    expect(Number.parseFloat(widths(el)[0] ?? "")).toBeCloseTo((10 / 1234) * 100);
  });

  it("of nothing but zeros, and of less than nothing, have no length", () => {
    expect(widths(show({ data: [["a", 0]] }))).toEqual(["0%"]);
    const el = show({
      data: [
        ["a", -5],
        ["b", 5],
      ],
    });
    expect(widths(el)).toEqual(["0%", "100%"]);
    expect(texts(el, "li")).toEqual(["a-5", "b5"]);
  });

  it("are those among others that are pairs", () => {
    const el = show({ data: [["a", 1], ["b"], ["c", 1, 2], "de", null, { 0: "f", 1: 2 }] });
    expect(texts(el, "li")).toEqual(["a1"]);
  });
});

describe("words", () => {
  it("stand in the order of the alphabet, the larger the more often they came", () => {
    const el = show({
      kind: "words",
      data: [
        ["zebra", 4],
        ["ape", 1],
        ["<b>\u0007", 0],
      ],
    });
    expect(texts(el, "li")).toEqual(["<b>\\u0007 0", "ape 1", "zebra 4"]);
    expect(sizes(el)).toEqual([0.9, 1.95, 3]);
    expect(all(el, "li").map((word) => word.title)).toEqual(["0", "1", "4"]);
  });

  it("are the eighty that came most, and it is said how many there are more", () => {
    const data = Array.from({ length: 100 }, (_, index) => [`w${index}`, index]);
    const el = show({ kind: "words", data });
    expect(all(el, "li")).toHaveLength(80);
    expect(texts(el, "li")).not.toContain("w19 19");
    expect(texts(el, "li")).toContain("w20 20");
    expect(said(one(el, "p"))).toBe("80 of 100 are shown.");
  });

  it("that count less than nothing are as small as those that count nothing", () => {
    const el = show({
      kind: "words",
      data: [
        ["none", 0],
        ["less", -4],
      ],
    });
    expect(sizes(el)).toEqual([0.9, 0.9]);
  });
});

describe("a table", () => {
  it("has a column for each name that any row has", () => {
    const el = show({
      kind: "table",
      data: [
        { name: "Ann<b>", age: 7 },
        { name: "Bo", "<i>": false },
        { age: 0, name: null },
      ],
    });
    expect(texts(el, "th")).toEqual(["name", "age", "<i>"]);
    expect(all(el, "tbody tr").map((row) => texts(row, "td"))).toEqual([
      ["Ann<b>", "7", ""],
      ["Bo", "", "false"],
      ["", "0", ""],
    ]);
    expect(el.querySelector("i, b")).toBeNull();
  });

  it("takes a column called as a member of every object for what it is", () => {
    const el = show({ kind: "table", data: [{ a: 1 }, { constructor: 2 }] });
    expect(texts(el, "tbody tr:last-child td")).toEqual(["", "2"]);
  });

  it("has nothing where a row lacks such a column", () => {
    const el = show({ kind: "table", data: [{ a: 1 }, { constructor: 2 }] });
    expect(texts(el, "tbody tr:first-child td")).toEqual(["1", ""]);
  });
});

describe("a wall", () => {
  const LINE: Stroke = {
    color: 1,
    points: [
      [0, 0],
      [0.5, 1],
    ],
  };

  it("says what it is and how much is on it", () => {
    const canvas = one(show({ kind: "wall", title: "Draw", data: [LINE, LINE] }), "canvas");
    expect(canvas.getAttribute("aria-label")).toBe("Draw: 2 strokes");
    const empty = show({ kind: "wall" });
    expect(one(empty, "canvas").getAttribute("aria-label")).toBe("Drawing: 0 strokes");
    expect(empty.querySelector("p")).toBeNull();
  });

  it("is painted, and again in another size, as long as it is there", () => {
    let resize = () => {};
    const disconnect = vi.fn();
    vi.stubGlobal(
      "ResizeObserver",
      class {
        disconnect = disconnect;
        constructor(call: () => void) {
          resize = call;
        }
        observe() {}
      },
    );
    const drawing = new Drawing();
    canvases(drawing, 200);
    show({ kind: "wall", data: [LINE] });
    expect(drawing.of("stroke")).toHaveLength(1);
    resize();
    expect(drawing.of("stroke")).toHaveLength(2);
    unmountAll();
    expect(disconnect).toHaveBeenCalled();
  });

  function drawn(strokes: unknown[], width = 320): Drawing {
    const drawing = new Drawing();
    canvases(drawing, width);
    const canvas = document.createElement("canvas");
    drawStrokes(canvas, strokes as Stroke[]);
    return drawing;
  }

  it("has strokes in their colors, on three quarters of its width", () => {
    vi.stubGlobal("devicePixelRatio", 2);
    const drawing = drawn([LINE]);
    expect(drawing.of("setTransform")[0]?.given).toEqual([2, 0, 0, 2, 0, 0]);
    expect(drawing.of("moveTo")[0]?.given).toEqual([0, 0]);
    expect(drawing.of("lineTo")[0]?.given).toEqual([160, 240]);
    expect(drawing.of("stroke")[0]).toMatchObject({ strokeStyle: PALETTE[1], lineWidth: 2 });
    expect(drawn([LINE], 1600).of("stroke")[0]?.lineWidth).toBe(10);
  });

  it("has a dot for a stroke of one point", () => {
    const drawing = drawn([{ color: 0, points: [[0.5, 0.5]] }]);
    expect(drawing.of("arc")[0]?.given.slice(0, 3)).toEqual([160, 120, 1]);
    expect([drawing.of("fill").length, drawing.of("stroke").length]).toEqual([1, 0]);
  });

  it("has gray for a color that there is not", () => {
    for (const color of [8, -1, 1.5, "red", undefined]) {
      expect(drawn([{ ...LINE, color }]).of("stroke")[0]?.strokeStyle).toBe("#777");
    }
  });

  it("has what is good among what is not", () => {
    const bad = [
      { color: 0 },
      { color: 0, points: "x" },
      { color: 0, points: [] },
      { color: 0, points: [["a", 1], [Number.NaN, 1], null, [1]] },
      7,
    ];
    expect(drawn([...bad, LINE]).of("stroke")).toHaveLength(1);
    const mixed = { color: 0, points: [[0, 0], null, [1, 1]] };
    expect(drawn([mixed]).of("lineTo")[0]?.given).toEqual([320, 240]);
  });

  it("has what is good beside what is nothing at all", () => {
    expect(drawn([null, LINE]).of("stroke")).toHaveLength(1);
  });

  it("is not painted where it has no width", () => {
    expect(drawn([LINE], 0).strokes).toEqual([]);
  });
});
