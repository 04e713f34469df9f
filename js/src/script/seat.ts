// The page's half of a frame's place on a channel: hands out tickets, one for each connection. Knows no DOM.

import type { SeatAnswer, SeatMessage } from "../client/seat";
import { endSeat, mintFrameTicket } from "../jupyter/server";

const AT_ONCE = 50;
const EVERY_MS = 200;
const ANSWER_MS = 2000;
const TRIES = 3;

export class Seat {
  private port: MessagePort | undefined;
  private name = "";
  /** One after the other: all have the place of the first. */
  private handed = Promise.resolve();
  private isOver = false;
  private saved = AT_ONCE;
  private countedAt = performance.now();
  private checks = 0;
  private missing: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly base: string,
    private readonly channel: string,
    /** The frame's document is gone: whoever has its place is somebody else. */
    private readonly onGone: () => void,
  ) {}

  /** Take the port of the frame's document; only the first is its own. */
  take(port: MessagePort): void {
    if (this.port || this.isOver) return;
    this.port = port;
    port.onmessage = ({ data }: MessageEvent<SeatMessage>) => {
      if ("ask" in data) this.handed = this.handed.then(() => this.hand(data.ask));
      else if (data.still === this.checks) clearTimeout(this.missing);
    };
  }

  /** Ask whether the document is still there; if it does not answer, end. */
  check(tries = TRIES): void {
    if (this.isOver) return;
    clearTimeout(this.missing);
    this.checks += 1;
    this.say({ still: this.checks });
    // Again, since a script of its own may keep it busy.
    this.missing = setTimeout(() => {
      if (tries > 1) {
        this.check(tries - 1);
      } else {
        this.end();
        this.onGone();
      }
    }, ANSWER_MS);
  }

  /** Hand out no more, and cut who came with what was handed out. */
  end(): void {
    clearTimeout(this.missing);
    this.isOver = true;
    this.port?.close();
    if (this.name) endSeat(this.base, this.channel, this.name);
  }

  private async hand(ask: number): Promise<void> {
    try {
      await this.turn();
      const ticket = await mintFrameTicket(this.base, this.channel, this.name);
      this.name = ticket.seat;
      if (this.isOver) endSeat(this.base, this.channel, this.name);
      else this.say({ ask, ticket: ticket.value });
    } catch (error) {
      this.say({ ask, why: error instanceof Error ? error.message : String(error) });
    }
  }

  /** Wait as long as it takes to hand out no more than some at once and five a second. */
  private async turn(): Promise<void> {
    const now = performance.now();
    this.saved = Math.min(AT_ONCE, this.saved + (now - this.countedAt) / EVERY_MS) - 1;
    this.countedAt = now;
    if (this.saved < 0) {
      await new Promise((resolve) => setTimeout(resolve, -this.saved * EVERY_MS));
    }
  }

  private say(answer: SeatAnswer): void {
    this.port?.postMessage(answer);
  }
}
