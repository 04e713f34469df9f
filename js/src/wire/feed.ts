// The wire's route: a WebSocket with the page's own Jupyter login, or over the widget's comm. Comes back by itself.

import { signal } from "@preact/signals";
import { ApiError, askChannel, ForeignServerError, socketAddress } from "../jupyter/server";
import { type CommPort, CommSocket } from "../shared/comm_socket";
import { batched } from "../shared/log";
import { pageNow } from "../shared/times";
import type { ClientItem, Item } from "./store";
import { Store } from "./store";

/** “waiting”: no kernel holds the channel; “reconnecting”: the Jupyter server does not answer. */
export type FeedState = "connecting" | "live" | "waiting" | "reconnecting" | "error" | "closed";

type Said =
  | { type: "hello"; seen: number; now: number; attached: boolean; sessions: ClientItem[] }
  | {
      type: "batch";
      now: number;
      items: Item[];
      seen: number;
      told: number;
      kernel_ahead_ms: number;
      kernel_error_ms: number | null;
    }
  | { type: "clock"; asked: number; now: number };

const OPEN = 1;
const CLOCK_EVERY_MS = 2000;
const RETRY_MS = 1500;
const QUICK_QUESTIONS = 5;

export class Feed {
  readonly state = signal<FeedState>("connecting");
  /** What the Jupyter server said when it refused. */
  readonly detail = signal("");
  /** Counts drawings; whoever shows the store depends on it. */
  readonly version = signal(0);
  readonly store: Store;

  private socket: WebSocket | CommSocket | undefined;
  private wanted = false;
  private isByComm: boolean;
  /** Whether the login cookie alone did not do. */
  private needsToken = false;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private clock: ReturnType<typeof setInterval> | undefined;
  readonly changed = batched(() => {
    this.version.value += 1;
  });

  constructor(
    private readonly base: string,
    private readonly channel: string,
    nameOf: (paneId: string) => string | undefined,
    private readonly port?: CommPort,
  ) {
    this.store = new Store(nameOf);
    this.isByComm = !base;
  }

  open(): void {
    if (this.wanted) return;
    this.wanted = true;
    this.begin();
  }

  close(): void {
    this.wanted = false;
    clearTimeout(this.retry);
    clearInterval(this.clock);
    this.socket?.close();
    this.state.value = "closed";
  }

  private begin(): void {
    const socket = this.connect();
    this.socket = socket;
    socket.onopen = () => {
      for (let number = 0; number < QUICK_QUESTIONS; number += 1) {
        setTimeout(() => this.askClock(socket), number * 100);
      }
      this.clock = setInterval(() => this.askClock(socket), CLOCK_EVERY_MS);
    };
    let isGreeted = false;
    socket.onmessage = (event: { data: unknown }) => {
      isGreeted = true;
      this.take(JSON.parse(event.data as string) as Said);
    };
    socket.onclose = ({ reason }: { reason: string }) => {
      clearInterval(this.clock);
      if (!this.wanted) return;
      if (this.isByComm) this.lost(reason, isGreeted);
      else void this.again(isGreeted);
    };
  }

  private connect(): WebSocket | CommSocket {
    if (this.isByComm && this.port) return new CommSocket(this.port, { opens: "wire", query: {} });
    const path = `nbsocket/api/channels/${encodeURIComponent(this.channel)}/wire`;
    return new WebSocket(socketAddress(this.base, path, this.needsToken));
  }

  /** The connection over the comm ended; the kernel says why. */
  private lost(why: string, wasOpen: boolean): void {
    this.detail.value = why;
    if (why.startsWith("nobody holds")) {
      this.state.value = "waiting";
    } else if (why && !wasOpen) {
      // Refused: asking again does not help.
      this.state.value = "error";
      return;
    } else {
      this.state.value = "reconnecting";
    }
    this.retry = setTimeout(() => this.begin(), RETRY_MS);
  }

  /** A page cannot see why its WebSocket was refused: ask by a plain request, then try again. */
  private async again(wasOpen: boolean): Promise<void> {
    try {
      await askChannel(this.base, this.channel);
      if (!wasOpen && !this.needsToken) {
        this.needsToken = true;
        if (this.wanted) this.begin();
        return;
      }
      // The channel is there. It may have come back between the two; the next try tells.
      const isRefused = !wasOpen && this.state.value !== "waiting";
      this.state.value = isRefused ? "error" : "connecting";
      this.detail.value = "it closed this view; perhaps too many are open.";
    } catch (error) {
      this.detail.value = error instanceof ApiError ? error.message : "";
      if (error instanceof ForeignServerError) {
        if (this.port) {
          this.isByComm = true;
          if (this.wanted) this.begin();
          return;
        }
        this.state.value = "error";
        return;
      }
      if (!(error instanceof ApiError)) this.state.value = "reconnecting";
      else this.state.value = error.status === 404 ? "waiting" : "error";
    }
    if (this.wanted) this.retry = setTimeout(() => this.begin(), RETRY_MS);
    else this.state.value = "closed";
  }

  private askClock(socket: WebSocket | CommSocket): void {
    if (socket.readyState === OPEN) socket.send(JSON.stringify({ asked: pageNow() }));
  }

  private take(said: Said): void {
    const { store } = this;
    if (said.type === "clock") {
      store.clock.noteAnswer(said.asked, said.now, pageNow());
      return;
    }
    if (said.type === "hello") {
      store.begin(said.seen, said.sessions);
      this.state.value = "live";
    } else if (said.type === "batch") {
      store.batch(said.items, said.seen);
      // Each row counts, so that a flood is drawn seldom.
      for (let number = 1; number < said.items.length; number += 1) this.changed();
      store.kernelAhead = said.kernel_ahead_ms;
      store.kernelError = said.kernel_error_ms ?? undefined;
    }
    this.changed();
  }
}
