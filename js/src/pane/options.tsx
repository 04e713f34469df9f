// How a pane connects: namespace, what it says at the door, transport.

import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { parseArgument } from "./arguments";
import type { PaneConnection, Transports } from "./connection";

export function Options({ connection }: { connection: PaneConnection }) {
  const id = useId();
  const namespace = useSignal(connection.options.namespace);
  const auth = useSignal("");
  const transports = useSignal<Transports>(connection.options.transports);
  const parsed = auth.value.trim() ? parseArgument(auth.value) : undefined;
  const isObject =
    parsed === undefined ||
    (parsed.ok &&
      typeof parsed.value === "object" &&
      parsed.value !== null &&
      !Array.isArray(parsed.value));
  const problem =
    parsed && !parsed.ok
      ? parsed.problem
      : isObject
        ? ""
        : 'auth must be an object: {"name": "alice"}';
  const isName = /^\/[^,?]*$/.test(namespace.value);

  return (
    <details class="nbs-options">
      <summary>Connection</summary>
      <form
        onSubmit={(submitted) => {
          submitted.preventDefault();
          if (problem || !isName) return;
          void connection.reconnect({
            namespace: namespace.value,
            auth: parsed?.ok ? (parsed.value as Record<string, unknown>) : {},
            transports: transports.value,
          });
        }}
        onKeyDown={(pressed) => pressed.stopPropagation()}
      >
        <label for={`${id}-nsp`}>Namespace</label>
        <input
          id={`${id}-nsp`}
          data-field="namespace"
          type="text"
          value={namespace.value}
          aria-invalid={!isName}
          onInput={(typed) => {
            namespace.value = typed.currentTarget.value;
          }}
        />
        <label for={`${id}-auth`}>
          auth <span class="nbs-hint">JSON object</span>
        </label>
        <input
          id={`${id}-auth`}
          data-field="auth"
          type="text"
          autocomplete="off"
          placeholder="{}"
          value={auth.value}
          aria-invalid={problem !== ""}
          aria-describedby={`${id}-problem`}
          onInput={(typed) => {
            auth.value = typed.currentTarget.value;
          }}
        />
        <label for={`${id}-transport`}>Transport</label>
        <select
          id={`${id}-transport`}
          data-field="transports"
          value={transports.value}
          onChange={(changed) => {
            transports.value = changed.currentTarget.value as Transports;
          }}
        >
          <option value="upgrade">polling, then WebSocket</option>
          <option value="websocket">WebSocket</option>
          <option value="polling">polling</option>
        </select>
        <span class="nbs-problem" id={`${id}-problem`} aria-live="polite">
          {problem}
        </span>
        <button type="submit" data-action="reconnect" disabled={problem !== "" || !isName}>
          Reconnect
        </button>
      </form>
    </details>
  );
}
