// In a frame that runs foreign code: no ticket stands anywhere until a connection begins, and then it is used up.
// The page around the frame hands one out for each connection, over a port that only this document has.

import type { Manager } from "socket.io-client";
import type { Home } from "./address";

/** What the frame asks over its port: a ticket for a connection, or that it is still there. */
export type SeatMessage = { ask: number } | { still: number };
/** What the page around it answers. */
export type SeatAnswer =
  | { ask: number; ticket: string }
  | { ask: number; why: string }
  | { still: number };

/** The parts of the stock client's manager that opening a connection touches. */
interface Opening {
  uri: string;
  opts: { path?: string; query?: Record<string, string> };
  _readyState: "open" | "opening" | "closed";
  skipReconnect: boolean;
  emitReserved(event: "error", error: Error): void;
  maybeReconnectOnOpen(): void;
}

type Open = (this: Manager, done?: (error?: Error) => void) => Manager;

/** Return a function that asks the page around this frame for a ticket. */
export function takeSeat(): () => Promise<string> {
  const { port1: port, port2 } = new MessageChannel();
  const waiting = new Map<number, (answer: SeatAnswer) => void>();
  let asked = 0;
  port.onmessage = ({ data }: MessageEvent<SeatAnswer>) => {
    if ("still" in data) {
      port.postMessage(data);
    } else {
      waiting.get(data.ask)?.(data);
      waiting.delete(data.ask);
    }
  };
  // The first script of the document says so: who navigates the frame elsewhere has no port.
  parent.postMessage({ kind: "seat" }, "*", [port2]);
  return () =>
    new Promise((resolve, reject) => {
      asked += 1;
      waiting.set(asked, (answer) => {
        if ("ticket" in answer) resolve(answer.ticket);
        else reject(new Error("why" in answer ? answer.why : "no ticket"));
      });
      port.postMessage({ ask: asked });
    });
}

function originOf(uri: string): string {
  try {
    return new URL(uri).origin;
  } catch {
    return "";
  }
}

/** Make each connection to `home` ask for a ticket before it begins. */
export function askBeforeOpening(prototype: Manager, home: Home, ask: () => Promise<string>): void {
  const target = prototype as unknown as { open: Open; connect: Open };
  const open = target.open;
  const latest = new WeakMap<Manager, symbol>();
  target.open = function (done) {
    const manager = this as unknown as Opening;
    if (originOf(manager.uri) !== home.origin || manager.opts.path !== home.path) {
      return open.call(this, done);
    }
    if (manager._readyState !== "closed") return this;
    const mine = Symbol("a try");
    latest.set(this, mine);
    manager._readyState = "opening";
    manager.skipReconnect = false;
    // Closed meanwhile, or closed and opened again: this try is over.
    const isOver = () => manager._readyState !== "opening" || latest.get(this) !== mine;
    ask().then(
      (ticket) => {
        if (isOver()) return;
        manager._readyState = "closed";
        manager.opts.query = { ...manager.opts.query, join_token: ticket };
        open.call(this, done);
      },
      (error: Error) => {
        if (isOver()) return;
        manager._readyState = "closed";
        manager.emitReserved("error", error);
        if (done) done(error);
        else manager.maybeReconnectOnOpen();
      },
    );
    return this;
  };
  target.connect = target.open;
}
