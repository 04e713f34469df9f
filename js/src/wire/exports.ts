// What a wire view has seen, in the forms of other tools: JSON, HAR 1.2, a Mermaid sequence diagram, SVG.

import { visible } from "../shared/text";
import { discreet } from "./discretion";
import { COUNT_AT, countOf, timeText } from "./ladder";
import { HEAD, type Scene } from "./scene";
import type { HttpItem, Packet, Row, Store } from "./store";
import { contentOf } from "./xray";

const MERMAID_ARROWS = 200;

function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function packetsOf(store: Store): Packet[] {
  return store.rows.kept.flatMap((row) => (row.packet ? [row.packet] : []));
}

/** Everything, as this program's own JSON. */
export function asJson(store: Store): string {
  return JSON.stringify(
    {
      made_by: "nbsocket",
      left_out: store.leftOut,
      kernel_left_out: store.kernelLeftOut,
      crossings: store.crossings,
      clients: [...store.clients.entries()].map(([session, client]) => ({
        session,
        name: client.name,
        role: client.role,
      })),
      rows: store.rows.kept.map((row) => plain(row, store)),
      kernel: store.runs.kept,
    },
    null,
    1,
  );
}

function plain(row: Row, store: Store): unknown {
  const shared = { at: new Date(row.at).toISOString(), client: store.label(row.session) };
  if (row.http) return { ...shared, http: { ...row.http, type: undefined } };
  if (!row.packet) return { ...shared, note: row.note };
  const { packet } = row;
  const { text, args, isCut } = discreet(packet);
  return {
    ...shared,
    direction: packet.direction === "in" ? "client to server" : "server to client",
    transport: packet.transport,
    size: packet.size,
    client_at: packet.clientAt,
    server_at: packet.at,
    kernel_at: packet.kernelAt,
    ...packet.decoded,
    text,
    args,
    raw: isCut ? null : base64(packet.raw),
  };
}

interface HarMessage {
  type: "send" | "receive";
  time: number;
  opcode: number;
  data: string;
}

/** HAR 1.2 with Chromium's `_webSocketMessages`: one entry a client's WebSocket, one a request. */
export function asHar(store: Store, page: string): string {
  const messages = new Map<number, HarMessage[]>();
  for (const packet of packetsOf(store)) {
    if (packet.transport === "polling") continue;
    const content = contentOf(packet.raw, "websocket");
    if (content.opcode !== 1 && content.opcode !== 2) continue;
    const mine = messages.get(packet.session) ?? [];
    mine.push({
      type: packet.direction === "in" ? "send" : "receive",
      time: (packet.clientAt ?? packet.at) / 1000,
      opcode: content.opcode,
      data: content.opcode === 1 ? discreet(packet).text : base64(content.bytes),
    });
    messages.set(packet.session, mine);
  }
  const entries: unknown[] = [];
  const opened = new Set<number>();
  for (const row of store.rows.kept) {
    if (!row.http) continue;
    const isSocket = row.http.status === 101;
    if (isSocket) opened.add(row.session);
    entries.push(entry(row.http, page, isSocket ? messages.get(row.session) : undefined));
  }
  // Connections that were there before the view have no request here.
  for (const [session, mine] of messages) {
    if (opened.has(session)) continue;
    entries.push(
      entry(
        {
          type: "http",
          at: (mine[0]?.time ?? 0) * 1000,
          session,
          method: "GET",
          url: `/nbsocket/?session=${session}`,
          status: 101,
          headers: {},
          took_ms: 0,
        },
        page,
        mine,
      ),
    );
  }
  return JSON.stringify(
    {
      log: {
        version: "1.2",
        creator: { name: "nbsocket", version: "1" },
        pages: [],
        entries,
      },
    },
    null,
    1,
  );
}

function entry(http: HttpItem, page: string, messages: HarMessage[] | undefined): unknown {
  const url = new URL(http.url, page);
  if (messages) url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const headers = Object.entries(http.headers).map(([name, value]) => ({ name, value }));
  return {
    startedDateTime: new Date(http.at - http.took_ms).toISOString(),
    time: http.took_ms,
    request: {
      method: http.method,
      url: url.href,
      httpVersion: "HTTP/1.1",
      cookies: [],
      headers,
      queryString: [...url.searchParams].map(([name, value]) => ({ name, value })),
      headersSize: -1,
      bodySize: -1,
    },
    response: {
      status: http.status,
      statusText: "",
      httpVersion: "HTTP/1.1",
      cookies: [],
      headers: [],
      content: { size: -1, mimeType: "" },
      redirectURL: "",
      headersSize: -1,
      bodySize: -1,
    },
    cache: {},
    timings: { send: 0, wait: http.took_ms, receive: 0 },
    ...(messages ? { _resourceType: "websocket", _webSocketMessages: messages } : {}),
  };
}

/** A Mermaid sequence diagram of the latest packets. */
export function asMermaid(store: Store): string {
  const packets = packetsOf(store)
    .filter((packet) => packet.index > 0)
    .slice(-MERMAID_ARROWS);
  const sessions = [...new Set(packets.map((packet) => packet.session))];
  const lines = ["sequenceDiagram"];
  for (const session of sessions)
    lines.push(`  participant c${session} as ${mermaid(store.label(session))}`);
  lines.push("  participant server", "  participant kernel");
  for (const packet of packets) {
    const client = `c${packet.session}`;
    const text = mermaid(titleOf(packet));
    if (packet.direction === "in") {
      lines.push(`  ${client}->>server: ${text}`);
      if (packet.kernelAt !== undefined) lines.push(`  server->>kernel: ${text}`);
    } else {
      if (packet.kernelAt !== undefined) lines.push(`  kernel->>server: ${text}`);
      lines.push(`  server->>${client}: ${text}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

export function titleOf(packet: Packet): string {
  const { decoded } = packet;
  const what = decoded.event || decoded.socket || decoded.engine;
  const ack = decoded.ackId === undefined ? "" : ` #${decoded.ackId}`;
  return `${what}${ack} ${discreet(packet).args}`.trim();
}

/** Text that Mermaid takes as text. */
function mermaid(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return (
    visible(short.replace(/\s+/g, " ")).replace(
      /[#;:<>{}"\\%]/g,
      (character) => `#${character.charCodeAt(0)};`,
    ) || "…"
  );
}

function escaped(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The ladder as it is on the screen. */
export function asSvg(found: Scene, width: number, height: number): string {
  const n = (value: number) => value.toFixed(1);
  const inside = (y: number) => Math.min(height, Math.max(HEAD, y));
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" role="img">`,
    `<title>${escaped(`${found.packets} packets from ${timeText(found.from)} to ${timeText(found.to)}`)}</title>`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<defs><marker id="nbs-head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="context-stroke"/></marker></defs>`,
  ];
  for (const lane of found.lanes) {
    parts.push(
      `<line x1="${n(lane.x)}" y1="${HEAD}" x2="${n(lane.x)}" y2="${height}" stroke="#bdbdbd"/>`,
      `<text x="${n(lane.x)}" y="${HEAD / 2}" font-size="12" text-anchor="middle" dominant-baseline="middle">${escaped(lane.label)}</text>`,
    );
  }
  for (const bar of found.bars) {
    const y1 = inside(bar.y1);
    parts.push(
      `<rect class="${bar.run.isCell ? "cell" : "handler"}" x="${n(bar.x)}" y="${n(y1)}" width="${n(bar.width)}" height="${n(Math.max(1.5, inside(bar.y2) - y1))}" fill="${bar.run.isCell ? "#ffcc80" : "#1b7f3b"}"><title>${escaped(bar.run.isCell ? "cell busy" : `handler of ${bar.run.what}`)}</title></rect>`,
    );
  }
  for (const band of found.bands) {
    const color = band.packets[0]?.direction === "in" ? "#1565c0" : "#6a1b9a";
    const corners = [
      [band.x1, band.from[0]],
      [band.x2, band.to[0]],
      [band.x2, band.to[1]],
      [band.x1, band.from[1]],
    ] as const;
    const middle = (one: [number, number]) => (inside(one[0]) + inside(one[1])) / 2;
    const y = middle(band.from) + COUNT_AT * (middle(band.to) - middle(band.from));
    parts.push(
      `<polygon class="band" points="${corners.map(([x, y]) => `${n(x)},${n(inside(y))}`).join(" ")}" fill="${color}" fill-opacity="0.22"/>`,
      `<text x="${n(band.x1 + COUNT_AT * (band.x2 - band.x1))}" y="${n(y)}" font-size="11" text-anchor="middle" dominant-baseline="middle" fill="${color}">${countOf(band)}</text>`,
    );
  }
  for (const arrow of found.arrows) {
    parts.push(
      `<line class="${arrow.packet.direction}" x1="${n(arrow.x1)}" y1="${n(arrow.y1)}" x2="${n(arrow.x2)}" y2="${n(arrow.y2)}" stroke="${arrow.packet.direction === "in" ? "#1565c0" : "#6a1b9a"}" stroke-width="1.2" marker-end="url(#nbs-head)"${arrow.isExact ? "" : ' stroke-dasharray="4 3"'}><title>${escaped(titleOf(arrow.packet))}</title></line>`,
    );
  }
  for (const cross of found.crossings) {
    parts.push(
      `<path class="crossing" d="M${n(cross.x)} ${n(cross.y - 4)}l4 4l-4 4l-4 -4z" fill="#c62828"/>`,
    );
  }
  parts.push("</svg>");
  return parts.join("\n");
}
