// One run of the bench in one page: its figures, and the sentence that says what they show. Knows no DOM.

import { signal } from "@preact/signals";
import { batched } from "../shared/log";
import {
  type BenchEvent,
  beginHttp,
  type Count,
  counts,
  type Setting,
  SocketWay,
  type Target,
  WAYS,
  type Way,
} from "./ways";

const KEPT = 300;
const REST_MS = 700;
const SETTLE_MS = 100;
const COUNT_EVERY_MS = 1000;
const STEPS = [1, 1.5, 2, 3, 5, 7];

export interface Figures {
  events: number;
  requests: number;
  empty: number;
  header_bytes: number;
  payload_bytes: number;
  /** The latest latencies with when they came, in milliseconds. */
  latest: { at: number; ms: number }[];
  total_ms: number;
  last: unknown;
  fault: string;
}

function none(): Figures {
  return {
    events: 0,
    requests: 0,
    empty: 0,
    header_bytes: 0,
    payload_bytes: 0,
    latest: [],
    total_ms: 0,
    last: undefined,
    fault: "",
  };
}

export function meanOf(figures: Figures): number | undefined {
  return figures.events ? figures.total_ms / figures.events : undefined;
}

/** The oldest of its latest events, in milliseconds. */
export function slowest(figures: Figures): number {
  return Math.max(0, ...figures.latest.map((one) => one.ms));
}

/** The next round number: where a scale may end. */
export function roundedUp(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value));
  return unit * (STEPS.find((step) => step * unit >= value) ?? 10);
}

/** A time as people write it. */
export function inWords(ms: number): string {
  if (ms >= 1000) return `${Number((ms / 1000).toFixed(2))} s`;
  return `${ms.toFixed(ms < 10 && ms > 0 ? 1 : 0)} ms`;
}

export class Run {
  readonly version = signal(0);
  readonly isOn = signal(false);
  readonly setting = signal<Setting>({ interval_ms: 1000, delay_ms: 0 });
  readonly figures: Record<Way, Figures> = {
    poll: none(),
    long: none(),
    sse: none(),
    websocket: none(),
  };
  private stopper = new AbortController();
  private socket: SocketWay | undefined;
  private ahead_ms = 0;
  private timer: ReturnType<typeof setInterval> | undefined;
  private rest: ReturnType<typeof setTimeout> | undefined;
  private target: Target | undefined;
  private readonly changed = batched(() => {
    this.version.value += 1;
  });

  constructor(
    private readonly base: string,
    private readonly channel: string,
  ) {}

  set(setting: Setting): void {
    this.setting.value = setting;
    this.socket?.setDelay(setting.delay_ms);
    this.startOver();
  }

  /** Another setting has figures of its own: start over once the slider rests. */
  startOver(): void {
    clearTimeout(this.rest);
    if (!this.isOn.value) return;
    this.rest = setTimeout(() => void this.stop().then(() => this.start()), REST_MS);
  }

  async start(): Promise<void> {
    if (this.isOn.value) return;
    this.isOn.value = true;
    for (const way of WAYS) this.figures[way] = none();
    const run = Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) =>
      byte.toString(16).padStart(2, "0"),
    ).join("");
    const target = { base: this.base, channel: this.channel, run };
    this.target = target;
    this.stopper = new AbortController();
    const stop = this.stopper.signal;
    const take = (way: Way) => (events: BenchEvent[]) => this.take(way, events);
    const fault = (way: Way) => (words: string) => {
      this.figures[way].fault = words;
      this.changed();
    };
    this.changed();
    const socket = new SocketWay();
    this.socket = socket;
    try {
      await socket.begin(target, take("websocket"), fault("websocket"));
      if (stop.aborted) return;
      const ahead_ms = await socket.clockAhead();
      if (stop.aborted) return;
      this.ahead_ms = ahead_ms;
      socket.setDelay(this.setting.value.delay_ms);
    } catch (error) {
      fault("websocket")(error instanceof Error ? error.message : String(error));
    }
    if (stop.aborted) return;
    for (const way of ["poll", "long", "sse"] as const) {
      beginHttp(way, target, () => this.setting.value, take(way), fault(way), stop);
    }
    this.timer = setInterval(() => void this.count(), COUNT_EVERY_MS);
  }

  async stop(): Promise<void> {
    if (!this.isOn.value) return;
    clearInterval(this.timer);
    clearTimeout(this.rest);
    this.isOn.value = false;
    // Another run may begin meanwhile: what ends is this one.
    const { stopper, socket } = this;
    stopper.abort();
    // What was just asked for has arrived by then, so that it is counted. The socket's count goes with it.
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    await this.count();
    socket?.end();
    this.changed();
  }

  private take(way: Way, events: BenchEvent[]): void {
    const figures = this.figures[way];
    const now = Date.now() + this.ahead_ms;
    for (const event of events) {
      const ms = Math.max(0, now - event.at);
      figures.events += 1;
      figures.total_ms += ms;
      figures.last = event.data;
      figures.latest.push({ at: now, ms });
    }
    if (figures.latest.length > KEPT) figures.latest.splice(0, figures.latest.length - KEPT);
    this.changed();
  }

  /** Ask the server what it counted. */
  async count(): Promise<void> {
    const { target } = this;
    if (!target) return;
    try {
      const found = await counts(target);
      if (this.target !== target) return;
      for (const way of WAYS) this.note(way, found[way]);
      this.changed();
    } catch {
      // The next time, or the ways themselves say what is wrong.
    }
  }

  private note(way: Way, count: Count | undefined): void {
    if (!count) return;
    const figures = this.figures[way];
    figures.requests = count.requests;
    figures.empty = count.empty;
    figures.header_bytes = count.header_bytes;
    figures.payload_bytes = count.payload_bytes;
    if (way === "websocket" && count.wire_bytes !== undefined && this.socket) {
      figures.payload_bytes = this.socket.payload_bytes;
      figures.header_bytes += Math.max(0, count.wire_bytes - this.socket.payload_bytes);
    }
  }
}

/** Say what the figures show. */
export function sentence(figures: Record<Way, Figures>, setting: Setting): string {
  const { poll, long, websocket } = figures;
  const [old, fresh] = [meanOf(poll), meanOf(websocket)];
  if (old === undefined || fresh === undefined || poll.requests < 3) {
    return "Press Start, and wait for the first events.";
  }
  const share = old / setting.interval_ms;
  const isHalf = setting.delay_ms === 0 && share > 0.3 && share < 0.75;
  const half = isHalf ? ", about half the interval" : "";
  const per = (one: Figures) => Math.round(one.header_bytes / Math.max(1, one.events));
  return (
    `For ${poll.events} events, short polling asked ${poll.requests} times, ${poll.empty} of them for nothing, and its events arrived ` +
    `${inWords(old)} late on average${half}. Long-polling asked ${long.requests} times. The WebSocket asked once; ` +
    `its events arrived ${inWords(fresh)} late. Around each event, short polling moved ${per(poll)} bytes of headers, ` +
    `the WebSocket ${per(websocket)}.`
  );
}
