// @vitest-environment node
// What a packet says; wire.test.ts has more.

import { describe, expect, it } from "vitest";
import { decode } from "../../src/wire/decode";
import { frame } from "../support/wire";

const polling = (text: string) => decode(new TextEncoder().encode(text), "polling");

describe("a packet", () => {
  it.each([
    ["2", "ping", ""],
    ["3probe", "pong", "probe"],
    ['0{"sid":"x"}', "open", '{"sid":"x"}'],
    ["6", "noop", ""],
    ["", "not a packet", ""],
    ["9x", "not a packet", "x"],
    ["4", "message", ""],
    ["4hello", "message", "hello"],
    ["47x", "message", "7x"],
  ])("of Engine.IO alone: %s", (text, engine, args) => {
    expect(polling(text)).toMatchObject({ engine, socket: "", event: "", args });
  });

  it.each([
    ["40", "CONNECT", "/", undefined, ""],
    ["40/a,{}", "CONNECT", "/a", undefined, "{}"],
    ["41/a/b,", "DISCONNECT", "/a/b", undefined, ""],
    ["41/a", "DISCONNECT", "/a", undefined, ""],
    ['44/a,{"message":"no"}', "CONNECT_ERROR", "/a", undefined, '{"message":"no"}'],
    ["43/a,0[]", "ACK", "/a", 0, "[]"],
    ["462-12[]", "BINARY_ACK", "/", 12, "[]"],
  ])("of Socket.IO: %s", (text, socket, namespace, ackId, args) => {
    expect(polling(text)).toMatchObject({ socket, namespace, ackId, args });
  });

  it.each([
    ['42["say"]', "say", ""],
    ['42["say",{"a":"]"},"\\""]', "say", '{"a":"]"},"\\""'],
    ['42["line\\nbreak",1]', "line\nbreak", "1"],
    ['42["bad \\x",1]', "bad \\x", "1"],
    ['42["a\nb",1,\n2]', "a\nb", "1,\n2"],
    ["42[7,1]", "", "[7,1]"],
    ["42[]", "", "[]"],
    ["42nonsense", "", "nonsense"],
    ['451-["file",{"_placeholder":true,"num":0}]', "file", '{"_placeholder":true,"num":0}'],
  ])("with an event: %s", (text, event, args) => {
    expect(polling(text)).toMatchObject({ event, args, text });
  });

  it("with bytes that are no UTF-8 is shown all the same", () => {
    expect(decode(frame(Uint8Array.of(0x34, 0x32, 0xff)), "websocket").args).toBe("\ufffd");
  });
});

describe("a WebSocket's own frame", () => {
  it.each([
    [8, Uint8Array.of(3, 0xe9), "WebSocket close", "1001"],
    [8, Uint8Array.of(3), "WebSocket close", ""],
    [8, new Uint8Array(), "WebSocket close", ""],
    [9, Uint8Array.of(1), "WebSocket ping", ""],
    [10, new Uint8Array(), "WebSocket pong", ""],
    [11, new Uint8Array(), "WebSocket control", ""],
  ])("%d with %o", (opcode, content, engine, args) => {
    expect(decode(frame(content, opcode), "websocket")).toMatchObject({ engine, args, socket: "" });
  });
});

describe("an attachment", () => {
  it.each([
    [frame(new Uint8Array(100), 2), "websocket", "100 bytes"],
    [new TextEncoder().encode("b"), "polling", "0 bytes"],
    [new TextEncoder().encode(`b${"A".repeat(4000)}`), "polling", "3,000 bytes"],
    [new TextEncoder().encode("bAQI"), "polling", "2 bytes"],
  ])("is told by its size: %#", (raw, transport, args) => {
    expect(decode(raw, transport)).toMatchObject({
      engine: "message",
      socket: "attachment",
      isBinary: true,
      args,
    });
  });

  it("in Base64 with padding has the size of its bytes", () => {
    expect(polling("bAQ==").args).toBe("1 bytes");
  });
});
