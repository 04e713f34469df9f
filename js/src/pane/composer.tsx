// The form to emit an event.

import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import { shortened, visible } from "../shared/text";
import { type Parsed, parseArgument, problemOfName } from "./arguments";
import type { PaneConnection } from "./connection";
import { keepMessage, type Message, savedMessages } from "./messages";

const REMEMBERED = 50;

/** An argument as it is typed, or a file whose bytes are sent. */
type Argument = string | { name: string; bytes: ArrayBuffer };

function read(argument: Argument): Parsed {
  return typeof argument === "string"
    ? parseArgument(argument)
    : { ok: true, value: argument.bytes };
}

/** Make a field as high as its text, where the stylesheet cannot say so. */
function fit(field: HTMLTextAreaElement): void {
  if (CSS.supports("field-sizing", "content")) return;
  field.style.height = "auto";
  // Both borders are within its height, and not within that of its content.
  field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`;
}

export function Composer({ connection }: { connection: PaneConnection }) {
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  const event = useSignal("message");
  const args = useSignal<Argument[]>(['"hello"']);
  const ask = useSignal(false);
  const kept = useSignal<Message[]>(savedMessages(connection.channel));
  // What was emitted before, and where the arrow keys stand in it.
  const history = useSignal<Message[]>([]);
  const at = useSignal(0);
  const parsed = args.value.map(read);
  const objected = useSignal("");
  const nameProblem = problemOfName(event.value.trim());
  const ready = nameProblem === "" && parsed.every((one) => one.ok);

  useEffect(() => {
    for (const field of form.current?.querySelectorAll("textarea") ?? []) fit(field);
  }, [args.value]);

  function emit(submitted?: Event): void {
    submitted?.preventDefault();
    if (!ready) return;
    const values = parsed.map((one) => (one.ok ? one.value : undefined));
    objected.value = connection.emit(event.value.trim(), values, ask.value);
    if (objected.value) return;
    const message = typed();
    if (message && JSON.stringify(message) !== JSON.stringify(history.value.at(-1))) {
      history.value = [...history.value, message].slice(-REMEMBERED);
    }
    at.value = history.value.length;
  }

  /** What is in the form, if all of it is text. */
  function typed(): Message | undefined {
    const texts = args.value.filter((one) => typeof one === "string");
    return texts.length === args.value.length
      ? { event: event.value.trim(), args: texts }
      : undefined;
  }

  function take(message: Message | undefined): void {
    if (!message) return;
    event.value = message.event;
    args.value = message.args;
  }

  function recall(pressed: KeyboardEvent): void {
    const step = pressed.key === "ArrowUp" ? -1 : pressed.key === "ArrowDown" ? 1 : 0;
    const next = at.value + step;
    if (step === 0 || next < 0 || next >= history.value.length) return;
    pressed.preventDefault();
    at.value = next;
    take(history.value[next]);
  }

  async function attach(chosen: HTMLInputElement): Promise<void> {
    const file = chosen.files?.[0];
    if (!file) return;
    args.value = [...args.value, { name: file.name, bytes: await file.arrayBuffer() }];
    chosen.value = "";
  }

  function set(index: number, text: string): void {
    args.value = args.value.map((old, at) => (at === index ? text : old));
  }

  return (
    <form
      ref={form}
      class="nbs-composer"
      onSubmit={emit}
      onKeyDown={(pressed) => {
        // The notebook must not take keys that are typed here.
        pressed.stopPropagation();
        if (pressed.key === "Enter" && (pressed.ctrlKey || pressed.metaKey)) emit(pressed);
      }}
    >
      <label class="nbs-field" for={`${id}-event`}>
        <span>Event</span>
        <input
          id={`${id}-event`}
          data-field="event"
          type="text"
          autocomplete="off"
          spellcheck={false}
          value={event.value}
          aria-invalid={nameProblem !== ""}
          aria-describedby={`${id}-event-problem`}
          title="Arrow keys recall earlier events"
          onKeyDown={recall}
          onInput={(changed) => {
            event.value = changed.currentTarget.value;
          }}
        />
        <span class="nbs-problem" id={`${id}-event-problem`} aria-live="polite">
          {nameProblem}
        </span>
      </label>
      {args.value.map((text, index) => {
        const result = parsed[index];
        const problem = result && !result.ok ? result.problem : "";
        return (
          <div class="nbs-field" key={index}>
            <label for={`${id}-arg-${index}`}>
              {args.value.length > 1 ? `Argument ${index + 1}` : "Argument"}
              <span class="nbs-hint"> JSON</span>
            </label>
            <span class="nbs-line">
              {typeof text === "string" ? (
                <textarea
                  id={`${id}-arg-${index}`}
                  data-field="argument"
                  rows={1}
                  spellcheck={false}
                  value={text}
                  aria-invalid={problem !== ""}
                  aria-describedby={`${id}-problem-${index}`}
                  onInput={(changed) => set(index, changed.currentTarget.value)}
                />
              ) : (
                <output id={`${id}-arg-${index}`} class="nbs-file">
                  {visible(shortened(text.name, 60))}, {text.bytes.byteLength.toLocaleString()}{" "}
                  bytes
                </output>
              )}
              <button
                type="button"
                aria-label={`Remove argument ${index + 1}`}
                title="Remove this argument"
                onClick={() => {
                  args.value = args.value.filter((_, at) => at !== index);
                }}
              >
                ×
              </button>
            </span>
            <span class="nbs-problem" id={`${id}-problem-${index}`} aria-live="polite">
              {problem}
            </span>
          </div>
        );
      })}
      {objected.value && (
        <p class="nbs-problem nbs-objected" role="alert">
          {objected.value}
        </p>
      )}
      <div class="nbs-actions">
        <button
          type="button"
          onClick={() => {
            args.value = [...args.value, "null"];
          }}
        >
          Add argument
        </button>
        <label class="nbs-button">
          Add file
          <input
            type="file"
            class="nbs-hidden"
            data-field="file"
            onChange={(changed) => void attach(changed.currentTarget)}
          />
        </label>
        <label>
          <span class="nbs-hidden">Kept messages</span>
          <select
            data-field="kept"
            value=""
            disabled={kept.value.length === 0}
            onChange={(changed) => {
              take(kept.value[Number(changed.currentTarget.value)]);
              changed.currentTarget.value = "";
            }}
          >
            <option value="">Kept messages ({kept.value.length})</option>
            {kept.value.map((one, index) => (
              <option key={JSON.stringify(one)} value={index}>
                {visible(shortened(`${one.event} ${one.args.join(", ")}`, 60))}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          data-action="keep"
          disabled={!ready || typed() === undefined}
          onClick={() => {
            const message = typed();
            if (message) kept.value = keepMessage(connection.channel, message);
          }}
        >
          Keep
        </button>
        <label class="nbs-check">
          <input
            type="checkbox"
            data-field="ask"
            checked={ask.value}
            onChange={(changed) => {
              ask.value = changed.currentTarget.checked;
            }}
          />
          Ask for an acknowledgement
        </label>
        <button type="submit" class="nbs-main" data-action="emit" disabled={!ready}>
          Emit
        </button>
      </div>
    </form>
  );
}
