// In a frame that runs foreign code: no ticket stands anywhere until a connection begins, and then it is used up.
// The page around the frame hands one out for each connection, over a port that only this document has; where
// there is no Jupyter server, it carries the connection itself, over the comm of its widget.

import type { Manager } from "socket.io-client";
import type { CommPort, StreamMessage } from "../shared/comm_socket";
import { commTransport } from "../shared/comm_transport";
import type { Home } from "./address";

/** A message of a connection over the widget's comm, which the page passes on. */
export interface Passed<Content> {
  stream: Content;
  buffers: BufferSource[];
}

/** What the frame asks over its port: a way in for a connection, or that it is still there. */
export type SeatMessage = { ask: number } | { still: number } | Passed<Record<string, unknown>>;
/** What the page around it answers. */
export type SeatAnswer =
  | { ask: number; ticket: string }
  | { ask: number; isByComm: true }
  | { ask: number; why: string }
  | { still: number }
  | Passed<StreamMessage>;

/** How the next connection gets in. */
export type Way = { ticket: string } | { port: CommPort };

/** The parts of the stock client's manager that opening a connection touches. */
interface Opening {
  uri: string;
  opts: { path?: string; query?: Record<string, string>; transports?: unknown[] };
  _readyState: "open" | "opening" | "closed";
  skipReconnect: boolean;
  emitReserved(event: "error", error: Error): void;
  maybeReconnectOnOpen(): void;
}

type Open = (this: Manager, done?: (error?: Error) => void) => Manager;

/** Return a function that asks the page around this frame for a way in. */
export function takeSeat(): () => Promise<Way> {
  const { port1: port, port2 } = new MessageChannel();
  const waiting = new Map<number, (answer: SeatAnswer) => void>();
  const listening = new Set<Parameters<CommPort["listen"]>[0]>();
  const comm: CommPort = {
    send: (stream, buffers) => port.postMessage({ stream, buffers }),
    listen: (call) => {
      listening.add(call);
      return () => listening.delete(call);
    },
  };
  let asked = 0;
  port.onmessage = ({ data }: MessageEvent<SeatAnswer>) => {
    if ("still" in data) {
      port.postMessage(data);
    } else if ("stream" in data) {
      for (const call of listening) call(data.stream, data.buffers);
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
        if ("ticket" in answer) resolve({ ticket: answer.ticket });
        else if ("isByComm" in answer) resolve({ port: comm });
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

/** Make each connection to `home` ask for a way in before it begins. */
export function askBeforeOpening(prototype: Manager, home: Home, ask: () => Promise<Way>): void {
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
      (way) => {
        if (isOver()) return;
        manager._readyState = "closed";
        if ("port" in way) manager.opts.transports = [commTransport(way.port)];
        else manager.opts.query = { ...manager.opts.query, join_token: way.ticket };
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
