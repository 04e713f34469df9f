// The log of both directions, with what can be done to it.

import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import { Code, Isolated } from "../shared/isolated";
import { bytesOf, shortened, show, visible } from "../shared/text";
import { parseArgument } from "./arguments";
import type { PaneConnection } from "./connection";
import type { AckState, Entry } from "./entries";
import { Value } from "./tree";

const SHOWN = 150;

const MARK = { in: "←", out: "→", note: "•", print: "›", error: "!" } as const;
const WORDS = {
  in: "received",
  out: "emitted",
  note: "connection",
  print: "handler printed",
  error: "handler printed an error",
} as const;

function clock(at: Date): string {
  return `${at.toTimeString().slice(0, 8)}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

function textOf(entry: Entry): string {
  return `${entry.event} ${entry.args.map(show).join(" ")}`;
}

/** The log as JSON, for a file. */
export function exported(entries: readonly Entry[]): string {
  return JSON.stringify(
    entries.map((entry) => ({
      at: entry.at.toISOString(),
      direction: entry.kind,
      event: entry.event,
      args: entry.args,
      ...(entry.ack ? { acknowledgement: entry.ack } : {}),
    })),
    (_key, value: unknown) => {
      const bytes = bytesOf(value);
      return bytes ? show(bytes) : value;
    },
    1,
  );
}

export function LogView({ connection, name }: { connection: PaneConnection; name: string }) {
  const filter = useSignal("");
  const pausedAt = useSignal<number | undefined>(undefined);
  const list = useRef<HTMLOListElement>(null);
  // Reading the version makes this draw again after every batch.
  const version = connection.version.value;

  const wanted = filter.value.trim().toLowerCase();
  const limit = pausedAt.value ?? Number.POSITIVE_INFINITY;
  const kept = connection.log.kept;
  const shown: Entry[] = [];
  let hidden = 0;
  let newer = 0;
  for (let index = kept.length - 1; index >= 0; index -= 1) {
    const entry = kept[index];
    if (!entry) continue;
    if (entry.id > limit) newer += 1;
    else if (wanted && !textOf(entry).toLowerCase().includes(wanted)) continue;
    else if (shown.length < SHOWN) shown.push(entry);
    else if (wanted) hidden += 1;
    else {
      hidden = index + 1;
      break;
    }
  }
  shown.reverse();

  useEffect(() => {
    const element = list.current;
    if (element && pausedAt.value === undefined) element.scrollTop = element.scrollHeight;
  }, [version, pausedAt.value]);

  function save(): void {
    const file = new Blob([exported(kept)], { type: "application/json" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = `${name.replace(/[^\w-]+/g, "_") || "pane"}-log.json`;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  return (
    <section class="nbs-log" aria-label={`Log of ${name}`}>
      <div class="nbs-tools" role="toolbar" aria-label="Log">
        <input
          type="search"
          data-field="filter"
          aria-label="Filter the log"
          placeholder="Filter"
          value={filter.value}
          onInput={(typed) => {
            filter.value = typed.currentTarget.value;
          }}
          onKeyDown={(pressed) => pressed.stopPropagation()}
        />
        <button
          type="button"
          data-action="pause"
          aria-pressed={pausedAt.value !== undefined}
          onClick={() => {
            pausedAt.value = pausedAt.value === undefined ? (kept.at(-1)?.id ?? 0) : undefined;
          }}
        >
          {pausedAt.value === undefined ? "Pause" : `Resume (${newer} new)`}
        </button>
        <button type="button" data-action="clear" onClick={() => connection.clear()}>
          Clear
        </button>
        <button type="button" data-action="save" onClick={save} disabled={kept.length === 0}>
          Save
        </button>
      </div>
      {(hidden > 0 || connection.log.dropped > 0) && (
        <p class="nbs-left-out" data-hidden={hidden} data-dropped={connection.log.dropped}>
          {hidden > 0 &&
            `${hidden.toLocaleString()} earlier rows are not shown (Save includes them). `}
          {connection.log.dropped > 0 &&
            `${connection.log.dropped.toLocaleString()} rows were dropped from the log.`}
        </p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
      <ol ref={list} tabIndex={0} aria-label="Events, newest last">
        {shown.map((entry) => (
          <Row
            key={entry.id}
            entry={entry}
            ack={entry.ack}
            isAsked={entry.answer !== undefined}
            connection={connection}
          />
        ))}
        {shown.length === 0 && (
          <li class="nbs-empty">
            {wanted
              ? "Nothing matches the filter."
              : "No events yet. Emit one above, or from a cell."}
          </li>
        )}
      </ol>
    </section>
  );
}

/** What changes in an entry comes as a property of its own, so that only such rows draw again. */
interface RowProps {
  entry: Entry;
  ack: AckState | undefined;
  isAsked: boolean;
  connection: PaneConnection;
}

function Row({ entry, ack, isAsked, connection }: RowProps) {
  const isText = entry.kind === "print" || entry.kind === "error" || entry.kind === "note";
  return (
    <li data-kind={entry.kind} data-event={entry.event} data-ack={ack?.state}>
      <time dateTime={entry.at.toISOString()}>{clock(entry.at)}</time>
      <span class="nbs-mark" aria-hidden="true">
        {MARK[entry.kind]}
      </span>
      <span class="nbs-hidden">{WORDS[entry.kind]}</span>
      <span class="nbs-what">
        <b>
          <Isolated>{shortened(entry.event, 100)}</Isolated>
        </b>{" "}
        {isText ? (
          <span class="nbs-said" dir="auto">
            {visible(shortened(entry.args.map(String).join(" ")))}
          </span>
        ) : (
          entry.args.map((value, index) => (
            <span key={index}>
              {index > 0 && ", "}
              <Value value={value} />
            </span>
          ))
        )}
        {entry.kept && <em> kept until there is a connection</em>}
        <Ack entry={entry} ack={ack} isAsked={isAsked} connection={connection} />
      </span>
    </li>
  );
}

function Ack({ entry, ack, isAsked, connection }: RowProps) {
  const id = useId();
  const reply = useSignal("");
  // Nothing typed is an answer, too: one without arguments.
  const parsed = reply.value.trim() ? parseArgument(reply.value) : undefined;
  const problem = parsed && !parsed.ok ? parsed.problem : "";
  if (isAsked) {
    return (
      <form
        class="nbs-answer"
        onSubmit={(submitted) => {
          submitted.preventDefault();
          if (!parsed) connection.answer(entry, []);
          else if (parsed.ok) connection.answer(entry, [parsed.value]);
        }}
        onKeyDown={(pressed) => pressed.stopPropagation()}
      >
        <label>
          The server waits for an answer:{" "}
          <input
            type="text"
            data-field="answer"
            placeholder='JSON, such as "yes"'
            value={reply.value}
            aria-invalid={problem !== ""}
            aria-describedby={`${id}-problem`}
            onInput={(typed) => {
              reply.value = typed.currentTarget.value;
            }}
          />
        </label>
        <button type="submit" data-action="answer" disabled={problem !== ""}>
          Answer
        </button>
        <span class="nbs-problem" id={`${id}-problem`} aria-live="polite">
          {problem}
        </span>
      </form>
    );
  }
  if (!ack) return null;
  if (ack.state === "waiting")
    return <span class="nbs-ack"> … waiting for the acknowledgement</span>;
  if (ack.state === "failed") {
    return <span class="nbs-ack nbs-bad"> no acknowledgement: no handler answered, see below</span>;
  }
  if (ack.state === "none") {
    return (
      <span class="nbs-ack nbs-bad">
        {" "}
        no acknowledgement in {Math.round(ack.after_ms / 1000)} s
      </span>
    );
  }
  const values = ack.args.length ? ack.args.map(show).join(", ") : "(nothing)";
  const verb = entry.kind === "out" ? "acknowledged:" : "answered:";
  return (
    <span class="nbs-ack">
      {" "}
      {verb} <Code text={values} />{" "}
      {entry.kind === "out" && <small>after {ack.after_ms.toFixed(1)} ms</small>}
    </span>
  );
}
