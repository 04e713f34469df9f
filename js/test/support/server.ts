// The other side of the stock client: as much of a Socket.IO server as a test needs.

import { FakeWebSocket } from "./websocket";
import { FakeXhr } from "./xhr";

export interface Manners {
  maxPayload?: number;
  /** Whether it offers who polls to go over to a WebSocket. */
  upgrades?: boolean;
  /** What is said to who enters a namespace; nothing, if it is to wait. */
  enter?: (packet: string) => string | undefined;
}

const BETWEEN = "\x1e";

/** The namespace's prefix in an answer to `packet`. */
function place(packet: string): string {
  const found = /^\d(\/[^,]*),/.exec(packet);
  return found ? `${found[1]},` : "";
}

/** One client's connection, as the server sees it. */
export class Seen {
  /** The Socket.IO packets that came, without Engine.IO's own. */
  readonly packets: string[] = [];
  socket: FakeWebSocket | undefined;
  private poll: FakeXhr | undefined;
  private waiting: string[] = [];
  private isProbing = false;
  private isDropped = false;

  constructor(
    readonly address: URL,
    private readonly manners: Manners,
  ) {}

  /** By which transport it is here now. */
  get transport(): string {
    return this.socket ? "websocket" : "polling";
  }

  /** Send it an Engine.IO packet. */
  tell(packet: string): void {
    if (this.socket) {
      this.socket.say(packet);
      return;
    }
    this.waiting.push(packet);
    this.flush();
  }

  /** Break its connection, as a network does. */
  drop(): void {
    this.isDropped = true;
    if (this.socket) this.socket.end(1006);
    else this.poll?.answer("", 0);
  }

  hear(data: unknown): void {
    if (typeof data !== "string" || !data.startsWith("4")) return;
    const packet = data.slice(1);
    this.packets.push(packet);
    if (!packet.startsWith("0")) return;
    const { enter } = this.manners;
    const answer = enter ? enter(packet) : `0${place(packet)}{"sid":"socket-id"}`;
    if (answer !== undefined) queueMicrotask(() => this.tell(`4${answer}`));
  }

  asks(request: FakeXhr): void {
    this.poll = request;
    if (this.isDropped) queueMicrotask(() => request.answer("", 0));
    else this.flush();
  }

  /** Go over to a WebSocket; whoever waits for a poll's answer gets one. */
  upgrade(socket: FakeWebSocket): void {
    socket.heard = (data) => {
      if (data === "2probe") {
        this.isProbing = true;
        queueMicrotask(() => socket.say("3probe"));
        this.flush();
      } else if (data === "5") this.socket = socket;
      else this.hear(data);
    };
    queueMicrotask(() => socket.open());
  }

  private flush(): void {
    const { poll } = this;
    if (!poll || (this.waiting.length === 0 && !this.isProbing)) return;
    this.poll = undefined;
    // Nothing but a noop, so that a poll does not hold up an upgrade.
    const text = this.waiting.splice(0).join(BETWEEN) || "6";
    queueMicrotask(() => poll.answer(text));
  }
}

export class Server {
  readonly seen: Seen[] = [];
  /** Whether it lets nobody in, as one that is gone. */
  refuses = false;
  /** How often somebody tried to come in. */
  tries = 0;

  constructor(readonly manners: Manners = {}) {
    FakeWebSocket.forget();
    FakeXhr.forget();
    FakeWebSocket.serve = (socket) => this.serve(socket);
    FakeXhr.serve = (request) => this.poll(request);
  }

  get last(): Seen {
    const found = this.seen.at(-1);
    if (!found) throw new Error("nobody came");
    return found;
  }

  /** Send a Socket.IO packet to the latest client. */
  say(packet: string): void {
    this.last.tell(`4${packet}`);
  }

  event(...data: unknown[]): void {
    this.say(`2${JSON.stringify(data)}`);
  }

  private come(address: URL): Seen {
    const seen = new Seen(address, this.manners);
    this.seen.push(seen);
    return seen;
  }

  private hello(): string {
    const { maxPayload = 1_000_000, upgrades = false } = this.manners;
    return `0${JSON.stringify({
      sid: String(this.seen.length - 1),
      upgrades: upgrades ? ["websocket"] : [],
      pingInterval: 25000,
      pingTimeout: 20000,
      maxPayload,
    })}`;
  }

  private of(address: URL): Seen | undefined {
    return this.seen[Number(address.searchParams.get("sid") ?? "-1")];
  }

  private serve(socket: FakeWebSocket): void {
    const known = this.of(socket.address);
    if (known) {
      known.upgrade(socket);
      return;
    }
    this.tries += 1;
    if (this.refuses) {
      queueMicrotask(() => socket.end(1006));
      return;
    }
    const seen = this.come(socket.address);
    seen.socket = socket;
    socket.heard = (data) => seen.hear(data);
    const hello = this.hello();
    queueMicrotask(() => {
      if (socket.readyState !== FakeWebSocket.CONNECTING) return;
      socket.open();
      socket.say(hello);
    });
  }

  private poll(request: FakeXhr): void {
    const known = this.of(request.address);
    if (!known && request.address.searchParams.has("sid")) {
      queueMicrotask(() => request.answer("", 400));
    } else if (!known) {
      this.tries += 1;
      if (this.refuses) {
        queueMicrotask(() => request.answer("", 403));
        return;
      }
      this.come(request.address);
      const hello = this.hello();
      queueMicrotask(() => request.answer(hello));
    } else if (request.method === "GET") {
      known.asks(request);
    } else {
      for (const packet of String(request.body).split(BETWEEN)) known.hear(packet);
      queueMicrotask(() => request.answer("ok"));
    }
  }
}

/** Answers of `fetch`, by method and path; what was asked is kept. */
export class Web {
  /** Whether the question whether it is ours, which comes before the first POST, is answered as any other. */
  hasOwnVersion = false;
  readonly asked: { method: string; path: string; url: URL; init: RequestInit }[] = [];

  constructor(
    public answer: (asked: {
      method: string;
      path: string;
      url: URL;
      init: RequestInit;
    }) => Response | Promise<Response>,
  ) {}

  readonly fetch = (address: string | URL, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(address, globalThis.location?.href);
    const asked = { method: init.method ?? "GET", path: url.pathname, url, init };
    if (!this.hasOwnVersion && url.pathname.endsWith("/nbsocket/api/version")) {
      return Promise.resolve(ours({}));
    }
    this.asked.push(asked);
    try {
      return Promise.resolve(this.answer(asked));
    } catch (error) {
      return Promise.reject(error);
    }
  };

  get paths(): string[] {
    return this.asked.map(({ method, path }) => `${method} ${path}`);
  }
}

/** An answer of nbsocket's own routes. */
export function ours(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { "X-Nbsocket": "1" } });
}
