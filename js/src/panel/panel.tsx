// The teacher's panel: how to join, who is there, the controls.

import { useSignal } from "@preact/signals";
import { encode } from "uqr";
import { Copy } from "../shared/copy";
import { Isolated } from "../shared/isolated";
import { visible } from "../shared/text";
import { grouped, reach } from "./reach";

export interface PersonItem {
  id: string;
  name: string;
  here: boolean;
  muted: boolean;
  latency_ms: number | null;
}

export interface PanelState {
  title: string;
  is_open: boolean;
  is_locked: boolean;
  takes: boolean;
  shown: string[];
  answers: number;
  dropped: number;
  people: PersonItem[];
}

export type Act = (what: string, who?: string) => void;

const SHOWN_PEOPLE = 300;
const MOST_OF_TITLE = 40;

interface Props {
  state: PanelState;
  code: string;
  channel: string;
  address: string;
  act: Act;
}

export function Panel({ state, code, channel, address, act }: Props) {
  const isLarge = useSignal(false);
  const base = address.replace(/\/?$/, "/");
  const link = `${base}nbsocket/${channel}/join#code=${code}`;
  const here = state.people.filter((person) => person.here).length;
  return (
    <section
      class="nbs nbs-panel"
      aria-label={`Class ${state.title}`}
      data-panel={channel}
      data-open={state.is_open}
      data-here={here}
      data-answers={state.answers}
    >
      <header>
        <strong>
          <Isolated>{state.title}</Isolated>
        </strong>
        <span class="nbs-state" data-state={state.is_open ? "connected" : "disconnected"}>
          <span class="nbs-dot" aria-hidden="true" />
          <span role="status">
            {state.is_open
              ? `Open${state.is_locked ? ", nobody new gets in" : ""}`
              : "The class is over."}
          </span>
          {/* Outside the status: these change with every phone and every answer. */}
          <span>{`· ${here} here, ${state.answers.toLocaleString()} ${state.answers === 1 ? "answer" : "answers"}`}</span>
        </span>
      </header>
      {state.is_open && code && (
        <Door link={link} code={code} base={base} isLarge={isLarge.value}>
          <button
            type="button"
            data-action="enlarge"
            aria-pressed={isLarge.value}
            onClick={() => {
              isLarge.value = !isLarge.value;
            }}
          >
            {isLarge.value ? "Smaller" : "Enlarge for the projector"}
          </button>
          <Copy text={link} label="Copy the link" />
        </Door>
      )}
      {state.is_open && (
        <div class="nbs-tools" role="toolbar" aria-label="Class">
          <span class="nbs-hint">
            {state.shown.length === 0 && "Phones show nothing yet."}
            {state.shown.map((one, index) => (
              <span key={one}>
                {index ? ", " : "On the phones: "}
                <Isolated>{brief(one)}</Isolated>
              </span>
            ))}
          </span>
          <button
            type="button"
            data-action={state.takes ? "stop" : "open"}
            disabled={state.shown.length === 0}
            onClick={() => act(state.takes ? "stop" : "open")}
          >
            {state.takes ? "Stop answers" : "Take answers"}
          </button>
          <SureButton
            action="reset"
            label="Forget answers"
            question="Really forget them?"
            act={act}
          />
          <button
            type="button"
            data-action="lock"
            aria-pressed={state.is_locked}
            onClick={() => act(state.is_locked ? "unlock" : "lock")}
          >
            {state.is_locked ? "Let new people in" : "Lock the class"}
          </button>
          <SureButton
            action="close"
            label="End the class"
            question="Really end it for everyone?"
            act={act}
          />
        </div>
      )}
      {state.dropped > 0 && (
        <p class="nbs-problem" role="alert">
          {state.dropped.toLocaleString()} older answers were dropped to make room. Save what you
          need from <code>class_.answers</code>, then forget them.
        </p>
      )}
      <People people={state.people} act={act} />
    </section>
  );
}

function brief(text: string): string {
  return text.length <= MOST_OF_TITLE ? text : `${text.slice(0, MOST_OF_TITLE - 1)}…`;
}

/** What cannot be taken back is done at the second press; leaving the button is a no. */
function SureButton(props: { action: string; label: string; question: string; act: Act }) {
  const { action, label, question, act } = props;
  const isSure = useSignal(false);
  return (
    <button
      type="button"
      data-action={action}
      onBlur={() => {
        isSure.value = false;
      }}
      onClick={() => {
        if (isSure.value) act(action);
        isSure.value = !isSure.value;
      }}
    >
      {isSure.value ? question : label}
    </button>
  );
}

/** Code, link and QR code of a ticket that belongs to no class. */
export function TicketDoor({
  code,
  channel,
  address,
}: Pick<Props, "code" | "channel" | "address">) {
  const base = address.replace(/\/?$/, "/");
  const link = `${base}nbsocket/${channel}/join#code=${code}`;
  return (
    <section class="nbs nbs-panel" aria-label={`Ticket for ${channel}`} data-ticket={channel}>
      <Door link={link} code={code} base={base} isLarge={false}>
        <Copy text={link} label="Copy the link" />
      </Door>
    </section>
  );
}

function Door(props: {
  link: string;
  code: string;
  base: string;
  isLarge: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: Preact's own type of children
  children: any;
}) {
  const { link, code, base, isLarge } = props;
  const found = reach(base);
  return (
    <div class="nbs-door" data-large={isLarge} data-reach={found.kind}>
      <Qr text={link} />
      <div class="nbs-how">
        <p>
          Scan, or open <code>{`${base}nbsocket/join`}</code> and type
        </p>
        <p class="nbs-code" data-code>
          {grouped(code)}
        </p>
        <p class="nbs-reach" role={found.kind === "nobody" ? "alert" : undefined}>
          {found.text}
          {found.command && <code>{found.command}</code>}
        </p>
        <p class="nbs-group">{props.children}</p>
      </div>
    </div>
  );
}

/** Drawn here and kept nowhere: it lets people in. */
function Qr({ text }: { text: string }) {
  const { data, size } = encode(text, { ecc: "M", border: 4 });
  const path = data
    .flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")))
    .join("");
  return (
    <svg
      class="nbs-qr"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label="QR code of the link to join"
      shape-rendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}

function People({ people, act }: { people: PersonItem[]; act: Act }) {
  const filter = useSignal("");
  const wanted = filter.value.toLowerCase();
  const found = people.filter((person) => person.name.toLowerCase().includes(wanted));
  const shown = found.slice(0, SHOWN_PEOPLE);
  return (
    <details class="nbs-people" open={people.length > 0 && people.length <= 12}>
      <summary>
        {people.length} {people.length === 1 ? "person" : "people"}
      </summary>
      <input
        type="search"
        aria-label="Find a person"
        placeholder="Find"
        dir="auto"
        value={filter.value}
        onInput={(typed) => {
          filter.value = typed.currentTarget.value;
        }}
        onKeyDown={(pressed) => pressed.stopPropagation()}
      />
      <ul>
        {shown.map((person) => (
          <li key={person.id} data-person={person.name} data-here={person.here}>
            <span>
              <Isolated>{person.name}</Isolated>
              {person.here ? "" : " (gone)"}
              {person.muted ? " (muted)" : ""}
              {person.latency_ms !== null && (
                <span class="nbs-hint"> {person.latency_ms} ms away</span>
              )}
            </span>
            <button
              type="button"
              data-action="mute"
              aria-label={`${person.muted ? "Unmute" : "Mute"} ${visible(person.name)}`}
              onClick={() => act(person.muted ? "unmute" : "mute", person.id)}
            >
              {person.muted ? "Unmute" : "Mute"}
            </button>
            <button
              type="button"
              data-action="remove"
              aria-label={`Remove ${visible(person.name)}`}
              onClick={() => act("remove", person.id)}
            >
              Remove
            </button>
          </li>
        ))}
      </ul>
      {found.length > shown.length && (
        <p class="nbs-hint">{found.length - shown.length} more; type a part of a name.</p>
      )}
    </details>
  );
}
