// Every byte of one message, explained: WebSocket frame, Engine.IO packet, Socket.IO packet.
// Knows no DOM. Each byte belongs to exactly one field.

export interface Field {
  /** The first byte, and the byte after the last. */
  start: number;
  end: number;
  kind: Kind;
  /** What it is, in a few words. */
  label: string;
  /** What it means here, in a sentence. */
  text: string;
  /** Where the specification says so. */
  source: string;
}

export type Kind =
  | "frame"
  | "length"
  | "mask"
  | "engine"
  | "socket"
  | "attachments"
  | "namespace"
  | "ack"
  | "json"
  | "binary"
  | "control"
  | "cut";

/** More than there can be in what is kept of a message. */
const MOST_FRAMES = 2048;
const RFC = "RFC 6455";
const ENGINE = "Engine.IO protocol, “Packet encoding”";
const SOCKET = "Socket.IO protocol, “Packet encoding”";

export const OPCODES: Record<number, string> = {
  0: "continuation",
  1: "text",
  2: "binary",
  8: "close",
  9: "ping",
  10: "pong",
};
export const ENGINE_TYPES = ["open", "close", "ping", "pong", "message", "upgrade", "noop"];
export const SOCKET_TYPES = [
  "CONNECT",
  "DISCONNECT",
  "EVENT",
  "ACK",
  "CONNECT_ERROR",
  "BINARY_EVENT",
  "BINARY_ACK",
];
const ENGINE_MEANS = [
  "the session begins; the server sends its id and its timings",
  "the session ends",
  "the server asks whether the client is there",
  "the client is there",
  "what follows is for Socket.IO",
  "from now on this transport is the only one",
  "nothing: it ends a waiting poll",
];
const SOCKET_MEANS = [
  "connect to a namespace",
  "disconnect from a namespace",
  "an event: its name and its arguments follow",
  "the answer to an event with this number",
  "the connection to the namespace is refused",
  "an event whose binary arguments follow as separate messages",
  "an answer whose binary values follow as separate messages",
];

const ZERO = 0x30;
const NINE = 0x39;
const isDigit = (byte: number | undefined) => byte !== undefined && byte >= ZERO && byte <= NINE;

/** A message's content, and where each of its bytes stands in what went over the wire. */
interface Content {
  bytes: Uint8Array;
  at: number[];
  opcode: number;
}

/** The frames of one message: their headers as fields, and the content behind the masks. */
function frames(raw: Uint8Array): { fields: Field[]; content: Content } {
  const fields: Field[] = [];
  const bytes: number[] = [];
  const at: number[] = [];
  let opcode = 1;
  let position = 0;
  let number = 0;
  while (position < raw.length) {
    const first = raw[position] ?? 0;
    const own = first & 0x0f;
    if (own !== 0) opcode = own;
    const bits = first.toString(2).padStart(8, "0");
    fields.push({
      start: position,
      end: position + 1,
      kind: "frame",
      label: `${OPCODES[own] ?? `opcode ${own}`} frame`,
      text:
        `Bits ${bits}: FIN is ${first >> 7} (${first >> 7 ? "the message ends with this frame" : "another frame follows"}), ` +
        `the reserved bits are ${bits.slice(1, 4)}, the opcode is ${own} (${OPCODES[own] ?? "reserved"}).`,
      source: `${RFC}, section 5.2`,
    });
    position += 1;
    if (position >= raw.length) break;
    const second = raw[position] ?? 0;
    const isMasked = second >= 0x80;
    const short = second & 0x7f;
    const wide = short === 126 ? 2 : short === 127 ? 8 : 0;
    fields.push({
      start: position,
      end: position + 1,
      kind: "length",
      label: "mask bit and length",
      text:
        `Bits ${second.toString(2).padStart(8, "0")}: MASK is ${second >> 7} (${isMasked ? "from a client, so masked" : "from a server, so not masked"}), ` +
        (wide
          ? `and ${short} says that the length is in the next ${wide} bytes.`
          : `and the content has ${short} bytes.`),
      source: `${RFC}, section 5.2`,
    });
    position += 1;
    let length = short;
    if (wide) {
      const end = Math.min(position + wide, raw.length);
      length = 0;
      for (let index = position; index < end; index += 1) length = length * 256 + (raw[index] ?? 0);
      if (end > position) {
        fields.push({
          start: position,
          end,
          kind: "length",
          label: `length in ${wide} bytes`,
          text: `The content has ${length.toLocaleString()} bytes, written with the highest byte first.`,
          source: `${RFC}, section 5.2`,
        });
      }
      position = end;
    }
    let mask: Uint8Array | undefined;
    if (isMasked && position < raw.length) {
      const end = Math.min(position + 4, raw.length);
      mask = raw.subarray(position, end);
      fields.push({
        start: position,
        end,
        kind: "mask",
        label: "masking key",
        text: "Each byte of the content is combined with one of these four by XOR, in turn: a client's frames must not look like something else to a proxy.",
        source: `${RFC}, section 5.3`,
      });
      position = end;
    }
    const end = Math.min(position + length, raw.length);
    for (let index = position; index < end; index += 1) {
      bytes.push((raw[index] ?? 0) ^ (mask?.[(index - position) % 4] ?? 0));
      at.push(index);
    }
    position = end;
    number += 1;
    if (number > MOST_FRAMES) break;
  }
  return { fields, content: { bytes: Uint8Array.from(bytes), at, opcode } };
}

/** The content of a message, unmasked; a polling packet is its own content. */
export function contentOf(raw: Uint8Array, transport: string): Content {
  if (transport !== "polling") return frames(raw).content;
  return { bytes: raw, at: Array.from(raw, (_, index) => index), opcode: 1 };
}

/** Explain every byte of a message as it went over the wire; `size` is what it had before it was cut. */
export function dissect(raw: Uint8Array, transport: string, size = raw.length): Field[] {
  const { fields, content } =
    transport !== "polling"
      ? frames(raw)
      : { fields: [] as Field[], content: contentOf(raw, transport) };
  for (const field of explain(content, transport)) fields.push(...mapped(field, content.at));
  fields.sort((one, other) => one.start - other.start);
  if (size > raw.length) {
    fields.push({
      start: raw.length,
      end: raw.length,
      kind: "cut",
      label: "cut",
      text: `${(size - raw.length).toLocaleString()} more bytes are not kept by the wire view.`,
      source: "nbsocket",
    });
  }
  return fields;
}

/** A field of the content as pieces of the wire: frames may stand between its bytes. */
function* mapped(field: Field, at: number[]): Generator<Field> {
  let start = field.start;
  while (start < field.end) {
    let end = start + 1;
    while (end < field.end && at[end] === (at[end - 1] ?? 0) + 1) end += 1;
    yield { ...field, start: at[start] ?? 0, end: (at[end - 1] ?? 0) + 1 };
    start = end;
  }
}

function explain({ bytes, opcode }: Content, transport: string): Field[] {
  if (bytes.length === 0) return [];
  if (opcode === 2) {
    return [
      {
        start: 0,
        end: bytes.length,
        kind: "binary",
        label: "attachment",
        text: "A binary value of the packet before it. Over WebSocket it needs no type: a binary frame is always a message.",
        source: ENGINE,
      },
    ];
  }
  if (opcode >= 8) return control(bytes, opcode);
  if (transport === "polling" && bytes[0] === 0x62) {
    return [
      {
        start: 0,
        end: 1,
        kind: "engine",
        label: "b: binary",
        text: "A binary message; long-polling sends text, so it is written in base64.",
        source: ENGINE,
      },
      ...rest(1, bytes.length, "binary", "base64", "The attachment's bytes in base64.", ENGINE),
    ];
  }
  return enginePacket(bytes);
}

function control(bytes: Uint8Array, opcode: number): Field[] {
  if (opcode !== 8) {
    return rest(
      0,
      bytes.length,
      "control",
      "payload",
      "A pong carries back what its ping carried.",
      `${RFC}, section 5.5`,
    );
  }
  const code = bytes.length > 1 ? (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0) : 0;
  return [
    ...rest(
      0,
      Math.min(2, bytes.length),
      "control",
      "close code",
      `${code}: why the connection is closed.`,
      `${RFC}, section 7.4`,
    ),
    ...rest(
      Math.min(2, bytes.length),
      bytes.length,
      "control",
      "reason",
      "The reason, as text.",
      `${RFC}, section 5.5.1`,
    ),
  ];
}

function enginePacket(bytes: Uint8Array): Field[] {
  const type = (bytes[0] ?? 0) - ZERO;
  const name = ENGINE_TYPES[type];
  if (name === undefined) {
    return rest(
      0,
      bytes.length,
      "engine",
      "not a packet",
      "It does not begin with an Engine.IO type: the server closes this client.",
      ENGINE,
    );
  }
  const fields: Field[] = [
    {
      start: 0,
      end: 1,
      kind: "engine",
      label: `Engine.IO ${type}: ${name}`,
      text: `Engine.IO type ${type}, “${name}”: ${ENGINE_MEANS[type]}.`,
      source: ENGINE,
    },
  ];
  if (type === 4) return fields.concat(socketPacket(bytes));
  return fields.concat(
    rest(
      1,
      bytes.length,
      type === 0 ? "json" : "engine",
      type === 0 ? "handshake" : "data",
      type === 0
        ? "JSON: the session's id, what it may be upgraded to, and its times in milliseconds."
        : "“probe” asks whether the new transport works, and answers that it does.",
      ENGINE,
    ),
  );
}

function socketPacket(bytes: Uint8Array): Field[] {
  if (bytes.length < 2) return [];
  const type = (bytes[1] ?? 0) - ZERO;
  const name = SOCKET_TYPES[type];
  if (name === undefined) {
    return rest(
      1,
      bytes.length,
      "socket",
      "not a packet",
      "It does not begin with a Socket.IO type: the server closes this client.",
      SOCKET,
    );
  }
  const fields: Field[] = [
    {
      start: 1,
      end: 2,
      kind: "socket",
      label: `Socket.IO ${type}: ${name}`,
      text: `Socket.IO type ${type}, ${name}: ${SOCKET_MEANS[type]}.`,
      source: SOCKET,
    },
  ];
  let at = 2;
  if (type >= 5) {
    let end = at;
    while (isDigit(bytes[end])) end += 1;
    if (bytes[end] === 0x2d) end += 1;
    fields.push(
      ...rest(
        at,
        end,
        "attachments",
        "attachments",
        "How many binary values follow, each as a separate message; “-” ends the number.",
        SOCKET,
      ),
    );
    at = end;
  }
  if (bytes[at] === 0x2f) {
    let end = at;
    while (end < bytes.length && bytes[end] !== 0x2c) end += 1;
    if (bytes[end] === 0x2c) end += 1;
    fields.push(
      ...rest(
        at,
        end,
        "namespace",
        "namespace",
        "Which namespace it is for; a comma ends it. Without it, it is for “/”.",
        SOCKET,
      ),
    );
    at = end;
  }
  let end = at;
  while (isDigit(bytes[end])) end += 1;
  fields.push(
    ...rest(
      at,
      end,
      "ack",
      "acknowledgement id",
      type === 3 || type === 6
        ? "The number of the event that this answers."
        : "The sender wants an answer, which must carry this number.",
      SOCKET,
    ),
  );
  const what =
    type === 2 || type === 5
      ? "A JSON array: the event's name, then its arguments; a binary one leaves a placeholder."
      : type === 3 || type === 6
        ? "A JSON array: the arguments of the answer."
        : "JSON: what is exchanged when connecting to the namespace.";
  return fields.concat(rest(end, bytes.length, "json", "JSON", what, SOCKET));
}

function rest(
  start: number,
  end: number,
  kind: Kind,
  label: string,
  text: string,
  source: string,
): Field[] {
  return end > start ? [{ start, end, kind, label, text, source }] : [];
}
