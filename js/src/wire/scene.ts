// The ladder as geometry: a lane for each client, the server and the kernel; an arrow for each packet.

import { cross, type Packet, type Run, type Store } from "./store";

export interface Lane {
  key: string;
  label: string;
  x: number;
}

/** A stretch of a packet's way; an end that is only supposed is not exact. */
export interface Arrow {
  packet: Packet;
  x1: number;
  y1: number;
  x2: number;
  y2: number;
  isExact: boolean;
}

/** Arrows that are too close together to be told apart: where the first and the last begin and end. */
export interface Band {
  packets: Packet[];
  x1: number;
  x2: number;
  /** At `x1`, and at `x2`. */
  from: [number, number];
  to: [number, number];
}

export interface Bar {
  run: Run;
  x: number;
  width: number;
  y1: number;
  y2: number;
}

export interface Point {
  x: number;
  y: number;
}

export interface Scene {
  lanes: Lane[];
  arrows: Arrow[];
  bands: Band[];
  bars: Bar[];
  crossings: Point[];
  /** Packets of this stretch of time. */
  packets: number;
  from: number;
  to: number;
}

export interface Window {
  width: number;
  height: number;
  from: number;
  to: number;
}

const MOST_LANES = 6;
const MOST_BARS = 1500;
/** More arrows of one kind than these in so many pixels are a band. */
const TOGETHER = 8;
const TOGETHER_PX = 30;
const MOST_MARKS = 1000;
const LEGS = [
  ["client", "server"],
  ["server", "kernel"],
] as const;
const OTHERS = -1;
export const HEAD = 22;

/** Where everything is; times outside the window are cut off by whoever draws. */
export function scene(store: Store, window: Window): Scene {
  const { from, to, width, height } = window;
  const y = (at: number) => HEAD + ((at - from) / (to - from)) * (height - HEAD);
  const packets: Packet[] = [];
  const rows = store.rows.kept;
  for (let index = rows.length - 1; index >= 0; index -= 1) {
    const row = rows[index];
    if (!row || row.at < from - 1000) break;
    if (!row.packet || row.packet.index === 0) continue;
    const { at, clientAt, kernelAt } = row.packet;
    const first = Math.min(at, clientAt ?? at, kernelAt ?? at);
    const last = Math.max(at, clientAt ?? at, kernelAt ?? at);
    if (last < from || first > to) continue;
    packets.push(row.packet);
  }
  packets.reverse();
  const sessions = [...new Set(packets.map((packet) => packet.session))].sort((a, b) => a - b);
  for (const [session, client] of store.clients) {
    if (client.isHere && !sessions.includes(session)) sessions.push(session);
  }
  const own = sessions.slice(0, sessions.length > MOST_LANES ? MOST_LANES - 1 : MOST_LANES);
  const keys = sessions.length > own.length ? [...own, OTHERS] : own;
  const labels = keys.map((key) =>
    key === OTHERS ? `${sessions.length - own.length} others` : store.label(key),
  );
  const count = keys.length + 2;
  const step = width / count;
  const lanes: Lane[] = labels.map((label, index) => ({
    key: String(keys[index]),
    label,
    x: step * (index + 0.5),
  }));
  const server = { key: "server", label: "server", x: step * (keys.length + 0.5) };
  const kernel = { key: "kernel", label: "kernel", x: step * (keys.length + 1.5) };
  const arrows: Arrow[] = [];
  const ways: Record<"in" | "out", Way[]> = { in: [], out: [] };
  for (const packet of packets) {
    const lane = own.includes(packet.session) ? own.indexOf(packet.session) : own.length;
    const x = lanes[lane]?.x ?? server.x;
    const atClient = packet.clientAt ?? packet.at;
    const isKnown = packet.clientAt !== undefined;
    const [client, middle] = [y(atClient), y(packet.at)];
    const [x1, y1, x2, y2] =
      packet.direction === "in" ? [x, client, server.x, middle] : [server.x, middle, x, client];
    arrows.push({ packet, x1, y1, x2, y2, isExact: isKnown });
    if (packet.kernelAt !== undefined) {
      const end = y(packet.kernelAt);
      const [a1, b1, a2, b2] =
        packet.direction === "in"
          ? [server.x, middle, kernel.x, end]
          : [kernel.x, end, server.x, middle];
      arrows.push({ packet, x1: a1, y1: b1, x2: a2, y2: b2, isExact: true });
    }
    if (packet.crossings > 0 && packet.kernelAt !== undefined) {
      ways[packet.direction].push({
        packet,
        client: { x, y: client },
        server: { x: server.x, y: middle },
        kernel: { x: kernel.x, y: y(packet.kernelAt) },
      });
    }
  }
  const bars: Bar[] = [];
  const runs = store.runs.kept;
  for (let index = runs.length - 1; index >= 0 && bars.length < MOST_BARS; index -= 1) {
    const run = runs[index];
    if (!run) continue;
    const end = run.end || to;
    if (end < from || run.begin > to) continue;
    const barWidth = run.isCell ? Math.min(46, step * 0.5) : Math.min(18, step * 0.2);
    bars.push({
      run,
      x: kernel.x - barWidth / 2,
      width: barWidth,
      y1: y(Math.max(run.begin, from)),
      y2: y(Math.min(end, to)),
    });
  }
  // Cells lie under the handlers that run beside them.
  bars.sort((one, other) => Number(other.run.isCell) - Number(one.run.isCell));
  const crossings = meetings(ways.in, ways.out);
  return {
    lanes: [...lanes, server, kernel],
    ...bundled(arrows),
    bars,
    crossings,
    packets: packets.length,
    from,
    to,
  };
}

/** Put arrows that lie close together into bands; those that crossed another stay by themselves. */
function bundled(all: Arrow[]): { arrows: Arrow[]; bands: Band[] } {
  const arrows: Arrow[] = [];
  const bands: Band[] = [];
  const places = new Map<string, Arrow[]>();
  for (const arrow of all) {
    if (arrow.packet.crossings > 0) {
      arrows.push(arrow);
      continue;
    }
    const place = Math.floor((arrow.y1 + arrow.y2) / 2 / TOGETHER_PX);
    const key = `${arrow.x1} ${arrow.x2} ${arrow.isExact} ${place}`;
    const here = places.get(key);
    if (here) here.push(arrow);
    else places.set(key, [arrow]);
  }
  for (const here of places.values()) {
    const [first] = here;
    if (!first || here.length <= TOGETHER) {
      arrows.push(...here);
      continue;
    }
    bands.push({
      packets: here.map((arrow) => arrow.packet),
      x1: first.x1,
      x2: first.x2,
      from: ends(here.map((arrow) => arrow.y1)),
      to: ends(here.map((arrow) => arrow.y2)),
    });
  }
  return { arrows, bands };
}

function ends(numbers: number[]): [number, number] {
  return [
    numbers.reduce((one, other) => Math.min(one, other)),
    numbers.reduce((one, other) => Math.max(one, other)),
  ];
}

/** Where a packet was when. */
interface Way {
  packet: Packet;
  client: Point;
  server: Point;
  kernel: Point;
}

/** Every point in which a packet to the kernel met one to its client. */
function meetings(ups: Way[], downs: Way[]): Point[] {
  const found: Point[] = [];
  for (const up of ups) {
    for (const down of downs) {
      if (up.packet.session !== down.packet.session || !cross(up.packet, down.packet)) continue;
      const place = meeting(up, down);
      if (place) found.push(place);
      if (found.length >= MOST_MARKS) return found;
    }
  }
  return found;
}

/** On one of the two legs of their ways the one comes to lie below the other. */
function meeting(up: Way, down: Way): Point | undefined {
  for (const [from, to] of LEGS) {
    const before = down[from].y - up[from].y;
    const after = down[to].y - up[to].y;
    if (before <= 0 || after > 0) continue;
    const share = before / (before - after);
    return {
      x: up[from].x + share * (up[to].x - up[from].x),
      y: up[from].y + share * (up[to].y - up[from].y),
    };
  }
  return undefined;
}

/** The packet whose arrow is nearest to a point, if one is near; of a band the one that would be there. */
export function nearest(found: Scene, x: number, y: number): Packet | undefined {
  let best: Packet | undefined;
  let least = 8;
  for (const arrow of found.arrows) {
    const length2 = (arrow.x2 - arrow.x1) ** 2 + (arrow.y2 - arrow.y1) ** 2;
    const along = Math.max(
      0,
      Math.min(
        1,
        ((x - arrow.x1) * (arrow.x2 - arrow.x1) + (y - arrow.y1) * (arrow.y2 - arrow.y1)) /
          (length2 || 1),
      ),
    );
    const distance = Math.hypot(
      x - arrow.x1 - along * (arrow.x2 - arrow.x1),
      y - arrow.y1 - along * (arrow.y2 - arrow.y1),
    );
    if (distance < least) {
      least = distance;
      best = arrow.packet;
    }
  }
  return best ?? withinBand(found.bands, x, y);
}

function withinBand(bands: Band[], x: number, y: number): Packet | undefined {
  for (const { packets, x1, x2, from, to } of bands) {
    const along = (x - x1) / (x2 - x1 || 1);
    const top = from[0] + along * (to[0] - from[0]);
    const bottom = from[1] + along * (to[1] - from[1]);
    if (along < 0 || along > 1 || y < top - 3 || y > bottom + 3) continue;
    const share = Math.min(0.999, Math.max(0, (y - top) / (bottom - top || 1)));
    return packets[Math.floor(share * packets.length)];
  }
  return undefined;
}
