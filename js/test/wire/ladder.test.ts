// The ladder as it is drawn.

import { describe, expect, it } from "vitest";
import { type Colors, colorsOf, countOf, draw, timeText } from "../../src/wire/ladder";
import { HEAD, type Scene, scene } from "../../src/wire/scene";
import { Drawing } from "../support/canvas";
import { client, filled, kernelItem } from "../support/wire";

const VIEW = { width: 600, height: 322, from: 1000, to: 1100 };
const COLORS: Colors = {
  text: "text",
  muted: "muted",
  line: "line",
  surface: "surface",
  in: "in",
  out: "out",
  busy: "busy",
  handler: "handler",
  mark: "mark",
};

function drawn(found: Scene, chosen?: number, letter?: number): Drawing {
  const drawing = new Drawing(letter);
  draw(drawing.context, found, { ...VIEW, from: found.from, to: found.to }, COLORS, chosen);
  return drawing;
}

const crossing = () =>
  filled({ at: 1020, kernelAt: 1060 }, { direction: "out", at: 1050, kernelAt: 1030 });

describe("the ladder", () => {
  it("begins with an empty canvas, and draws nothing above its lanes", () => {
    const [first, , , clip] = drawn(scene(filled(), VIEW)).strokes;
    expect(first).toMatchObject({ what: "clearRect", given: [0, 0, 600, 322] });
    expect(clip).toMatchObject({ what: "rect", given: [0, HEAD, 600, 300] });
  });

  it("writes a lane's name above it, cut where there is no room", () => {
    const store = filled();
    store.begin(0, [client(1), client(12345678)]);
    const names = drawn(scene(store, VIEW), undefined, 20).of("fillText").slice(-4);
    expect(names.map(({ given }) => given[0])).toEqual(["client…", "client…", "server", "kernel"]);
    expect(names.map(({ given }) => given[1])).toEqual([75, 225, 375, 525]);
    const tiny = drawn(scene(store, VIEW), undefined, 1000).texts.slice(-4);
    expect(tiny).toEqual(["…", "…", "…", "…"]);
  });

  it("draws each arrow in the color of its direction, with a head", () => {
    const drawing = drawn(
      scene(
        filled({ at: 1020, kernelAt: 1060 }, { direction: "out", at: 1090, kernelAt: 1080 }),
        VIEW,
      ),
    );
    const heads = drawing.of("fill").map((stroke) => stroke.fillStyle);
    expect(heads).toEqual(["in", "in", "out", "out"]);
    const dashes = drawing.of("setLineDash").map((stroke) => stroke.given[0]);
    // Dashed where the client's time is only supposed; at the end none.
    expect(dashes).toEqual([[4, 3], [], [4, 3], [], []]);
  });

  it("draws the chosen packet's arrows thicker", () => {
    const found = scene(filled({ at: 1020, kernelAt: 1060 }, { at: 1050 }), VIEW);
    const chosen = found.arrows[0]?.packet.id;
    const widths = drawn(found, chosen)
      .of("stroke")
      .filter((stroke) => stroke.strokeStyle === "in")
      .map((stroke) => stroke.lineWidth);
    expect(widths).toEqual([3, 3, 1.2]);
  });

  it("marks crossings", () => {
    const marks = drawn(scene(crossing(), VIEW))
      .of("fill")
      .filter((stroke) => stroke.fillStyle === "mark");
    expect(marks).toHaveLength(1);
  });

  it("draws cells pale and handlers strong, none of them too thin to be seen", () => {
    const store = filled();
    store.batch([kernelItem({ ran: [[1, "say", 1020, 1020]], cells: [[1, 1000, 1050]] })], 0);
    const bars = drawn(scene(store, VIEW)).of("fillRect");
    expect(bars.map((stroke) => [stroke.fillStyle, stroke.globalAlpha])).toEqual([
      ["busy", 0.28],
      ["handler", 0.75],
    ]);
    expect(bars.map((stroke) => stroke.given[3])).toEqual([150, 1.5]);
  });

  it("draws a band with its count, on a ground that keeps it readable", () => {
    const many = Array.from({ length: 1200 }, () => ({ at: 1020 }));
    const found = scene(filled(...many), VIEW);
    const drawing = drawn(found);
    expect(drawing.texts).toContain("1,200 ×");
    expect(drawing.of("fillRect").map((stroke) => stroke.fillStyle)).toEqual(["surface"]);
    const band = found.bands[0];
    expect(band && countOf(band)).toBe("1,200 ×");
  });

  it("leaves the canvas opaque and undashed for the next", () => {
    const { context } = drawn(scene(crossing(), VIEW));
    expect(context.globalAlpha).toBe(1);
  });
});

describe("times", () => {
  it.each([
    [8, 1],
    [100, 20],
    [500, 100],
    [5000, 1000],
    [60_000, 10_000],
    [480_000, 60_000],
    [4_800_000, 4_800_000],
  ])("within %d ms stand each %d ms", (span, step) => {
    const found = { ...scene(filled(), VIEW), lanes: [], from: 0, to: span };
    const { texts } = drawn(found);
    expect(texts).toHaveLength(Math.ceil(span / step));
    expect(texts.length).toBeLessThanOrEqual(8);
    expect(texts[1] ?? timeText(step, step)).toBe(timeText(step, step));
  });

  it("are of the day, with milliseconds where these count", () => {
    const at = new Date(2026, 0, 2, 3, 4, 5, 6).getTime();
    expect(timeText(at)).toBe("03:04:05.006");
    expect(timeText(at, 500)).toBe("03:04:05.006");
    expect(timeText(at, 1000)).toBe("03:04:05");
  });
});

describe("colors", () => {
  it("are those of the theme, and others where it has none", () => {
    const element = document.createElement("div");
    document.body.append(element);
    expect(colorsOf(element)).toMatchObject({ text: "#1a1a1a", in: "#1565c0", out: "#6a1b9a" });
    element.style.setProperty("--nbs-out", " red ");
    element.style.setProperty("--nbs-in", "blue");
    // What comes into the server is what a page sends out.
    expect(colorsOf(element)).toMatchObject({ in: "red", out: "blue", mark: "#c62828" });
    element.remove();
  });
});
