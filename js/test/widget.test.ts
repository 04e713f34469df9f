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
  set(key: string, value: string) {
    this.state[key] = value;
  }
  on(name: string, handler: (message: unknown) => void) {
    this.handlers.set(name, (this.handlers.get(name) ?? new Set()).add(handler));
  }
  off(name: string, handler: (message: unknown) => void) {
    this.handlers.get(name)?.delete(handler);
  }
  /** What the page sent to the kernel. */
  readonly sent: Record<string, unknown>[] = [];
  send(message: Record<string, unknown>) {
    if (message.type === "handler_output") this.trigger("msg:custom", message);
    else this.sent.push(message);
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
  /** What the server answers with; without its mark it is another's. */
  let answer: { status: number; headers: Record<string, string> };

  beforeEach(() => {
    vi.useFakeTimers();
    // biome-ignore lint/suspicious/noDocumentCookie: what a Jupyter page has
    document.cookie = "_xsrf=x";
    document.body.dataset.baseUrl = "/a%40b/";
    asked = [];
    answer = { status: 404, headers: { "X-Nbsocket": "1" } };
    vi.stubGlobal("fetch", (url: URL, init: RequestInit) => {
      asked.push(`${init.method ?? "GET"} ${new URL(url).pathname}`);
      const isVersion = new URL(url).pathname.endsWith("/version");
      const given = isVersion ? { ...answer, status: 200 } : answer;
      return Promise.resolve(new Response(JSON.stringify({ message: "No kernel" }), given));
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

  it.each([200, 401, 403, 404, 405])(
    "takes the notebook's own connection where %i comes from another server, which gets no POST",
    async (status) => {
      delete document.body.dataset.baseUrl;
      answer = { status, headers: {} };
      const { model, render, dispose } = make();
      render();
      await vi.advanceTimersByTimeAsync(10_000);
      expect(asked).toEqual(["GET /a%40b/nbsocket/api/version"]);
      const opened = model.sent.find((message) => message.open);
      expect(opened).toMatchObject({
        type: "stream",
        open: { opens: "engine.io", query: { pane: "p1", name: "alice" } },
      });
      dispose();
    },
  );

  it.each([200, 401, 403, 404, 405])(
    "gives up where %i comes from another server, and no other way may be taken",
    async (status) => {
      answer = { status, headers: {} };
      const { model, render, dispose } = make();
      model.set("route", "jupyter");
      const view = render();
      await vi.advanceTimersByTimeAsync(20_000);
      expect(asked.length).toBe(1);
      expect(state(view.el)).toBe("error");
      expect(view.el.textContent).toContain("is not a Jupyter server with nbsocket");
      expect(view.el.textContent).toContain("io.ticket().link");
      dispose();
    },
  );

  it("goes on trying while a proxy says that its server is away", async () => {
    answer = { status: 502, headers: {} };
    const { render, dispose } = make();
    render();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked.length).toBeGreaterThan(2);
    dispose();
  });

  it("fetches the cookie for its POST first where the page has none", async () => {
    // biome-ignore lint/suspicious/noDocumentCookie: gone
    document.cookie = "_xsrf=; max-age=0";
    const { render, dispose } = make();
    render();
    await vi.advanceTimersByTimeAsync(100);
    expect(asked.slice(0, 2)).toEqual([
      "GET /a%40b/nbsocket/api/version",
      "POST /a%40b/nbsocket/api/channels/chat/tickets",
    ]);
    dispose();
  });

  it("is the kernel's note, and nothing else, where there is no Jupyter server", async () => {
    const { model, render, dispose } = make();
    model.set("note", "A pane needs a Jupyter server.");
    const { el, remove } = render();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(el.textContent).toBe("A pane needs a Jupyter server.");
    expect(asked).toEqual([]);
    remove();
    expect(el.textContent).toBe("");
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
