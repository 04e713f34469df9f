// @vitest-environment node
// The page's half of a frame's place: tickets one by one, not too many, and an end.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Seat } from "../../src/script/seat";
import { ours, Web } from "../support/server";

const TICKETS = "POST /nbsocket/api/channels/a%20b/tickets";

/** A port whose other side is the test. */
class Port {
  readonly said: unknown[] = [];
  isClosed = false;
  onmessage: ((event: { data: unknown }) => void) | null = null;

  postMessage(message: unknown): void {
    if (!this.isClosed) this.said.push(message);
  }

  close(): void {
    this.isClosed = true;
  }

  /** The frame says something. */
  hear(data: unknown): void {
    this.onmessage?.({ data });
  }
}

let web: Web;
let port: Port;
let seat: Seat;
const gone = vi.fn();

const wait = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const take = (one: Port) => seat.take(one as unknown as MessagePort);
const bodies = () => web.asked.map(({ init }) => init.body ?? init.method);

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("document", { cookie: "_xsrf=x", getElementById: () => null });
  let count = 0;
  web = new Web(() => {
    count += 1;
    return ours({ value: `t${count}`, seat: "s1" });
  });
  vi.stubGlobal("fetch", web.fetch);
  gone.mockReset();
  seat = new Seat("http://localhost:3000/", "a b", gone);
  port = new Port();
  take(port);
});

afterEach(() => {
  seat.end();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("a seat", () => {
  it("hands out a ticket for each question; all are of the first one's place", async () => {
    port.hear({ ask: 1 });
    port.hear({ ask: 2 });
    await wait();
    expect(web.paths).toEqual([TICKETS, TICKETS]);
    expect(bodies()).toEqual(['{"opens":"frame"}', '{"opens":"frame","seat":"s1"}']);
    expect(port.said).toEqual([
      { ask: 1, ticket: "t1" },
      { ask: 2, ticket: "t2" },
    ]);
  });

  it("says why there is none, and answers the next question", async () => {
    const { answer } = web;
    web.answer = () => ours({ message: "No kernel" }, 404);
    port.hear({ ask: 1 });
    await wait();
    web.answer = answer;
    port.hear({ ask: 2 });
    await wait();
    expect(port.said).toEqual([
      { ask: 1, why: "No kernel" },
      { ask: 2, ticket: "t1" },
    ]);
  });

  it("is the first document's alone", async () => {
    const other = new Port();
    take(other);
    other.hear({ ask: 1 });
    await wait(1000);
    expect(web.asked).toEqual([]);
    seat.check();
    expect([port.said, other.said]).toEqual([[{ still: 1 }], []]);
  });

  it("hands out fifty tickets at once, and then five a second", async () => {
    for (let ask = 1; ask <= 70; ask += 1) port.hear({ ask });
    await wait();
    expect(port.said).toHaveLength(50);
    await wait(1000);
    expect(port.said).toHaveLength(55);
    await wait(3000);
    expect(port.said).toHaveLength(70);
    // Whoever waits has fifty again.
    await wait(60_000);
    for (let ask = 71; ask <= 130; ask += 1) port.hear({ ask });
    await wait();
    expect(port.said).toHaveLength(120);
  });
});

/** A widget's comm whose other side is the test. */
class Comm {
  readonly sent: Record<string, unknown>[] = [];
  private calls = new Set<(content: object, buffers: BufferSource[]) => void>();
  send(content: Record<string, unknown>): void {
    this.sent.push(content);
  }
  listen(call: (content: object, buffers: BufferSource[]) => void): () => void {
    this.calls.add(call);
    return () => this.calls.delete(call);
  }
  tell(content: object): void {
    for (const call of this.calls) call(content, []);
  }
  get listeners(): number {
    return this.calls.size;
  }
}

describe("a seat without a Jupyter server", () => {
  let comm: Comm;

  function sit(base: string): void {
    comm = new Comm();
    seat = new Seat(base, "a b", gone, comm);
    port = new Port();
    take(port);
  }

  it("carries connections over the widget's comm", async () => {
    sit("");
    port.hear({ ask: 1 });
    await wait();
    expect([web.asked, port.said]).toEqual([[], [{ ask: 1, isByComm: true }]]);
    port.hear({ stream: { type: "stream", id: "one", at: 0 }, buffers: [] });
    expect(comm.sent).toEqual([{ type: "stream", id: "one", at: 0 }]);
    comm.tell({ type: "stream", id: "one", received: 1 });
    comm.tell({ type: "stream", id: "a pane's" });
    comm.tell({ type: "handler_output", id: "one" });
    expect(port.said.slice(1)).toEqual([
      { stream: { type: "stream", id: "one", received: 1 }, buffers: [] },
    ]);
  });

  it("does so where another server serves the page", async () => {
    sit("http://localhost:3000/");
    web.answer = () => new Response("<html>", { status: 200 });
    port.hear({ ask: 1 });
    port.hear({ ask: 2 });
    await wait();
    expect(port.said).toEqual([
      { ask: 1, isByComm: true },
      { ask: 2, isByComm: true },
    ]);
    expect(web.asked).toHaveLength(1);
  });

  it.each([{ type: "views", id: "one", count: 0 }, { type: "stream" }, { type: "stream", id: 7 }])(
    "passes nothing else on to the kernel",
    (stream) => {
      sit("");
      port.hear({ stream, buffers: [] });
      expect([comm.sent, comm.listeners]).toEqual([[], 0]);
    },
  );

  it("passes nothing on where there is a Jupyter server", async () => {
    sit("http://localhost:3000/");
    port.hear({ ask: 1 });
    await wait();
    port.hear({ stream: { type: "stream", id: "one" }, buffers: [] });
    expect(comm.sent).toEqual([]);
  });

  it("closes what it carried at its end", async () => {
    sit("");
    for (const id of ["one", "two"]) port.hear({ stream: { type: "stream", id }, buffers: [] });
    port.hear({ stream: { type: "stream", id: "two", closed: true }, buffers: [] });
    comm.sent.length = 0;
    seat.end();
    expect(comm.sent).toEqual([{ type: "stream", id: "one", closed: true }]);
    expect(comm.listeners).toBe(0);
  });
});

describe("the end of a seat", () => {
  it("gives back its place, and hands out no more", async () => {
    port.hear({ ask: 1 });
    await wait();
    seat.end();
    expect(web.paths.at(-1)).toBe("DELETE /nbsocket/api/channels/a%20b/tickets/s1");
    expect(port.isClosed).toBe(true);
    const late = new Port();
    take(late);
    late.hear({ ask: 2 });
    await wait(1000);
    expect(web.asked).toHaveLength(2);
  });

  it("has nothing to give back where nothing was handed out", () => {
    seat.end();
    expect(web.asked).toEqual([]);
  });

  it("gives back what is handed out while it ends", async () => {
    let give: (answer: Response) => void = () => undefined;
    web.answer = ({ method }) =>
      method === "POST" ? new Promise((resolve) => (give = resolve)) : ours({});
    port.hear({ ask: 1 });
    await wait();
    seat.end();
    give(ours({ value: "t1", seat: "s1" }));
    await wait();
    expect(port.said).toEqual([]);
    expect(web.paths.at(-1)).toBe("DELETE /nbsocket/api/channels/a%20b/tickets/s1");
  });
});

describe("a document that may be gone", () => {
  it("is there if it answers, whenever it does within six seconds", async () => {
    seat.check();
    await wait(4500);
    expect(port.said).toEqual([{ still: 1 }, { still: 2 }, { still: 3 }]);
    port.hear({ still: 3 });
    await wait(60_000);
    expect(gone).not.toHaveBeenCalled();
  });

  it("is gone if it does not answer three questions, and so is its place", async () => {
    port.hear({ ask: 1 });
    await wait();
    seat.check();
    await wait(5990);
    expect(gone).not.toHaveBeenCalled();
    await wait(20);
    expect(gone).toHaveBeenCalledTimes(1);
    expect(web.paths.at(-1)).toMatch(/^DELETE /);
    seat.check();
    await wait(60_000);
    expect(gone).toHaveBeenCalledTimes(1);
  });

  it("does not answer a question by the answer to one before", async () => {
    seat.check();
    seat.check();
    port.hear({ still: 1 });
    await wait(10_000);
    expect(gone).toHaveBeenCalledTimes(1);
  });

  it("is there if it takes its place late", async () => {
    seat.end();
    seat = new Seat("http://localhost:3000/", "a b", gone);
    seat.check();
    await wait(1000);
    port = new Port();
    take(port);
    await wait(1500);
    port.hear(port.said.at(-1));
    await wait(60_000);
    expect(gone).not.toHaveBeenCalled();
  });

  it("is asked no more once the seat has ended", async () => {
    seat.check();
    seat.end();
    await wait(60_000);
    expect(gone).not.toHaveBeenCalled();
  });
});
