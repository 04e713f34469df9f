// The whole wire view: counters, ladder, frames, X-ray.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { visible } from "../shared/text";
import { Attempt } from "./attempt";
import { Announcer, Counters, Legend, WORDS } from "./counters";
import { asHar, asJson, asMermaid, asSvg } from "./exports";
import type { Feed } from "./feed";
import { CROSSED, EVERYTHING, type Filter, Frames } from "./frames";
import { colorsOf, draw } from "./ladder";
import { nearest, type Scene, scene } from "./scene";
import type { Packet, Store } from "./store";
import { XRay } from "./xrayview";

const SPANS_MS = [50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000];
const HEIGHT = 340;
const FEW_PACKETS = 400;
/** How long the style sheets of another theme take to come. */
const THEME_MS = 400;

/** The time of the message that is nearest to `at`. */
function nearestTo(store: Store, at: number): number | undefined {
  let best: number | undefined;
  for (const { packet } of store.rows.kept) {
    if (!packet || packet.index === 0) continue;
    if (best === undefined || Math.abs(packet.at - at) < Math.abs(best - at)) best = packet.at;
  }
  return best;
}

function download(name: string, type: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

export function Wire({ feed, channel, base }: { feed: Feed; channel: string; base: string }) {
  const { store } = feed;
  const version = feed.version.value;
  const pausedAt = useSignal<number | undefined>(undefined);
  const span = useSignal(5);
  const back = useSignal(0);
  const chosen = useSignal<Packet | undefined>(undefined);
  const filter = useSignal<Filter>(EVERYTHING);
  const canvas = useRef<HTMLCanvasElement>(null);
  const shown = useRef<Scene | undefined>(undefined);
  const attempt = useRef(new Attempt(base, channel));

  const spanMs = SPANS_MS[span.value] ?? 5000;

  function now(): number {
    return performance.timeOrigin + performance.now() + store.clock.ahead;
  }

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
    const to = (pausedAt.value ?? now()) - back.value;
    const view = { width, height: HEIGHT, from: to - spanMs, to };
    shown.current = scene(store, view);
    draw(context, shown.current, view, colorsOf(element), chosen.value?.id);
  }

  // Painted when something changes, and while it is live so that time goes on; never while nobody can see it.
  useEffect(paint, [version, pausedAt.value, span.value, back.value, chosen.value]);
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
      const pause = (shown.current?.packets ?? 0) > FEW_PACKETS ? Math.max(slow, 250) : slow;
      if (!isSeen || document.hidden || at - last < pause) return;
      if (pausedAt.value !== undefined || feed.state.value !== "live") return;
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

  const state = feed.state.value;
  const isPaused = pausedAt.value !== undefined;
  const oldest = store.rows.kept[0]?.at ?? now();
  const reach = isPaused ? Math.max(0, (pausedAt.value ?? 0) - oldest) : 0;

  /** While it rests: have the packet that is nearest to this time in the middle, if none would be seen. */
  function lookAt(middle: number, span_ms: number): void {
    const end = pausedAt.value ?? now();
    const nearest = nearestTo(store, middle);
    const isSeen = nearest !== undefined && Math.abs(nearest - middle) < span_ms / 2;
    back.value = Math.max(
      0,
      end - (isSeen || nearest === undefined ? middle : nearest) - span_ms / 2,
    );
  }

  function pause(): void {
    pausedAt.value = isPaused ? undefined : now();
    back.value = 0;
    if (pausedAt.value !== undefined) lookAt(pausedAt.value - spanMs / 2, spanMs);
  }

  function zoom(steps: number): void {
    const next = Math.max(0, Math.min(SPANS_MS.length - 1, span.value + steps));
    if (pausedAt.value !== undefined) {
      lookAt(pausedAt.value - back.value - spanMs / 2, SPANS_MS[next] ?? spanMs);
    }
    span.value = next;
  }

  function choose(packet: Packet | undefined): void {
    chosen.value = packet;
    if (!packet) return;
    if (pausedAt.value === undefined) pausedAt.value = now();
    // Bring it into the ladder.
    back.value = Math.max(0, pausedAt.value - packet.at - spanMs / 2);
  }

  function save(kind: string): void {
    const name = `${channel}-wire`;
    if (kind === "har") download(`${name}.har`, "application/json", asHar(store, location.href));
    if (kind === "json") download(`${name}.json`, "application/json", asJson(store));
    if (kind === "mermaid") download(`${name}.mmd`, "text/plain", asMermaid(store));
    if (kind === "svg" && shown.current) {
      download(
        `${name}.svg`,
        "image/svg+xml",
        asSvg(shown.current, canvas.current?.clientWidth ?? 600, HEIGHT),
      );
    }
  }

  return (
    <section
      class="nbs nbs-wire"
      aria-label={`Wire of ${channel}`}
      data-wire={channel}
      data-state={state}
      data-seen={store.seen}
      data-left-out={store.leftOut}
      data-crossings={store.crossings}
    >
      <header>
        <strong>Wire of {visible(channel)}</strong>
        <span class="nbs-state" data-state={state === "live" ? "connected" : state}>
          <span class="nbs-dot" aria-hidden="true" />
          <span data-words>
            {isPaused && state === "live" ? "Paused; packets are still counted" : WORDS[state]}
            {state === "error" && ` ${visible(feed.detail.value)}`}
            {store.isCellBusy && <em class="nbs-hint"> – a cell is busy</em>}
          </span>
        </span>
        <span class="nbs-group">
          <button type="button" data-action="pause" aria-pressed={isPaused} onClick={pause}>
            {isPaused ? "Resume" : "Pause"}
          </button>
          <button
            type="button"
            data-action="clear"
            onClick={() => {
              store.clear();
              chosen.value = undefined;
              feed.changed();
            }}
          >
            Clear
          </button>
          <label class="nbs-check">
            <span class="nbs-hidden">Save as</span>
            <select
              data-field="export"
              value=""
              onChange={(changed) => {
                save(changed.currentTarget.value);
                changed.currentTarget.value = "";
              }}
              onKeyDown={(pressed) => pressed.stopPropagation()}
            >
              <option value="">Save as…</option>
              <option value="har">HAR</option>
              <option value="json">JSON</option>
              <option value="mermaid">Mermaid</option>
              <option value="svg">SVG of the ladder</option>
            </select>
          </label>
        </span>
      </header>
      <Counters
        feed={feed}
        isCrossed={filter.value.kind === CROSSED}
        showCrossings={(isWanted) => {
          filter.value = { ...EVERYTHING, kind: isWanted ? CROSSED : "" };
        }}
      />
      <div class="nbs-ladder">
        <div class="nbs-tools" role="toolbar" aria-label="Ladder">
          <button
            type="button"
            aria-label="Show less time"
            data-action="closer"
            disabled={span.value === 0}
            onClick={() => zoom(-1)}
          >
            +
          </button>
          <span class="nbs-hint" data-span>
            {spanMs >= 1000 ? `${spanMs / 1000} s` : `${spanMs} ms`}
          </span>
          <button
            type="button"
            aria-label="Show more time"
            data-action="farther"
            disabled={span.value === SPANS_MS.length - 1}
            onClick={() => zoom(1)}
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
              step={Math.max(1, Math.round(spanMs / 50))}
              value={-back.value}
              disabled={!isPaused || reach < 1}
              onInput={(moved) => {
                back.value = -moved.currentTarget.valueAsNumber;
              }}
              onKeyDown={(pressed) => pressed.stopPropagation()}
            />
          </label>
          <Legend />
        </div>
        <canvas
          ref={canvas}
          style={{ height: `${HEIGHT}px` }}
          role="img"
          aria-label={`Ladder of the last ${spanMs / 1000} seconds; the same packets are in the table below.`}
          onClick={(clicked) => {
            if (shown.current) choose(nearest(shown.current, clicked.offsetX, clicked.offsetY));
          }}
          onWheel={(turned) => {
            if (turned.ctrlKey || turned.metaKey) {
              turned.preventDefault();
              zoom(Math.sign(turned.deltaY));
              return;
            }
            if (!isPaused) return;
            turned.preventDefault();
            const next = back.value - (turned.deltaY / HEIGHT) * spanMs;
            back.value = Math.max(0, Math.min(reach, next));
          }}
        />
      </div>
      <Frames
        feed={feed}
        pausedAt={pausedAt.value}
        chosen={chosen.value}
        choose={choose}
        filter={filter}
      />
      {chosen.value && (
        <XRay
          packet={chosen.value}
          attempt={attempt.current}
          close={() => {
            chosen.value = undefined;
          }}
        />
      )}
      <Announcer feed={feed} />
    </section>
  );
}
