// A byte stream in messages that get lost, doubled and mixed up: all bytes arrive, once and in order.

import { describe, expect, it } from "vitest";
import { ByteStream, type Segment } from "../../src/shared/bytestream";
import { random } from "../../src/shared/weather";

const bytes = (text: string) => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
const textOf = (data: Uint8Array) => new TextDecoder().decode(data);

describe("a byte stream", () => {
  it("goes both ways and is acknowledged", () => {
    const [page, kernel] = [new ByteStream(), new ByteStream()];
    page.write(bytes("hello"));
    expect([page.hasMore, page.inFlight, page.written]).toEqual([true, 0, 5]);
    expect(textOf(kernel.receive(page.segment()))).toBe("hello");
    expect([page.hasMore, page.inFlight, page.acked]).toEqual([false, 5, 0]);
    kernel.read(5);
    expect(kernel.owes).toBe(5);
    kernel.write(bytes("world"));
    expect(textOf(page.receive(kernel.segment()))).toBe("world");
    expect([page.inFlight, page.acked, kernel.owes]).toEqual([0, 5, 0]);
  });

  it("sends no more than there is room for, until it is read", () => {
    const [page, kernel] = [new ByteStream(10), new ByteStream(10)];
    page.write(bytes("x".repeat(25)));
    expect(kernel.receive(page.segment())).toHaveLength(10);
    expect(page.hasMore).toBe(false);
    expect(page.segment().data).toHaveLength(0);
    kernel.read(4);
    page.receive(kernel.segment());
    expect(kernel.receive(page.segment())).toHaveLength(4);
  });

  it("sends again what is missing", () => {
    const [page, kernel] = [new ByteStream(), new ByteStream()];
    page.write(bytes("lost"));
    page.segment();
    page.write(bytes("late"));
    expect(kernel.receive(page.segment())).toHaveLength(0);
    expect(kernel.mustAnswer).toBe(true);
    page.receive(kernel.segment());
    expect(kernel.mustAnswer).toBe(false);
    expect(textOf(kernel.receive(page.segment()))).toBe("lostlate");
  });

  it("tells who sends again what has arrived that it has", () => {
    const [page, kernel] = [new ByteStream(), new ByteStream()];
    page.write(bytes("hello"));
    kernel.receive(page.segment());
    kernel.segment();
    expect(kernel.mustAnswer).toBe(false);
    page.again();
    expect(kernel.receive(page.segment())).toHaveLength(0);
    expect(kernel.mustAnswer).toBe(true);
    page.receive(kernel.segment());
    expect([page.inFlight, kernel.mustAnswer]).toEqual([0, false]);
  });

  it("asks for what came without its bytes", () => {
    const [page, kernel] = [new ByteStream(), new ByteStream()];
    page.write(bytes("hello"));
    kernel.receive({ ...page.segment(), data: new Uint8Array(0) });
    kernel.miss();
    page.receive(kernel.segment());
    expect(textOf(kernel.receive(page.segment()))).toBe("hello");
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])("loses, doubles and disorders nothing (%i)", (seed) => {
    const chance = random(seed);
    const ends = [new ByteStream(150), new ByteStream(150)] as const;
    const sent = ["", ""];
    const got = ["", ""];
    const underWay: Segment[][] = [[], []];
    const take = (one: 0 | 1, segment: Segment) => {
      const fresh = ends[1 - one]?.receive(segment) ?? new Uint8Array(0);
      got[1 - one] += textOf(fresh);
      ends[1 - one]?.read(fresh.length);
    };
    for (let step = 0; step < 400; step += 1) {
      const one = (step % 2) as 0 | 1;
      const text = `${step}.`.repeat(Math.floor(chance() * 8));
      sent[one] += text;
      ends[one].write(bytes(text));
      if (step % 20 === one) ends[one].again();
      if (chance() > 0.3) underWay[one]?.push(ends[one].segment());
      if (chance() < 0.1) underWay[one]?.push(...(underWay[one]?.slice(-1) ?? []));
      if (chance() < 0.1) underWay[one]?.reverse();
      while (underWay[one]?.length && chance() < 0.8) take(one, underWay[one].shift() as Segment);
    }
    for (let round = 0; round < 500; round += 1) {
      for (const one of [0, 1] as const) {
        ends[one].again();
        take(one, ends[one].segment());
      }
    }
    expect(got).toEqual([sent[1], sent[0]]);
  });
});
