// One end of a byte stream in messages that may be lost, doubled or late; see nbsocket/protocol/byte_stream.py. No I/O.

/** How many bytes may be on their way before the other end must have read some. */
export const WINDOW_BYTES = 1024 * 1024;
/** How many bytes one segment carries at most. */
export const SEGMENT_BYTES = 256 * 1024;

/** What one message carries. */
export interface Segment {
  /** The number of the first byte of `data`, from 0. */
  start: number;
  /** How many bytes of the other direction have arrived in order. */
  received: number;
  /** How many bytes the other end may send in all. */
  limit: number;
  /** Whether something that came was not the next: the rest has to be sent again. */
  missing: boolean;
  data: Uint8Array<ArrayBuffer>;
}

const NOTHING = new Uint8Array(0);

export class ByteStream {
  private kept: Uint8Array<ArrayBuffer>[] = [];
  private keptBytes = 0;
  private sent = 0;
  private limit: number;
  private given: number;
  private received = 0;
  private readBytes = 0;
  private missing = false;
  private doubled = false;
  /** How many bytes the other end has. */
  acked = 0;

  constructor(private readonly window = WINDOW_BYTES) {
    this.limit = this.given = window;
  }

  write(data: Uint8Array<ArrayBuffer>): void {
    this.kept.push(data);
    this.keptBytes += data.length;
  }

  /** The number that the next byte to be written will have. */
  get written(): number {
    return this.acked + this.keptBytes;
  }

  get inFlight(): number {
    return this.sent - this.acked;
  }

  get hasMore(): boolean {
    return this.sent < Math.min(this.written, this.limit);
  }

  /** How many bytes were read here since the other end last heard of it. */
  get owes(): number {
    return this.readBytes + this.window - this.given;
  }

  /** Whether the other end is to be told at once that something is missing, or what has arrived already. */
  get mustAnswer(): boolean {
    return this.missing || this.doubled;
  }

  /** The next segment to send; without bytes if there are none, or no room for them. */
  segment(): Segment {
    const size = Math.max(
      0,
      Math.min(this.written - this.sent, this.limit - this.sent, SEGMENT_BYTES),
    );
    const made = {
      start: this.sent,
      received: this.received,
      limit: this.readBytes + this.window,
      missing: this.missing,
      data: this.slice(this.sent - this.acked, size),
    };
    this.sent += size;
    this.given = made.limit;
    this.missing = this.doubled = false;
    return made;
  }

  /** Ask the other end for what comes next once more: it came without its bytes. */
  miss(): void {
    this.missing = true;
  }

  /** Begin again with the first byte that is not acknowledged. */
  again(): void {
    this.sent = this.acked;
  }

  /** Process a segment; returns the bytes in it that are new and the next. */
  receive(segment: Segment): Uint8Array<ArrayBuffer> {
    if (segment.received > this.acked && segment.received <= this.written) {
      this.forget(segment.received - this.acked);
      this.acked = segment.received;
      this.sent = Math.max(this.sent, this.acked);
    }
    if (segment.missing && segment.received === this.acked) this.sent = this.acked;
    this.limit = Math.max(this.limit, segment.limit);
    const known = this.received - segment.start;
    if (known < 0) {
      this.missing = true;
      return NOTHING;
    }
    const fresh = segment.data.subarray(known);
    // It sends again what is here: an acknowledgement of it was lost.
    if (fresh.length < segment.data.length) this.doubled = true;
    this.received += fresh.length;
    return fresh;
  }

  /** Note that bytes from the other end have been processed, so that it may send more. */
  read(count: number): void {
    this.readBytes = Math.min(this.received, this.readBytes + count);
  }

  private slice(from: number, size: number): Uint8Array<ArrayBuffer> {
    if (size === 0) return NOTHING;
    const made = new Uint8Array(size);
    let at = 0;
    let skip = from;
    for (const chunk of this.kept) {
      if (skip >= chunk.length) {
        skip -= chunk.length;
        continue;
      }
      const part = chunk.subarray(skip, skip + size - at);
      made.set(part, at);
      at += part.length;
      skip = 0;
      if (at === size) break;
    }
    return made;
  }

  private forget(count: number): void {
    this.keptBytes -= count;
    let left = count;
    while (left > 0) {
      const first = this.kept[0] as Uint8Array<ArrayBuffer>;
      if (first.length <= left) {
        left -= first.length;
        this.kept.shift();
      } else {
        this.kept[0] = first.subarray(left);
        left = 0;
      }
    }
  }
}
