// Network weather for one client of this page: delay, jitter and lost connections, by a seed; order is kept.
//
// It sits between the client library and its transports: what the library sends waits before it goes out,
// what arrives waits before the library sees it. The server and the wire view notice nothing but the time.

import { WebSocket as SocketTransport, XHR } from "socket.io-client";

export type WeatherDirection = "both" | "out" | "in";

export interface Weather {
  /** Which way is slow: “out” is from this client to the server. */
  direction: WeatherDirection;
  delay_ms: number;
  /** How much a packet's delay may differ from `delay_ms`, both ways. */
  jitter_ms: number;
  /** Seconds between two lost connections, in the mean; 0 for never. */
  cut_every_s: number;
  seed: number;
}

export const CALM: Weather = {
  direction: "both",
  delay_ms: 0,
  jitter_ms: 0,
  cut_every_s: 0,
  seed: 1,
};

/** Numbers from 0 to 1 that are the same for the same seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Runs what was put in after its delay, never before what was put in earlier. */
export class Delayed {
  private readonly waiting: { at: number; run: () => void }[] = [];
  private last = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private emptied: (() => void)[] = [];

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  put(delay_ms: number, run: () => void): void {
    this.last = Math.max(this.last, performance.now() + delay_ms);
    this.waiting.push({ at: this.last, run });
    this.wait();
  }

  /** Call back once nothing waits; at once if so now. */
  whenEmpty(call: () => void): void {
    if (this.isEmpty) call();
    else this.emptied.push(call);
  }

  /** Forget what waits: the connection is gone. */
  clear(): void {
    this.waiting.length = 0;
    this.emptied = [];
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private wait(): void {
    const first = this.waiting[0];
    if (!first || this.timer !== undefined) return;
    this.timer = setTimeout(
      () => {
        this.timer = undefined;
        this.runDue();
      },
      Math.max(0, first.at - performance.now()),
    );
  }

  private runDue(): void {
    for (let first = this.waiting[0]; first; first = this.waiting[0]) {
      if (first.at > performance.now()) break;
      this.waiting.shift();
      first.run();
    }
    if (this.isEmpty) {
      const calls = this.emptied;
      this.emptied = [];
      for (const call of calls) call();
    }
    this.wait();
  }
}

/** The weather over one client. */
export class Sky {
  private now: Weather = CALM;
  private draw: Record<"out" | "in" | "cut", () => number> = this.dice(1);
  private cutter: ReturnType<typeof setTimeout> | undefined;

  /** @param cut Breaks the connection, as a network does. */
  constructor(private readonly cut: () => void) {}

  get weather(): Weather {
    return this.now;
  }

  set(weather: Weather): void {
    this.now = weather;
    this.draw = this.dice(weather.seed);
    this.stop();
    this.planCut();
  }

  /** How long the next packet of this direction waits. */
  delay(direction: "out" | "in"): number {
    const { direction: slow, delay_ms, jitter_ms } = this.now;
    if (slow !== "both" && slow !== direction) return 0;
    if (delay_ms === 0 && jitter_ms === 0) return 0;
    return Math.max(0, delay_ms + jitter_ms * (2 * this.draw[direction]() - 1));
  }

  stop(): void {
    clearTimeout(this.cutter);
  }

  private planCut(): void {
    const mean = this.now.cut_every_s;
    if (mean <= 0) return;
    const wait_s = -Math.log(1 - this.draw.cut()) * mean;
    this.cutter = setTimeout(() => {
      this.cut();
      this.planCut();
    }, wait_s * 1000);
  }

  // Each has dice of its own, so that more traffic one way does not change the other.
  private dice(seed: number): Record<"out" | "in" | "cut", () => number> {
    return { out: random(seed * 3), in: random(seed * 3 + 1), cut: random(seed * 3 + 2) };
  }
}

interface EnginePacket {
  type: string;
}

// biome-ignore lint/suspicious/noExplicitAny: the library's transports, whose protected methods are overridden
export type TransportClass = new (...given: any[]) => any;

function underTheSky(Base: TransportClass, sky: Sky, isStream: boolean): TransportClass {
  return class extends Base {
    private readonly outgoing = new Delayed();
    private readonly incoming = new Delayed();
    private isEnding = false;

    write(packets: EnginePacket[]): void {
      const wait = sky.delay("out");
      if (wait === 0 && this.outgoing.isEmpty) {
        super.write(packets);
        return;
      }
      this.writable = false;
      // The library hands over its own buffer, which changes while this waits.
      const held = [...packets];
      this.outgoing.put(wait, () => {
        if (this.readyState === "open" || this.readyState === "pausing") super.write(held);
      });
      if (!isStream) return;
      // A stream takes the next at once; a request is answered first.
      setTimeout(() => {
        this.writable = true;
        this.emitReserved("drain");
      });
    }

    /** A whole answer or frame: the next poll begins only when the library has this one. */
    onData(data: unknown): void {
      const wait = sky.delay("in");
      if (wait === 0 && this.incoming.isEmpty) super.onData(data);
      else this.incoming.put(wait, () => super.onData(data));
    }

    close(): unknown {
      // Its end may still wait for what had arrived.
      return this.isEnding ? this : super.close();
    }

    onClose(details: unknown): void {
      if (this.isEnding) return;
      this.isEnding = true;
      this.outgoing.clear();
      const end = () => super.onClose(details);
      // The library hands an event on in a turn of its own, which must come before the end.
      if (this.incoming.isEmpty) end();
      else this.incoming.whenEmpty(() => setTimeout(end));
    }
  };
}

/** Another stream, such as a widget's comm, under a sky. */
export function streamUnder(sky: Sky, transport: TransportClass): TransportClass {
  return underTheSky(transport, sky, true);
}

/** The client library's transports under a sky, in the order in which they are tried. */
// biome-ignore lint/suspicious/noExplicitAny: see TransportClass
export function transportsUnder(sky: Sky, wanted: "upgrade" | "websocket" | "polling"): any[] {
  const polling = underTheSky(XHR as unknown as TransportClass, sky, false);
  const socket = underTheSky(SocketTransport as unknown as TransportClass, sky, true);
  if (wanted === "polling") return [polling];
  return wanted === "websocket" ? [socket] : [polling, socket];
}
