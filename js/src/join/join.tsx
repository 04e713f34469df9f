// The join page: a code, perhaps a name, and then the class. One file, nothing from elsewhere.

import { useSignal } from "@preact/signals";
import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { BoardView } from "../board/boardview";
import { Isolated } from "../shared/isolated";
import { visible } from "../shared/text";
import { BlockView } from "./blocks";
import { ClassClient, fragment } from "./client";

const MOST_OF_NAME = 30;

const client = new ClassClient();

function App() {
  const stage = client.stage.value;
  return (
    <main data-stage={stage}>
      <Notice />
      {(stage === "code" || stage === "joining" || stage === "page") && <CodeForm />}
      {stage === "name" && <NameForm />}
      {(stage === "class" || stage === "again") && <Class />}
      {stage === "over" && <h1>Goodbye</h1>}
    </main>
  );
}

/** What went wrong, always in sight: with the connection, or with an answer. */
function Notice() {
  const stage = client.stage.value;
  return (
    <div class="notice">
      <p role="status" class={stage === "again" || stage === "over" ? "loud" : ""} dir="auto">
        {client.said.value}
      </p>
      <p role="alert" class="loud" dir="auto">
        {visible(client.refusal.value)}
      </p>
    </div>
  );
}

function CodeForm() {
  const code = useSignal(fragment().get("code") ?? "");
  const field = useRef<HTMLInputElement>(null);
  const isBusy = client.stage.value !== "code";
  useEffect(() => {
    if (isBusy) return;
    field.current?.focus();
    field.current?.select();
  }, [isBusy]);
  return (
    <>
      <h1>Join</h1>
      <form
        onSubmit={(submitted) => {
          submitted.preventDefault();
          location.hash = `code=${encodeURIComponent(code.value)}`;
          void client.join(code.value);
        }}
      >
        <label for="code">The code you were given</label>
        <input
          ref={field}
          id="code"
          class="code"
          autocomplete="off"
          autocapitalize="characters"
          spellcheck={false}
          maxLength={20}
          required
          value={code.value}
          onInput={(typed) => {
            code.value = typed.currentTarget.value;
          }}
        />
        <button type="submit" disabled={isBusy}>
          Join
        </button>
      </form>
    </>
  );
}

function NameForm() {
  const name = useSignal("");
  const tooMany = [...name.value.trim()].length - MOST_OF_NAME;
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <>
      <h1>Who are you?</h1>
      <form
        onSubmit={(submitted) => {
          submitted.preventDefault();
          if (tooMany <= 0) client.enter(name.value);
        }}
      >
        <label for="name">Your name; leave it empty to stay anonymous</label>
        <input
          ref={field}
          id="name"
          autocomplete="off"
          dir="auto"
          aria-invalid={tooMany > 0}
          aria-describedby="name-problem"
          value={name.value}
          onInput={(typed) => {
            name.value = typed.currentTarget.value;
          }}
        />
        <p id="name-problem" class="loud" aria-live="polite">
          {tooMany > 0 &&
            `A name has at most ${MOST_OF_NAME} characters; this one is ${tooMany} too long.`}
        </p>
        <button type="submit" disabled={tooMany > 0}>
          Enter
        </button>
      </form>
      <p class="hint">The teacher sees this name next to your answers.</p>
    </>
  );
}

function Class() {
  const shown = client.shown.value;
  const you = client.you.value;
  const left = useLeft();
  const isOver = left !== undefined && left <= 0;
  const isOff = client.stage.value === "again" || !shown?.takes || isOver || you?.muted === true;
  const draws = shown?.blocks.some((block) => block.kind === "wall");
  // On a wall that this phone draws on, it sees what all draw.
  const boards = [...client.boards.value.entries()].filter(
    ([, board]) => !(draws && board.kind === "wall"),
  );
  const round = shown?.round ?? 0;
  const earlier = boards.filter(([, board]) => board.round < round);
  return (
    <>
      <header>
        <h1 dir="auto">{visible(shown?.title ?? "")}</h1>
        <span class="who" dir="auto">
          {visible(you?.name ?? "")}
        </span>
      </header>
      {client.isRenamed && (
        <p class="hint">
          The teacher sees you as <Isolated>{you?.name ?? ""}</Isolated>: your name was taken, too
          long, or had invisible characters.
        </p>
      )}
      {left !== undefined && (
        <p class="timer" role="timer" data-low={left < 5}>
          {Math.ceil(Math.max(0, left))} s
        </p>
      )}
      {/* A new round starts over. */}
      <div key={`${shown?.round}`}>
        {shown?.blocks.map((block, index) => (
          <BlockView
            key={block.event || `say ${index}`}
            block={block}
            client={client}
            isOff={isOff}
          />
        ))}
      </div>
      {shown?.blocks.length === 0 && <p class="hint">You're in. Wait for the teacher.</p>}
      {shown?.blocks.some((block) => block.event) && !shown.takes && (
        <p class="hint">No more answers are being taken.</p>
      )}
      {you?.muted && <p class="loud">The teacher has muted you.</p>}
      {boards
        .filter(([, board]) => board.round >= round)
        .map(([id, board]) => (
          <BoardView key={id} {...board} />
        ))}
      {earlier.length > 0 && (
        <details class="earlier">
          <summary>Earlier results ({earlier.length})</summary>
          {earlier.map(([id, board]) => (
            <BoardView key={id} {...board} />
          ))}
        </details>
      )}
    </>
  );
}

/** Seconds that are left for answers; undefined if there is no limit. */
function useLeft(): number | undefined {
  const until = client.until.value;
  const now = useSignal(performance.now());
  useEffect(() => {
    if (until === undefined) return;
    const timer = setInterval(() => {
      now.value = performance.now();
    }, 200);
    return () => clearInterval(timer);
  }, [until]);
  return until === undefined ? undefined : (until - now.value) / 1000;
}

render(<App />, document.getElementById("app") as HTMLElement);
const given = fragment().get("code");
if (given) void client.join(given);
