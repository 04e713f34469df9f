// When the clients of this page sent and received what: panes write it down, wire views on the same page read it.

import type { Socket as Engine } from "socket.io-client";

const KEPT = 20_000;
const SHARED = Symbol.for("nbsocket.times");

/** The MESSAGE packets of one connection, in order, in milliseconds since 1970 on this page's clock. */
export class Times {
  private readonly kept: Record<"sent" | "received", number[]> = { sent: [], received: [] };
  private readonly before = { sent: 0, received: 0 };

  /** @param name What the pane is called. */
  constructor(readonly name: string) {}

  note(direction: "sent" | "received", at: number): void {
    const kept = this.kept[direction];
    kept.push(at);
    if (kept.length > KEPT * 1.5) {
      this.before[direction] += kept.length - KEPT;
      kept.splice(0, kept.length - KEPT);
    }
  }

  /** When the packet of this number (from 1) was sent or received; undefined if that is not known. */
  at(direction: "sent" | "received", index: number): number | undefined {
    return this.kept[direction][index - 1 - this.before[direction]];
  }
}

type Shared = Map<string, Times>;

function shared(): Shared {
  const world = globalThis as unknown as Record<symbol, Shared | undefined>;
  world[SHARED] ??= new Map();
  return world[SHARED];
}

export function pageNow(): number {
  return performance.timeOrigin + performance.now();
}

/** The latest connection of a pane of this page. */
export function timesOf(paneId: string): Times | undefined {
  return shared().get(paneId);
}

export function forget(paneId: string): void {
  shared().delete(paneId);
}

interface Packet {
  type: string;
}

/** Write down from now on what a pane's new connection sends and receives. */
export function watch(paneId: string, name: string, engine: Engine["io"]["engine"]): void {
  const times = new Times(name);
  shared().set(paneId, times);
  engine.on("packetCreate", (packet: Packet) => {
    if (packet.type === "message") times.note("sent", pageNow());
  });
  engine.on("packet", (packet: Packet) => {
    if (packet.type === "message") times.note("received", pageNow());
  });
}
