// A pane's connection: ticket, stock client, state. Knows no DOM.

import { signal } from "@preact/signals";
import { Manager, type Socket } from "socket.io-client";
import { ApiError, ForeignServerError, mintTicket, restartKernelOf } from "../jupyter/server";
import type { CommPort, Waiting } from "../shared/comm_socket";
import { commTransport } from "../shared/comm_transport";
import { BoundedLog, batched } from "../shared/log";
import { largestMessage, objection } from "../shared/size";
import { forget, watch } from "../shared/times";
import { CALM, Sky, streamUnder, transportsUnder, type Weather } from "../shared/weather";
import type { Entry } from "./entries";
import { Patience } from "./patience";
import { type OwnPort, ownPort, type Route, Routes } from "./routes";

export type State =
  | "connecting"
  | "connected"
  | "reconnecting"
  | "waiting"
  | "disconnected"
  | "error";

const KEPT_ENTRIES = 20_000;
const ACK_TIMEOUT_MS = 10_000;
const RETRY_MS = 1000;
const LONGEST_RETRY_MS = 5000;
const LIT_MS = 2000;
const OPENING_MS = 20_000;

/** “upgrade” begins by polling and goes over to a WebSocket, as clients do by themselves. */
export type Transports = "upgrade" | "websocket" | "polling";

export interface ConnectionOptions {
  namespace: string;
  /** What the client says at the door of its namespace. */
  auth: Record<string, unknown>;
  transports: Transports;
}

export interface Target {
  channel: string;
  paneId: string;
  name: string;
  /** The Jupyter server; empty if the kernel has none. */
  base: string;
  /** The widget's comm. */
  port?: CommPort;
  /** The only route to take; empty for whichever works. */
  pinned?: Route | "";
}

export class PaneConnection {
  readonly state = signal<State>("connecting");
  readonly detail = signal("");
  /** Counts drawings; whoever shows the log depends on it. */
  readonly version = signal(0);
  readonly received = signal(0);
  /** The rooms that its client is in, beside its own. */
  readonly rooms = signal<string[]>([]);
  /** Whether an emit that is only tried would reach it. */
  readonly isLit = signal(false);
  readonly weather = signal<Weather>(CALM);
  /** Whether the process that showed the pane is gone: what handlers print came from there. */
  readonly isOrphan = signal(false);
  /** How many messages wait on their way to a busy kernel; 0 while they go through. */
  readonly waiting = signal(0);
  readonly log = new BoundedLog<Entry>(KEPT_ENTRIES);
  options: ConnectionOptions = { namespace: "/", auth: {}, transports: "upgrade" };

  private readonly sky = new Sky(() => this.cut());
  private readonly patience = new Patience((count) => {
    this.waiting.value = count;
  });
  private readonly routes: Routes;
  private own: OwnPort | undefined;
  private socket: Socket | undefined;
  private wanted = false;
  private hasBeenConnected = false;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private light: ReturnType<typeof setTimeout> | undefined;
  private tries = 0;
  /** What the server takes in one message, in bytes, as it said when it was connected last; 0 before. */
  private limit = 0;
  private nextId = 1;
  private receivedCount = 0;
  private readonly changed = batched(() => {
    this.received.value = this.receivedCount;
    this.version.value += 1;
  });

  constructor(private readonly target: Target) {
    this.routes = new Routes(target.pinned ?? "", target.base !== "", target.port !== undefined);
  }

  get channel(): string {
    return this.target.channel;
  }

  /** Connect, and stay connected until `disconnect`. */
  async connect(): Promise<void> {
    // Refused, it tries again by itself; who presses Connect need not wait for that.
    if (this.wanted && this.state.value !== "error") return;
    clearTimeout(this.retry);
    this.sky.set(this.weather.value);
    this.wanted = true;
    this.state.value = "connecting";
    this.detail.value = "";
    // From now on it keeps what is emitted, also before there is a ticket.
    this.socket ??= this.open();
    await this.begin();
  }

  /** Start over in another way. */
  async reconnect(options: ConnectionOptions): Promise<void> {
    this.disconnect("Reconnecting with new settings.");
    this.socket = undefined;
    this.options = options;
    await this.connect();
  }

  /** Disconnect and stay so. */
  disconnect(note = "You disconnected."): void {
    this.wanted = false;
    clearTimeout(this.retry);
    this.sky.stop();
    this.socket?.disconnect();
    forget(this.target.paneId);
    this.setState("disconnected", note);
  }

  /** Emit, or return why not; while there is no connection the client keeps it and sends it later. */
  emit(event: string, args: unknown[], ask: boolean): string {
    const packet = {
      nsp: this.options.namespace,
      data: [event, ...args],
      ...(ask ? { id: 1e6 } : {}),
    };
    const problem = objection(largestMessage(packet, this.transport === "polling"), this.limit);
    if (problem) return problem;
    const entry: Entry = this.entry("out", event, args);
    entry.kept = !this.socket?.connected;
    if (ask) {
      const began = performance.now();
      // The number that the client library gives to the next acknowledgement it asks for.
      entry.ackId = (this.socket as unknown as { ids: number } | undefined)?.ids;
      entry.ack = { state: "waiting" };
      this.socket
        ?.timeout(ACK_TIMEOUT_MS)
        .emit(event, ...args, (error: Error | null, ...answer: unknown[]) => {
          const after_ms = performance.now() - began;
          if (!error) entry.ack = { state: "answered", args: answer, after_ms };
          else if (entry.ack?.state === "waiting") entry.ack = { state: "none", after_ms };
          this.changed();
        });
    } else {
      this.socket?.emit(event, ...args);
    }
    this.add(entry);
    return "";
  }

  /** Answer an event for which the server waits. */
  answer(entry: Entry, args: unknown[]): void {
    const answer = entry.answer;
    if (!answer) return;
    delete entry.answer;
    answer(...args);
    entry.ack = { state: "answered", args, after_ms: Date.now() - entry.at.getTime() };
    this.changed();
  }

  /** Show what a handler in the kernel printed or raised for this client. */
  handlerSaid(kind: "print" | "error", event: string, text: string): void {
    this.add(this.entry(kind, event, [text]));
  }

  /** Say that a question gets no answer; should one come after all, it counts. */
  handlerFailed(ackId: number): void {
    const asked = this.log.kept.findLast(
      (one) => one.ackId === ackId && one.ack?.state === "waiting",
    );
    if (!asked) return;
    asked.ack = { state: "failed" };
    this.changed();
  }

  inRooms(names: string[]): void {
    this.rooms.value = names;
  }

  lightUp(): void {
    this.isLit.value = true;
    clearTimeout(this.light);
    this.light = setTimeout(() => {
      this.isLit.value = false;
    }, LIT_MS);
  }

  /** The kernel was restarted: its next process knows nothing of the pane, nor of connections over its comm. */
  orphaned(): void {
    this.isOrphan.value = true;
    if (this.routes.current !== "jupyter") this.disconnect("The kernel was restarted.");
  }

  /** Let it be slow, or lose its connection now and then; from the next packet on. */
  setWeather(weather: Weather): void {
    this.weather.value = weather;
    this.sky.set(weather);
  }

  /** Break the connection, as a network does. */
  cut(): void {
    if (this.socket?.connected) this.socket.io.engine.transport.close();
  }

  /** Restart the kernel that holds the channel. */
  async restartKernel(): Promise<void> {
    await restartKernelOf(this.target.base, this.target.channel);
  }

  clear(): void {
    this.log.clear();
    this.changed();
  }

  private entry(kind: Entry["kind"], event: string, args: unknown[]): Entry {
    return { id: this.nextId++, at: new Date(), kind, event, args };
  }

  private add(entry: Entry): void {
    this.log.push(entry);
    this.changed();
  }

  private setState(state: State, detail = ""): void {
    const new_detail = this.detail.value !== detail;
    const new_state = this.state.value !== state;
    this.state.value = state;
    this.detail.value = detail;
    if (state !== "connected") this.rooms.value = [];
    if ((new_state || new_detail) && state !== "connecting") {
      this.add(this.entry("note", state, detail ? [detail] : []));
    }
  }

  private async begin(): Promise<void> {
    const query = await this.query();
    if (!query || !this.wanted || !this.socket) return;
    const manager = this.socket.io;
    const address = this.engineUrl;
    // Read at each opening, and not meant to change; a new manager would forget what waits to be sent.
    (manager as unknown as { uri: string }).uri = address.origin;
    manager.opts.path = address.pathname;
    manager.opts.query = query;
    manager.opts.transports = this.transports();
    // Over the comm the answer may wait for a cell.
    const isPatient = this.routes.current === "comm" && this.routes.isOnly;
    manager.timeout(isPatient ? false : OPENING_MS);
    this.socket.connect();
    // Its engine is new with each connection.
    watch(this.target.paneId, this.target.name, this.socket.io.engine);
  }

  /** Where the client's requests go; over the comm there are none. */
  private get engineUrl(): URL {
    const base = this.routes.current === "port" ? this.own?.url : this.target.base;
    return new URL(`nbsocket/${this.target.channel}/socket.io/`, base || location.origin);
  }

  /** What the current way asks for; the next one's if it leads nowhere. */
  private async query(): Promise<Record<string, string> | undefined> {
    const { port } = this.target;
    if (this.routes.current === "jupyter") {
      const query = await this.ticketQuery();
      if (query || this.routes.current === "jupyter") return query;
    }
    if (this.routes.current === "port" && port) {
      this.own = await ownPort(port);
      if (this.own) return { join_token: this.own.ticket, ...this.names };
      this.routes.next();
    }
    return this.names;
  }

  private get names(): Record<string, string> {
    return { pane: this.target.paneId, name: this.target.name };
  }

  private transports(): ReturnType<typeof transportsUnder> {
    const { port } = this.target;
    if (this.routes.current !== "comm" || !port)
      return transportsUnder(this.sky, this.options.transports);
    const told = (waiting: Waiting) => this.patience.note(waiting);
    return [streamUnder(this.sky, commTransport(port, told))];
  }

  /** Ask for a ticket; if the channel is not there, wait and try again. */
  private async ticketQuery(): Promise<Record<string, string> | undefined> {
    const { base, channel } = this.target;
    try {
      const ticket = await mintTicket(base, channel, "owner");
      return { join_token: ticket.value, ...this.names };
    } catch (error) {
      if (!this.wanted) return undefined;
      const isElsewhere = error instanceof ForeignServerError || !(error instanceof ApiError);
      if (isElsewhere && !this.routes.isOnly && !this.hasBeenConnected) {
        // Not Jupyter, or out of reach from here: there are other ways.
        this.routes.forget();
        return undefined;
      }
      if (error instanceof ForeignServerError) {
        this.wanted = false;
        this.setState("error", error.message);
        return undefined;
      }
      if (error instanceof ApiError && error.status === 404) {
        this.setState(
          "waiting",
          "Run the cell that creates the server; this pane then connects automatically.",
        );
      } else if (error instanceof ApiError) {
        this.setState("error", `The Jupyter server refused to issue a ticket: ${error.message}`);
      } else {
        this.setState("reconnecting", "The Jupyter server does not answer.");
      }
      this.again();
      return undefined;
    }
  }

  private open(): Socket {
    const manager = new Manager(this.engineUrl.origin, {
      path: this.engineUrl.pathname,
      autoConnect: false,
      reconnection: false,
      transports: this.transports(),
    });
    const socket = manager.socket(
      this.options.namespace,
      Object.keys(this.options.auth).length ? { auth: this.options.auth } : {},
    );
    socket.on("connect", () => {
      this.tries = 0;
      this.routes.worked();
      this.hasBeenConnected = true;
      this.setState("connected", "");
      const engine = manager.engine;
      engine.once("upgrade", () => this.changed());
      this.limit = (engine as unknown as { _maxPayload: number })._maxPayload;
    });
    socket.on("disconnect", (reason) => {
      if (!this.wanted) return;
      if (reason === "io server disconnect") {
        this.wanted = false;
        this.setState("disconnected", "The server disconnected this client.");
        return;
      }
      this.setState("reconnecting", `The connection was lost (${reason}).`);
      this.again();
    });
    socket.on("connect_error", (error) => {
      if (!this.wanted) return;
      if (socket.active === false && error.message) {
        this.setState("error", `Refused: ${error.message}`);
      } else {
        this.routes.failed();
      }
      this.again();
    });
    socket.onAny((event: string, ...args: unknown[]) => {
      const last = args.at(-1);
      const entry = this.entry("in", event, args);
      if (typeof last === "function") {
        entry.args = args.slice(0, -1);
        entry.answer = last as (...args: unknown[]) => void;
      }
      this.receivedCount += 1;
      this.add(entry);
    });
    return socket;
  }

  private again(): void {
    clearTimeout(this.retry);
    this.tries += 1;
    const longest = Math.min(LONGEST_RETRY_MS, RETRY_MS * this.tries);
    // Jitter, so that a class of panes does not come back in step.
    this.retry = setTimeout(() => void this.begin(), longest * (0.25 + 0.75 * Math.random()));
  }

  /** The way that it is connected; empty if it is not. */
  get route(): Route | "" {
    return this.socket?.connected ? this.routes.current : "";
  }

  get transport(): string {
    return this.socket?.connected ? (this.socket.io.engine.transport.name ?? "") : "";
  }
}
