// What a wire view has seen: packets with their times on one clock, clients, the kernel. Bounded. Knows no DOM.

import { BoundedLog } from "../shared/log";
import { type Times, timesOf } from "../shared/times";
import { Clock } from "./clock";
import { type Decoded, decode } from "./decode";

const KEPT_PACKETS = 20_000;
const KEPT_ROWS = 5000;
const COMPARED = 200;
const PATIENCE_MS = 300;

export type Direction = "in" | "out";

export interface PacketItem {
  type: "packet";
  number: number;
  at: number;
  session: number;
  direction: Direction;
  transport: string;
  size: number;
  raw: string;
  index: number;
  kernel_at?: number;
}

export interface ClientItem {
  session: number;
  role: string;
  transport: string;
  pane: string;
  round_trip_ms: number | null;
}

export type Item =
  | PacketItem
  | ({ type: "came"; at: number } & ClientItem)
  | { type: "went"; at: number; session: number; reason: string }
  | HttpItem
  | {
      type: "kernel";
      at: number;
      arrived: [number, number][];
      ran: [number, string, number, number][];
      cells: [number, number, number][];
      left_out: number;
    };

export interface HttpItem {
  type: "http";
  at: number;
  session: number;
  method: string;
  url: string;
  status: number;
  headers: Record<string, string>;
  took_ms: number;
}

/** One packet and where it was when; times in milliseconds since 1970 on the server's clock. */
export interface Packet {
  id: number;
  number: number;
  at: number;
  session: number;
  direction: Direction;
  transport: string;
  size: number;
  raw: Uint8Array;
  index: number;
  /** When its client sent or received it, if that client is a pane of this page. */
  clientAt: number | undefined;
  /** When the kernel received or sent it. */
  kernelAt: number | undefined;
  decoded: Decoded;
  /** How many packets of the other direction it met on its way. */
  crossings: number;
}

export interface Row {
  id: number;
  at: number;
  session: number;
  packet?: Packet;
  http?: HttpItem;
  note?: string;
}

export interface Client extends ClientItem {
  name: string;
  isHere: boolean;
  times: Times | undefined;
}

export interface Run {
  what: string;
  isCell: boolean;
  session: number;
  begin: number;
  /** 0 while it runs. */
  end: number;
}

function bytes(base64: string): Uint8Array {
  const text = atob(base64);
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export class Store {
  readonly rows = new BoundedLog<Row>(KEPT_PACKETS);
  /** The rows of packets that crossed others: kept by themselves, since a flood pushes them out of the others. */
  readonly crossed = new BoundedLog<Row>(KEPT_ROWS);
  readonly clients = new Map<number, Client>();
  readonly runs = new BoundedLog<Run>(KEPT_ROWS);
  /** Packets that the server saw since this view began, and those that it told. */
  seen = 0;
  told = 0;
  crossings = 0;
  kernelLeftOut = 0;
  /** When the latest row was, on the server's clock. */
  private latest = 0;
  kernelAhead: number | undefined;
  kernelError: number | undefined;
  /** The server's clock, as seen from this page. */
  readonly clock = new Clock();

  private nextId = 1;
  private seenBefore = 0;
  private readonly byNumber = new Map<number, Packet>();
  private readonly open = new Map<string, Run>();
  private readonly recent = new Map<number, Record<Direction, Packet[]>>();

  constructor(private readonly nameOf: (paneId: string) => string | undefined = () => undefined) {}

  /** Packets that this view does not show. */
  get leftOut(): number {
    return Math.max(0, this.seen - this.told);
  }

  begin(seen: number, clients: ClientItem[]): void {
    this.seenBefore = seen;
    this.seen = this.told = 0;
    for (const client of this.clients.values()) client.isHere = false;
    this.byNumber.clear();
    // What was running may have ended unseen; if it goes on, or has ended, the kernel says so.
    for (const run of this.open.values()) run.end ||= Math.max(run.begin, this.latest);
    for (const client of clients) this.came(client);
  }

  batch(items: Item[], seen: number): void {
    this.seen = seen - this.seenBefore;
    for (const item of items) {
      if (item.type === "packet") this.packet(item);
      else if (item.type === "came") {
        this.came(item);
        this.row({
          at: item.at,
          session: item.session,
          note: `${this.label(item.session)} connected`,
        });
      } else if (item.type === "went") this.went(item.session, item.at, item.reason);
      else if (item.type === "http") this.row({ at: item.at, session: item.session, http: item });
      else this.kernel(item);
    }
  }

  clear(): void {
    this.rows.clear();
    this.crossed.clear();
    this.runs.clear();
    this.byNumber.clear();
    this.recent.clear();
    this.open.clear();
    this.crossings = this.kernelLeftOut = 0;
    this.seenBefore += this.seen;
    this.seen = this.told = 0;
    for (const [session, client] of this.clients) if (!client.isHere) this.clients.delete(session);
  }

  label(session: number): string {
    return this.clients.get(session)?.name ?? `client ${session}`;
  }

  private row(row: Omit<Row, "id">): void {
    this.latest = Math.max(this.latest, row.at);
    this.rows.push({ id: this.nextId++, ...row });
  }

  private came(item: ClientItem): void {
    const name = (item.pane && this.nameOf(item.pane)) || `client ${item.session}`;
    const times = item.pane ? timesOf(item.pane) : undefined;
    this.clients.set(item.session, { ...item, name, isHere: true, times });
  }

  private went(session: number, at: number, reason: string): void {
    const client = this.clients.get(session);
    if (client) client.isHere = false;
    this.row({ at, session, note: `${this.label(session)} left: ${reason}` });
    this.recent.delete(session);
  }

  private packet(item: PacketItem): void {
    this.told += 1;
    const raw = bytes(item.raw);
    const packet: Packet = {
      id: this.nextId,
      number: item.number,
      at: item.at,
      session: item.session,
      direction: item.direction,
      transport: item.transport,
      size: item.size,
      raw,
      index: item.index,
      clientAt: this.clientAt(item),
      kernelAt: item.kernel_at,
      decoded: decode(raw, item.transport),
      crossings: 0,
    };
    this.row({ at: item.at, session: item.session, packet });
    if (item.index === 0) return;
    if (item.direction === "in") {
      // Complete once the kernel has told when it arrived.
      this.byNumber.set(item.number, packet);
      if (this.byNumber.size > KEPT_ROWS) {
        const oldest = this.byNumber.keys().next();
        if (!oldest.done) this.byNumber.delete(oldest.value);
      }
    } else if (packet.clientAt === undefined && this.clients.get(item.session)?.times) {
      // The pane may not have it yet when the server tells that it was sent.
      setTimeout(() => {
        packet.clientAt = this.clientAt(item);
        this.compare(packet);
      }, PATIENCE_MS);
    } else {
      this.compare(packet);
    }
  }

  private clientAt(item: PacketItem): number | undefined {
    const times = this.clients.get(item.session)?.times;
    if (!times || item.index === 0) return undefined;
    const at = times.at(item.direction === "in" ? "sent" : "received", item.index);
    if (at === undefined) return undefined;
    this.clock.notePacket(item.direction, at, item.at);
    return at + this.clock.ahead;
  }

  /** Count the packets of the other direction that were on their way at the same time: full duplex. */
  private compare(packet: Packet): void {
    if (packet.kernelAt === undefined) return;
    let recent = this.recent.get(packet.session);
    if (!recent) {
      recent = { in: [], out: [] };
      this.recent.set(packet.session, recent);
    }
    for (const other of recent[packet.direction === "in" ? "out" : "in"]) {
      const [up, down] = packet.direction === "in" ? [packet, other] : [other, packet];
      if (!cross(up, down)) continue;
      this.crossing(other);
      this.crossing(packet);
      this.crossings += 1;
    }
    const mine = recent[packet.direction];
    mine.push(packet);
    if (mine.length > COMPARED * 1.5) mine.splice(0, mine.length - COMPARED);
  }

  private crossing(packet: Packet): void {
    packet.crossings += 1;
    if (packet.crossings > 1) return;
    this.crossed.push({ id: packet.id, at: packet.at, session: packet.session, packet });
  }

  private kernel(item: Extract<Item, { type: "kernel" }>): void {
    this.kernelLeftOut += item.left_out;
    for (const [number, at] of item.arrived) {
      const packet = this.byNumber.get(number);
      if (!packet) continue;
      packet.kernelAt = at;
      this.byNumber.delete(number);
      this.compare(packet);
    }
    for (const [session, event, begin, end] of item.ran) {
      this.run(`${session} ${event} ${begin}`, { what: event, isCell: false, session, begin, end });
    }
    for (const [number, begin, end] of item.cells) {
      this.run(`cell ${number}`, { what: "cell", isCell: true, session: 0, begin, end });
    }
  }

  private run(key: string, run: Run): void {
    const known = this.open.get(key);
    if (known) {
      known.end = run.end;
      if (run.end) this.open.delete(key);
      return;
    }
    this.runs.push(run);
    if (!run.end) this.open.set(key, run);
  }

  get isCellBusy(): boolean {
    return [...this.open.values()].some((run) => run.isCell && !run.end);
  }
}

/**
 * Whether two packets met: each had left before the other arrived.
 * The client's own times count where they are known, the server's where they are not.
 */
export function cross(up: Packet, down: Packet): boolean {
  if (up.kernelAt === undefined || down.kernelAt === undefined) return false;
  const leftClient = up.clientAt ?? up.at;
  const reachedClient = down.clientAt ?? down.at;
  return leftClient < reachedClient && down.kernelAt < up.kernelAt;
}
