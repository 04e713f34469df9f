// The whole pane.

import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Isolated } from "../shared/isolated";
import { shortened, visible } from "../shared/text";
import { Composer } from "./composer";
import type { PaneConnection, State } from "./connection";
import { LogView } from "./logview";
import { Options } from "./options";
import { WeatherView } from "./weatherview";

const WORDS: Record<State, string> = {
  connecting: "Connecting…",
  connected: "Connected",
  reconnecting: "Trying again…",
  waiting: "No kernel holds this channel.",
  disconnected: "Disconnected.",
  error: "Cannot connect.",
};

/** How a connection goes, where its transport's name does not say it. */
const BY: Record<string, string> = { comm: "through the notebook's own connection to its kernel" };
const TO: Record<string, string> = { port: "to the kernel's own port, " };

const ANNOUNCE_MS = 1000;

export function Pane(props: { connection: PaneConnection; name: string; channel: string }) {
  const { connection, name, channel } = props;
  const state = connection.state.value;
  const isOn = state !== "disconnected" && state !== "error";
  // Read so that an upgrade is drawn.
  void connection.version.value;
  const transport = connection.transport;
  return (
    <section
      class="nbs nbs-pane"
      aria-label={`Client ${name}`}
      data-pane={name}
      data-state={state}
      data-route={connection.route}
      data-received={connection.received.value}
      data-lit={connection.isLit.value}
    >
      <header>
        <strong>
          <Isolated>{name}</Isolated>
        </strong>
        <span class="nbs-state" data-state={state} title={`channel ${channel}`}>
          <span class="nbs-dot" aria-hidden="true" />
          <span data-words>
            {WORDS[state]} {connection.detail.value}
            {state === "connected" && transport && (
              <span class="nbs-hint">
                {" "}
                {TO[connection.route]}
                {BY[transport] ?? `by ${transport}`}, {connection.received.value.toLocaleString()}{" "}
                received
              </span>
            )}
          </span>
        </span>
        {connection.waiting.value > 0 && (
          <span class="nbs-hint" data-waiting={connection.waiting.value} role="status">
            The kernel is busy; {counted(connection.waiting.value)}.
          </span>
        )}
        {connection.isLit.value && <strong class="nbs-lit">would get this</strong>}
        {connection.rooms.value.length > 0 && (
          <span class="nbs-rooms">
            {connection.rooms.value.map((room, index) => (
              <span key={room}>
                {index ? ", " : "in "}
                <Isolated>{shortened(room, 40)}</Isolated>
              </span>
            ))}
          </span>
        )}
        {isOn ? (
          <button type="button" data-action="disconnect" onClick={() => connection.disconnect()}>
            Disconnect
          </button>
        ) : (
          <button type="button" data-action="connect" onClick={() => void connection.connect()}>
            Connect
          </button>
        )}
      </header>
      {connection.isOrphan.value && (
        <p class="nbs-hint nbs-orphan" role="status">
          The kernel was restarted: what handlers print no longer appears here. Run this pane's cell
          again, too.
        </p>
      )}
      <Composer connection={connection} />
      <Options connection={connection} />
      <WeatherView connection={connection} />
      <LogView connection={connection} name={name} />
      <Announcer connection={connection} name={name} />
    </section>
  );
}

function counted(messages: number): string {
  return messages === 1 ? "1 message waits" : `${messages} messages wait`;
}

/** Tells a screen reader what happens: in sentences, and at most once a second. */
function Announcer({ connection, name }: { connection: PaneConnection; name: string }) {
  const said = useSignal("");
  const told = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  useSignalEffect(() => {
    const words = `${name}: ${WORDS[connection.state.value]} ${connection.detail.value}`;
    said.value = words;
  });
  useSignalEffect(() => {
    const received = connection.received.value;
    if (timer.current !== undefined || received === told.current) return;
    timer.current = setTimeout(() => {
      timer.current = undefined;
      const count = connection.received.peek() - told.current;
      told.current = connection.received.peek();
      const last = connection.log.kept.findLast((entry) => entry.kind === "in");
      if (last) {
        said.value =
          count === 1
            ? `${name} received ${visible(last.event)}`
            : `${name} received ${count} events`;
      }
    }, ANNOUNCE_MS);
  });
  useEffect(() => () => clearTimeout(timer.current), []);

  return (
    <div class="nbs-hidden" role="status" aria-live="polite">
      {said.value}
    </div>
  );
}
