// Copies a text; where the browser does not let a page, it offers the text to be selected.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

/** A page without TLS that is not this computer's own has no clipboard; a policy may forbid it elsewhere. */
async function wasCopied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

export function Copy({ text, label }: { text: string; label: string }) {
  const state = useSignal<"" | "copied" | "select">("");
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    state.value = "";
  }, [text]);
  useEffect(() => {
    if (state.value !== "select") return;
    field.current?.focus();
    field.current?.select();
  }, [state.value]);
  return (
    <>
      <button
        type="button"
        data-action="copy"
        onClick={async () => {
          state.value = (await wasCopied(text)) ? "copied" : "select";
        }}
      >
        {label}
      </button>
      <span role="status" class="nbs-copied">
        {state.value === "copied" && "Copied."}
        {state.value === "select" && "This page may not use the clipboard: press Ctrl+C, or ⌘C."}
      </span>
      {state.value === "select" && (
        <textarea
          ref={field}
          class="nbs-to-copy"
          data-field="to-copy"
          readOnly
          rows={2}
          aria-label="What to copy"
          value={text}
          onKeyDown={(pressed) => pressed.stopPropagation()}
        />
      )}
    </>
  );
}
