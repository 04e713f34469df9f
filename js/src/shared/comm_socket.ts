// A WebSocket whose bytes travel in the custom messages of a widget; see nbsocket/carriers/comm.py.

import { ByteStream, type Segment, WINDOW_BYTES } from "./bytestream";
import { CLOSE, clientFrame, FrameReader, TEXT } from "./frames";

/** What a widget's model, or the page around a frame, does for the connections of a view. */
export interface CommPort {
  send(content: Record<string, unknown>, buffers: Uint8Array<ArrayBuffer>[]): void;
  /** Call back with every custom message; returns how to stop it. */
  listen(call: (content: StreamMessage, buffers: BufferSource[]) => void): () => void;
}

export interface StreamMessage {
  type?: string;
  id?: string;
  start?: number;
  received?: number;
  limit?: number;
  missing?: boolean;
  /** How many bytes it carries; fewer come where the host loses buffers. */
  size?: number;
  /** The bytes as Base64, where the host loses buffers. */
  data?: string;
  /** Whether this is the answer to the question whether buffers arrive. */
  probe?: boolean;
  busy?: boolean;
  /** Why the kernel ended it. */
  ended?: string;
}

/** What waits on the way to the kernel. */
export interface Waiting {
  /** How many messages the kernel has not got yet. */
  count: number;
  /** Whether the kernel said that a cell is running. */
  isBusy: boolean;
}

const EVERY_MS = 50;
const AGAIN_MS = 3000;
const LONGEST_AGAIN_MS = 30_000;
const CLOSED = 3;

export class CommSocket {
  binaryType: BinaryType = "arraybuffer";
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string | ArrayBuffer }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: ((event: unknown) => void) | null = null;

  private readonly id = newId();
  private readonly stream = new ByteStream();
  private readonly reader = new FrameReader();
  private readonly unlisten: () => void;
  /** Until buffers have gone to the kernel and back: some hosts lose them. */
  private isPlain = true;
  private isBusy = false;
  private isHeard = false;
  /** Where each message ends that the kernel has not got yet. */
  private ends: number[] = [];
  private sentAt = Number.NEGATIVE_INFINITY;
  private heardAt = performance.now();
  private againMs = AGAIN_MS;
  private dueAt = Number.POSITIVE_INFINITY;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly looking: ReturnType<typeof setInterval>;

  /**
   * @param open What the kernel is to open, and the query it gets.
   * @param told Hears how much waits, whenever that changes.
   */
  constructor(
    private readonly port: CommPort,
    private readonly open: { opens: string; query: Record<string, string> },
    private readonly told: (waiting: Waiting) => void = () => {},
  ) {
    this.unlisten = port.listen((content, buffers) => {
      if (content.type === "stream" && content.id === this.id) this.receive(content, buffers);
    });
    this.looking = setInterval(() => this.look(), AGAIN_MS / 3);
    // After the caller has set its callbacks.
    queueMicrotask(() => {
      this.say();
      this.post({ probe: true }, [new Uint8Array(1)]);
    });
  }

  send(message: string | ArrayBuffer | ArrayBufferView): void {
    if (this.readyState >= 2) return;
    this.stream.write(clientFrame(typeof message === "string" ? message : bytesOf(message)));
    this.ends.push(this.stream.written);
    this.wake();
  }

  close(): void {
    if (this.readyState === CLOSED) return;
    while (this.stream.hasMore) this.say();
    this.post({ closed: true }, []);
    this.end(1000, "");
  }

  // --- from the kernel --------------------------------------------------------------------------

  private receive(content: StreamMessage, buffers: BufferSource[]): void {
    if (this.readyState === CLOSED) return;
    this.heardAt = performance.now();
    this.againMs = AGAIN_MS;
    if (content.ended !== undefined) {
      this.end(1006, content.ended);
      return;
    }
    let data = dataOf(content, buffers);
    if (content.probe) {
      this.isPlain = data.length !== 1;
      return;
    }
    if ((content.size ?? 0) > 0 && data.length !== content.size) {
      // This host has lost them.
      this.isPlain = true;
      data = new Uint8Array(0);
      this.stream.miss();
    }
    const fresh = this.stream.receive({ ...segmentOf(content), data });
    this.isBusy = content.busy === true;
    this.ends = this.ends.filter((end) => end > this.stream.acked);
    this.tell();
    if (!this.isHeard) {
      this.isHeard = true;
      this.readyState = 1;
      this.onopen?.();
    }
    for (const frame of this.reader.receive(fresh)) this.take(frame.opcode, frame.body);
    this.stream.read(fresh.length);
    this.wake();
  }

  private take(opcode: number, body: Uint8Array<ArrayBuffer>): void {
    if (this.readyState === CLOSED) return;
    if (opcode === CLOSE) {
      const code = body.length > 1 ? new DataView(body.buffer).getUint16(0) : 1005;
      this.post({ closed: true }, []);
      this.end(code, new TextDecoder().decode(body.subarray(2)));
      return;
    }
    this.onmessage?.({ data: opcode === TEXT ? new TextDecoder().decode(body) : body.buffer });
  }

  private end(code: number, reason: string): void {
    this.readyState = CLOSED;
    this.unlisten();
    clearTimeout(this.timer);
    clearInterval(this.looking);
    this.told({ count: 0, isBusy: false });
    this.onclose?.({ code, reason });
  }

  // --- to the kernel ----------------------------------------------------------------------------

  /** Send now or soon what there is to send: at once only if the kernel has answered all earlier messages. */
  private wake(): void {
    const stream = this.stream;
    if (this.readyState === CLOSED || !(stream.hasMore || stream.owes || stream.mustAnswer)) return;
    const now = performance.now();
    const isUrgent =
      stream.mustAnswer ||
      (stream.hasMore && stream.inFlight === 0) ||
      stream.owes * 4 >= WINDOW_BYTES;
    const dueAt = isUrgent ? now : Math.max(now, this.sentAt + EVERY_MS);
    if (dueAt >= this.dueAt) return;
    this.dueAt = dueAt;
    clearTimeout(this.timer);
    // A microtask gathers what is sent in one go.
    if (dueAt === now) queueMicrotask(() => this.flush());
    else this.timer = setTimeout(() => this.flush(), dueAt - now);
  }

  private flush(): void {
    this.dueAt = Number.POSITIVE_INFINITY;
    const stream = this.stream;
    if (this.readyState === CLOSED || !(stream.hasMore || stream.owes || stream.mustAnswer)) return;
    this.say();
    while (stream.hasMore) this.say();
    this.tell();
  }

  private say(): void {
    if (this.readyState === CLOSED) return;
    const segment = this.stream.segment();
    this.sentAt = performance.now();
    const content: Record<string, unknown> = { ...withoutData(segment) };
    if (!this.isHeard) content.open = this.open;
    content.plain = this.isPlain;
    if (segment.data.length === 0) {
      this.post(content, []);
      return;
    }
    content.size = segment.data.length;
    if (this.isPlain) this.post({ ...content, data: base64Of(segment.data) }, []);
    else this.post(content, [segment.data]);
  }

  private post(content: Record<string, unknown>, buffers: Uint8Array<ArrayBuffer>[]): void {
    try {
      this.port.send({ type: "stream", id: this.id, ...content }, buffers);
    } catch {
      // The kernel that the widget belongs to is gone.
    }
  }

  /** Send again what was not acknowledged in time. */
  private look(): void {
    const silent = performance.now() - this.heardAt;
    if ((this.stream.inFlight > 0 || !this.isHeard) && !this.isBusy && silent >= this.againMs) {
      this.againMs = Math.min(LONGEST_AGAIN_MS, this.againMs * 2);
      this.stream.again();
      this.say();
    }
    this.tell();
  }

  private tell(): void {
    this.told({ count: this.ends.length, isBusy: this.isBusy });
  }
}

function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function segmentOf(content: StreamMessage): Segment {
  return {
    start: content.start ?? 0,
    received: content.received ?? 0,
    limit: content.limit ?? 0,
    missing: content.missing === true,
    data: new Uint8Array(0),
  };
}

function withoutData({ start, received, limit, missing }: Segment): Record<string, unknown> {
  return { start, received, limit, ...(missing ? { missing } : {}) };
}

function bytesOf(source: ArrayBuffer | ArrayBufferView): Uint8Array<ArrayBuffer> {
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  return new Uint8Array(source.buffer as ArrayBuffer, source.byteOffset, source.byteLength);
}

function dataOf(content: StreamMessage, buffers: BufferSource[]): Uint8Array<ArrayBuffer> {
  if (content.data !== undefined) {
    return Uint8Array.from(atob(content.data), (letter) => letter.charCodeAt(0));
  }
  const [first] = buffers;
  return first ? bytesOf(first as ArrayBuffer | ArrayBufferView).slice() : new Uint8Array(0);
}

function base64Of(data: Uint8Array): string {
  let text = "";
  for (let at = 0; at < data.length; at += 0x8000) {
    text += String.fromCharCode(...data.subarray(at, at + 0x8000));
  }
  return btoa(text);
}
