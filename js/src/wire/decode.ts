// What a packet says, in words and values.

import { contentOf, ENGINE_TYPES, OPCODES, SOCKET_TYPES } from "./xray";

export interface Decoded {
  /** Engine.IO's type in words, or the WebSocket's own (ping, pong, close). */
  engine: string;
  /** Socket.IO's type, such as EVENT; empty for a packet that is none. */
  socket: string;
  namespace: string;
  ackId: number | undefined;
  /** An event's name. */
  event: string;
  /** What follows the name, as JSON text; of other packets all that they carry. */
  args: string;
  /** The whole content as text. */
  text: string;
  isBinary: boolean;
}

const HEAD = /^4([0-6])(?:(\d+)-)?(?:(\/[^,]*),?)?(\d*)/;
const decoder = new TextDecoder();

/** How many bytes stand in Base64, after the "b" that begins such a packet. */
function sizeOfBase64(text: Uint8Array): number {
  const padding = text.reduce((count, one) => count + (one === 0x3d ? 1 : 0), 0);
  return Math.floor(((text.length - 1 - padding) * 3) / 4);
}

export function decode(raw: Uint8Array, transport: string): Decoded {
  const content = contentOf(raw, transport);
  const found: Decoded = {
    engine: "",
    socket: "",
    namespace: "",
    ackId: undefined,
    event: "",
    args: "",
    text: "",
    isBinary: false,
  };
  if (content.opcode >= 8) {
    found.engine = `WebSocket ${OPCODES[content.opcode] ?? "control"}`;
    if (content.opcode === 8 && content.bytes.length > 1) {
      found.args = String((content.bytes[0] ?? 0) * 256 + (content.bytes[1] ?? 0));
    }
    return found;
  }
  const isBase64 = transport === "polling" && content.bytes[0] === 0x62;
  if (content.opcode === 2 || isBase64) {
    found.engine = "message";
    found.socket = "attachment";
    found.isBinary = true;
    found.args = `${(isBase64 ? sizeOfBase64(content.bytes) : content.bytes.length).toLocaleString()} bytes`;
    return found;
  }
  const text = decoder.decode(content.bytes);
  found.text = text;
  found.engine = ENGINE_TYPES[text.charCodeAt(0) - 0x30] ?? "not a packet";
  const head = HEAD.exec(text);
  if (!head) {
    found.args = text.slice(1);
    return found;
  }
  found.socket = SOCKET_TYPES[Number(head[1])] ?? "";
  found.namespace = head[3] ?? "/";
  found.ackId = head[4] ? Number(head[4]) : undefined;
  const json = text.slice(head[0].length);
  found.args = json;
  if (found.socket.endsWith("EVENT")) {
    const name = /^\["((?:[^"\\]|\\.)*)"(?:,([\s\S]*))?\]$/.exec(json);
    if (name) {
      found.event = unquoted(name[1] ?? "");
      found.args = name[2] ?? "";
    } else {
      // Cut, or not JSON: the name may be there all the same.
      found.event = unquoted(/^\["((?:[^"\\]|\\.)*)"/.exec(json)?.[1] ?? "");
    }
  }
  return found;
}

function unquoted(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}
