// Draws the ladder's scene into a canvas.

import { type Arrow, type Band, HEAD, type Scene, type Window } from "./scene";

export interface Colors {
  text: string;
  muted: string;
  line: string;
  surface: string;
  in: string;
  out: string;
  busy: string;
  handler: string;
  mark: string;
}

export function colorsOf(element: HTMLElement): Colors {
  const style = getComputedStyle(element);
  const get = (name: string, fallback: string) => style.getPropertyValue(name).trim() || fallback;
  return {
    text: get("--nbs-text", "#1a1a1a"),
    muted: get("--nbs-muted", "#555"),
    line: get("--nbs-line", "#bdbdbd"),
    surface: get("--nbs-surface", "#fff"),
    // A page sends: what goes into the server is the page's "out".
    in: get("--nbs-out", "#1565c0"),
    out: get("--nbs-in", "#6a1b9a"),
    busy: get("--nbs-wait", "#9a5b00"),
    handler: get("--nbs-good", "#1b7f3b"),
    mark: get("--nbs-bad", "#c62828"),
  };
}

export function draw(
  context: CanvasRenderingContext2D,
  found: Scene,
  { width, height }: Window,
  colors: Colors,
  chosen: number | undefined,
): void {
  context.clearRect(0, 0, width, height);
  context.save();
  context.beginPath();
  context.rect(0, HEAD, width, height - HEAD);
  context.clip();
  times(context, found, width, height, colors);
  context.strokeStyle = colors.line;
  context.lineWidth = 1;
  for (const lane of found.lanes) line(context, lane.x, HEAD, lane.x, height);
  for (const bar of found.bars) {
    context.fillStyle = bar.run.isCell ? colors.busy : colors.handler;
    context.globalAlpha = bar.run.isCell ? 0.28 : 0.75;
    context.fillRect(bar.x, bar.y1, bar.width, Math.max(1.5, bar.y2 - bar.y1));
    context.globalAlpha = 1;
  }
  for (const band of found.bands) drawBand(context, band, colors);
  for (const arrow of found.arrows) {
    const isChosen = arrow.packet.id === chosen;
    context.strokeStyle = arrow.packet.direction === "in" ? colors.in : colors.out;
    context.fillStyle = context.strokeStyle;
    context.lineWidth = isChosen ? 3 : 1.2;
    context.setLineDash(arrow.isExact ? [] : [4, 3]);
    line(context, arrow.x1, arrow.y1, arrow.x2, arrow.y2);
    head(context, arrow);
  }
  context.setLineDash([]);
  context.fillStyle = colors.mark;
  for (const { x, y } of found.crossings) {
    context.beginPath();
    context.moveTo(x, y - 4);
    context.lineTo(x + 4, y);
    context.lineTo(x, y + 4);
    context.lineTo(x - 4, y);
    context.fill();
  }
  context.restore();
  context.fillStyle = colors.text;
  context.font = "12px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  const room = width / found.lanes.length - 6;
  for (const lane of found.lanes)
    context.fillText(fitting(context, lane.label, room), lane.x, HEAD / 2);
}

function drawBand(context: CanvasRenderingContext2D, band: Band, colors: Colors): void {
  const { x1, x2, from, to, packets } = band;
  context.fillStyle = packets[0]?.direction === "in" ? colors.in : colors.out;
  context.globalAlpha = 0.22;
  context.beginPath();
  context.moveTo(x1, from[0]);
  context.lineTo(x2, to[0]);
  context.lineTo(x2, to[1]);
  context.lineTo(x1, from[1]);
  context.fill();
  context.globalAlpha = 1;
  const [y1, y2] = [(from[0] + from[1]) / 2, (to[0] + to[1]) / 2];
  head(context, { x1, y1, x2, y2 });
  // A little before the end, so that the counts of both directions stand apart.
  const text = countOf(band);
  context.font = "600 11px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  const [x, y] = [x1 + (x2 - x1) * COUNT_AT, y1 + (y2 - y1) * COUNT_AT];
  const width = context.measureText(text).width + 8;
  context.fillStyle = colors.surface;
  context.globalAlpha = 0.85;
  context.fillRect(x - width / 2, y - 8, width, 16);
  context.globalAlpha = 1;
  context.fillStyle = packets[0]?.direction === "in" ? colors.in : colors.out;
  context.fillText(text, x, y);
}

/** Where on its way a band's count stands, from 0 to 1. */
export const COUNT_AT = 0.7;

export function countOf({ packets }: Band): string {
  return `${packets.length.toLocaleString()} ×`;
}

function fitting(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  let cut = text;
  while (cut && context.measureText(`${cut}…`).width > room) cut = cut.slice(0, -1);
  return `${cut}…`;
}

const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000];

function times(
  context: CanvasRenderingContext2D,
  { from, to }: Scene,
  width: number,
  height: number,
  colors: Colors,
): void {
  const span = to - from;
  const step = STEPS.find((one) => span / one <= 8) ?? span;
  context.strokeStyle = colors.line;
  context.fillStyle = colors.muted;
  context.font = "10px system-ui, sans-serif";
  context.textAlign = "left";
  context.textBaseline = "bottom";
  context.lineWidth = 0.5;
  for (let at = Math.ceil(from / step) * step; at < to; at += step) {
    const y = HEAD + ((at - from) / span) * (height - HEAD);
    context.globalAlpha = 0.6;
    line(context, 0, y, width, y);
    context.globalAlpha = 1;
    context.fillText(timeText(at, step), 3, y - 1);
  }
}

export function timeText(at: number, step = 1): string {
  const moment = new Date(at);
  const clock = moment.toTimeString().slice(0, 8);
  return step >= 1000 ? clock : `${clock}.${String(moment.getMilliseconds()).padStart(3, "0")}`;
}

function line(context: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number) {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

function head(
  context: CanvasRenderingContext2D,
  { x1, y1, x2, y2 }: Pick<Arrow, "x1" | "y1" | "x2" | "y2">,
): void {
  const angle = Math.atan2(y2 - y1, x2 - x1);
  context.beginPath();
  context.moveTo(x2, y2);
  context.lineTo(x2 - 7 * Math.cos(angle - 0.4), y2 - 7 * Math.sin(angle - 0.4));
  context.lineTo(x2 - 7 * Math.cos(angle + 0.4), y2 - 7 * Math.sin(angle + 0.4));
  context.fill();
}
