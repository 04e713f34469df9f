// One message, byte by byte, and a try with other bytes.

import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import { Copy } from "../shared/copy";
import { visible } from "../shared/text";
import type { Attempt } from "./attempt";
import type { Packet } from "./store";
import { contentOf, dissect, type Field } from "./xray";

const SHOWN_BYTES = 512;

function character(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·";
}

export function XRay(props: { packet: Packet; attempt: Attempt; close: () => void }) {
  const { packet, attempt, close } = props;
  const id = useId();
  const fields = dissect(packet.raw, packet.transport, packet.size);
  const lit = useSignal(0);
  const content = contentOf(packet.raw, packet.transport);
  const plain = new Map(content.at.map((position, index) => [position, content.bytes[index] ?? 0]));
  const edited = useSignal(packet.decoded.text);
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    // It opens below the table, perhaps out of sight.
    box.current?.scrollIntoView({ block: "nearest" });
  }, [packet]);
  useEffect(() => {
    edited.value = packet.decoded.text;
    lit.value = 0;
  }, [packet]);
  const chosen = fields[lit.value];
  const cut = Math.max(0, packet.raw.length - SHOWN_BYTES);

  const text = packet.decoded.isBinary
    ? Array.from(packet.raw, (byte) => byte.toString(16).padStart(2, "0")).join(" ")
    : packet.decoded.text;

  return (
    <section
      ref={box}
      class="nbs-xray"
      aria-label="X-ray of one message"
      data-fields={fields.length}
    >
      <div class="nbs-tools">
        <strong>
          X-ray: {packet.size.toLocaleString()} bytes{" "}
          {packet.direction === "in" ? "to the server" : "to the client"}, by {packet.transport}
        </strong>
        <Copy text={text} label="Copy" />
        <button type="button" data-action="close-xray" aria-label="Close the X-ray" onClick={close}>
          ×
        </button>
      </div>
      <div class="nbs-bytes">
        {fields.map((field, index) => (
          <Bytes
            key={`${field.start} ${field.label}`}
            field={field}
            raw={packet.raw}
            plain={plain}
            isLit={index === lit.value}
            choose={() => {
              lit.value = index;
            }}
          />
        ))}
        {cut > 0 && <span class="nbs-hint">… {cut.toLocaleString()} more bytes</span>}
      </div>
      <p class="nbs-hint">Point at a byte, or press Tab, to see what it means.</p>
      {chosen && (
        <p class="nbs-explained" data-field-kind={chosen.kind} aria-live="polite">
          <b>{chosen.label}.</b> {chosen.text} <small>({chosen.source})</small>
        </p>
      )}
      <form
        class="nbs-attempt"
        onSubmit={(submitted) => {
          submitted.preventDefault();
          void attempt.send(edited.value);
        }}
        onKeyDown={(pressed) => pressed.stopPropagation()}
      >
        <label for={`${id}-raw`}>Change it, and send it from a separate client:</label>
        <textarea
          id={`${id}-raw`}
          data-field="raw"
          rows={2}
          spellcheck={false}
          value={edited.value}
          onInput={(typed) => {
            edited.value = typed.currentTarget.value;
          }}
        />
        <button type="submit" data-action="attempt" disabled={attempt.isRunning.value}>
          {attempt.isRunning.value ? "Sending…" : "Send"}
        </button>
        <ol class="nbs-heard" aria-live="polite">
          {attempt.heard.value.map((one, index) => (
            <li key={index} data-from={one.from}>
              {one.from === "note" ? visible(one.text) : <code>{visible(one.text)}</code>}
            </li>
          ))}
        </ol>
      </form>
    </section>
  );
}

function Bytes(props: {
  field: Field;
  raw: Uint8Array;
  plain: Map<number, number>;
  isLit: boolean;
  choose: () => void;
}) {
  const { field, raw, plain, isLit, choose } = props;
  if (field.start >= SHOWN_BYTES) return null;
  const end = Math.min(field.end, SHOWN_BYTES);
  const cells = [];
  for (let index = field.start; index < end; index += 1) {
    const byte = raw[index] ?? 0;
    const meant = plain.get(index);
    cells.push(
      <span class="nbs-byte" key={index}>
        {byte.toString(16).padStart(2, "0")}
        <i>{meant === undefined ? "" : character(meant)}</i>
      </span>,
    );
  }
  return (
    <button
      type="button"
      class="nbs-bytefield"
      data-kind={field.kind}
      aria-pressed={isLit}
      aria-label={`${field.label}, ${field.end - field.start} bytes`}
      onClick={choose}
      onFocus={choose}
      onMouseEnter={choose}
    >
      {field.kind === "cut" ? "…" : cells}
    </button>
  );
}
