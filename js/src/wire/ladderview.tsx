// The ladder on its canvas, with what chooses the time that it shows.

import type { MutableRef } from "preact/hooks";
import { useEffect, useRef } from "preact/hooks";
import { Legend } from "./counters";
import type { Feed } from "./feed";
import { colorsOf, draw } from "./ladder";
import { nearest, type Scene, scene } from "./scene";
import type { Span } from "./span";
import type { Packet } from "./store";

const HEIGHT = 340;
const FEW_PACKETS = 400;
/** How long the style sheets of another theme take to come. */
const THEME_MS = 400;

/** What was painted last, and how large. */
export interface Painted {
  scene: Scene;
  width: number;
  height: number;
}

interface Given {
  feed: Feed;
  span: Span;
  chosen: Packet | undefined;
  choose: (packet: Packet | undefined) => void;
  painted: MutableRef<Painted | undefined>;
}

export function LadderView({ feed, span, chosen, choose, painted }: Given) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const chosenId = useRef<number | undefined>(undefined);
  chosenId.current = chosen?.id;

  function paint(): void {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context) return;
    const width = element.clientWidth;
    if (width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    if (element.width !== Math.round(width * ratio)) element.width = Math.round(width * ratio);
    if (element.height !== Math.round(HEIGHT * ratio)) element.height = Math.round(HEIGHT * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const view = { width, height: HEIGHT, from: span.to - span.length, to: span.to };
    painted.current = { scene: scene(feed.store, view), width, height: HEIGHT };
    draw(context, painted.current.scene, view, colorsOf(element), chosenId.current);
  }

  // Painted when something changes, and while it is live so that time goes on; never while nobody can see it.
  useEffect(paint, [
    feed.version.value,
    span.pausedAt.value,
    span.length,
    span.back.value,
    chosen?.id,
  ]);
  useEffect(() => {
    let frame = 0;
    let last = 0;
    let isSeen = true;
    const observer = new IntersectionObserver((entries) => {
      isSeen = entries.at(-1)?.isIntersecting ?? true;
    });
    if (canvas.current) observer.observe(canvas.current);
    // Another theme has other colors, also while nothing moves.
    const themes = new MutationObserver(() => setTimeout(paint, THEME_MS));
    themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
    const sizes = new ResizeObserver(paint);
    if (canvas.current) sizes.observe(canvas.current);
    const slow = matchMedia("(prefers-reduced-motion: reduce)").matches ? 1000 : 50;
    const tick = (at: number) => {
      frame = requestAnimationFrame(tick);
      const isCrowded = (painted.current?.scene.packets ?? 0) > FEW_PACKETS;
      if (!isSeen || document.hidden || at - last < (isCrowded ? Math.max(slow, 250) : slow))
        return;
      if (span.isPaused || feed.state.value !== "live") return;
      last = at;
      paint();
    };
    frame = requestAnimationFrame(tick);
    return () => {
      cancelAnimationFrame(frame);
      observer.disconnect();
      themes.disconnect();
      sizes.disconnect();
    };
  }, []);

  return (
    <div class="nbs-ladder">
      <Tools span={span} />
      <canvas
        ref={canvas}
        style={{ height: `${HEIGHT}px` }}
        role="img"
        aria-label={`Ladder of the last ${span.length / 1000} seconds; the same packets are in the table below.`}
        onClick={(clicked) => {
          const shown = painted.current?.scene;
          if (shown) choose(nearest(shown, clicked.offsetX, clicked.offsetY));
        }}
        onWheel={(turned) => {
          if (turned.ctrlKey || turned.metaKey) {
            turned.preventDefault();
            span.zoom(Math.sign(turned.deltaY));
          } else if (span.isPaused) {
            turned.preventDefault();
            span.move((-turned.deltaY / HEIGHT) * span.length);
          }
        }}
      />
    </div>
  );
}

function Tools({ span }: { span: Span }) {
  const { length, reach } = span;
  return (
    <div class="nbs-tools" role="toolbar" aria-label="Ladder">
      <button
        type="button"
        aria-label="Show less time"
        data-action="closer"
        disabled={span.isShortest}
        onClick={() => span.zoom(-1)}
      >
        +
      </button>
      <span class="nbs-hint" data-span>
        {length >= 1000 ? `${length / 1000} s` : `${length} ms`}
      </span>
      <button
        type="button"
        aria-label="Show more time"
        data-action="farther"
        disabled={span.isLongest}
        onClick={() => span.zoom(1)}
      >
        −
      </button>
      <label class="nbs-scrub" title="Go back in time">
        <span class="nbs-hidden">Go back in time</span>
        <input
          type="range"
          data-field="scrub"
          min={-Math.ceil(reach)}
          max={0}
          step={Math.max(1, Math.round(length / 50))}
          value={-span.back.value}
          disabled={!span.isPaused || reach < 1}
          onInput={(moved) => {
            span.back.value = -moved.currentTarget.valueAsNumber;
          }}
          onKeyDown={(pressed) => pressed.stopPropagation()}
        />
      </label>
      <Legend />
    </div>
  );
}
