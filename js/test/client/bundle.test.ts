// The stock client as a page or a frame loads it: `io()` finds its channel by itself.

import type { Socket } from "socket.io-client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Home } from "../../src/client/address";
import type { SocketsMessage } from "../../src/client/bundle";
import { Server } from "../support/server";
// Loaded here, so that the bundle, which is loaded anew for each test, has the client that the server knows.
import "socket.io-client";

vi.mock("socket.io-client", () => import("../support/client"));

type Io = ((uri?: unknown, options?: object) => Socket) & Record<string, unknown>;

const HOME = { origin: "http://localhost:3000", path: "/nbsocket/chat/socket.io/" };
const OPTIONS = { transports: ["websocket"] };

let server: Server;
let sockets: Socket[];
let told: object[];

const wait = (ms = 20) => vi.advanceTimersByTimeAsync(ms);
const counts = () =>
  told
    .filter((message) => (message as { kind: string }).kind === "sockets")
    .map((message) => [(message as SocketsMessage).made, (message as SocketsMessage).connected]);

async function load(home?: Partial<Home>): Promise<Io> {
  if (home) window.__nbsocket_home = { ...HOME, ticket: "", ...home };
  vi.resetModules();
  await import("../../src/client/bundle");
  const { io } = window as unknown as { io: Io };
  const counted = (...given: unknown[]) => {
    const socket = (io as unknown as (...given: unknown[]) => Socket)(...given);
    sockets.push(socket);
    return socket;
  };
  return Object.assign(counted, io) as Io;
}

/** A page that is shown in a notebook, or is not. */
function shown(isInPage: boolean): void {
  const around = { postMessage: (message: object) => told.push(message) };
  vi.stubGlobal("parent", isInPage ? around : window);
}

beforeEach(() => {
  vi.useFakeTimers();
  server = new Server();
  sockets = [];
  told = [];
  shown(false);
  // A page's console is changed for good, so that each test has one of its own.
  vi.stubGlobal("console", { ...console, log: vi.fn(), info: vi.fn() });
});

afterEach(() => {
  for (const socket of sockets) socket.disconnect();
  delete window.__nbsocket_home;
  history.replaceState(null, "", "/");
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("io()", () => {
  it("connects to the channel of the page, with its ticket", async () => {
    const io = await load({ ticket: "t1" });
    io(undefined, OPTIONS);
    await wait();
    const { address } = server.last;
    expect([address.host, address.pathname]).toEqual(["localhost:3000", HOME.path]);
    expect(address.searchParams.get("join_token")).toBe("t1");
    expect(server.last.packets).toEqual(["0"]);
  });

  it.each([
    ["options alone", [{ ...OPTIONS, query: { a: "1" } }], "0", "1"],
    ["a namespace", ["/admin", OPTIONS], "0/admin,", null],
    ["an empty address", ["", OPTIONS], "0", null],
  ])("takes %s", async (_, given, packet, a) => {
    const io = await load({ ticket: "t1" });
    io(...(given as [unknown, object?]));
    await wait();
    expect(server.last.packets).toEqual([packet]);
    expect(server.last.address.searchParams.get("a")).toBe(a);
    expect(server.last.address.searchParams.get("join_token")).toBe("t1");
  });

  it("connects elsewhere as the stock client does, without the ticket", async () => {
    const io = await load({ ticket: "t1" });
    io("http://other.example/x", OPTIONS);
    await wait();
    expect(server.last.address.href).toMatch(/^http:\/\/other\.example\/socket\.io\/|^ws:/);
    expect(server.last.address.host).toBe("other.example");
    expect(server.last.address.pathname).toBe("/socket.io/");
    expect(server.last.address.searchParams.has("join_token")).toBe(false);
  });

  it("works without any argument, by polling at first", async () => {
    const io = await load({ ticket: "t1" });
    io();
    await wait();
    expect(server.last.address.searchParams.get("transport")).toBe("polling");
  });

  it("is the stock client in all else", async () => {
    const io = await load({ ticket: "t1" });
    const { Manager, Socket, protocol } = await import("socket.io-client");
    expect([io.Manager, io.Socket, io.protocol]).toEqual([Manager, Socket, protocol]);
    expect(io.connect).toBe(io.io);
  });

  it("takes null as the stock client does", async () => {
    const io = await load({ ticket: "t1" });
    expect(() => io(null)).not.toThrow();
  });
});

describe("a page", () => {
  it("that was opened without a ticket says so in its console", async () => {
    await load({});
    expect(console.info).toHaveBeenCalledTimes(1);
    expect(console.info).toHaveBeenCalledWith(
      expect.stringMatching(/^nbsocket: .* without a ticket/),
    );
    vi.mocked(console.info).mockClear();
    await load({ ticket: "t1" });
    expect(console.info).not.toHaveBeenCalled();
  });

  it("has its home from its own address, where nothing else is given", async () => {
    history.replaceState(null, "", "/lab/nbsocket/quiz/page.html#join_token=t9");
    const io = await load();
    io(undefined, OPTIONS);
    await wait();
    expect(server.last.address.pathname).toBe("/lab/nbsocket/quiz/socket.io/");
    expect(server.last.address.searchParams.get("join_token")).toBe("t9");
  });

  it("in a tab of its own tells nobody anything", async () => {
    const io = await load({ ticket: "t1" });
    io(undefined, OPTIONS);
    await wait();
    expect(told).toEqual([]);
  });
});

describe("a page within a notebook", () => {
  beforeEach(() => {
    shown(true);
    history.replaceState(null, "", "/nbsocket/chat/#join_token=t1&console=1");
  });

  it("tells how many of its clients are connected", async () => {
    const io = await load();
    const first = io(undefined, { ...OPTIONS, forceNew: true });
    io("/other", { ...OPTIONS, forceNew: true });
    expect(counts()).toEqual([
      [1, 0],
      [2, 0],
    ]);
    await wait();
    expect(counts().at(-1)).toEqual([2, 2]);
    first.disconnect();
    await wait();
    expect(counts().at(-1)).toEqual([2, 1]);
  });

  it("tells its console, and that there is nothing to see in it", async () => {
    await load();
    console.log("hello");
    await wait(30);
    expect(told).toContainEqual({ kind: "lines", lines: [{ level: "log", text: "hello" }] });
    document.body.innerHTML = "  <script>1</script>";
    Object.defineProperty(document.body, "innerText", { value: " \n", configurable: true });
    window.dispatchEvent(new Event("load"));
    expect(told).toContainEqual({ kind: "empty" });
  });

  it.each(["<button></button>", "<canvas></canvas>", "<svg></svg>"])(
    "does not say so of %s",
    async (html) => {
      await load();
      document.body.innerHTML = html;
      Object.defineProperty(document.body, "innerText", { value: "", configurable: true });
      told.length = 0;
      window.dispatchEvent(new Event("load"));
      // Listeners of tests before may be there still; each looks at the same page.
      expect(told).toEqual([]);
    },
  );
});

describe("a frame", () => {
  it("asks the page around it for a ticket with each connection", async () => {
    const ports: MessagePort[] = [];
    vi.stubGlobal("parent", {
      postMessage: (message: object, _: string, transfer?: MessagePort[]) => {
        told.push(message);
        if (transfer) ports.push(...transfer);
      },
    });
    const io = await load({ isFrame: true });
    expect(told).toEqual([{ kind: "seat" }]);
    const [port] = ports;
    if (!port) throw new Error("no port was handed out");
    vi.useRealTimers();
    port.onmessage = ({ data }) => port.postMessage({ ask: data.ask, ticket: `t${data.ask}` });
    io(undefined, OPTIONS);
    await vi.waitFor(() => expect(counts().at(-1)).toEqual([1, 1]));
    expect(server.last.address.searchParams.get("join_token")).toBe("t1");
    expect(console.info).not.toHaveBeenCalled();
    port.close();
  });
});
