// How large an event is on the wire, before it is sent.

import { Encoder, type Packet, PacketType } from "socket.io-parser";

/** What a client library's sent packet begins with: the Engine.IO type of a message. */
const TYPE_BYTES = 1;

/**
 * Return the bytes of the largest message of an event: its text, or one of its attachments.
 *
 * Over polling an attachment goes as Base64; over a WebSocket as it is.
 */
export function largestMessage(packet: Omit<Packet, "type">, isPolling: boolean): number {
  const encoded = new Encoder().encode({ ...packet, type: PacketType.EVENT }) as (
    | string
    | ArrayBuffer
    | ArrayBufferView
    | Blob
  )[];
  const sizes = encoded.map((part) => {
    if (typeof part === "string") return TYPE_BYTES + new TextEncoder().encode(part).length;
    const size = part instanceof Blob ? part.size : part.byteLength;
    return isPolling ? TYPE_BYTES + 4 * Math.ceil(size / 3) : size;
  });
  return Math.max(...sizes);
}

/** Why an event of this size cannot be sent; empty if it can. */
export function objection(size: number, limit: number): string {
  if (limit <= 0 || size <= limit) return "";
  return (
    `Not sent: this is ${size.toLocaleString("en")} bytes in one go, and the server takes ` +
    `${limit.toLocaleString("en")} (max_payload). Send it in pieces, or raise c.NbSocketApp.max_payload.`
  );
}
