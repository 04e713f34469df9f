// A bounded log: it keeps the newest entries, counts what it dropped, and draws in batches.

export class BoundedLog<Entry> {
  private entries: Entry[] = [];
  dropped = 0;
  total = 0;

  /** @param limit How many entries are kept. */
  constructor(readonly limit: number) {}

  push(entry: Entry): void {
    this.entries.push(entry);
    this.total += 1;
    // Half a limit at a time: taking one from the front of a long array costs as much as many.
    if (this.entries.length > this.limit * 1.5) {
      const excess = this.entries.length - this.limit;
      this.entries.splice(0, excess);
      this.dropped += excess;
    }
  }

  clear(): void {
    this.entries = [];
    this.dropped = 0;
  }

  get kept(): readonly Entry[] {
    return this.entries;
  }
}

const CALM_MS = 300;
const MANY = 50;

/**
 * Call `draw` at most once per frame, however often it is asked for; and after a frame with more than it takes
 * to read, only a few times a second, so that clicks and keys have their turn.
 */
export function batched(draw: () => void): () => void {
  let asked = 0;
  let since = 0;
  const now = () => {
    since = asked;
    asked = 0;
    draw();
  };
  return () => {
    asked += 1;
    if (asked > 1) return;
    if (since > MANY) setTimeout(() => requestAnimationFrame(now), CALM_MS);
    else requestAnimationFrame(now);
  };
}
