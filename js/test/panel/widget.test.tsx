// A class's panel as a widget: what the kernel tells it, and what it tells the kernel.

import { act } from "preact/test-utils";
import { afterEach, describe, expect, it } from "vitest";
import factory from "../../src/panel/widget";
import { type Model, widgetOf } from "../support/model";
import { action, click, one, said } from "../support/page";

const STATE = {
  type: "state",
  title: "Maths",
  is_open: true,
  is_locked: false,
  takes: true,
  shown: ["Vote"],
  answers: 0,
  dropped: 0,
  people: [{ id: "p1", name: "Ann", here: true, muted: false, latency_ms: null }],
};

function make(state: Record<string, unknown> = {}) {
  return widgetOf(factory(), { channel: "chat", base_url: "/lab/", public_url: "", ...state });
}

const tell = (model: Model, said: object) => act(() => model.say(said));

afterEach(() => {
  document.body.replaceChildren();
});

describe("a panel's widget", () => {
  it("asks for its door with each view, and says so while nothing answers", () => {
    const { model, render } = make();
    const { el } = render();
    render();
    expect(model.sent.filter((message) => message.what)).toEqual([
      { what: "door" },
      { what: "door" },
    ]);
    expect(said(one(el, '[role="status"]'))).toContain("No answer from the kernel yet.");
  });

  it("is a ticket's door alone while there is a code and no class", async () => {
    const { model, render } = make();
    const { el } = render();
    await tell(model, { type: "door", code: "ABCDEFG" });
    expect(one(el, "[data-ticket]").dataset.ticket).toBe("chat");
    expect(said(one(el, "[data-code]"))).toBe("ABC DEFG");
    expect(said(one(el, ".nbs-how p"))).toContain("http://localhost:3000/lab/nbsocket/join");
  });

  it("is the class's panel once the kernel told of it, with the public address", async () => {
    const { model, render } = make({ public_url: "https://hub.example/" });
    const { el } = render();
    await tell(model, STATE);
    expect(el.querySelector(".nbs-door")).toBeNull();
    await tell(model, { type: "door", code: "ABCDEFG" });
    expect(one(el, "[data-panel]").dataset.here).toBe("1");
    expect(said(one(el, ".nbs-how p"))).toContain("https://hub.example/nbsocket/join");
  });

  it("tells the kernel what the teacher does", async () => {
    const { model, render } = make();
    const { el } = render();
    await tell(model, STATE);
    model.sent.length = 0;
    click(action(el, "mute"));
    click(action(el, "stop"));
    expect(model.sent).toEqual([
      { what: "mute", who: "p1" },
      { what: "stop", who: undefined },
    ]);
  });

  it("takes no notice of other messages", async () => {
    const { model, render } = make();
    const { el } = render();
    await tell(model, { type: "saved" });
    expect(said(el)).toContain("No answer from the kernel yet.");
  });

  it("shows the same in each view, and leaves nothing behind", async () => {
    const { model, render, dispose } = make();
    const views = [render(), render()];
    await tell(model, STATE);
    expect(views.map(({ el }) => said(one(el, "header strong")))).toEqual(["Maths", "Maths"]);
    for (const view of views) view.remove();
    expect(views.map(({ el }) => el.innerHTML)).toEqual(["", ""]);
    dispose();
    expect(model.listeners).toBe(0);
  });
});
