// @vitest-environment node
// A frame that runs foreign code: it asks for a ticket before each connection.

import type { Manager } from "socket.io-client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Home } from "../../src/client/address";
import { askBeforeOpening, type SeatMessage, takeSeat, type Way } from "../../src/client/seat";

const HOME: Home = { origin: "http://h:8888", path: "/nbsocket/chat/socket.io/", ticket: "" };

/** As much of the stock client's manager as opening touches. */
class FakeManager {
  _readyState = "closed";
  skipReconnect = true;
  readonly opened: unknown[] = [];
  readonly errors: Error[] = [];
  reconnects = 0;
  declare connect: () => this;

  constructor(
    readonly uri: string,
    public opts: { path?: string; query?: Record<string, string> },
  ) {}

  open(done?: unknown): this {
    if (this._readyState !== "closed") return this;
    this._readyState = "opening";
    this.opened.push({ query: this.opts.query, done });
    return this;
  }

  emitReserved(_: string, error: Error): void {
    this.errors.push(error);
  }

  maybeReconnectOnOpen(): void {
    this.reconnects += 1;
  }
}

/** A class of managers of its own, whose opening asks. */
function asking(give: () => Promise<string>, home = HOME) {
  return askingFor(async () => ({ ticket: await give() }), home);
}

const transportsOf = (manager: object) =>
  (manager as { opts: { transports?: { prototype: { name: string } }[] } }).opts.transports ?? [];

/** The same, with any way in. */
function askingFor(ask: () => Promise<Way>, home = HOME) {
  class Asking extends FakeManager {}
  Asking.prototype.open = FakeManager.prototype.open;
  askBeforeOpening(Asking.prototype as unknown as Manager, home, ask);
  return (uri = "http://h:8888/", path = HOME.path, query?: Record<string, string>) =>
    new Asking(uri, { path, ...(query ? { query } : {}) });
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

describe("a connection home", () => {
  it("asks first, and opens with the ticket and what the user set", async () => {
    let give: (ticket: string) => void = () => undefined;
    const manager = asking(() => new Promise((resolve) => (give = resolve)))(undefined, undefined, {
      name: "zoe",
    });
    const done = () => {};
    expect(manager.open(done)).toBe(manager);
    expect([manager._readyState, manager.opened, manager.skipReconnect]).toEqual([
      "opening",
      [],
      false,
    ]);
    give("t1");
    await settled();
    expect(manager.opened).toEqual([{ query: { name: "zoe", join_token: "t1" }, done }]);
  });

  it("goes over the comm where the page carries the connection", async () => {
    const port = { send: vi.fn(), listen: vi.fn(() => () => {}) };
    const manager = askingFor(async () => ({ port }))();
    manager.open();
    await vi.waitFor(() => expect(transportsOf(manager)).toHaveLength(1));
    const [Transport] = transportsOf(manager);
    expect(Transport?.prototype.name).toBe("comm");
    expect(manager.opts.query).toBeUndefined();
  });

  it("asks for another ticket each time", async () => {
    let count = 0;
    const manager = asking(async () => `t${++count}`)();
    manager.open();
    await settled();
    manager._readyState = "closed";
    manager.connect();
    await settled();
    expect(manager.opened).toMatchObject([
      { query: { join_token: "t1" } },
      { query: { join_token: "t2" } },
    ]);
  });

  it("asks once while it is opening or open", async () => {
    const ask = vi.fn(async () => "t");
    const manager = asking(ask)();
    manager.open();
    manager.open();
    await settled();
    manager.open();
    manager._readyState = "open";
    manager.open();
    expect(ask).toHaveBeenCalledTimes(1);
    expect(manager.opened).toHaveLength(1);
  });

  it("is not opened once it was closed meanwhile, or closed and opened again", async () => {
    const gives: ((ticket: string) => void)[] = [];
    const manager = asking(() => new Promise((resolve) => gives.push(resolve)))();
    manager.open();
    manager._readyState = "closed";
    gives[0]?.("late");
    await settled();
    expect(manager.opened).toEqual([]);
    manager.open();
    manager._readyState = "closed";
    manager.open();
    gives[1]?.("old");
    await settled();
    expect(manager.opened).toEqual([]);
    gives[2]?.("new");
    await settled();
    expect(manager.opened).toMatchObject([{ query: { join_token: "new" } }]);
  });

  it("that is refused is an error, and is tried again as the library does it", async () => {
    const manager = asking(() => Promise.reject(new Error("No kernel")))();
    manager.open();
    await settled();
    expect(manager.errors.map((error) => error.message)).toEqual(["No kernel"]);
    expect([manager._readyState, manager.reconnects, manager.opened]).toEqual(["closed", 1, []]);
    const done = vi.fn();
    manager.open(done);
    await settled();
    expect(done.mock.calls.map(([error]) => error.message)).toEqual(["No kernel"]);
    expect(manager.reconnects).toBe(1);
  });

  it("that was closed before it was refused is no error", async () => {
    let refuse: (error: Error) => void = () => undefined;
    const manager = asking(() => new Promise((_, reject) => (refuse = reject)))();
    manager.open();
    manager._readyState = "closed";
    refuse(new Error("late"));
    await settled();
    expect([manager.errors, manager.reconnects]).toEqual([[], 0]);
  });
});

describe("a connection elsewhere", () => {
  it.each([
    ["http://other.example/", HOME.path],
    ["https://h:8888/", HOME.path],
    ["http://h:8888/", "/socket.io/"],
    ["http://h:8888/", "/nbsocket/other/socket.io/"],
  ])("to %s%s opens at once, without a ticket", (uri, path) => {
    const ask = vi.fn(async () => "t");
    const manager = asking(ask)(uri, path);
    manager.open();
    expect(ask).not.toHaveBeenCalled();
    expect(manager.opened).toEqual([{ query: undefined, done: undefined }]);
  });

  it.each(["http://h:88889/", "http://h:8888.example/", "http://h:8888@evil.example/"])(
    "to %s, which only begins as home, opens without a ticket",
    (uri) => {
      const ask = vi.fn(async () => "t");
      asking(ask)(uri).open();
      expect(ask).not.toHaveBeenCalled();
    },
  );
});

describe("a seat", () => {
  let page: MessagePort;
  const heard: SeatMessage[] = [];

  beforeEach(() => {
    heard.length = 0;
    vi.stubGlobal("parent", {
      postMessage: (message: object, origin: string, [port]: [MessagePort]) => {
        expect([message, origin]).toEqual([{ kind: "seat" }, "*"]);
        page = port;
        page.onmessage = ({ data }) => heard.push(data);
      },
    });
  });

  afterEach(() => {
    page.close();
    vi.unstubAllGlobals();
  });

  it("passes messages of its connections both ways over that port", async () => {
    const ask = takeSeat()();
    await vi.waitFor(() => expect(heard).toEqual([{ ask: 1 }]));
    page.postMessage({ ask: 1, isByComm: true });
    const way = await ask;
    if (!("port" in way)) throw new Error("no port");
    const told: unknown[] = [];
    const unlisten = way.port.listen((content) => told.push(content.id));
    way.port.send({ type: "stream", id: "one" }, [new Uint8Array([7])]);
    await vi.waitFor(() => expect(heard[1]).toMatchObject({ stream: { id: "one" } }));
    page.postMessage({ stream: { type: "stream", id: "one" }, buffers: [] });
    await vi.waitFor(() => expect(told).toEqual(["one"]));
    unlisten();
    page.postMessage({ stream: { type: "stream", id: "two" }, buffers: [] });
    page.postMessage({ still: 1 });
    await vi.waitFor(() => expect(heard.at(-1)).toEqual({ still: 1 }));
    expect(told).toEqual(["one"]);
  });

  it("asks the page around it over a port that it hands out, each time by another number", async () => {
    const ask = takeSeat();
    const [first, second] = [ask(), ask()];
    await vi.waitFor(() => expect(heard).toEqual([{ ask: 1 }, { ask: 2 }]));
    page.postMessage({ ask: 2, ticket: "t2" });
    page.postMessage({ ask: 9, ticket: "nobody's" });
    page.postMessage({ ask: 1, ticket: "t1" });
    expect(await first).toEqual({ ticket: "t1" });
    expect(await second).toEqual({ ticket: "t2" });
  });

  it("says why there is no ticket", async () => {
    const ask = takeSeat();
    const asked = ask();
    page.postMessage({ ask: 1, why: "No kernel" });
    await expect(asked).rejects.toThrow("No kernel");
  });

  it("says that it is still there", async () => {
    takeSeat();
    page.postMessage({ still: 7 });
    await vi.waitFor(() => expect(heard).toEqual([{ still: 7 }]));
  });
});
