// A board as a widget: what the kernel tells it, and the picture that it tells the kernel.

import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import factory from "../../src/board/widget";
import { widgetOf } from "../support/model";
import { one, texts } from "../support/page";

const wait = (ms = 50) => act(() => vi.advanceTimersByTimeAsync(ms).then(() => undefined));

function make(kind: string, title = "Votes") {
  const made = widgetOf(factory(), { kind, title, saved_id: "s1" });
  const tell = async (message: object) => {
    made.model.say(message);
    await wait();
  };
  const picture = async () => {
    await wait(2000);
    return made.model.sent.filter(({ type }) => type === "snapshot").at(-1);
  };
  return { ...made, tell, picture };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  document.body.replaceChildren();
  document.head.replaceChildren();
  vi.useRealTimers();
});

describe("a board's widget", () => {
  it("asks the kernel with each view for what there is to show", () => {
    const { render, model } = make("bars");
    render();
    render();
    expect(model.sent.filter(({ type }) => type === "show")).toHaveLength(2);
  });

  it("shows what it is told, in all its views", async () => {
    const { render, tell } = make("bars");
    const views = [render(), render()];
    await tell({ type: "data", data: [["a", 1]], left_out: 3 });
    for (const { el } of views) {
      expect(one(el, "section").getAttribute("aria-label")).toBe("Votes");
      expect(texts(el, "li")).toEqual(["a1"]);
      expect(texts(el, "p")).toEqual(["1 of 4 are shown."]);
    }
    await tell({ type: "data", data: [] });
    expect(texts(views[0]?.el ?? document, "li, p")).toEqual(["Nothing yet."]);
  });

  it("adds what comes more, and takes no notice of other messages", async () => {
    const { render, tell } = make("wall", "");
    const { el } = render();
    const stroke = { color: 0, points: [[0, 0]] };
    await tell({ type: "data", data: [stroke] });
    await tell({ type: "more", data: [stroke, stroke] });
    await tell({ type: "saved", data: [] });
    expect(one(el, "canvas").dataset.strokes).toBe("3");
    expect(one(el, "section").getAttribute("aria-label")).toBe("Board");
  });

  it.each([
    ["bars", [["a", 1]], { rows: [{ "": "a", number: 1 }] }],
    ["words", [["a", 1]], { rows: [{ "": "a", number: 1 }] }],
    ["table", [{ a: 1 }], { rows: [{ a: 1 }] }],
    ["wall", [{ color: 0, points: [] }], { count: 1 }],
  ])("of %s tells the kernel what it shows", async (kind, data, told) => {
    const { tell, picture } = make(kind);
    await tell({ type: "data", data });
    expect(await picture()).toEqual({ type: "snapshot", ...told });
  });

  it("hides its saved picture while it lives, and leaves nothing behind", async () => {
    const { render, model, dispose } = make("bars");
    const { el, remove } = render();
    expect(document.head.textContent).toContain(".nbs-saved-s1{display:none}");
    remove();
    expect([document.head.textContent, el.innerHTML]).toEqual(["", ""]);
    dispose();
    expect(model.listeners).toBe(0);
  });
});
