// The four ways in which a page can get the same events, for real. Knows no DOM.

import { Manager, type Socket } from "socket.io-client";
import { mintTicket, pageFetch } from "../jupyter/server";
import { CALM, Sky, transportsUnder } from "../shared/weather";

export const WAYS = ["poll", "long", "sse", "websocket"] as const;
export type Way = (typeof WAYS)[number];

export interface BenchEvent {
  number: number;
  /** When the source made it, in milliseconds since 1970 on the kernel's clock. */
  at: number;
  data: unknown;
}

export interface Setting {
  interval_ms: number;
  /** What the network is pretended to take, each way. */
  delay_ms: number;
}

export interface Target {
  base: string;
  channel: string;
  run: string;
}

type Take = (events: BenchEvent[]) => void;
type Fault = (words: string) => void;

const RETRY_MS = 1000;

export function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      stop.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    stop.addEventListener("abort", done);
  });
}

function address(target: Target, way: Way | "counts", since?: number): string {
  const query = new URLSearchParams({ run: target.run });
  if (since !== undefined) query.set("since", String(since));
  return `nbsocket/api/channels/${encodeURIComponent(target.channel)}/bench/${way}?${query}`;
}

/** What the server counted, by way. */
export interface Count {
  requests: number;
  empty: number;
  header_bytes: number;
  payload_bytes: number;
  wire_bytes?: number;
}

export async function counts(target: Target): Promise<Partial<Record<Way, Count>>> {
  const response = await pageFetch(target.base, address(target, "counts"));
  if (!response.ok) throw new Error(`status ${response.status}`);
  return (await response.json()) as Partial<Record<Way, Count>>;
}

/** Ask again and again, until told to stop. */
async function asking(
  way: "poll" | "long",
  target: Target,
  setting: () => Setting,
  take: Take,
  fault: Fault,
  stop: AbortSignal,
): Promise<void> {
  let since: number | undefined;
  while (!stop.aborted) {
    const began = performance.now();
    try {
      const { delay_ms } = setting();
      if (delay_ms) await pause(delay_ms, stop);
      const response = await pageFetch(target.base, address(target, way, since), stop);
      if (!response.ok) throw new Error(`The server answered with status ${response.status}.`);
      const { events, newest } = (await response.json()) as {
        events: BenchEvent[];
        newest: number;
      };
      if (delay_ms) await pause(delay_ms, stop);
      since = newest;
      if (!stop.aborted) take(events);
      fault("");
    } catch (error) {
      if (stop.aborted) return;
      fault(error instanceof Error ? error.message : String(error));
      await pause(RETRY_MS, stop);
    }
    if (way === "poll") await pause(setting().interval_ms - (performance.now() - began), stop);
  }
}

/** One request whose answer does not end. */
async function listening(
  target: Target,
  setting: () => Setting,
  take: Take,
  fault: Fault,
  stop: AbortSignal,
): Promise<void> {
  let since: number | undefined;
  while (!stop.aborted) {
    try {
      const { delay_ms } = setting();
      if (delay_ms) await pause(delay_ms, stop);
      const response = await pageFetch(target.base, address(target, "sse", since), stop);
      if (!response.ok || !response.body) {
        throw new Error(`The server answered with status ${response.status}.`);
      }
      fault("");
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done || stop.aborted) break;
        text += value;
        const parts = text.split("\n\n");
        text = parts.pop() ?? "";
        const events = parts
          .filter((part) => part.startsWith("data: "))
          .map((part) => JSON.parse(part.slice(6)) as BenchEvent);
        since = events.at(-1)?.number ?? since;
        if (events.length) setTimeout(() => stop.aborted || take(events), setting().delay_ms);
      }
    } catch (error) {
      if (stop.aborted) return;
      fault(error instanceof Error ? error.message : String(error));
    }
    await pause(RETRY_MS, stop);
  }
}

const encoder = new TextEncoder();

/** A Socket.IO client over a WebSocket. */
export class SocketWay {
  /** What its frames carried, both ways, in bytes. */
  payload_bytes = 0;
  private socket: Socket | undefined;
  private isOver = false;
  private readonly sky = new Sky(() => {});

  setDelay(delay_ms: number): void {
    this.sky.set({ ...CALM, delay_ms });
  }

  async begin(target: Target, take: Take, fault: Fault): Promise<void> {
    const ticket = await mintTicket(target.base, target.channel, "owner");
    if (this.isOver) return;
    const url = new URL(`nbsocket/${target.channel}/socket.io/`, target.base);
    const manager = new Manager(url.origin, {
      path: url.pathname,
      query: { join_token: ticket.value, pane: `bench-${target.run}` },
      transports: transportsUnder(this.sky, "websocket"),
    });
    const socket = manager.socket("/duplex-bench");
    this.socket = socket;
    const note = ({ data }: { data?: unknown }) => {
      // A packet's type is one more byte.
      this.payload_bytes += 1 + encoder.encode(typeof data === "string" ? data : "").length;
    };
    const watch = () => {
      manager.engine.on("packet", note);
      manager.engine.on("packetCreate", note);
    };
    watch();
    manager.on("reconnect_attempt", () => setTimeout(watch));
    socket.on("event", (event: BenchEvent) => take([event]));
    socket.on("connect", () => fault(""));
    socket.on("disconnect", (reason) => fault(`The connection was lost (${reason}).`));
    socket.on("connect_error", (error) => fault(error.message));
  }

  /** How far the kernel's clock is ahead of this page's, in milliseconds; the best of a few questions. */
  async clockAhead(): Promise<number> {
    let least = Number.POSITIVE_INFINITY;
    let ahead = 0;
    for (let round = 0; round < 5; round += 1) {
      const asked = Date.now();
      const said = (await this.socket?.timeout(5000).emitWithAck("clock")) as number;
      const took = Date.now() - asked;
      if (took < least) {
        least = took;
        ahead = said - (asked + took / 2);
      }
    }
    return ahead;
  }

  end(): void {
    this.isOver = true;
    this.socket?.disconnect();
  }
}

/** Begin one of the ways that ask by HTTP. */
export function beginHttp(
  way: Exclude<Way, "websocket">,
  target: Target,
  setting: () => Setting,
  take: Take,
  fault: Fault,
  stop: AbortSignal,
): void {
  if (way === "sse") void listening(target, setting, take, fault, stop);
  else void asking(way, target, setting, take, fault, stop);
}
