// The join page: a code, perhaps a name, and then the class. One file, nothing from elsewhere.

import { useSignal } from "@preact/signals";
import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { BoardView } from "../board/boardview";
import { visible } from "../shared/text";
import { BlockView } from "./blocks";
import { ClassClient, fragment } from "./client";

const client = new ClassClient();

function App() {
  const stage = client.stage.value;
  return (
    <main data-stage={stage}>
      {(stage === "code" || stage === "joining" || stage === "page") && <CodeForm />}
      {stage === "name" && <NameForm />}
      {(stage === "class" || stage === "again") && <Class />}
      {stage === "over" && <h1>Goodbye</h1>}
      <p role="status" class={stage === "again" || stage === "over" ? "loud" : ""}>
        {client.said.value}
      </p>
    </main>
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
        <label for="code">The code that you were given</label>
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
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <>
      <h1>Who are you?</h1>
      <form
        onSubmit={(submitted) => {
          submitted.preventDefault();
          client.enter(name.value);
        }}
      >
        <label for="name">Your name; leave it empty to stay anonymous</label>
        <input
          ref={field}
          id="name"
          autocomplete="off"
          maxLength={30}
          value={name.value}
          onInput={(typed) => {
            name.value = typed.currentTarget.value;
          }}
        />
        <button type="submit">Go in</button>
      </form>
      <p class="hint">The teacher sees this name beside your answers.</p>
    </>
  );
}

function Class() {
  const shown = client.shown.value;
  const you = client.you.value;
  const left = useLeft();
  const isOver = left !== undefined && left <= 0;
  const isOff = client.stage.value === "again" || !shown?.takes || isOver || you?.muted === true;
  const boards = [...client.boards.value.entries()];
  const draws = shown?.blocks.some((block) => block.kind === "wall");
  return (
    <>
      <header>
        <h1>{visible(shown?.title ?? "")}</h1>
        <span class="who">{visible(you?.name ?? "")}</span>
      </header>
      {left !== undefined && (
        <p class="timer" role="timer" data-low={left < 5}>
          {Math.ceil(Math.max(0, left))} s
        </p>
      )}
      {/* A new round begins anew. */}
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
      {shown?.blocks.length === 0 && <p class="hint">You are in. Wait for the teacher.</p>}
      {shown?.blocks.some((block) => block.event) && !shown.takes && (
        <p class="hint">No more answers are taken.</p>
      )}
      {you?.muted && <p class="loud">The teacher has muted you.</p>}
      {client.refusal.value && (
        <p class="loud" role="alert">
          {visible(client.refusal.value)}
        </p>
      )}
      {boards.map(([id, board]) =>
        board.kind === "wall" && draws ? null : <BoardView key={id} {...board} />,
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
