// What a class asks a phone: one component for each kind of block. All texts are data.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { drawStrokes, type Stroke } from "../board/boardview";
import { COLOR_NAMES, PALETTE } from "../shared/palette";
import { visible } from "../shared/text";
import type { BlockItem, ClassClient } from "./client";

interface Props {
  block: BlockItem;
  client: ClassClient;
  isOff: boolean;
}

const STEP = 0.004;
const MOST_POINTS = 400;

export function BlockView(props: Props) {
  const { block } = props;
  return (
    <section class="block" data-block={block.kind} data-event={block.event}>
      {block.label && block.kind !== "button" && block.kind !== "toggle" && (
        <h2 class={block.kind === "say" ? "said" : ""} dir="auto">
          {visible(block.label)}
        </h2>
      )}
      {block.kind === "choices" && <Choices {...props} />}
      {block.kind === "text" && <Text {...props} />}
      {block.kind === "button" && <Push {...props} />}
      {block.kind === "toggle" && <Toggle {...props} />}
      {block.kind === "items" && <Items {...props} />}
      {block.kind === "wall" && <Draw {...props} />}
    </section>
  );
}

function Choices({ block, client, isOff }: Props) {
  const before = client.mine(block.event);
  const chosen = useSignal<string[]>(
    Array.isArray(before) ? before : before === undefined ? [] : [String(before)],
  );
  function choose(option: string): void {
    if (!block.many) chosen.value = [option];
    else if (chosen.value.includes(option)) {
      chosen.value = chosen.value.filter((one) => one !== option);
    } else chosen.value = [...chosen.value, option];
    client.send(block.event, block.many ? chosen.value : option);
  }
  return (
    <fieldset aria-label={block.label || "Choices"}>
      {block.options?.map((option) => (
        <button
          key={option}
          type="button"
          dir="auto"
          class="choice"
          aria-pressed={chosen.value.includes(option)}
          disabled={isOff}
          onClick={() => choose(option)}
        >
          {visible(option)}
        </button>
      ))}
    </fieldset>
  );
}

function Text({ block, client, isOff }: Props) {
  const text = useSignal("");
  const sent = useSignal(0);
  const most = block.most ?? 80;
  const length = [...text.value.trim()].length;
  return (
    <form
      onSubmit={(submitted) => {
        submitted.preventDefault();
        if (length === 0 || length > most) return;
        client.send(block.event, text.value);
        text.value = "";
        sent.value += 1;
      }}
    >
      <input
        aria-label={block.label || "Your answer"}
        dir="auto"
        aria-invalid={length > most}
        value={text.value}
        disabled={isOff}
        autocomplete="off"
        onInput={(typed) => {
          text.value = typed.currentTarget.value;
        }}
      />
      <p class={length > most ? "loud" : "hint"} aria-live="polite">
        {length > most && `Too long: ${length} of ${most} characters.`}
        {length <= most && length > most * 0.8 && `${length} of ${most} characters`}
      </p>
      <button type="submit" disabled={isOff || length > most}>
        Send
      </button>
      {sent.value > 0 && <p class="hint">{sent.value} sent. You can send more.</p>}
    </form>
  );
}

function Push({ block, client, isOff }: Props) {
  const count = useSignal(0);
  return (
    <>
      <button
        type="button"
        dir="auto"
        class="push"
        disabled={isOff}
        onClick={() => {
          count.value += 1;
          client.send(block.event, count.value);
        }}
      >
        {visible(block.label)}
      </button>
      <p class="hint" role="status">
        {count.value > 0 && `✓ Pressed${count.value > 1 ? ` ${count.value} times` : ""}`}
      </p>
    </>
  );
}

function Toggle({ block, client, isOff }: Props) {
  const isOn = useSignal(client.mine(block.event) === true);
  return (
    <button
      type="button"
      dir="auto"
      class="choice"
      aria-pressed={isOn.value}
      disabled={isOff}
      onClick={() => {
        isOn.value = !isOn.value;
        client.send(block.event, isOn.value);
      }}
    >
      {visible(block.label)}
    </button>
  );
}

function Items({ block, client, isOff }: Props) {
  const voted = useSignal<(string | number)[]>([]);
  return (
    <ul class="items">
      {block.rows?.map((row) => (
        <li key={row.key}>
          <span dir="auto">{visible(row.text)}</span>
          <button
            type="button"
            aria-label={`Vote for “${visible(row.text)}”, ${row.votes} so far`}
            aria-pressed={voted.value.includes(row.key)}
            disabled={isOff || voted.value.includes(row.key)}
            onClick={() => {
              voted.value = [...voted.value, row.key];
              client.send(block.event, row.key);
            }}
          >
            ▲ {row.votes}
          </button>
        </li>
      ))}
    </ul>
  );
}

function Draw({ block, client, isOff }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const color = useSignal(Math.floor(Math.random() * PALETTE.length));
  const own = useRef<Stroke[]>([]);
  const current = useRef<Stroke | undefined>(undefined);
  const wall = [...client.boards.value.values()].find((board) => board.kind === "wall");

  function paint(): void {
    const strokes = [...((wall?.data ?? own.current) as Stroke[])];
    if (current.current) strokes.push(current.current);
    if (canvas.current) drawStrokes(canvas.current, strokes);
  }
  useEffect(() => {
    paint();
    const sizes = new ResizeObserver(paint);
    if (canvas.current) sizes.observe(canvas.current);
    return () => sizes.disconnect();
  });

  function point(event: PointerEvent): [number, number] {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const inside = (value: number) => Math.min(1, Math.max(0, Math.round(value * 1e4) / 1e4));
    return [
      inside((event.clientX - box.left) / box.width),
      inside((event.clientY - box.top) / box.height),
    ];
  }
  function end(): void {
    const stroke = current.current;
    if (!stroke) return;
    current.current = undefined;
    own.current.push(stroke);
    client.send(block.event, stroke);
    paint();
  }
  return (
    <div>
      <canvas
        ref={canvas}
        class="draw"
        aria-label={`${block.label || "Drawing"}: draw with a finger or a mouse`}
        onPointerDown={(event) => {
          if (isOff) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          current.current = { color: color.value, points: [point(event)] };
          paint();
        }}
        onPointerMove={(event) => {
          const stroke = current.current;
          const last = stroke?.points[stroke.points.length - 1];
          if (!stroke || !last) return;
          const next = point(event);
          if (Math.hypot(next[0] - last[0], next[1] - last[1]) < STEP) return;
          if (stroke.points.length >= MOST_POINTS) {
            end();
            current.current = { color: color.value, points: [last] };
          }
          current.current?.points.push(next);
          paint();
        }}
        onPointerUp={end}
        onPointerCancel={end}
      />
      <div class="colors" role="radiogroup" aria-label="Color">
        {PALETTE.map((one, index) => (
          <label key={one} style={{ background: one }}>
            <input
              type="radio"
              name="color"
              aria-label={COLOR_NAMES[index]}
              checked={color.value === index}
              onChange={() => {
                color.value = index;
              }}
            />
          </label>
        ))}
      </div>
    </div>
  );
}
