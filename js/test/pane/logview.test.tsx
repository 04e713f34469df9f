// The log of both directions: what it shows, hides, finds, saves, and answers.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PaneConnection } from "../../src/pane/connection";
import type { AckState, Entry } from "../../src/pane/entries";
import { exported, LogView } from "../../src/pane/logview";
import {
  action,
  all,
  click,
  field,
  mount,
  now,
  one,
  press,
  said,
  submit,
  texts,
  type,
  unmountAll,
} from "../support/page";

const AT = new Date(2026, 0, 2, 3, 4, 5, 67);

let connection: PaneConnection;
let id = 0;

function entry(
  kind: Entry["kind"],
  event: string,
  args: unknown[] = [],
  more: Partial<Entry> = {},
) {
  id += 1;
  return { id, at: AT, kind, event, args, ...more };
}

function add(...entries: Entry[]): void {
  for (const one of entries) connection.log.push(one);
  draw();
}

function draw(): void {
  now(() => {
    connection.version.value += 1;
  });
}

function view(...entries: Entry[]): HTMLElement {
  for (const one of entries) connection.log.push(one);
  return mount(<LogView connection={connection} name="alice & <b>" />);
}

const rows = (el: HTMLElement) => all(el, "ol > li");
const names = (el: HTMLElement) => rows(el).map((row) => row.dataset.event);
const ticks = (count: number) => Array.from({ length: count }, (_, n) => entry("in", `e${n}`));

beforeEach(() => {
  vi.useFakeTimers();
  id = 0;
  connection = new PaneConnection({
    channel: "chat",
    paneId: "p",
    name: "alice",
    base: "http://h/",
  });
});

afterEach(() => {
  unmountAll();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("a log", () => {
  it("says that it is empty", () => {
    const el = view();
    expect(texts(el, "li")).toEqual(["No events yet. Emit one above, or from a cell."]);
    expect(action(el, "save").disabled).toBe(true);
  });

  it("shows each kind with its time, its direction and what it carries", () => {
    const el = view(
      entry("in", "tick", [1, { a: "b" }]),
      entry("out", "say", ["hello"]),
      entry("note", "connected", ["again"]),
      entry("print", "say", ["1\n2"]),
      entry("error", "say", ["ValueError: no"]),
    );
    expect(rows(el).map((row) => [...row.children].map(said))).toEqual([
      ["03:04:05.067", "←", "received", 'tick 1, {"a":"b"}'],
      ["03:04:05.067", "→", "emitted", 'say "hello"'],
      ["03:04:05.067", "•", "connection", "connected again"],
      ["03:04:05.067", "›", "handler printed", "say 1 2"],
      ["03:04:05.067", "!", "handler printed an error", "say ValueError: no"],
    ]);
    expect(rows(el).map((row) => row.dataset.kind)).toEqual([
      "in",
      "out",
      "note",
      "print",
      "error",
    ]);
    expect(one(el, "time").getAttribute("datetime")).toBe(AT.toISOString());
  });

  it("takes everything from elsewhere for text", () => {
    const el = view(
      entry("in", "<b>x</b>\u202e", ["<img src=x>", { "<i>": "\u0000" }]),
      entry("print", "p", ["<script>\u0007</script>"]),
    );
    expect(el.querySelector("ol img, ol i, ol script, ol b b")).toBeNull();
    expect(texts(el, "li b")).toEqual(["<b>x</b>\\u202e", "p"]);
    expect(said(one(el, ".nbs-said"))).toBe("<script>\\u0007</script>");
  });

  it("cuts long names and long prints, and says how long they were", () => {
    const el = view(entry("print", "e".repeat(101), ["x".repeat(3000)]));
    expect(said(one(el, "li b"))).toBe(`${"e".repeat(100)}… (101 characters)`);
    expect(said(one(el, ".nbs-said"))).toMatch(/^x{2000}… \(3000 characters\)$/);
  });

  it("shows the latest 150 rows, and says how many are not shown", () => {
    const el = view(...ticks(150));
    expect(el.querySelector(".nbs-left-out")).toBeNull();
    add(...ticks(1050));
    expect(rows(el)).toHaveLength(150);
    expect(names(el).at(-1)).toBe("e1049");
    expect(said(one(el, ".nbs-left-out"))).toBe(
      "1,050 earlier rows are not shown (Save includes them).",
    );
  });

  it("says how many rows were dropped", () => {
    const el = view(...ticks(30_001));
    expect(one(el, ".nbs-left-out").dataset).toMatchObject({ hidden: "19850", dropped: "10001" });
    expect(said(one(el, ".nbs-left-out"))).toContain("10,001 rows were dropped from the log.");
  });

  it("is cleared by its button", () => {
    const clear = vi.spyOn(connection, "clear");
    click(action(view(...ticks(1)), "clear"));
    expect(clear).toHaveBeenCalledTimes(1);
  });

  it("follows the newest row, unless it rests", () => {
    const el = view(...ticks(3));
    const list = one(el, "ol");
    vi.spyOn(list, "scrollHeight", "get").mockReturnValue(500);
    add(...ticks(1));
    expect(list.scrollTop).toBe(500);
    click(action(el, "pause"));
    list.scrollTop = 10;
    add(...ticks(1));
    expect(list.scrollTop).toBe(10);
  });
});

describe("the filter", () => {
  it("finds names and values, whatever their case", () => {
    const el = view(
      entry("in", "Move", [{ x: 1 }]),
      entry("out", "say", ["MOVED"]),
      entry("in", "stop"),
    );
    type(field(el, "filter"), " move ");
    expect(names(el)).toEqual(["Move", "say"]);
    type(field(el, "filter"), '{"x":');
    expect(names(el)).toEqual(["Move"]);
    type(field(el, "filter"), "(");
    expect(texts(el, "li")).toEqual(["Nothing matches the filter."]);
    type(field(el, "filter"), "");
    expect(names(el)).toHaveLength(3);
  });

  it("counts what matches and is not shown", () => {
    const el = view(...ticks(400));
    type(field(el, "filter"), "e");
    expect(rows(el)).toHaveLength(150);
    expect(one(el, ".nbs-left-out").dataset.hidden).toBe("250");
    type(field(el, "filter"), "e399");
    expect(names(el)).toEqual(["e399"]);
    expect(el.querySelector(".nbs-left-out")).toBeNull();
  });

  it("keeps its keys from the notebook", () => {
    const heard = vi.fn();
    document.addEventListener("keydown", heard);
    press(field(view(), "filter"), "d");
    document.removeEventListener("keydown", heard);
    expect(heard).not.toHaveBeenCalled();
  });
});

describe("a log that rests", () => {
  it("shows what was there, and counts what came since", () => {
    const el = view(...ticks(2));
    const pause = action(el, "pause");
    click(pause);
    add(entry("in", "new"), entry("in", "newer"));
    expect(names(el)).toEqual(["e0", "e1"]);
    expect([said(pause), pause.getAttribute("aria-pressed")]).toEqual(["Resume (2 new)", "true"]);
    click(pause);
    expect(names(el)).toEqual(["e0", "e1", "new", "newer"]);
    expect(said(pause)).toBe("Pause");
  });

  it("that was empty stays so", () => {
    const el = view();
    click(action(el, "pause"));
    add(entry("in", "new"));
    expect(texts(el, "li")).toEqual(["No events yet. Emit one above, or from a cell."]);
    expect(said(action(el, "pause"))).toBe("Resume (1 new)");
  });
});

describe("an acknowledgement", () => {
  it.each<[AckState, string]>([
    [{ state: "waiting" }, "… waiting for the acknowledgement"],
    [{ state: "failed" }, "no acknowledgement: no handler answered, see below"],
    [{ state: "none", after_ms: 10_003 }, "no acknowledgement in 10 s"],
    [{ state: "answered", args: [], after_ms: 1.234 }, "acknowledged: (nothing) after 1.2 ms"],
    [
      { state: "answered", args: ["<b>", [1]], after_ms: 20 },
      'acknowledged: "<b>", [1] after 20.0 ms',
    ],
  ])("%o is told", (ack, words) => {
    const el = view(entry("out", "ask", [], { ack }));
    expect(said(one(el, ".nbs-ack"))).toBe(words);
    expect(one(el, "ol > li").dataset.ack).toBe(ack.state);
  });

  it("appears in its row when it comes", () => {
    const asked = entry("out", "ask", [], { ack: { state: "waiting" } as AckState });
    const el = view(asked);
    asked.ack = { state: "answered", args: [1], after_ms: 5 };
    draw();
    expect(said(one(el, ".nbs-ack"))).toBe("acknowledged: 1 after 5.0 ms");
  });

  it("is not what is said of an event that is kept until there is a connection", () => {
    const el = view(entry("out", "say", [], { kept: true }));
    expect(said(one(el, "em"))).toBe("kept until there is a connection");
    expect(el.querySelector(".nbs-ack")).toBeNull();
  });
});

describe("a question of the server", () => {
  function asked() {
    const answer = vi.fn();
    const el = view(entry("in", "ask", [1], { answer }));
    return { el, answer, form: one(el, "form"), input: field(el, "answer") };
  }

  it("is answered with a value", () => {
    const { el, answer, form, input } = asked();
    type(input, ' {"ok": true} ');
    submit(form);
    expect(answer.mock.calls).toEqual([[{ ok: true }]]);
    draw();
    expect(el.querySelector("form")).toBeNull();
    expect(said(one(el, ".nbs-ack"))).toBe('answered: {"ok":true}');
  });

  it("is answered with nothing where nothing is typed", () => {
    const { answer, form, input } = asked();
    type(input, "   ");
    submit(form);
    expect(answer.mock.calls).toEqual([[]]);
  });

  it("is not answered with what is not JSON, and the problem is told", () => {
    const { el, answer, form, input } = asked();
    type(input, "yes");
    expect(said(one(el, ".nbs-problem"))).toContain("Text needs double quotes");
    expect(input.getAttribute("aria-invalid")).toBe("true");
    expect(action(el, "answer").disabled).toBe(true);
    submit(form);
    expect(answer).not.toHaveBeenCalled();
    expect(press(input, "x").defaultPrevented).toBe(false);
  });
});

describe("a saved log", () => {
  it("has everything, also what is not shown", async () => {
    const blobs: Blob[] = [];
    vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => {
      blobs.push(blob as Blob);
      return "blob:log";
    });
    const revoke = vi.spyOn(URL, "revokeObjectURL").mockReturnValue();
    const names: string[] = [];
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (
      this: HTMLAnchorElement,
    ) {
      names.push(`${this.download} ${this.href}`);
    });
    const el = view(...ticks(200));
    type(field(el, "filter"), "nothing");
    click(action(el, "save"));
    expect(names).toEqual(["alice_b_-log.json blob:log"]);
    expect(JSON.parse((await blobs[0]?.text()) ?? "")).toHaveLength(200);
    expect(revoke.mock.calls).toEqual([["blob:log"]]);
  });

  it("is JSON, with what became of each question", () => {
    const ack: AckState = { state: "answered", args: [1], after_ms: 2 };
    const text = exported([
      entry("out", "ask", ["\u202e", null], { ack }),
      entry("note", "connected"),
    ]);
    expect(JSON.parse(text)).toEqual([
      {
        at: AT.toISOString(),
        direction: "out",
        event: "ask",
        args: ["\u202e", null],
        acknowledgement: ack,
      },
      { at: AT.toISOString(), direction: "note", event: "connected", args: [] },
    ]);
  });

  it("says that a value was bytes", () => {
    const text = exported([entry("in", "file", [Uint8Array.of(1, 2, 3).buffer])]);
    expect(JSON.parse(text)[0].args[0]).not.toEqual({});
  });
});
