// What a saved picture or an export keeps of a packet: nothing that lets somebody in.

import { describe, expect, it } from "vitest";
import { discreet, withoutSecrets } from "../src/wire/discretion";
import type { Packet } from "../src/wire/store";

function packet(direction: "in" | "out", socket: string, text: string, args: string): Packet {
  return { direction, decoded: { socket, text, args } } as unknown as Packet;
}

describe("discreet", () => {
  it.each([
    ['40{"password":"hunter2"}', '{"password":"hunter2"}'],
    [
      '40/admin,{"user":"eve","nested":{"pin":"hunter2"}}',
      '{"user":"eve","nested":{"pin":"hunter2"}}',
    ],
    [
      '40{"any name at all":"hunter2","multi\\nline":"\\u2028hunter2"}',
      '{"any name at all":"hunter2"}',
    ],
  ])("leaves out all that a client says at the door: %s", (text, args) => {
    const kept = discreet(packet("in", "CONNECT", text, args));
    expect(JSON.stringify(kept)).not.toContain("hunter2");
    expect(kept.isCut).toBe(true);
    expect(kept.text.startsWith("40")).toBe(true);
  });

  it("leaves out a class's key, ids of sessions and tickets in what a server says", () => {
    for (const name of ["key", "sid", "pid", "token", "join_token", "KEY"]) {
      const args = `["class:you",{"name":"Ann","${name}":"hunter2"}]`;
      const kept = discreet(packet("out", "EVENT", `42${args}`, args));
      expect(JSON.stringify(kept)).not.toContain("hunter2");
      expect(kept.text).toContain("Ann");
      expect(kept.isCut).toBe(true);
    }
  });

  it("leaves everything else as it is", () => {
    const args = '["say",{"text":"the key is under the mat","keyboard":"qwertz"}]';
    expect(discreet(packet("in", "EVENT", `42${args}`, args))).toEqual({
      text: `42${args}`,
      args,
      isCut: false,
    });
  });

  it("is not fooled by escapes or by a text that is cut off", () => {
    expect(withoutSecrets('{"key":"a\\"hunter2","x":1}')).toBe('{"key":"…","x":1}');
    expect(withoutSecrets('{"sid":"hunter2')).toBe('{"sid":"…"');
  });
});
