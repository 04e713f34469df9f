// How many of a client's messages wait on their way to a busy kernel. Knows no DOM.

import type { Waiting } from "../shared/comm_socket";

/** Shorter than this, nobody is told that messages wait. */
const PATIENCE_MS = 700;

/** Tells how many messages wait, once they have waited for a while. */
export class Patience {
  private latest: Waiting = { count: 0, isBusy: false };
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly tell: (count: number) => void) {}

  note(waiting: Waiting): void {
    this.latest = waiting;
    if (waiting.count === 0) {
      clearTimeout(this.timer);
      this.timer = undefined;
      this.tell(0);
    } else if (waiting.isBusy) {
      this.tell(waiting.count);
    } else {
      this.timer ??= setTimeout(() => {
        this.timer = undefined;
        this.tell(this.latest.count);
      }, PATIENCE_MS);
    }
  }
}
