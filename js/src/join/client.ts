// A phone in a class: the exchange of the code, the connection, what is shown. Knows no DOM but its address.

import { signal } from "@preact/signals";
import { Manager, type Socket } from "socket.io-client";
import type { BoardData } from "../board/boardview";

/** A board, and in which round it was last told. */
export type ShownBoard = BoardData & { round: number };

export interface BlockItem {
  kind: "say" | "choices" | "text" | "button" | "toggle" | "items" | "wall";
  event: string;
  label: string;
  options?: string[];
  many?: boolean;
  most?: number;
  rows?: { key: string | number; text: string; votes: number }[];
}

export interface Shown {
  title: string;
  round: number;
  blocks: BlockItem[];
  takes: boolean;
  left_s: number | null;
}

export interface You {
  name: string;
  muted: boolean;
  /** What this person answered in this round, by event. */
  mine: Record<string, unknown>;
  round: number;
}

const OURS = "/nbsocket/";

/** Where nbsocket's routes begin: this page is `join` there, or in a channel's folder there. */
function rootOf(path: string): string {
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  return folder.endsWith(OURS) ? folder : folder.replace(/[^/]+\/$/, "");
}

/** The folder of a channel, which may itself be called as the routes are. */
function folderOf(root: string, channel: string): string {
  const isItself = root.endsWith(OURS + OURS.slice(1)) && channel === "nbsocket";
  return isItself ? root : `${root}${channel}/`;
}

interface Answer {
  channel: string;
  value: string;
  opens: string;
}

/**
 * “code” and “name” are forms; “page” waits for the channel's page; “class” is in; “again” lost the
 * connection and comes back by itself; “over” does not.
 */
export type Stage = "code" | "joining" | "name" | "page" | "class" | "again" | "over";

const RETRY_MS = 3000;
/** The server's word for: so many are joining that this one has to come again. */
const BUSY = 7;
const NAME = "nbsocket:";
const KEY = /^[A-Za-z0-9_-]{8,64}$/;
const UNREACHABLE = "The server cannot be reached. Check your network, then try again.";

/** What stands in the fragment, which never leaves the browser, so that a reload works. */
export function fragment(): URLSearchParams {
  return new URLSearchParams(location.hash.slice(1));
}

/**
 * Who this phone is, so that a reload is not a newcomer. Not in the address, which people share: a friend who opened
 * it would be that person. A sandboxed page has no storage; of what is left a reload keeps the window's name in
 * Chromium, and the history's state in Firefox and WebKit.
 */
const kept = {
  key(): string {
    const state = history.state as { nbsocket?: unknown } | null;
    const named = window.name.startsWith(NAME) ? window.name.slice(NAME.length) : "";
    const found = state?.nbsocket ?? named;
    return typeof found === "string" && KEY.test(found) ? found : "";
  },
  keep(key: string): void {
    window.name = `${NAME}${key}`;
    history.replaceState({ nbsocket: key }, "", location.hash);
  },
};

export class ClassClient {
  readonly stage = signal<Stage>("code");
  readonly said = signal("");
  readonly shown = signal<Shown | undefined>(undefined);
  readonly you = signal<You | undefined>(undefined);
  readonly boards = signal<ReadonlyMap<string, ShownBoard>>(new Map());
  /** Why an answer was not taken. */
  readonly refusal = signal("");
  /** When answers end, on this page's clock. */
  readonly until = signal<number | undefined>(undefined);

  private readonly root = rootOf(location.pathname);
  private answer: Answer | undefined;
  private socket: Socket | undefined;
  private name = "";

  /** Exchange a code for a ticket. */
  async join(code: string): Promise<void> {
    this.stage.value = "joining";
    this.said.value = "Joining …";
    try {
      const response = await fetch(`${this.root}join`, { method: "POST", body: code });
      const answer = (await response.json()) as Answer & { message?: string; code?: number };
      if (answer.code === BUSY) {
        this.said.value = "Many people are joining at the moment; trying again …";
        setTimeout(() => void this.join(code), RETRY_MS * (0.5 + Math.random()));
        return;
      }
      if (!response.ok) {
        this.back(answer.message ?? `The server answered with status ${response.status}.`);
        return;
      }
      this.answer = answer;
      this.said.value = "";
      if (answer.opens !== "class") await this.goToPage(answer);
      else if (kept.key()) this.enter("");
      else this.stage.value = "name";
    } catch {
      this.back(UNREACHABLE);
    }
  }

  private back(said: string): void {
    this.stage.value = "code";
    this.said.value = said;
  }

  private async goToPage(answer: Answer): Promise<void> {
    this.stage.value = "page";
    const page = folderOf(this.root, answer.channel);
    const found = await fetch(page, { cache: "no-store" });
    if (found.ok) {
      location.replace(`${page}#join_token=${answer.value}`);
      return;
    }
    this.said.value = "You're in. There is no page yet; this one keeps checking.";
    setTimeout(() => this.goToPage(answer).catch(() => this.back(UNREACHABLE)), RETRY_MS);
  }

  /** Go into the class under a name; an empty one is fine. */
  enter(name: string): void {
    if (!this.answer || this.socket) return;
    this.name = name;
    this.stage.value = "joining";
    this.said.value = "Joining …";
    const { channel, value } = this.answer;
    const manager = new Manager(location.origin, {
      path: `${folderOf(this.root, channel)}socket.io/`,
      query: { join_token: value },
    });
    const socket = manager.socket("/", {
      auth: (give: (auth: object) => void) =>
        give({ class: true, name: this.name, key: kept.key() }),
    });
    this.socket = socket;
    this.listen(socket);
  }

  /** Whether the class calls this person something else than was typed here. */
  get isRenamed(): boolean {
    const given = this.you.value?.name;
    return this.name.trim() !== "" && given !== undefined && given !== this.name.trim();
  }

  /** What this person answered before, if the page has just been loaded again. */
  mine(event: string): unknown {
    const you = this.you.value;
    if (!you || you.round !== this.shown.value?.round) return undefined;
    return new Map(Object.entries(you.mine)).get(event);
  }

  /** Send an answer. */
  send(event: string, value: unknown): void {
    this.refusal.value = "";
    // While it is not connected nobody can tell whether the question still stands.
    if (this.socket?.connected) this.socket.emit(event, value);
    else this.refusal.value = "Not connected: this was not sent.";
  }

  private listen(socket: Socket): void {
    socket.on("connect", () => {
      this.stage.value = "class";
      this.said.value = "";
      this.boards.value = new Map();
    });
    socket.on("disconnect", (reason) => {
      if (this.stage.value === "over") return;
      if (reason === "io server disconnect") {
        this.over("You were disconnected by the teacher.");
      } else {
        this.stage.value = "again";
        this.said.value = "Connection lost; trying again …";
      }
    });
    socket.on("connect_error", (error) => {
      if (!socket.active) {
        this.over(error.message);
        return;
      }
      if (this.stage.value !== "class") {
        this.said.value = "The class cannot be reached; trying again …";
        void this.isStillGood();
      }
    });
    socket.on("class:show", (shown: Shown) => {
      this.shown.value = shown;
      this.refusal.value = "";
      this.until.value =
        shown.left_s === null ? undefined : performance.now() + shown.left_s * 1000;
    });
    socket.on("class:you", ({ key, ...you }: You & { key?: string }) => {
      this.you.value = you;
      if (key) kept.keep(key);
    });
    socket.on("class:clock", (number: number) => socket.emit("class:clock", number));
    socket.on("class:refused", ({ why }: { why: string }) => {
      this.refusal.value = why;
    });
    socket.on("class:board", ({ id, ...board }: ShownBoard & { id: string }) => {
      this.boards.value = new Map(this.boards.value).set(id, board);
    });
    socket.on(
      "class:more",
      ({ id, data, round }: { id: string; data: unknown[]; round: number }) => {
        const board = this.boards.value.get(id);
        if (!board) return;
        const more = { ...board, round, data: [...board.data, ...data] };
        this.boards.value = new Map(this.boards.value).set(id, more);
      },
    );
    socket.on("class:unboard", (id: string) => {
      const left = new Map(this.boards.value);
      left.delete(id);
      this.boards.value = left;
    });
    socket.on("class:over", ({ why }: { why: string }) => this.over(why));
  }

  /** A ticket that is over cannot come back; the code says whether it is. */
  private async isStillGood(): Promise<void> {
    const code = fragment().get("code");
    if (!code) return;
    try {
      const response = await fetch(`${this.root}join`, { method: "POST", body: code });
      if (response.status === 403) this.over("The class is over.");
    } catch {
      // It is not reachable: the connection itself tries again.
    }
  }

  private over(why: string): void {
    this.stage.value = "over";
    this.said.value = why;
    this.socket?.disconnect();
  }
}
