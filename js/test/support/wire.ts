// What goes over a wire, for tests of what a wire view makes of it.

import { type Item, type Packet, Store } from "../../src/wire/store";

const encoder = new TextEncoder();

/** A WebSocket frame with a short content. */
export function frame(content: Uint8Array | string, opcode = 1, isLast = true): Uint8Array {
  const bytes = typeof content === "string" ? encoder.encode(content) : content;
  if (bytes.length > 125) throw new Error("too long for a short frame");
  return Uint8Array.of((isLast ? 0x80 : 0) | opcode, bytes.length, ...bytes);
}

export function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

export interface Told {
  direction?: "in" | "out";
  at?: number;
  kernelAt?: number;
  text?: string;
  raw?: Uint8Array;
  session?: number;
  transport?: string;
  size?: number;
  /** 0 for what is not a message, such as a heartbeat. */
  index?: number;
}

let count = 0;

/** A packet as the server tells of it. */
export function packetItem(told: Told = {}): Extract<Item, { type: "packet" }> {
  const { direction = "in", at = 1000, text = '42["x"]', session = 1 } = told;
  const { transport = "websocket", index = 1, kernelAt } = told;
  count += 1;
  const raw = told.raw ?? (transport === "polling" ? encoder.encode(text) : frame(text));
  return {
    type: "packet",
    number: count,
    at,
    session,
    direction,
    transport,
    size: told.size ?? raw.length,
    raw: base64(raw),
    index,
    ...(direction === "out" && kernelAt !== undefined ? { kernel_at: kernelAt } : {}),
  };
}

/** What the kernel tells: when packets arrived, what ran. */
export function kernelItem(told: Partial<Extract<Item, { type: "kernel" }>> = {}): Item {
  return { type: "kernel", at: 0, arrived: [], ran: [], cells: [], left_out: 0, ...told };
}

export function client(session: number, more: object = {}) {
  return { session, role: "guest", transport: "websocket", pane: "", round_trip_ms: null, ...more };
}

export function http(more: Partial<Extract<Item, { type: "http" }>> = {}) {
  return {
    type: "http" as const,
    at: 990,
    session: 1,
    method: "GET",
    url: "/nbsocket/chat/socket.io/?EIO=4",
    status: 200,
    headers: {},
    took_ms: 3,
    ...more,
  };
}

/** A store that was greeted, and told of these packets; those to the kernel have arrived there. */
export function filled(...told: Told[]): Store {
  const store = new Store();
  const sessions = [...new Set(told.map((one) => one.session ?? 1))];
  store.begin(
    0,
    (sessions.length ? sessions : [1]).map((session) => client(session)),
  );
  tell(store, ...told);
  return store;
}

/** Tell a store of more packets. */
export function tell(store: Store, ...told: Told[]): Packet[] {
  const before = store.seen;
  const items = told.map(packetItem);
  const arrived = items.flatMap((item, index): [number, number][] => {
    const at = told[index]?.kernelAt;
    return item.direction === "in" && at !== undefined ? [[item.number, at]] : [];
  });
  store.batch([...items, kernelItem({ arrived })], before + items.length);
  return packets(store).slice(-told.length);
}

export function packets(store: Store): Packet[] {
  return store.rows.kept.flatMap((row) => (row.packet ? [row.packet] : []));
}

/** The one packet of a store. */
export function packet(told: Told = {}): Packet {
  const [found] = packets(filled(told));
  if (!found) throw new Error("the store has no packet");
  return found;
}
