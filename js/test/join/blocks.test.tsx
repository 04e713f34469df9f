// What a class asks a phone: one component for each kind of block, and what it sends.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BlockView } from "../../src/join/blocks";
import { type BlockItem, ClassClient } from "../../src/join/client";
import { COLOR_NAMES, PALETTE } from "../../src/shared/palette";
import { canvases, Drawing } from "../support/canvas";
import {
  all,
  click,
  happen,
  mount,
  now,
  one,
  said,
  submit,
  texts,
  type,
  unmountAll,
} from "../support/page";

let client: ClassClient;
let send: ReturnType<typeof vi.fn<(event: string, value: unknown) => void>>;

function show(change: Partial<BlockItem>, isOff = false): HTMLElement {
  const block: BlockItem = { kind: "say", event: "e", label: "Label", ...change };
  return mount(<BlockView block={block} client={client} isOff={isOff} />);
}

/** What this person answered before. */
function before(mine: Record<string, unknown>): void {
  client.shown.value = { title: "", round: 1, blocks: [], takes: true, left_s: null };
  client.you.value = { name: "", muted: false, mine, round: 1 };
}

const buttons = (el: HTMLElement) => all<HTMLButtonElement>(el, "button");
const pressed = (el: HTMLElement) =>
  buttons(el)
    .filter((button) => button.getAttribute("aria-pressed") === "true")
    .map(said);
function press(el: HTMLElement, ...words: string[]): void {
  for (const word of words) {
    const button = buttons(el).find((one) => said(one) === word);
    if (!button) throw new Error(`no button says ${word}`);
    click(button);
  }
}

beforeEach(() => {
  client = new ClassClient();
  send = vi.fn();
  client.send = send;
});

afterEach(() => {
  unmountAll();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("what is said", () => {
  it("is a heading, as text", () => {
    const el = show({ label: "<b>Read\u202e</b>", event: "" });
    expect(said(one(el, "h2.said"))).toBe("<b>Read\\u202e</b>");
    expect(one(el, "section").dataset.block).toBe("say");
    expect(buttons(el)).toEqual([]);
  });

  it("of nothing is no heading", () => {
    expect(show({ label: "" }).querySelector("h2")).toBeNull();
  });
});

describe("choices", () => {
  const choices: Partial<BlockItem> = {
    kind: "choices",
    event: "vote",
    options: ["a", "b", "<i>"],
  };

  it("of one send it, and another one takes its place", () => {
    const el = show(choices);
    expect(texts(el, "button")).toEqual(["a", "b", "<i>"]);
    press(el, "a", "b", "b");
    expect(send.mock.calls).toEqual([
      ["vote", "a"],
      ["vote", "b"],
      ["vote", "b"],
    ]);
    expect(pressed(el)).toEqual(["b"]);
  });

  it("of many send all that are chosen", () => {
    const el = show({ ...choices, many: true });
    press(el, "b", "a", "b");
    expect(send.mock.calls).toEqual([
      ["vote", ["b"]],
      ["vote", ["b", "a"]],
      ["vote", ["a"]],
    ]);
    expect(pressed(el)).toEqual(["a"]);
  });

  it.each([
    ["b", ["b"]],
    [
      ["a", "<i>"],
      ["a", "<i>"],
    ],
    [undefined, []],
    [7, []],
    [null, []],
  ])("show what was answered before: %o", (answer, found) => {
    before({ vote: answer });
    expect(pressed(show({ ...choices, many: true }))).toEqual(found);
  });

  it("can be none of them, and cannot be pressed while answers are off", () => {
    expect(buttons(show({ kind: "choices" }))).toEqual([]);
    const el = show(choices, true);
    press(el, "a");
    expect(send).not.toHaveBeenCalled();
    expect(one(show({ ...choices, label: "" }), "fieldset").getAttribute("aria-label")).toBe(
      "Choices",
    );
  });
});

describe("a text", () => {
  const text: Partial<BlockItem> = { kind: "text", event: "say", most: 10 };
  const input = (el: HTMLElement) => one<HTMLInputElement>(el, "input");
  const hint = (el: HTMLElement) => said(one(el, '[aria-live="polite"]'));

  it("is sent, and there may be more", () => {
    const el = show(text);
    type(input(el), " hello ");
    submit(one(el, "form"));
    expect(send.mock.calls).toEqual([["say", " hello "]]);
    expect(input(el).value).toBe("");
    expect(said(el)).toContain("1 sent. You can send more.");
    type(input(el), "again");
    submit(one(el, "form"));
    expect(said(el)).toContain("2 sent.");
  });

  it.each(["", "   ", "12345678901"])("“%s” is not sent", (words) => {
    const el = show(text);
    type(input(el), words);
    submit(one(el, "form"));
    expect(send).not.toHaveBeenCalled();
  });

  it.each([
    ["12345678", ""],
    ["123456789", "9 of 10 characters"],
    ["1234567890", "10 of 10 characters"],
    ["12345678901", "Too long: 11 of 10 characters."],
    ["😀😀😀😀😀😀", ""],
    ["  12345678  ", ""],
  ])("“%s” is counted as people count: “%s”", (words, found) => {
    const el = show(text);
    type(input(el), words);
    expect(hint(el)).toBe(found);
    const isTooLong = found.startsWith("Too long");
    expect(input(el).getAttribute("aria-invalid")).toBe(String(isTooLong));
    expect(one<HTMLButtonElement>(el, "button").disabled).toBe(isTooLong);
  });

  it("has 80 characters where nothing else is said, and none while answers are off", () => {
    const el = show({ kind: "text", label: "" });
    type(input(el), "x".repeat(81));
    expect(hint(el)).toBe("Too long: 81 of 80 characters.");
    expect(input(el).getAttribute("aria-label")).toBe("Your answer");
    const off = show(text, true);
    expect([input(off).disabled, one<HTMLButtonElement>(off, "button").disabled]).toEqual([
      true,
      true,
    ]);
  });
});

describe("a button", () => {
  it("sends how often it was pressed", () => {
    const el = show({ kind: "button", event: "buzz", label: "Buzz <b>" });
    expect(el.querySelector("h2, b")).toBeNull();
    press(el, "Buzz <b>");
    expect(said(one(el, '[role="status"]'))).toBe("✓ Pressed");
    press(el, "Buzz <b>");
    expect(said(one(el, '[role="status"]'))).toBe("✓ Pressed 2 times");
    expect(send.mock.calls).toEqual([
      ["buzz", 1],
      ["buzz", 2],
    ]);
  });

  it("sends nothing while answers are off", () => {
    const el = show({ kind: "button", label: "Buzz" }, true);
    press(el, "Buzz");
    expect(send).not.toHaveBeenCalled();
  });
});

describe("a toggle", () => {
  it("sends that it is on, and that it is off", () => {
    const el = show({ kind: "toggle", event: "hand", label: "Hand" });
    press(el, "Hand");
    expect(pressed(el)).toEqual(["Hand"]);
    press(el, "Hand");
    expect(pressed(el)).toEqual([]);
    expect(send.mock.calls).toEqual([
      ["hand", true],
      ["hand", false],
    ]);
  });

  it.each([
    [true, ["Hand"]],
    [false, []],
    ["true", []],
  ])("is what it was before: %o", (answer, found) => {
    before({ hand: answer });
    expect(pressed(show({ kind: "toggle", event: "hand", label: "Hand" }))).toEqual(found);
  });
});

describe("items", () => {
  const items: Partial<BlockItem> = {
    kind: "items",
    event: "up",
    rows: [
      { key: "q1", text: "Why <b>?", votes: 3 },
      { key: 2, text: "How?", votes: 0 },
    ],
  };

  it("are voted for by their key, each once", () => {
    const el = show(items);
    expect(texts(el, "li")).toEqual(["Why <b>?▲ 3", "How?▲ 0"]);
    const [first, second] = buttons(el);
    if (!first || !second) throw new Error("buttons are missing");
    expect(first.getAttribute("aria-label")).toBe("Vote for “Why <b>?”, 3 so far");
    click(second);
    click(second);
    click(first);
    expect(send.mock.calls).toEqual([
      ["up", 2],
      ["up", "q1"],
    ]);
    expect([first.disabled, second.getAttribute("aria-pressed")]).toEqual([true, "true"]);
  });

  it("may be none, and cannot be voted for while answers are off", () => {
    expect(texts(show({ kind: "items" }), "li")).toEqual([]);
    expect(buttons(show(items, true)).every((button) => button.disabled)).toBe(true);
  });
});

describe("a wall", () => {
  let drawing: Drawing;
  let resize: () => void;

  beforeEach(() => {
    drawing = new Drawing();
    canvases(drawing, 400);
    vi.stubGlobal(
      "ResizeObserver",
      class {
        constructor(call: () => void) {
          resize = call;
        }
        observe() {}
        disconnect() {}
      },
    );
    vi.spyOn(HTMLElement.prototype, "getBoundingClientRect").mockReturnValue({
      left: 100,
      top: 50,
      width: 400,
      height: 300,
    } as DOMRect);
    HTMLElement.prototype.setPointerCapture = vi.fn();
    vi.spyOn(Math, "random").mockReturnValue(0);
  });

  /** Draw on it: the first point begins, each other one moves. */
  function stroke(el: HTMLElement, ...points: [number, number][]): void {
    const canvas = one(el, "canvas");
    for (const [index, [x, y]] of points.entries()) {
      const name = index ? "pointermove" : "pointerdown";
      const init = { bubbles: true, clientX: 100 + x * 400, clientY: 50 + y * 300 };
      happen(canvas, new PointerEvent(name, init));
    }
    happen(canvas, new PointerEvent("pointerup", { bubbles: true }));
  }

  const wall: Partial<BlockItem> = { kind: "wall", event: "draw" };

  it("sends each stroke, from 0 to 1, in its color", () => {
    const el = show(wall);
    stroke(el, [0, 0], [0.5, 0.25], [1, 1]);
    const radios = all<HTMLInputElement>(el, "input");
    expect(radios.map((radio) => radio.getAttribute("aria-label"))).toEqual(COLOR_NAMES);
    const third = radios[2];
    if (third) happen(third, new Event("change", { bubbles: true }));
    stroke(el, [0.1, 0.1]);
    expect(send.mock.calls).toEqual([
      [
        "draw",
        {
          color: 0,
          points: [
            [0, 0],
            [0.5, 0.25],
            [1, 1],
          ],
        },
      ],
      ["draw", { color: 2, points: [[0.1, 0.1]] }],
    ]);
  });

  it("keeps strokes within it, and leaves out points that are too close", () => {
    const el = show(wall);
    stroke(el, [-1, 2], [0.5, 0.5], [0.501, 0.501], [0.51, 0.5]);
    expect(send.mock.calls[0]?.[1]).toEqual({
      color: 0,
      points: [
        [0, 1],
        [0.5, 0.5],
        [0.51, 0.5],
      ],
    });
  });

  it("cuts a stroke that is very long, without a gap", () => {
    const el = show(wall);
    const points = Array.from({ length: 900 }, (_, index): [number, number] => [
      (index % 2) * 0.5,
      index / 1000,
    ]);
    stroke(el, ...points);
    const sent = send.mock.calls.map(([, value]) => value as { points: [number, number][] });
    expect(sent.map((one) => one.points.length)).toEqual([400, 400, 102]);
    expect(sent[1]?.points[0]).toEqual(sent[0]?.points.at(-1));
    expect(sent[2]?.points[0]).toEqual(sent[1]?.points.at(-1));
  });

  it("shows what is drawn, while it is drawn", () => {
    const el = show(wall);
    drawing.clear();
    stroke(el, [0, 0], [0.5, 0.5]);
    expect(drawing.of("stroke").at(-1)?.strokeStyle).toBe(PALETTE[0]);
    expect(drawing.of("lineTo").at(-1)?.given).toEqual([200, 150]);
    drawing.clear();
    resize();
    expect(drawing.of("stroke")).toHaveLength(1);
  });

  it("shows what all draw, once it is told", () => {
    show(wall);
    const strokes = [0, 1, 2].map((color) => ({
      color,
      points: [
        [0, 0],
        [1, 1],
      ],
    }));
    drawing.clear();
    now(() => {
      const board = { kind: "wall" as const, title: "", data: strokes, round: 1 };
      client.boards.value = new Map([["w", board]]);
    });
    expect(drawing.of("stroke").map((one) => one.strokeStyle)).toEqual(PALETTE.slice(0, 3));
  });

  it("takes nothing while answers are off, and no move without a beginning", () => {
    const off = show(wall, true);
    stroke(off, [0, 0], [1, 1]);
    const el = show(wall);
    happen(one(el, "canvas"), new PointerEvent("pointermove", { bubbles: true, clientX: 300 }));
    happen(one(el, "canvas"), new PointerEvent("pointerup", { bubbles: true }));
    expect(send).not.toHaveBeenCalled();
  });

  it("ends a stroke that is taken away from it", () => {
    const el = show(wall);
    const canvas = one(el, "canvas");
    happen(canvas, new PointerEvent("pointerdown", { bubbles: true, clientX: 300, clientY: 200 }));
    happen(canvas, new PointerEvent("pointercancel", { bubbles: true }));
    expect(send.mock.calls).toEqual([["draw", { color: 0, points: [[0.5, 0.5]] }]]);
  });
});
