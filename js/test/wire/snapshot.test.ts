// @vitest-environment node
// What a saved notebook keeps of a wire view.

import { describe, expect, it } from "vitest";
import { snapshot } from "../../src/wire/snapshot";
import { Store } from "../../src/wire/store";
import { client, filled, http, kernelItem, tell } from "../support/wire";

interface Picture {
  seen: number;
  left_out: number;
  crossings: number;
  rows: Record<string, unknown>[];
  width: number;
  height: number;
  lanes: { label: string; x: number }[];
  arrows: { direction: string; exact: boolean; line: number[] }[];
  bands: { direction: string; count: number; box: number[] }[];
  bars: { cell: boolean; box: number[] }[];
  marks: number[][];
}

const picture = (store: Store) => snapshot(store) as Picture;
const numbers = ({ lanes, arrows, bands, bars, marks }: Picture) => [
  ...lanes.map(({ x }) => x),
  ...arrows.flatMap(({ line }) => line),
  ...bands.flatMap(({ box }) => box),
  ...bars.flatMap(({ box }) => box),
  ...marks.flat(),
];

describe("a wire's picture", () => {
  it("of nothing has its lanes", () => {
    const found = picture(new Store());
    expect(found).toMatchObject({ seen: 0, left_out: 0, crossings: 0, rows: [], arrows: [] });
    expect(found.lanes.map(({ label }) => label)).toEqual(["server", "kernel"]);
    expect(numbers(found).every(Number.isFinite)).toBe(true);
  });

  it("has rows in words: packets, requests, comings and goings", () => {
    const store = filled({ text: '42["say",1]' }, { direction: "out", text: "2", index: 0 });
    store.batch(
      [http({ status: 101, url: "/x?y" }), { type: "went", at: 1, session: 1, reason: "gone" }],
      5,
    );
    const { rows, seen, left_out } = picture(store);
    expect([seen, left_out]).toEqual([5, 3]);
    expect(rows.map(({ direction, size, kind, text }) => [direction, size, kind, text])).toEqual([
      ["in", 13, "EVENT", "say 1"],
      ["out", 3, "ping", "ping"],
      ["", "", "HTTP 101", "GET /x?y"],
      ["", "", "", "client 1 left: gone"],
    ]);
    expect(rows.every(({ client }) => client === "client 1")).toBe(true);
    expect(rows[0]?.time).toMatch(/^\d\d:\d\d:\d\d\.000$/);
  });

  it("has a ladder that all its packets are within", () => {
    const store = filled(
      { at: 1000, kernelAt: 1050 },
      { direction: "out", at: 1040, kernelAt: 1020 },
    );
    store.batch([kernelItem({ ran: [[1, "say", 1050, 1050]], cells: [[1, 1000, 1020]] })], 2);
    const found = picture(store);
    expect(found.arrows.map(({ direction, exact }) => [direction, exact])).toEqual([
      ["in", false],
      ["in", true],
      ["out", false],
      ["out", true],
    ]);
    for (const { line } of found.arrows) {
      const [x1 = -1, y1 = -1, x2 = -1, y2 = -1] = line;
      for (const x of [x1, x2]) expect(x > 0 && x < found.width).toBe(true);
      for (const y of [y1, y2]) expect(y > 0 && y < found.height).toBe(true);
    }
    expect(found.bars.map(({ cell }) => cell)).toEqual([true, false]);
    expect(found.bars[1]?.box[3]).toBe(1.5);
    expect(found.marks).toHaveLength(1);
  });

  it("is small, however much there was", () => {
    const store = filled(...Array.from({ length: 3000 }, (_, n) => ({ at: 1000 + n * 10 })));
    tell(store, ...Array.from({ length: 40 }, () => ({ at: 31_000 })));
    store.batch(
      [kernelItem({ cells: Array.from({ length: 500 }, (_, n) => [n, 30_900, 31_000]) })],
      0,
    );
    const found = picture(store);
    expect(found.rows).toHaveLength(60);
    expect(found.bars).toHaveLength(120);
    expect(found.bands.map(({ direction, count }) => [direction, count])).toEqual([["in", 40]]);
    expect(JSON.stringify(found).length).toBeLessThan(60_000);
    expect(numbers(found).every(Number.isFinite)).toBe(true);
  });

  it("has no secret, and cuts what is long", () => {
    const store = new Store((pane) => pane);
    store.begin(0, [client(1, { pane: "n".repeat(100) })]);
    tell(
      store,
      { text: '40{"pin":"hunter2"}' },
      { direction: "out", text: '42["you",{"key":"hunter2"}]' },
      { text: `42["${"x".repeat(110)}"]` },
    );
    store.batch([http({ url: `/${"y".repeat(500)}` })], 4);
    const { rows } = picture(store);
    expect(JSON.stringify(rows)).not.toContain("hunter2");
    expect(rows[0]?.client).toBe(`${"n".repeat(40)}… (100 characters)`);
    expect(rows[3]?.text).toBe(`GET /${"y".repeat(155)}… (505 characters)`);
  });
});
