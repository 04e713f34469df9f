// The page's half of a frame's place on a channel: hands out tickets, one for each connection, or carries the
// connections over its widget's comm. Knows no DOM.

import type { Passed, SeatAnswer, SeatMessage } from "../client/seat";
import { endSeat, ForeignServerError, mintFrameTicket } from "../jupyter/server";
import type { CommPort } from "../shared/comm_socket";

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
  private isByComm: boolean;
  /** The connections over the comm that are the frame's. */
  private readonly carried = new Set<string>();
  private unlisten = () => {};
  private missing: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly base: string,
    private readonly channel: string,
    /** The frame's document is gone: whoever has its place is somebody else. */
    private readonly onGone: () => void,
    /** The widget's comm, where there is no Jupyter server. */
    private readonly comm?: CommPort,
  ) {
    this.isByComm = !base;
  }

  /** Take the port of the frame's document; only the first is its own. */
  take(port: MessagePort): void {
    if (this.port || this.isOver) return;
    this.port = port;
    port.onmessage = ({ data }: MessageEvent<SeatMessage>) => {
      if ("stream" in data) this.pass(data);
      else if ("ask" in data) this.handed = this.handed.then(() => this.hand(data.ask));
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
    this.unlisten();
    for (const id of this.carried) this.comm?.send({ type: "stream", id, closed: true }, []);
    this.carried.clear();
    this.port?.close();
    if (this.name) endSeat(this.base, this.channel, this.name);
  }

  private async hand(ask: number): Promise<void> {
    try {
      await this.turn();
      if (this.isByComm) {
        this.say({ ask, isByComm: true });
        return;
      }
      const ticket = await mintFrameTicket(this.base, this.channel, this.name);
      this.name = ticket.seat;
      if (this.isOver) endSeat(this.base, this.channel, this.name);
      else this.say({ ask, ticket: ticket.value });
    } catch (error) {
      if (error instanceof ForeignServerError && this.comm) {
        this.isByComm = true;
        this.say({ ask, isByComm: true });
        return;
      }
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

  /** Pass a message of one of the frame's connections on to the kernel; nothing else of it gets there. */
  private pass({ stream, buffers }: Passed<Record<string, unknown>>): void {
    const { id } = stream;
    if (!this.comm || !this.isByComm || stream.type !== "stream" || typeof id !== "string") return;
    if (this.carried.size === 0) {
      this.unlisten();
      this.unlisten = this.comm.listen((content, buffers) => {
        if (content.type === "stream" && this.carried.has(content.id ?? "")) {
          this.say({ stream: content, buffers });
        }
      });
    }
    this.carried.add(id);
    if (stream.closed) this.carried.delete(id);
    this.comm.send(stream, buffers as Uint8Array<ArrayBuffer>[]);
  }

  private say(answer: SeatAnswer): void {
    this.port?.postMessage(answer);
  }
}
