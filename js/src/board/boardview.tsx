// Results of a class: bars, words, a table, a wall of strokes. The same in the notebook and on a phone.

import { useEffect, useRef } from "preact/hooks";
import { Isolated } from "../shared/isolated";
import { PALETTE } from "../shared/palette";
import { visible } from "../shared/text";

export interface Stroke {
  color: number;
  points: [number, number][];
}

export type BoardKind = "bars" | "words" | "table" | "wall";

export interface BoardData {
  kind: BoardKind;
  title: string;
  // biome-ignore lint/suspicious/noExplicitAny: what it holds follows from its kind; all of it is only text and numbers
  data: any[];
  /** Of more rows than a board shows: how many are left out. */
  left_out?: number;
}

const MOST_WORDS = 80;
const ASPECT = 3 / 4;

export function BoardView({ kind, title, data, left_out = 0 }: BoardData) {
  return (
    <figure class="nbs-board" data-board={kind}>
      {title && <figcaption dir="auto">{visible(title)}</figcaption>}
      {data.length === 0 && kind !== "wall" && <p class="nbs-hint">Nothing yet.</p>}
      {kind === "bars" && <Bars pairs={pairsOf(data)} />}
      {kind === "words" && <Words pairs={pairsOf(data)} />}
      {kind === "table" && data.length > 0 && <Table rows={data as Record<string, unknown>[]} />}
      {kind === "wall" && <Wall strokes={data as Stroke[]} label={title || "Drawing"} />}
      <LeftOut count={left_out} shown={data.length} />
    </figure>
  );
}

function LeftOut({ count, shown }: { count: number; shown: number }) {
  if (!count) return null;
  return (
    <p class="nbs-hint">
      {shown.toLocaleString()} of {(shown + count).toLocaleString()} are shown.
    </p>
  );
}

// biome-ignore lint/suspicious/noExplicitAny: see BoardData
function pairsOf(data: any[]): [string, number][] {
  return data.filter((one) => Array.isArray(one) && one.length === 2) as [string, number][];
}

function Bars({ pairs }: { pairs: [string, number][] }) {
  const most = Math.max(1e-9, ...pairs.map(([, number]) => number));
  return (
    <ul class="nbs-bars">
      {pairs.map(([label, number]) => (
        <li key={label}>
          <span class="nbs-bar-label" dir="auto">
            {visible(label)}
          </span>
          <span class="nbs-bar" aria-hidden="true">
            <span style={{ width: `${(Math.max(0, number) / most) * 100}%` }} />
          </span>
          <b>{number.toLocaleString()}</b>
        </li>
      ))}
    </ul>
  );
}

function Words({ pairs }: { pairs: [string, number][] }) {
  const most = Math.max(1, ...pairs.map(([, number]) => number));
  const largest = [...pairs].sort((one, other) => other[1] - one[1]).slice(0, MOST_WORDS);
  const order = [...largest].sort((one, other) => one[0].localeCompare(other[0]));
  return (
    <>
      <ul class="nbs-words">
        {order.map(([word, number]) => (
          <li
            key={word}
            style={{
              fontSize: `${(0.9 + 2.1 * Math.sqrt(Math.max(0, number) / most)).toFixed(2)}em`,
            }}
            title={`${number}`}
          >
            <Isolated>{word}</Isolated>
            <span class="nbs-hidden"> {number}</span>
          </li>
        ))}
      </ul>
      <LeftOut count={pairs.length - largest.length} shown={largest.length} />
    </>
  );
}

function Table({ rows }: { rows: Record<string, unknown>[] }) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return (
    <div class="nbs-table">
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} dir="auto">
                {visible(column)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => {
            const cells = new Map(Object.entries(row));
            return (
              <tr key={index}>
                {columns.map((column) => (
                  <td key={column} dir="auto">
                    {visible(String(cells.get(column) ?? ""))}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function isPoint(point: unknown): boolean {
  return Array.isArray(point) && Number.isFinite(point[0]) && Number.isFinite(point[1]);
}

/** Draw strokes; coordinates run from 0 to 1. */
export function drawStrokes(canvas: HTMLCanvasElement, strokes: readonly Stroke[]): void {
  const context = canvas.getContext("2d");
  const width = canvas.clientWidth;
  if (!context || width === 0) return;
  const ratio = window.devicePixelRatio || 1;
  const height = width * ASPECT;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.lineWidth = Math.max(2, width / 160);
  context.lineCap = context.lineJoin = "round";
  // What comes from elsewhere may be anything; one bad stroke must not keep the others from being drawn.
  for (const stroke of strokes as readonly (Partial<Stroke> | null)[]) {
    const points = Array.isArray(stroke?.points) ? stroke.points.filter(isPoint) : [];
    if (points.length === 0) continue;
    context.strokeStyle = context.fillStyle = PALETTE[stroke?.color ?? -1] ?? "#777";
    context.beginPath();
    for (const [index, [x, y]] of points.entries()) {
      if (index === 0) context.moveTo(x * width, y * height);
      else context.lineTo(x * width, y * height);
    }
    if (points.length === 1) {
      const [[x, y]] = points as [[number, number]];
      context.arc(x * width, y * height, context.lineWidth / 2, 0, 7);
      context.fill();
    } else context.stroke();
  }
}

function Wall({ strokes, label }: { strokes: Stroke[]; label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const paint = () => drawStrokes(element, strokes);
    paint();
    const sizes = new ResizeObserver(paint);
    sizes.observe(element);
    return () => sizes.disconnect();
  });
  return (
    <canvas
      ref={canvas}
      role="img"
      data-strokes={strokes.length}
      aria-label={`${label}: ${strokes.length} strokes`}
    />
  );
}
