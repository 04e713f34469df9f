// Frames of a WebSocket that travels in something else: of every length, however they are cut.

import { describe, expect, it } from "vitest";
import { BINARY, CLOSE, clientFrame, FrameReader, TEXT } from "../../src/shared/frames";

/** As a server writes it: not masked. */
function serverFrame(opcode: number, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = clientFrame(body);
  const headBytes = frame.length - body.length - 4;
  const made = new Uint8Array(frame.length - 4);
  made.set(frame.subarray(0, headBytes));
  made.set(body, headBytes);
  made[0] = 0x80 | opcode;
  made[1] = (made[1] as number) & 0x7f;
  return made;
}

const LENGTHS = [0, 1, 125, 126, 127, 65_535, 65_536, 70_000];

describe("a client's frame", () => {
  it("is a whole text, masked with zeros", () => {
    expect([...clientFrame("é")]).toEqual([0x81, 0x82, 0, 0, 0, 0, 0xc3, 0xa9]);
  });

  it.each(LENGTHS)("says that it has %i bytes", (length) => {
    const frame = clientFrame(new Uint8Array(length));
    const view = new DataView(frame.buffer);
    const short = view.getUint8(1) & 0x7f;
    const said =
      short === 126 ? view.getUint16(2) : short === 127 ? Number(view.getBigUint64(2)) : short;
    expect([frame[0], said]).toEqual([0x82, length]);
    expect(frame.length).toBe(length + 6 + (length > 65_535 ? 8 : length > 125 ? 2 : 0));
  });
});

describe("a server's frames", () => {
  it.each([1, 3, 1000, 1_000_000])("are read in pieces of %i bytes", (piece) => {
    const sizes = piece === 1 ? [0, 1, 125, 126, 300] : LENGTHS;
    const bodies = sizes.map((length) => new Uint8Array(length).map((_, index) => index % 251));
    const frames = bodies.map((body, index) => serverFrame(index % 2 ? TEXT : BINARY, body));
    const all = new Uint8Array(frames.reduce((sum, frame) => sum + frame.length, 0));
    let at = 0;
    for (const frame of frames) {
      all.set(frame, at);
      at += frame.length;
    }
    const reader = new FrameReader();
    const read = [];
    for (let from = 0; from < all.length; from += piece) {
      read.push(...reader.receive(all.slice(from, from + piece)));
    }
    expect(read.map(({ opcode }) => opcode)).toEqual(
      bodies.map((_, index) => (index % 2 ? TEXT : BINARY)),
    );
    expect(read.map(({ body }) => [...body])).toEqual(bodies.map((body) => [...body]));
  });

  it("may say that it is the end", () => {
    const [frame] = new FrameReader().receive(serverFrame(CLOSE, new Uint8Array([3, 232])));
    expect([frame?.opcode, ...(frame?.body ?? [])]).toEqual([CLOSE, 3, 232]);
  });
});
