// What a pane's log holds.

export type AckState =
  | { state: "waiting" }
  | { state: "answered"; args: unknown[]; after_ms: number }
  | { state: "none"; after_ms: number }
  /** No handler will answer: none is registered, or it raised. */
  | { state: "failed" };

export interface Entry {
  id: number;
  at: Date;
  /** in: from the server; out: to the server; note: of the connection; print, error: of a handler. */
  kind: "in" | "out" | "note" | "print" | "error";
  event: string;
  args: unknown[];
  /** out: the answer to what was asked; in: what this pane answered. */
  ack?: AckState;
  /** in: answers the server, once. */
  answer?: (...args: unknown[]) => void;
  /** out: by which number its acknowledgement comes. */
  ackId?: number | undefined;
  /** out: emitted while there was no connection; the client keeps it. */
  kept?: boolean;
}
