// @vitest-environment node
// How large an event is on the wire; pure.test.ts has more.

import { describe, expect, it } from "vitest";
import { largestMessage, objection } from "../../src/shared/size";

const event = (...args: unknown[]) => ({ nsp: "/", data: ["e", ...args] });

describe("the largest message", () => {
  it("is the text where the attachments are smaller", () => {
    const text = "x".repeat(1000);
    const packet = event(text, new Uint8Array(10));
    const placeholder = '{"_placeholder":true,"num":0}';
    expect(largestMessage(packet, false)).toBe(`451-["e","${text}",${placeholder}]`.length);
  });

  it("is one attachment, not their sum", () => {
    expect(largestMessage(event(new Uint8Array(500), new Uint8Array(700)), false)).toBe(700);
  });

  it.each([
    [299, 401],
    [300, 401],
    [301, 405],
  ])("of %d bytes by polling is %d", (bytes, size) => {
    expect(largestMessage(event(new Uint8Array(bytes)), true)).toBe(size);
  });

  it("is of a Blob what it holds", () => {
    expect(largestMessage(event(new Blob(["x".repeat(400)])), false)).toBe(400);
  });

  it("is not changed by how it is asked: the packet stays as it is", () => {
    const bytes = new Uint8Array(3);
    const packet = event({ deep: [bytes] });
    largestMessage(packet, true);
    expect(packet).toEqual({ nsp: "/", data: ["e", { deep: [bytes] }] });
  });
});

describe("an objection", () => {
  it.each([
    [0, 0, ""],
    [1_000_000, -1, ""],
    [10, 10, ""],
  ])("to %d bytes of %d there is none", (size, limit, words) => {
    expect(objection(size, limit)).toBe(words);
  });

  it("names both numbers", () => {
    expect(objection(11, 10)).toContain("this is 11 bytes");
    expect(objection(11, 10)).toContain("takes 10 (max_payload)");
  });
});
