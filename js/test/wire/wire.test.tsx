// The whole wire view: what it paints when, how it rests, zooms, goes back, and saves.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { pageNow } from "../../src/shared/times";
import { Attempt } from "../../src/wire/attempt";
import { WORDS } from "../../src/wire/counters";
import { Feed, type FeedState } from "../../src/wire/feed";
import { Wire } from "../../src/wire/wire";
import { canvases, Drawing } from "../support/canvas";
import {
  action,
  all,
  change,
  click,
  field,
  happen,
  mount,
  now,
  one,
  press,
  said,
  texts,
  type,
  unmountAll,
} from "../support/page";
import { client, kernelItem, packets, type Told, tell } from "../support/wire";

const IN = "#1565c0";

let feed: Feed;
let drawing: Drawing;
let isSeen: (isIntersecting: boolean) => void;
let resize: () => void;

/** Packets that came so many milliseconds ago. */
function ago(...told: (Told & { ago: number })[]): void {
  const at = pageNow();
  tell(feed.store, ...told.map((one) => ({ ...one, at: at - one.ago })));
}

function draw(): void {
  now(() => {
    feed.version.value += 1;
  });
}

function be(state: FeedState, detail = ""): void {
  now(() => {
    feed.detail.value = detail;
    feed.state.value = state;
  });
}

/** A view that is live, with what was told before. */
function wire(): HTMLElement {
  feed.state.value = "live";
  const el = mount(<Wire feed={feed} channel="chat" attempt={new Attempt("http://h/", "chat")} />);
  drawing.clear();
  return el;
}

const arrows = () => drawing.of("stroke").filter((stroke) => stroke.strokeStyle === IN).length;
const paints = () => drawing.of("clearRect").length;
const words = (el: HTMLElement) => said(one(el, "[data-words]"));
const span = (el: HTMLElement) => said(one(el, "[data-span]"));
const canvas = (el: HTMLElement) => one<HTMLCanvasElement>(el, "canvas");
const scrub = (el: HTMLElement) => field(el, "scrub");
const wait = (ms: number) => now(() => vi.advanceTimersByTime(ms));

function turn(el: HTMLElement, deltaY: number, init: object = {}): Event {
  const event = new Event("wheel", { bubbles: true, cancelable: true });
  return happen(
    canvas(el),
    Object.assign(event, { deltaY, ctrlKey: false, metaKey: false, ...init }),
  );
}

beforeEach(() => {
  vi.useFakeTimers();
  drawing = new Drawing();
  canvases(drawing, 600);
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      constructor(call: (entries: { isIntersecting: boolean }[]) => void) {
        isSeen = (isIntersecting) =>
          call([{ isIntersecting: !isIntersecting }, { isIntersecting }]);
      }
      observe() {}
      disconnect() {}
    },
  );
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
  vi.advanceTimersByTime(100_000);
  feed = new Feed("http://h/", "chat", () => undefined);
  feed.store.begin(0, [client(1)]);
});

afterEach(() => {
  unmountAll();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("the head of a wire view", () => {
  it.each<[FeedState, string]>([
    ["connecting", WORDS.connecting],
    ["waiting", WORDS.waiting],
    ["reconnecting", WORDS.reconnecting],
    ["closed", WORDS.closed],
  ])("says that it is %s", (state, text) => {
    const el = wire();
    be(state);
    expect(words(el)).toBe(text);
    expect(one(el, "[data-wire]").dataset.state).toBe(state);
  });

  it("says why it is refused, as text", () => {
    const el = wire();
    be("error", "<b>too many\u0007");
    expect(words(el)).toBe("This view is refused: <b>too many\\u0007");
  });

  it("says that a cell is busy", () => {
    const el = wire();
    feed.store.batch([kernelItem({ cells: [[1, 1, 0]] })], 0);
    draw();
    expect(words(el)).toBe("Live – a cell is busy");
  });

  it("has its counts as attributes, too", () => {
    const el = wire();
    ago({ ago: 30, kernelAt: pageNow() }, { ago: 5, direction: "out", kernelAt: pageNow() - 20 });
    draw();
    expect(one(el, "[data-wire]").dataset).toMatchObject({
      wire: "chat",
      seen: "2",
      leftOut: "0",
      crossings: "1",
    });
  });
});

describe("the ladder", () => {
  it("is painted with what comes, at the screen's own resolution", () => {
    vi.stubGlobal("devicePixelRatio", 2);
    const el = wire();
    ago({ ago: 100 }, { ago: 1900 }, { ago: 2500 });
    draw();
    expect(arrows()).toBe(2);
    expect([canvas(el).width, canvas(el).height]).toEqual([1200, 680]);
    expect(drawing.of("setTransform").at(-1)?.given).toEqual([2, 0, 0, 2, 0, 0]);
  });

  it("goes on with time while it is live", () => {
    wire();
    ago({ ago: 1900 });
    wait(50);
    expect(arrows()).toBe(1);
    drawing.clear();
    wait(200);
    expect(paints()).toBeGreaterThan(2);
    expect(paints()).toBeLessThan(6);
    drawing.clear();
    wait(100);
    expect(arrows()).toBe(0);
  });

  it("rests while nobody can see it, while it is not live, and while it rests", () => {
    const el = wire();
    isSeen(false);
    wait(1000);
    expect(paints()).toBe(0);
    isSeen(true);
    wait(100);
    expect(paints()).toBeGreaterThan(0);
    be("waiting");
    drawing.clear();
    wait(1000);
    expect(paints()).toBe(0);
    be("live");
    vi.spyOn(document, "hidden", "get").mockReturnValue(true);
    drawing.clear();
    wait(1000);
    expect(paints()).toBe(0);
    vi.spyOn(document, "hidden", "get").mockReturnValue(false);
    click(action(el, "pause"));
    drawing.clear();
    wait(1000);
    expect(paints()).toBe(0);
  });

  it("is painted seldom where there is much in it, or where motion is not wanted", () => {
    wire();
    ago(...Array.from({ length: 500 }, (_, index) => ({ ago: index })));
    draw();
    drawing.clear();
    wait(1000);
    expect(paints()).toBeLessThanOrEqual(4);
    expect(paints()).toBeGreaterThanOrEqual(3);
    unmountAll();
    vi.stubGlobal("matchMedia", () => ({ matches: true }));
    feed.store.clear();
    wire();
    wait(3000);
    expect(paints()).toBeLessThanOrEqual(3);
    expect(paints()).toBeGreaterThanOrEqual(2);
  });

  it("is painted in another size, and in another theme's colors once these are there", async () => {
    const el = wire();
    click(action(el, "pause"));
    drawing.clear();
    resize();
    expect(paints()).toBe(1);
    document.body.setAttribute("data-jp-theme-light", "false");
    await vi.advanceTimersByTimeAsync(300);
    expect(paints()).toBe(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(paints()).toBe(2);
    document.body.removeAttribute("data-jp-theme-light");
  });

  it("is not painted where it has no width, nor after it is gone", () => {
    vi.spyOn(HTMLCanvasElement.prototype, "clientWidth", "get").mockReturnValue(0);
    wire();
    draw();
    expect(paints()).toBe(0);
    unmountAll();
    vi.spyOn(HTMLCanvasElement.prototype, "clientWidth", "get").mockReturnValue(600);
    wait(1000);
    resize();
    expect(paints()).toBe(0);
  });
});

describe("a wire view that rests", () => {
  it("goes on counting, and shows what was there", () => {
    const el = wire();
    ago({ ago: 100 });
    const pause = action(el, "pause");
    click(pause);
    expect(words(el)).toBe("Paused; packets are still counted");
    expect([said(pause), pause.getAttribute("aria-pressed")]).toEqual(["Resume", "true"]);
    wait(5000);
    ago({ ago: 0 });
    drawing.clear();
    draw();
    expect(arrows()).toBe(1);
    expect(all(el, "tbody tr")).toHaveLength(1);
    expect(one(el, "[data-wire]").dataset.seen).toBe("2");
    click(pause);
    expect(words(el)).toBe("Live");
    expect(all(el, "tbody tr")).toHaveLength(2);
  });

  it("looks at the latest packet where the window has none", () => {
    const el = wire();
    ago({ ago: 60_000 }, { ago: 30_000 });
    drawing.clear();
    click(action(el, "pause"));
    expect(arrows()).toBe(1);
    expect(Math.abs(Number(scrub(el).value) + 29_000)).toBeLessThanOrEqual(40);
  });

  it("stays where it is where nothing came at all", () => {
    const el = wire();
    click(action(el, "pause"));
    expect(Number(scrub(el).value)).toBe(0);
    expect(scrub(el).disabled).toBe(true);
  });

  it("goes back in time as far as it has packets, and not farther", () => {
    const el = wire();
    ago({ ago: 10_000 }, { ago: 100 });
    expect(scrub(el).disabled).toBe(true);
    click(action(el, "pause"));
    expect(scrub(el).disabled).toBe(false);
    expect(Number(scrub(el).min)).toBe(-10_000);
    drawing.clear();
    type(scrub(el), "-9000");
    expect(arrows()).toBe(1);
    expect(turn(el, -340).defaultPrevented).toBe(true);
    expect(Number(scrub(el).value)).toBe(-10_000);
    turn(el, 34_000);
    expect(Number(scrub(el).value)).toBe(0);
  });

  it("leaves the wheel to the page while it is live", () => {
    expect(turn(wire(), 100).defaultPrevented).toBe(false);
  });
});

describe("the span of a ladder", () => {
  it("is two seconds, and can be less and more", () => {
    const el = wire();
    expect(span(el)).toBe("2 s");
    const shown = [];
    for (let step = 0; step < 12; step += 1) {
      click(action(el, "closer"));
      shown.push(span(el));
    }
    expect(shown.slice(0, 6)).toEqual(["1 s", "500 ms", "200 ms", "100 ms", "50 ms", "50 ms"]);
    expect(action(el, "closer").disabled).toBe(true);
    for (let step = 0; step < 12; step += 1) click(action(el, "farther"));
    expect(span(el)).toBe("60 s");
    expect(action(el, "farther").disabled).toBe(true);
  });

  it("is changed by the wheel with Ctrl or ⌘, and that does not zoom the page", () => {
    const el = wire();
    expect(turn(el, 100, { ctrlKey: true }).defaultPrevented).toBe(true);
    expect(span(el)).toBe("5 s");
    turn(el, -1, { metaKey: true });
    expect(span(el)).toBe("2 s");
  });

  it("keeps a packet in sight while it rests", () => {
    const el = wire();
    ago({ ago: 700 });
    click(action(el, "pause"));
    for (let step = 0; step < 5; step += 1) {
      drawing.clear();
      click(action(el, "closer"));
      expect(arrows()).toBe(1);
    }
  });
});

describe("a chosen packet", () => {
  it("has an X-ray, and the view rests on it", () => {
    const el = wire();
    ago({ ago: 60_000, text: '42["old"]' }, { ago: 10 });
    draw();
    const [button] = all<HTMLButtonElement>(el, "tbody button");
    drawing.clear();
    if (button) click(button);
    expect(el.querySelector(".nbs-xray")).not.toBeNull();
    expect(words(el)).toBe("Paused; packets are still counted");
    const chosen = drawing.of("stroke").filter((stroke) => stroke.lineWidth === 3);
    expect(chosen).toHaveLength(1);
    click(action(el, "close-xray"));
    expect(el.querySelector(".nbs-xray")).toBeNull();
  });

  it("may be chosen in the ladder", () => {
    const el = wire();
    ago({ ago: 1000 });
    draw();
    const at = (x: number, y: number) =>
      happen(
        canvas(el),
        Object.assign(new Event("click", { bubbles: true }), { offsetX: x, offsetY: y }),
      );
    at(200, 30);
    expect(el.querySelector(".nbs-xray")).toBeNull();
    at(200, 22 + 318 / 2);
    expect(said(one(el, ".nbs-xray strong"))).toContain("to the server");
    at(200, 30);
    expect(el.querySelector(".nbs-xray")).toBeNull();
  });

  it("is gone when everything is cleared", async () => {
    const el = wire();
    ago({ ago: 10 });
    draw();
    const [button] = all<HTMLButtonElement>(el, "tbody button");
    if (button) click(button);
    click(action(el, "clear"));
    wait(50);
    expect(el.querySelector(".nbs-xray")).toBeNull();
    expect(packets(feed.store)).toEqual([]);
    expect(all(el, "tbody tr")).toEqual([]);
  });
});

describe("crossings", () => {
  it("have rows of their own, by a button", () => {
    const el = wire();
    ago(
      { ago: 40, text: '42["alone"]', kernelAt: pageNow() - 39 },
      { ago: 30, text: '42["up"]', kernelAt: pageNow() },
      { ago: 5, text: '42["down"]', direction: "out", kernelAt: pageNow() - 20 },
    );
    draw();
    const events = () => all(el, "tbody tr").map((row) => row.dataset.event);
    type(field(el, "wire-filter"), "nothing");
    click(action(el, "crossings"));
    expect(events()).toEqual(["up", "down"]);
    click(action(el, "crossings"));
    expect(events()).toEqual(["alone", "up", "down"]);
  });
});

describe("saving", () => {
  let files: { name: string; type: string; blob: Blob }[];

  beforeEach(() => {
    files = [];
    let latest = new Blob();
    vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => {
      latest = blob as Blob;
      return "blob:x";
    });
    vi.spyOn(URL, "revokeObjectURL").mockReturnValue();
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (
      this: HTMLAnchorElement,
    ) {
      files.push({ name: this.download, type: latest.type, blob: latest });
    });
  });

  it.each([
    ["har", "chat-wire.har", "application/json", '"version": "1.2"'],
    ["json", "chat-wire.json", "application/json", '"made_by": "nbsocket"'],
    ["mermaid", "chat-wire.mmd", "text/plain", "sequenceDiagram"],
    ["svg", "chat-wire.svg", "image/svg+xml", 'viewBox="0 0 600 340"'],
  ])("as %s is a file %s", async (kind, name, mime, part) => {
    const el = wire();
    ago({ ago: 10 });
    draw();
    change(field(el, "export"), kind);
    expect(files.map((file) => [file.name, file.type])).toEqual([[name, mime]]);
    expect(await files[0]?.blob.text()).toContain(part);
    expect(field(el, "export").value).toBe("");
    expect(URL.revokeObjectURL).toHaveBeenCalledWith("blob:x");
  });

  it("of a ladder that was never painted makes no file", () => {
    vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null);
    change(field(wire(), "export"), "svg");
    expect(files).toEqual([]);
  });

  it("keeps its keys from the notebook, as the slider does", () => {
    const heard = vi.fn();
    document.addEventListener("keydown", heard);
    const el = wire();
    press(field(el, "export"), "d");
    press(scrub(el), "ArrowLeft");
    document.removeEventListener("keydown", heard);
    expect(heard).not.toHaveBeenCalled();
    expect(texts(el, '[data-field="export"] option')).toHaveLength(5);
  });
});
