// The life of a pane's connection: with the first view it begins, after the last it ends.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import factory from "../src/pane/widget";

class Model {
  private handlers = new Map<string, Set<(message: unknown) => void>>();
  private state: Record<string, string> = {
    channel: "chat",
    name: "alice",
    pane_id: "p1",
    base_url: "/a%40b/",
    saved_id: "abc",
  };
  get(key: string) {
    return this.state[key];
  }
  on(name: string, handler: (message: unknown) => void) {
    this.handlers.set(name, (this.handlers.get(name) ?? new Set()).add(handler));
  }
  off(name: string, handler: (message: unknown) => void) {
    this.handlers.get(name)?.delete(handler);
  }
  send(message: unknown) {
    this.trigger("msg:custom", message);
  }
  trigger(name: string, message?: unknown) {
    for (const handler of this.handlers.get(name) ?? []) handler(message);
  }
  get listeners() {
    return [...this.handlers.values()].reduce((sum, set) => sum + set.size, 0);
  }
}

function make() {
  const model = new Model();
  // biome-ignore lint/suspicious/noExplicitAny: the model's stand-in has what the widget uses
  const props = model as any;
  const widget = factory();
  const dispose = widget.initialize({ model: props });
  const render = () => {
    const el = document.createElement("div");
    // biome-ignore lint/suspicious/noExplicitAny: likewise
    const remove = widget.render({ model: props, el } as any);
    return { el, remove };
  };
  return { model, dispose, render };
}

const state = (el: HTMLElement) =>
  el.querySelector<HTMLElement>("[data-pane]")?.dataset.state ?? "none";

describe("a pane", () => {
  let asked: string[];

  beforeEach(() => {
    vi.useFakeTimers();
    asked = [];
    vi.stubGlobal("fetch", (url: URL, init: RequestInit) => {
      asked.push(`${init.method} ${new URL(url).pathname}`);
      return Promise.resolve(
        new Response(JSON.stringify({ message: "No kernel" }), { status: 404 }),
      );
    });
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("does not connect before it is seen", async () => {
    const { dispose } = make();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked).toEqual([]);
    dispose();
  });

  it("asks the page's Jupyter server for its ticket, below its base URL", async () => {
    const { render, dispose } = make();
    const view = render();
    await vi.advanceTimersByTimeAsync(100);
    expect(asked[0]).toBe("POST /a%40b/nbsocket/api/channels/chat/tickets");
    expect(state(view.el)).toBe("waiting");
    expect(view.el.textContent).toContain("Run the cell that creates the server");
    dispose();
  });

  it("goes on trying, and stops when its last view has been gone for two seconds", async () => {
    const { render, dispose } = make();
    const first = render();
    const second = render();
    await vi.advanceTimersByTimeAsync(100);
    first.remove();
    await vi.advanceTimersByTimeAsync(10_000);
    const before = asked.length;
    expect(before).toBeGreaterThan(2);
    second.remove();
    await vi.advanceTimersByTimeAsync(2100);
    const after = asked.length;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(asked.length).toBe(after);
    dispose();
  });

  it("keeps its connection when a view comes back in time", async () => {
    const { render, dispose } = make();
    const first = render();
    first.remove();
    await vi.advanceTimersByTimeAsync(1500);
    render();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked.length).toBeGreaterThan(3);
    dispose();
  });

  it("shows what a handler printed", async () => {
    const { model, render, dispose } = make();
    const view = render();
    model.send({
      type: "handler_output",
      items: [{ kind: "stdout", event: "say", text: "printed <b>\n" }],
    });
    await vi.advanceTimersByTimeAsync(100);
    expect(view.el.querySelector('[data-kind="print"]')?.textContent).toContain("printed <b>");
    expect(view.el.querySelector("b + b, .nbs-said b")).toBeNull();
    dispose();
  });

  it("says that prints no longer come once its kernel was restarted", async () => {
    const { model, render, dispose } = make();
    const view = render();
    await vi.advanceTimersByTimeAsync(100);
    expect(view.el.querySelector(".nbs-orphan")).toBeNull();
    model.trigger("comm_live_update");
    await vi.advanceTimersByTimeAsync(100);
    expect(view.el.querySelector(".nbs-orphan")?.textContent).toContain("Run this pane's cell");
    dispose();
  });

  it("leaves no listener behind", () => {
    const { model, dispose } = make();
    expect(model.listeners).toBeGreaterThan(0);
    dispose();
    expect(model.listeners).toBe(0);
  });
});
