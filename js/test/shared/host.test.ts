// What a notebook gives a view: keys of its own, and a kernel that knows how many views there are.

import type { RenderProps } from "@anywidget/types";
import { afterEach, describe, expect, it, vi } from "vitest";
import { inHost } from "../../src/shared/host";
import { Model } from "../support/model";

function view(model: Model) {
  const el = document.createElement("div");
  document.body.append(el);
  const removed = vi.fn();
  const inner = document.createElement("input");
  const render = inHost<object>(() => {
    el.append(inner);
    return removed;
  });
  const remove = render({ el, model } as unknown as RenderProps<object>);
  return { el, inner, remove, removed };
}

function press(el: HTMLElement, init: KeyboardEventInit = {}): void {
  el.dispatchEvent(new KeyboardEvent("keydown", { key: "d", bubbles: true, ...init }));
}

afterEach(() => {
  document.body.replaceChildren();
});

describe("the keys of a view", () => {
  it.each([
    [{}, false],
    [{ shiftKey: true }, false],
    [{ ctrlKey: true }, true],
    [{ altKey: true }, true],
    [{ metaKey: true }, true],
  ])("with %o reach the notebook: %s", (init, reaches) => {
    const { inner, el } = view(new Model({}));
    const heard = vi.fn();
    document.body.addEventListener("keydown", heard);
    press(inner, init);
    document.body.removeEventListener("keydown", heard);
    expect(heard).toHaveBeenCalledTimes(reaches ? 1 : 0);
    // JupyterLab looks for this before anybody below the document hears of the key.
    expect(el.hasAttribute("data-lm-suppress-shortcuts")).toBe(!reaches);
  });

  it("elsewhere are left alone", () => {
    const { el } = view(new Model({}));
    const heard = vi.fn();
    document.body.addEventListener("keydown", heard);
    press(document.body);
    window.dispatchEvent(new KeyboardEvent("keydown", { key: "d" }));
    document.body.removeEventListener("keydown", heard);
    expect(heard).toHaveBeenCalledTimes(1);
    expect(el.hasAttribute("data-lm-suppress-shortcuts")).toBe(false);
  });
});

describe("the kernel of a view", () => {
  it("is told how many views its widget has", () => {
    const model = new Model({});
    const [first, second] = [view(model), view(model)];
    first.remove();
    second.remove();
    view(new Model({}));
    expect(model.sent).toEqual([1, 2, 1, 0].map((count) => ({ type: "views", count })));
    expect(first.removed).toHaveBeenCalledTimes(1);
  });

  it("may be gone", () => {
    const model = new Model({});
    model.isDead = true;
    const { remove, removed } = view(model);
    expect(remove).not.toThrow();
    expect(removed).toHaveBeenCalledTimes(1);
  });

  it("may have a note instead of a view, which is text", () => {
    const model = new Model({ note: "<b>No server</b>" });
    const { el, inner, remove } = view(model);
    expect(el.classList.contains("nbs-host")).toBe(true);
    expect(el.querySelector('[role="status"]')?.textContent).toBe("<b>No server</b>");
    expect(inner.isConnected).toBe(false);
    expect(model.sent).toEqual([]);
    remove();
    expect(el.innerHTML).toBe("");
  });
});
