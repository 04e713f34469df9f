// Which part of the time the ladder shows: live, or paused and moved back. Knows no DOM.

import { signal } from "@preact/signals";
import type { Packet, Store } from "./store";

const SPANS_MS = [50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000];

/** The part of the time that is shown; all times in milliseconds on the server's clock. */
export class Span {
  /** When it was paused; undefined while it is live. */
  readonly pausedAt = signal<number | undefined>(undefined);
  /** How far before its end the shown part ends. */
  readonly back = signal(0);
  private readonly step = signal(5);

  constructor(private readonly store: Store) {}

  get length(): number {
    return SPANS_MS[this.step.value] ?? 5000;
  }

  get isShortest(): boolean {
    return this.step.value === 0;
  }

  get isLongest(): boolean {
    return this.step.value === SPANS_MS.length - 1;
  }

  get isPaused(): boolean {
    return this.pausedAt.value !== undefined;
  }

  /** The end of the shown part. */
  get to(): number {
    return (this.pausedAt.value ?? this.now()) - this.back.value;
  }

  /** How far one can go back. */
  get reach(): number {
    const oldest = this.store.rows.kept[0]?.at ?? this.now();
    return Math.max(0, (this.pausedAt.value ?? oldest) - oldest);
  }

  pause(): void {
    this.pausedAt.value = this.isPaused ? undefined : this.now();
    this.back.value = 0;
    if (this.isPaused) this.lookAt(this.to - this.length / 2, this.length);
  }

  /** Show more time, or less. */
  zoom(steps: number): void {
    const next = Math.max(0, Math.min(SPANS_MS.length - 1, this.step.value + steps));
    if (this.isPaused) {
      this.lookAt(this.to - this.length / 2, SPANS_MS[next] ?? this.length);
    }
    this.step.value = next;
  }

  /** Go back in time, or forth, while it is paused. */
  move(by_ms: number): void {
    this.back.value = Math.max(0, Math.min(this.reach, this.back.value + by_ms));
  }

  /** Pause, and have a packet in the middle. */
  show(packet: Packet): void {
    this.pausedAt.value ??= this.now();
    this.back.value = Math.max(0, this.pausedAt.value - packet.at - this.length / 2);
  }

  private now(): number {
    return performance.timeOrigin + performance.now() + this.store.clock.ahead;
  }

  /** While it rests: have the packet that is nearest to this time in the middle, if none would be seen. */
  private lookAt(middle: number, length: number): void {
    const end = this.pausedAt.value ?? this.now();
    const nearest = this.nearestTo(middle);
    const isSeen = nearest === undefined || Math.abs(nearest - middle) < length / 2;
    this.back.value = Math.max(0, end - (isSeen ? middle : nearest) - length / 2);
  }

  /** The time of the message that is nearest to `at`. */
  private nearestTo(at: number): number | undefined {
    let best: number | undefined;
    for (const { packet } of this.store.rows.kept) {
      if (!packet || packet.index === 0) continue;
      if (best === undefined || Math.abs(packet.at - at) < Math.abs(best - at)) best = packet.at;
    }
    return best;
  }
}
