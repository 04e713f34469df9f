// The wire's route: a WebSocket with the page's own Jupyter login. Comes back by itself.

import { signal } from "@preact/signals";
import { socketAddress } from "../jupyter/server";
import { batched } from "../shared/log";
import { pageNow } from "../shared/times";
import type { ClientItem, Item } from "./store";
import { Store } from "./store";

export type FeedState = "connecting" | "live" | "waiting" | "closed";

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

const CLOCK_EVERY_MS = 2000;
const RETRY_MS = 1500;
const QUICK_QUESTIONS = 5;

export class Feed {
  readonly state = signal<FeedState>("connecting");
  /** Counts drawings; whoever shows the store depends on it. */
  readonly version = signal(0);
  readonly store: Store;

  private socket: WebSocket | undefined;
  private wanted = false;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private clock: ReturnType<typeof setInterval> | undefined;
  readonly changed = batched(() => {
    this.version.value += 1;
  });

  constructor(
    private readonly base: string,
    private readonly channel: string,
    nameOf: (paneId: string) => string | undefined,
  ) {
    this.store = new Store(nameOf);
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
    this.state.value = this.state.value === "waiting" ? "waiting" : "connecting";
    const path = `nbsocket/api/channels/${encodeURIComponent(this.channel)}/wire`;
    const socket = new WebSocket(socketAddress(this.base, path));
    this.socket = socket;
    socket.onopen = () => {
      for (let number = 0; number < QUICK_QUESTIONS; number += 1) {
        setTimeout(() => this.askClock(socket), number * 100);
      }
      this.clock = setInterval(() => this.askClock(socket), CLOCK_EVERY_MS);
    };
    socket.onmessage = (event) => this.take(JSON.parse(event.data as string) as Said);
    socket.onclose = () => {
      clearInterval(this.clock);
      if (!this.wanted) return;
      this.state.value = "waiting";
      this.retry = setTimeout(() => this.begin(), RETRY_MS);
    };
  }

  private askClock(socket: WebSocket): void {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ asked: pageNow() }));
  }

  private take(said: Said): void {
    const { store } = this;
    if (said.type === "clock") {
      store.noteClock(said.asked, said.now, pageNow());
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
