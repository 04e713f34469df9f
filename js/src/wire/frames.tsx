// The packets as a table: filtered, folded, bounded.

import type { Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Code, Isolated } from "../shared/isolated";
import { shortened, visible } from "../shared/text";
import type { Feed } from "./feed";
import { timeText } from "./ladder";
import type { Packet, Row, Store } from "./store";

const SHOWN = 120;
const LONGEST = 300;

function isHeartbeat(row: Row): boolean {
  const engine = row.packet?.decoded.engine;
  return (engine === "ping" || engine === "pong") && row.packet?.decoded.args === "";
}

/** The kind of rows that crossed others. */
export const CROSSED = "crossed";

export interface Filter {
  text: string;
  direction: string;
  kind: string;
  client: string;
  pings: boolean;
}

export const EVERYTHING: Filter = { text: "", direction: "", kind: "", client: "", pings: false };

function textOf(row: Row, store: Store): string {
  if (row.http) return `${row.http.method} ${row.http.url} ${row.http.status}`;
  if (!row.packet) return row.note ?? "";
  const { decoded } = row.packet;
  return `${store.label(row.session)} ${decoded.engine} ${decoded.socket} ${decoded.event} ${decoded.text}`;
}

function matches(row: Row, filter: Filter, store: Store): boolean {
  if (!filter.pings && isHeartbeat(row)) return false;
  if (filter.direction && row.packet?.direction !== filter.direction) return false;
  if (filter.client && String(row.session) !== filter.client) return false;
  if (filter.kind === "http" && !row.http) return false;
  const isSocketKind = filter.kind && filter.kind !== "http" && filter.kind !== CROSSED;
  if (isSocketKind && row.packet?.decoded.socket !== filter.kind) return false;
  return !filter.text || textOf(row, store).toLowerCase().includes(filter.text);
}

export function Frames(props: {
  feed: Feed;
  pausedAt: number | undefined;
  chosen: Packet | undefined;
  choose: (packet: Packet | undefined) => void;
  filter: Signal<Filter>;
}) {
  const { feed, pausedAt, chosen, choose, filter } = props;
  const { store } = feed;
  const version = feed.version.value;
  const box = useRef<HTMLElement>(null);

  const shown: Row[] = [];
  let hidden = 0;
  let folded = 0;
  const wanted = { ...filter.value, text: filter.value.text.trim().toLowerCase() };
  // Of a pair the one that came first is found when the other comes: their order is that of the packets.
  const kept =
    wanted.kind === CROSSED
      ? [...store.crossed.kept].sort((one, other) => one.id - other.id)
      : store.rows.kept;
  for (let index = kept.length - 1; index >= 0; index -= 1) {
    const row = kept[index];
    if (!row || (pausedAt !== undefined && row.at > pausedAt)) continue;
    if (!wanted.pings && isHeartbeat(row)) folded += 1;
    if (!matches(row, wanted, store)) continue;
    if (shown.length < SHOWN) shown.push(row);
    else hidden += 1;
  }
  shown.reverse();

  useEffect(() => {
    if (box.current && pausedAt === undefined) box.current.scrollTop = box.current.scrollHeight;
  }, [version, pausedAt]);

  function set(change: Partial<Filter>): void {
    filter.value = { ...filter.value, ...change };
  }

  return (
    <section class="nbs-frames" aria-label="Packets">
      <div class="nbs-tools" role="toolbar" aria-label="Packets">
        <input
          type="search"
          data-field="wire-filter"
          aria-label="Filter the packets"
          placeholder="Filter"
          dir="auto"
          value={filter.value.text}
          onInput={(typed) => set({ text: typed.currentTarget.value })}
          onKeyDown={(pressed) => pressed.stopPropagation()}
        />
        <Choice
          label="Direction"
          field="direction"
          options={[
            ["", "both directions"],
            ["in", "to the server"],
            ["out", "to the client"],
          ]}
          value={wanted.direction}
          choose={(direction) => set({ direction })}
        />
        <Choice
          label="Kind"
          field="kind"
          options={[
            ["", "all kinds"],
            ...["EVENT", "ACK", "CONNECT", "BINARY_EVENT", "attachment"].map(
              (kind) => [kind, kind] as [string, string],
            ),
            ["http", "HTTP requests"],
            [CROSSED, "crossings ◆"],
          ]}
          value={wanted.kind}
          choose={(kind) => set({ kind })}
        />
        <Choice
          label="Client"
          field="client"
          options={[
            ["", "all clients"],
            ...[...store.clients.entries()].map(
              ([session, client]) => [String(session), client.name] as [string, string],
            ),
          ]}
          value={wanted.client}
          choose={(client) => set({ client })}
        />
        <label class="nbs-check">
          <input
            type="checkbox"
            data-field="pings"
            checked={wanted.pings}
            onChange={(changed) => set({ pings: changed.currentTarget.checked })}
          />
          Heartbeats{folded > 0 && ` (${folded})`}
        </label>
      </div>
      {(hidden > 0 || store.rows.dropped > 0) && (
        <p class="nbs-left-out">
          {hidden > 0 &&
            `${hidden.toLocaleString()} earlier rows are not shown (Save includes them). `}
          {store.rows.dropped > 0 && `${store.rows.dropped.toLocaleString()} rows were dropped.`}
        </p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
      <section class="nbs-table" ref={box} tabIndex={0} aria-label="Table of packets">
        <table>
          <thead>
            <tr>
              <th scope="col">time</th>
              <th scope="col">client</th>
              <th scope="col">
                <span class="nbs-hidden">direction</span>
              </th>
              <th scope="col">bytes</th>
              <th scope="col">type</th>
              <th scope="col">content</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <FrameRow
                key={row.id}
                row={row}
                name={store.label(row.session)}
                isChosen={row.packet !== undefined && row.packet === chosen}
                choose={choose}
              />
            ))}
          </tbody>
        </table>
        {shown.length === 0 && (
          <p class="nbs-empty">
            {kept.length ? "Nothing matches." : "Nothing has gone over the wire yet."}
          </p>
        )}
      </section>
    </section>
  );
}

function Choice(props: {
  label: string;
  field: string;
  options: [string, string][];
  value: string;
  choose: (value: string) => void;
}) {
  return (
    <label>
      <span class="nbs-hidden">{props.label}</span>
      <select
        data-field={props.field}
        value={props.value}
        onChange={(changed) => props.choose(changed.currentTarget.value)}
        onKeyDown={(pressed) => pressed.stopPropagation()}
      >
        {props.options.map(([value, words]) => (
          <option key={value} value={value}>
            {visible(words)}
          </option>
        ))}
      </select>
    </label>
  );
}

function FrameRow(props: {
  row: Row;
  name: string;
  isChosen: boolean;
  choose: (packet: Packet | undefined) => void;
}) {
  const { row, name, isChosen, choose } = props;
  const { packet, http } = row;
  const time = <td class="nbs-time">{timeText(row.at)}</td>;
  const client = <td dir="auto">{visible(shortened(name, 40))}</td>;
  if (!packet) {
    return (
      <tr data-kind={http ? "http" : "note"}>
        {time}
        {client}
        <td aria-hidden="true">{http ? "⇄" : "•"}</td>
        <td />
        <td>{http ? `HTTP ${http.status}` : ""}</td>
        <td class="nbs-content">
          {http ? (
            <details>
              <summary>
                {http.method} {visible(shortened(http.url, LONGEST))}
                {http.status === 101 && <em> – the connection becomes a WebSocket</em>}
              </summary>
              <ul>
                {Object.entries(http.headers).map(([header, value]) => (
                  <li key={header}>
                    <b>{header}</b>: {visible(shortened(value, LONGEST))}
                  </li>
                ))}
              </ul>
            </details>
          ) : (
            visible(row.note ?? "")
          )}
        </td>
      </tr>
    );
  }
  const { decoded } = packet;
  return (
    <tr data-kind={packet.direction} data-event={decoded.event} aria-selected={isChosen}>
      {time}
      {client}
      <td class="nbs-mark">
        <span aria-hidden="true">{packet.direction === "in" ? "→" : "←"}</span>
        <span class="nbs-hidden">
          {packet.direction === "in" ? "to the server" : "to the client"}
        </span>
      </td>
      <td class="nbs-size">{packet.size.toLocaleString()}</td>
      <td>
        {decoded.socket || decoded.engine}
        {packet.transport === "polling" && <small> polling</small>}
        {packet.crossings > 0 && (
          <span class="nbs-crossed" title={`It crossed ${packet.crossings} on its way`}>
            {" "}
            ◆
          </span>
        )}
      </td>
      <td class="nbs-content">
        <button type="button" class="nbs-row" onClick={() => choose(isChosen ? undefined : packet)}>
          {decoded.event && (
            <b>
              <Isolated>{shortened(decoded.event, 100)}</Isolated>{" "}
            </b>
          )}
          {decoded.ackId !== undefined && <small>#{decoded.ackId} </small>}
          <Code text={visible(shortened(decoded.args || decoded.text, LONGEST))} />
        </button>
      </td>
    </tr>
  );
}
