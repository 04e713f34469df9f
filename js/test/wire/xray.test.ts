// @vitest-environment node
// Every byte of one message, explained; wire.test.ts tries random ones.

import { describe, expect, it } from "vitest";
import { contentOf, dissect } from "../../src/wire/xray";
import { frame } from "../support/wire";

const bytes = (text: string) => new TextEncoder().encode(text);
const polling = (text: string) => dissect(bytes(text), "polling");
const parts = (fields: ReturnType<typeof dissect>) =>
  fields.map(({ start, end, kind, label }) => [start, end, kind, label]);
const joined = (...all: Uint8Array[]) => Uint8Array.from(all.flatMap((one) => [...one]));

describe("the parts of a packet", () => {
  it("are its types, its namespace, its number, and JSON", () => {
    expect(parts(polling('42/admin,13["bar"]'))).toEqual([
      [0, 1, "engine", "Engine.IO 4: message"],
      [1, 2, "socket", "Socket.IO 2: EVENT"],
      [2, 9, "namespace", "namespace"],
      [9, 11, "ack", "acknowledgement id"],
      [11, 18, "json", "JSON"],
    ]);
  });

  it("are its attachments, too, where it has any", () => {
    expect(parts(polling('461-15["b"]')).map(([, , kind]) => kind)).toEqual([
      "engine",
      "socket",
      "attachments",
      "ack",
      "json",
    ]);
    expect(polling("461-15[]").find((field) => field.kind === "ack")?.text).toContain("answers");
    expect(polling("4215[]").find((field) => field.kind === "ack")?.text).toContain(
      "wants an answer",
    );
  });

  it("take digits of an event without attachments for its number", () => {
    expect(parts(polling("421-[]")).map(([, , kind]) => kind)).toEqual([
      "engine",
      "socket",
      "ack",
      "json",
    ]);
  });

  it.each([
    ["40{}", "what is exchanged when connecting"],
    ["42[]", "the event's name"],
    ["43[]", "array: the arguments of the answer"],
    ["0{}", "the session's id"],
    ["2probe", "“probe” asks"],
  ])("of %s say: %s", (text, words) => {
    expect(polling(text).at(-1)?.text.toLowerCase()).toContain(words);
  });

  it.each([
    ["9", "It does not begin with an Engine.IO type"],
    ["/", "It does not begin with an Engine.IO type"],
    ["\u0000", "It does not begin with an Engine.IO type"],
    ["47", "It does not begin with a Socket.IO type"],
    ["4/", "It does not begin with a Socket.IO type"],
  ])("of %j are none: the server closes who sends it", (text, words) => {
    expect(polling(text).at(-1)).toMatchObject({ label: "not a packet" });
    expect(polling(text).at(-1)?.text).toContain(words);
  });

  it("of nothing are none", () => {
    expect(polling("")).toEqual([]);
    expect(dissect(new Uint8Array(), "websocket")).toEqual([]);
  });

  it("of a namespace without an end reach to the end", () => {
    expect(parts(polling("40/admin")).at(-1)).toEqual([2, 8, "namespace", "namespace"]);
  });
});

describe("a WebSocket's frame", () => {
  it("is explained bit by bit", () => {
    const [first, second] = dissect(frame("2", 1, false), "websocket");
    expect(first?.text).toBe(
      "Bits 00000001: FIN is 0 (another frame follows), the reserved bits are 000, the opcode is 1 (text).",
    );
    expect(second?.text).toBe(
      "Bits 00000001: MASK is 0 (from a server, so not masked), and the content has 1 bytes.",
    );
    expect(dissect(Uint8Array.of(0x83, 0), "websocket")[0]).toMatchObject({
      label: "opcode 3 frame",
    });
  });

  it("says its length in two or eight bytes where it is long", () => {
    const long = (head: number[], length: number) =>
      dissect(Uint8Array.from([0x82, ...head, ...new Uint8Array(length)]), "websocket");
    const two = long([126, 1, 0], 256);
    expect(two[1]?.text).toContain("126 says that the length is in the next 2 bytes.");
    expect(two[2]).toMatchObject({ start: 2, end: 4, text: expect.stringContaining("256 bytes") });
    expect(two[3]).toMatchObject({ start: 4, end: 260, kind: "binary" });
    const eight = long([127, 0, 0, 0, 0, 0, 1, 17, 112], 5);
    expect(eight[2]).toMatchObject({ start: 2, end: 10 });
    expect(eight[2]?.text).toContain("70,000 bytes");
  });

  it("that was cut anywhere is explained as far as it goes", () => {
    const whole = Uint8Array.from([
      0x81,
      0x80 | 126,
      0,
      4,
      9,
      9,
      9,
      9,
      0x34 ^ 9,
      0x32 ^ 9,
      0x5b ^ 9,
      0x5d ^ 9,
    ]);
    for (let length = 0; length <= whole.length; length += 1) {
      const fields = dissect(whole.subarray(0, length), "websocket", whole.length);
      const covered = fields.reduce((sum, { start, end }) => sum + end - start, 0);
      expect(covered).toBe(length);
      expect(fields.filter(({ kind }) => kind === "cut")).toHaveLength(
        length < whole.length ? 1 : 0,
      );
    }
  });

  it("of control has no packet", () => {
    const close = dissect(frame(Uint8Array.of(3, 0xe8, 98, 121, 101), 8), "websocket");
    expect(parts(close).slice(2)).toEqual([
      [2, 4, "control", "close code"],
      [4, 7, "control", "reason"],
    ]);
    expect(close[2]?.text).toBe("1000: why the connection is closed.");
    expect(parts(dissect(frame("abc", 9), "websocket")).slice(2)).toEqual([
      [2, 5, "control", "payload"],
    ]);
    expect(dissect(frame("", 10), "websocket")).toHaveLength(2);
  });

  it("with an attachment is binary, and over polling it is Base64", () => {
    expect(parts(dissect(frame(Uint8Array.of(0x34, 1), 2), "websocket")).at(-1)).toEqual([
      2,
      4,
      "binary",
      "attachment",
    ]);
    expect(parts(polling("bAQID"))).toEqual([
      [0, 1, "engine", "b: binary"],
      [1, 5, "binary", "base64"],
    ]);
    expect(polling("b")).toHaveLength(1);
  });

  it("may be one of several: a field goes on behind the next one's head", () => {
    const raw = joined(frame('42["a', 1, false), frame('b"]', 0));
    expect(parts(dissect(raw, "websocket")).filter(([, , kind]) => kind === "json")).toEqual([
      [4, 7, "json", "JSON"],
      [9, 12, "json", "JSON"],
    ]);
    expect(new TextDecoder().decode(contentOf(raw, "websocket").bytes)).toBe('42["ab"]');
  });

  it("is explained also where it is one of more than a thousand", () => {
    const raw = joined(
      frame("", 1, false),
      ...Array.from({ length: 1022 }, () => frame("", 0, false)),
      frame("", 0),
    );
    const covered = dissect(raw, "websocket").reduce((sum, { start, end }) => sum + end - start, 0);
    expect(covered).toBe(raw.length);
  });
});

describe("the content", () => {
  it("of a polling packet is the packet itself", () => {
    const content = contentOf(bytes("42[]"), "polling");
    expect([...content.bytes]).toEqual([...bytes("42[]")]);
    expect(content.at).toEqual([0, 1, 2, 3]);
  });

  it("of a masked frame is unmasked, and knows where each byte stands", () => {
    const mask = [1, 2, 3, 4] as const;
    const masked = [...bytes("42[12]")].map((byte, index) => byte ^ (mask[index % 4] ?? 0));
    const content = contentOf(Uint8Array.of(0x81, 0x86, ...mask, ...masked), "websocket");
    expect(new TextDecoder().decode(content.bytes)).toBe("42[12]");
    expect(content.at).toEqual([6, 7, 8, 9, 10, 11]);
  });
});
