// The form to emit an event.

import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { parseArgument } from "./arguments";
import type { PaneConnection } from "./connection";

export function Composer({ connection }: { connection: PaneConnection }) {
  const id = useId();
  const event = useSignal("message");
  const args = useSignal<string[]>(['"hello"']);
  const ask = useSignal(false);
  const parsed = args.value.map(parseArgument);
  const nameless = event.value.trim() === "";
  const ready = !nameless && parsed.every((one) => one.ok);

  function emit(submitted?: Event): void {
    submitted?.preventDefault();
    if (!ready) return;
    const values = parsed.map((one) => (one.ok ? one.value : undefined));
    connection.emit(event.value.trim(), values, ask.value);
  }

  function set(index: number, text: string): void {
    args.value = args.value.map((old, at) => (at === index ? text : old));
  }

  return (
    <form
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
          aria-invalid={nameless}
          onInput={(typed) => {
            event.value = typed.currentTarget.value;
          }}
        />
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
              <textarea
                id={`${id}-arg-${index}`}
                data-field="argument"
                rows={1}
                spellcheck={false}
                value={text}
                aria-invalid={problem !== ""}
                aria-describedby={`${id}-problem-${index}`}
                onInput={(typed) => set(index, typed.currentTarget.value)}
              />
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
      <div class="nbs-actions">
        <button
          type="button"
          onClick={() => {
            args.value = [...args.value, "null"];
          }}
        >
          Add argument
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
