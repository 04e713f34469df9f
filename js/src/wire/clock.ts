// How far the server's clock is ahead of this page's: narrowed by everything whose order is certain.

/** What both bounds give way by, as a share of what lies between them, at each answer: clocks drift. */
const GIVES_WAY = 0.01;

/**
 * Bounds of the offset between two clocks, in milliseconds.
 *
 * A question and its answer bound it from both sides (RFC 5905, section 8). So does each packet, from one side:
 * it is never read before it was sent. With these, no arrow points back in time, however slow the answers were.
 */
export class Clock {
  private low = Number.NEGATIVE_INFINITY;
  private high = Number.POSITIVE_INFINITY;

  /** How far the server's clock is ahead; 0 while nothing is known. */
  get ahead(): number {
    if (Number.isFinite(this.low) && Number.isFinite(this.high)) return (this.low + this.high) / 2;
    // One bound alone: what is nearest to "the same clock".
    return Math.min(Math.max(0, this.low), this.high);
  }

  /** How far that may be wrong; undefined while nothing is known. */
  get error(): number | undefined {
    const width = this.high - this.low;
    return Number.isFinite(width) ? width / 2 : undefined;
  }

  /** The server answered at `serverNow`, on its clock, between `askedAt` and `now` on the page's. */
  noteAnswer(askedAt: number, serverNow: number, now: number): void {
    const width = this.high - this.low;
    if (Number.isFinite(width)) {
      this.low -= width * GIVES_WAY;
      this.high += width * GIVES_WAY;
    }
    this.notePacket("out", now, serverNow);
    this.notePacket("in", askedAt, serverNow);
  }

  /** A packet was here at `pageAt`, on the page's clock, and there at `serverAt`, on the server's. */
  notePacket(direction: "in" | "out", pageAt: number, serverAt: number): void {
    const bound = serverAt - pageAt;
    const width = this.high - this.low;
    if (direction === "in") {
      this.high = Math.min(this.high, bound);
      // A contradiction: one of the clocks was set. The latest is true.
      if (this.low > this.high) this.low = this.high - width;
    } else {
      this.low = Math.max(this.low, bound);
      if (this.low > this.high) this.high = this.low + width;
    }
  }
}
