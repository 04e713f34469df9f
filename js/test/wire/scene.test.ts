// @vitest-environment node
// The ladder as geometry.

import { describe, expect, it } from "vitest";
import { HEAD, nearest, type Scene, scene } from "../../src/wire/scene";
import { Store } from "../../src/wire/store";
import { client, filled, kernelItem, packets, type Told } from "../support/wire";

const VIEW = { width: 600, height: HEAD + 100, from: 1000, to: 1100 };

const up = (at: number, kernelAt: number, more: Told = {}): Told => ({ at, kernelAt, ...more });
const down = (at: number, kernelAt: number, more: Told = {}): Told => ({
  direction: "out",
  at,
  kernelAt,
  ...more,
});
const labels = (found: Scene) => found.lanes.map((lane) => lane.label);

describe("lanes", () => {
  it("are the server's and the kernel's alone while nobody is here", () => {
    const found = scene(new Store(), VIEW);
    expect(found.lanes.map(({ key, x }) => [key, x])).toEqual([
      ["server", 150],
      ["kernel", 450],
    ]);
    expect([found.arrows, found.bands, found.bars, found.crossings]).toEqual([[], [], [], []]);
  });

  it("are, evenly, one for each client that is here or was seen", () => {
    const store = new Store();
    store.begin(0, [client(1), client(2)]);
    const found = scene(store, VIEW);
    expect(labels(found)).toEqual(["client 1", "client 2", "server", "kernel"]);
    expect(found.lanes.map((lane) => lane.x)).toEqual([75, 225, 375, 525]);
  });

  it("are not for who is gone and sent nothing here", () => {
    const store = filled(up(1010, 1020), up(5000, 5001, { session: 2 }));
    store.begin(0, []);
    expect(labels(scene(store, VIEW))).toEqual(["client 1", "server", "kernel"]);
  });

  it("are shared where clients are too many", () => {
    const many = Array.from({ length: 9 }, (_, index) => up(1010, 1020, { session: index + 1 }));
    const found = scene(filled(...many), VIEW);
    expect(labels(found)).toEqual([
      ...[1, 2, 3, 4, 5].map((session) => `client ${session}`),
      "4 others",
      "server",
      "kernel",
    ]);
    const others = found.lanes[5]?.x;
    expect(found.arrows.filter((arrow) => arrow.x1 === others)).toHaveLength(4);
    const six = scene(filled(...many.slice(0, 6)), VIEW);
    expect(labels(six)).toHaveLength(8);
    expect(labels(six)[5]).toBe("client 6");
  });
});

describe("arrows", () => {
  it("go from the client by the server to the kernel, and back", () => {
    const found = scene(filled(up(1020, 1050), down(1090, 1080)), VIEW);
    const [lane, server, kernel] = found.lanes.map((one) => one.x);
    expect(found.arrows.map(({ x1, y1, x2, y2, isExact }) => [x1, y1, x2, y2, isExact])).toEqual([
      [lane, HEAD + 20, server, HEAD + 20, false],
      [server, HEAD + 20, kernel, HEAD + 50, true],
      [server, HEAD + 90, lane, HEAD + 90, false],
      [kernel, HEAD + 80, server, HEAD + 90, true],
    ]);
  });

  it("are exact where the client's own time is known", () => {
    const store = filled(up(1020, 1030));
    const [packet] = packets(store);
    if (packet) packet.clientAt = 1005;
    const [first] = scene(store, VIEW).arrows;
    expect([first?.y1, first?.y2, first?.isExact]).toEqual([HEAD + 5, HEAD + 20, true]);
  });

  it("end at the server while the kernel has not told", () => {
    expect(scene(filled({ at: 1010 }), VIEW).arrows).toHaveLength(1);
  });

  it("are those of the window: what ends in it, begins in it, or lasts longer than it", () => {
    const inside = (...told: Told[]) => scene(filled(...told), VIEW).packets;
    expect(inside(up(990, 1001))).toBe(1);
    expect(inside(up(1099, 1200))).toBe(1);
    expect(inside(up(990, 1200))).toBe(1);
    expect(inside(up(980, 999))).toBe(0);
    expect(inside(up(1101, 1102))).toBe(0);
    expect(inside({ at: 1050, text: "3", index: 0 })).toBe(0);
  });
});

describe("bars", () => {
  it("are handlers and cells, these below; what runs still has no end", () => {
    const store = filled();
    store.batch(
      [
        kernelItem({
          ran: [[1, "say", 1020, 1030]],
          cells: [
            [1, 900, 1010],
            [2, 1040, 0],
            [3, 800, 900],
            [4, 1200, 1300],
          ],
        }),
      ],
      0,
    );
    const { bars } = scene(store, VIEW);
    expect(bars.map(({ run, y1, y2 }) => [run.isCell, y1 - HEAD, y2 - HEAD])).toEqual([
      [true, 40, 100],
      [true, 0, 10],
      [false, 20, 30],
    ]);
    for (const bar of bars)
      expect(bar.x + bar.width / 2).toBeCloseTo(scene(store, VIEW).lanes[2]?.x ?? 0);
    expect((bars[2]?.width ?? 0) < (bars[0]?.width ?? 0)).toBe(true);
  });

  it("are the latest 1500 where they are more", () => {
    const store = filled();
    const cells = Array.from({ length: 1600 }, (_, index): [number, number, number] => [
      index,
      1000 + index / 100,
      1001 + index / 100,
    ]);
    store.batch([kernelItem({ cells })], 0);
    const { bars } = scene(store, VIEW);
    expect(bars).toHaveLength(1500);
    expect(Math.min(...bars.map((bar) => bar.run.begin))).toBeCloseTo(1001);
  });
});

describe("crossings", () => {
  it("are marked no more than a thousand times", () => {
    const ups = Array.from({ length: 40 }, () => up(1000, 1090));
    const downs = Array.from({ length: 40 }, () => down(1060, 1050));
    const store = filled(...ups, ...downs);
    expect(store.crossings).toBe(1600);
    expect(scene(store, VIEW).crossings).toHaveLength(1000);
  });

  it("of different clients are none", () => {
    const store = filled(
      up(1000, 1050),
      down(1040, 1030),
      up(1000, 1050, { session: 2 }),
      down(1040, 1030, { session: 2 }),
    );
    expect(scene(store, VIEW).crossings).toHaveLength(2);
  });
});

describe("the packet under a point", () => {
  const store = filled(up(1020, 1020), up(1080, 1080));
  const found = scene(store, VIEW);
  const [first, second] = packets(store);
  const x = ((found.lanes[0]?.x ?? 0) + (found.lanes[1]?.x ?? 0)) / 2;

  it("is the nearest one, if one is near", () => {
    expect(nearest(found, x, HEAD + 22)).toBe(first);
    expect(nearest(found, x, HEAD + 77)).toBe(second);
    expect(nearest(found, x, HEAD + 50)).toBeUndefined();
  });

  it("is not one whose line only leads there", () => {
    expect(nearest(found, 0, HEAD + 20)).toBeUndefined();
    expect(nearest(found, (found.lanes[0]?.x ?? 0) - 5, HEAD + 20)).toBe(first);
  });

  it("of a band is the one that would be there", () => {
    const many = Array.from({ length: 20 }, (_, index) => ({
      at: 1010 + index / 4,
      index: index + 1,
    }));
    const banded = scene(filled(...many), { ...VIEW, height: HEAD + 400 });
    const [band] = banded.bands;
    if (!band) throw new Error("no band");
    const middle = (band.x1 + band.x2) / 2;
    const indexes = [band.from[0], band.from[1]].map((y) => nearest(banded, middle, y)?.index);
    expect(indexes).toEqual([band.packets[0]?.index, band.packets.at(-1)?.index]);
    expect(nearest(banded, middle, band.from[1] + 50)).toBeUndefined();
    expect(nearest(banded, band.x1 - 50, band.from[0])).toBeUndefined();
  });
});
