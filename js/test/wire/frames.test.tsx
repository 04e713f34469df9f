// The packets as a table: what stands in a row, what the filters leave.

import { type Signal, signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Feed } from "../../src/wire/feed";
import { CROSSED, EVERYTHING, type Filter, Frames } from "../../src/wire/frames";
import type { Packet } from "../../src/wire/store";
import {
  all,
  change,
  check,
  click,
  field,
  mount,
  now,
  one,
  press,
  said,
  texts,
  type,
  unmountAll,
} from "../support/page";
import { client, http, packets, tell } from "../support/wire";

let feed: Feed;
let filter: Signal<Filter>;
const choose = vi.fn<(packet: Packet | undefined) => void>();

function table(more: { pausedAt?: number; chosen?: Packet } = {}): HTMLElement {
  const { pausedAt, chosen } = more;
  return mount(
    <Frames feed={feed} pausedAt={pausedAt} chosen={chosen} choose={choose} filter={filter} />,
  );
}

const cells = (row: HTMLElement) => [...row.children].map(said);
const rows = (el: HTMLElement) => all(el, "tbody tr");
const contents = (el: HTMLElement) => texts(el, "tbody tr td:last-child");

beforeEach(() => {
  feed = new Feed("http://h/", "chat", (pane) => pane);
  feed.store.begin(0, [client(1), client(2, { pane: "alice\u202e" })]);
  filter = signal(EVERYTHING);
  choose.mockReset();
});

afterEach(unmountAll);

describe("a row", () => {
  it("of a packet has its client, direction, size, kind and content", () => {
    tell(
      feed.store,
      { text: '42/a,7["say",{"a":1}]', size: 12345 },
      { direction: "out", text: '430["<b>"]', transport: "polling", session: 2 },
    );
    const [say, answer] = rows(table());
    if (!say || !answer) throw new Error("rows are missing");
    expect(cells(say).slice(1)).toEqual([
      "client 1",
      "→to the server",
      "12,345",
      "EVENT",
      'say #7 {"a":1}',
    ]);
    expect(cells(answer).slice(1)).toEqual([
      "alice\\u202e",
      "←to the client",
      "10",
      "ACK polling",
      '#0 ["<b>"]',
    ]);
    expect([say.dataset.kind, say.dataset.event, answer.dataset.kind]).toEqual([
      "in",
      "say",
      "out",
    ]);
    expect(answer.querySelector("td:last-child b")).toBeNull();
  });

  it("of a packet of Engine.IO has its type, and all its text where nothing else is in it", () => {
    tell(feed.store, { text: "3probe" }, { text: "", transport: "polling" });
    expect(rows(table()).map((row) => cells(row).slice(4))).toEqual([
      ["pong", "probe"],
      ["not a packet polling", ""],
    ]);
  });

  it("that crossed others says how many", () => {
    tell(
      feed.store,
      { at: 1000, kernelAt: 1020 },
      { direction: "out", at: 1010, kernelAt: 1005 },
      { direction: "out", at: 1012, kernelAt: 1006 },
    );
    expect(texts(table(), ".nbs-crossed")).toEqual(["◆", "◆", "◆"]);
    expect(all(table(), ".nbs-crossed").map((mark) => mark.title)).toContain(
      "It crossed 2 on its way",
    );
  });

  it("of a request has its headers behind it, all as text", () => {
    feed.store.batch(
      [
        http({ status: 101, url: "/x?<i>", headers: { Upgrade: "websocket", "X-<b>": "\u0007" } }),
        http({ method: "POST", status: 400, url: `/${"y".repeat(400)}` }),
      ],
      0,
    );
    const el = table();
    expect(texts(el, "summary")).toEqual([
      "GET /x?<i> – the connection becomes a WebSocket",
      `POST /${"y".repeat(299)}… (401 characters)`,
    ]);
    expect(texts(el, "li")).toEqual(["Upgrade: websocket", "X-<b>: \\u0007"]);
    expect(texts(el, "td:nth-child(5)")).toEqual(["HTTP 101", "HTTP 400"]);
    expect(rows(el)[0]?.dataset.kind).toBe("http");
  });

  it("of a coming or a going is a note", () => {
    feed.store.batch([{ type: "went", at: 1, session: 2, reason: "gone" }], 0);
    const [row] = rows(table());
    expect(row?.dataset.kind).toBe("note");
    expect(row && cells(row).slice(1)).toEqual([
      "alice\\u202e",
      "•",
      "",
      "",
      "alice\\u202e left: gone",
    ]);
  });

  it("is chosen by a click, and let go by another", () => {
    tell(feed.store, {}, {});
    const [first, second] = packets(feed.store);
    const el = table(first ? { chosen: first } : {});
    expect(rows(el).map((row) => row.getAttribute("aria-selected"))).toEqual(["true", "false"]);
    for (const button of all<HTMLButtonElement>(el, "tbody button")) click(button);
    expect(choose.mock.calls).toEqual([[undefined], [second]]);
  });
});

describe("the table", () => {
  it("says that nothing went over the wire yet", () => {
    expect(said(one(table(), ".nbs-empty"))).toBe("Nothing has gone over the wire yet.");
  });

  it("has the latest 120 rows, and says how many are not shown", () => {
    tell(feed.store, ...Array.from({ length: 1200 }, (_, n) => ({ text: `42["e${n}"]` })));
    const el = table();
    expect(rows(el)).toHaveLength(120);
    expect(rows(el).at(-1)?.dataset.event).toBe("e1199");
    expect(said(one(el, ".nbs-left-out"))).toBe(
      "1,080 earlier rows are not shown (Save includes them).",
    );
  });

  it("says how many rows were dropped", () => {
    feed.store.batch(
      Array.from({ length: 30_001 }, () => http()),
      0,
    );
    expect(said(one(table(), ".nbs-left-out"))).toContain("10,001 rows were dropped.");
  });

  it("rests at a time, and follows the newest row else", () => {
    tell(feed.store, { at: 1000 }, { at: 2000 });
    expect(rows(table({ pausedAt: 1500 }))).toHaveLength(1);
    expect(rows(table({ pausedAt: 2000 }))).toHaveLength(2);
    const scrolled = vi.spyOn(HTMLElement.prototype, "scrollHeight", "get").mockReturnValue(500);
    expect(one(table(), ".nbs-table").scrollTop).toBe(500);
    expect(one(table({ pausedAt: 2000 }), ".nbs-table").scrollTop).toBe(0);
    scrolled.mockRestore();
  });
});

describe("the filters", () => {
  beforeEach(() => {
    tell(
      feed.store,
      { text: '42["Say",1]' },
      { direction: "out", text: '430["ok"]' },
      { text: "40/b", session: 2 },
      { direction: "out", text: "2", index: 0 },
      { text: "3", index: 0 },
      { text: "3probe", index: 0 },
    );
    feed.store.batch([http(), { type: "went", at: 1, session: 2, reason: "gone" }], 6);
  });

  it("leave out heartbeats, and count them", () => {
    const el = table();
    expect(contents(el)).toHaveLength(6);
    expect(said(one(el, ".nbs-check"))).toBe("Heartbeats (2)");
    check(field(el, "pings"), true);
    expect(contents(el)).toHaveLength(8);
    expect(said(one(el, ".nbs-check"))).toBe("Heartbeats");
  });

  it.each([
    [" say ", ["Say 1"]],
    ["ack", ['#0 ["ok"]']],
    ["client 1", ["Say 1", '#0 ["ok"]', "probe"]],
    ["alice", ["40/b", "alice\\u202e left: gone"]],
    ["socket.io", ["GET /nbsocket/chat/socket.io/?EIO=4"]],
    ['["say', ["Say 1"]],
    ["(", []],
  ])("find “%s”", (text, found) => {
    const el = table();
    type(field(el, "wire-filter"), text);
    expect(contents(el)).toEqual(found);
    if (found.length === 0) expect(said(one(el, ".nbs-empty"))).toBe("Nothing matches.");
  });

  it.each([
    ["direction", "in", ["Say 1", "40/b", "probe"]],
    ["direction", "out", ['#0 ["ok"]']],
    ["kind", "EVENT", ["Say 1"]],
    ["kind", "CONNECT", ["40/b"]],
    ["kind", "http", ["GET /nbsocket/chat/socket.io/?EIO=4"]],
    ["kind", "attachment", []],
    ["client", "2", ["40/b", "alice\\u202e left: gone"]],
  ])("leave by %s “%s” what fits", (name, value, found) => {
    const el = table();
    change(field(el, name), value);
    expect(contents(el)).toEqual(found);
    change(field(el, name), "");
    expect(contents(el)).toHaveLength(6);
  });

  it("count together", () => {
    const el = table();
    change(field(el, "direction"), "in");
    change(field(el, "client"), "1");
    type(field(el, "wire-filter"), "probe");
    expect(contents(el)).toEqual(["probe"]);
    expect(filter.value).toEqual({
      ...EVERYTHING,
      direction: "in",
      client: "1",
      text: "probe",
    });
  });

  it("name all clients, as text", () => {
    expect(texts(table(), '[data-field="client"] option')).toEqual([
      "all clients",
      "client 1",
      "alice\\u202e",
    ]);
  });

  it("keep their keys from the notebook", () => {
    const heard = vi.fn();
    document.addEventListener("keydown", heard);
    const el = table();
    press(field(el, "wire-filter"), "d");
    press(field(el, "kind"), "d");
    document.removeEventListener("keydown", heard);
    expect(heard).not.toHaveBeenCalled();
  });
});

describe("crossings", () => {
  it("stand in the order of their packets, whichever was found first", () => {
    const up = { at: 1000, kernelAt: 1100, text: '42["up"]' };
    const down = { direction: "out" as const, at: 1050, kernelAt: 1020, text: '42["down"]' };
    tell(feed.store, up, { text: '42["alone"]', at: 5000, kernelAt: 5001 }, down);
    const el = table();
    now(() => {
      filter.value = { ...EVERYTHING, kind: CROSSED };
    });
    expect(rows(el).map((row) => row.dataset.event)).toEqual(["up", "down"]);
  });
});
