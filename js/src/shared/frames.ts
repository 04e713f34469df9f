// WebSocket frames (RFC 6455, section 5) where a WebSocket travels in something else: written masked with zeros,
// read as a server writes them, whole. No I/O.

export interface Frame {
  opcode: number;
  body: Uint8Array<ArrayBuffer>;
}

export const TEXT = 0x1;
export const BINARY = 0x2;
export const CLOSE = 0x8;

const FIN = 0x80;
const MASKED = 0x80;

/** One frame of a client. The mask is zero: nothing between here and the kernel reads frames (section 10.3). */
export function clientFrame(message: string | Uint8Array): Uint8Array<ArrayBuffer> {
  const isText = typeof message === "string";
  const body = isText ? new TextEncoder().encode(message) : message;
  const lengthBytes = body.length < 126 ? 0 : body.length < 65_536 ? 2 : 8;
  const bodyAt = 2 + lengthBytes + 4;
  const frame = new Uint8Array(bodyAt + body.length);
  frame[0] = FIN | (isText ? TEXT : BINARY);
  frame[1] = MASKED | (lengthBytes === 0 ? body.length : lengthBytes === 2 ? 126 : 127);
  const view = new DataView(frame.buffer);
  if (lengthBytes === 2) view.setUint16(2, body.length);
  if (lengthBytes === 8) view.setBigUint64(2, BigInt(body.length));
  frame.set(body, bodyAt);
  return frame;
}

/** Turns a server's bytes, however they are cut, into its frames. */
export class FrameReader {
  private rest: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  receive(data: Uint8Array<ArrayBuffer>): Frame[] {
    let bytes = data;
    if (this.rest.length > 0) {
      bytes = new Uint8Array(this.rest.length + data.length);
      bytes.set(this.rest);
      bytes.set(data, this.rest.length);
    }
    const frames: Frame[] = [];
    let at = 0;
    for (;;) {
      const frame = frameAt(bytes, at);
      if (!frame) break;
      frames.push({ opcode: (bytes[at] as number) & 0x0f, body: bytes.slice(frame[0], frame[1]) });
      at = frame[1];
    }
    this.rest = bytes.slice(at);
    return frames;
  }
}

/** Where the body of the frame at a place begins and ends; undefined if it is not whole. */
function frameAt(bytes: Uint8Array<ArrayBuffer>, at: number): [number, number] | undefined {
  if (bytes.length < at + 2) return undefined;
  const short = (bytes[at + 1] as number) & 0x7f;
  const bodyAt = at + 2 + (short === 126 ? 2 : short === 127 ? 8 : 0);
  if (bytes.length < bodyAt) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  let length = short;
  if (short === 126) length = view.getUint16(at + 2);
  if (short === 127) length = Number(view.getBigUint64(at + 2));
  return bytes.length < bodyAt + length ? undefined : [bodyAt, bodyAt + length];
}
