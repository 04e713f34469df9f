// Which way a pane takes to its channel, and which one next when that one fails. Knows no DOM.

import type { CommPort } from "../shared/comm_socket";

/** At the Jupyter server that serves the page, at the kernel's own port, or over the widget's comm. */
export type Route = "jupyter" | "port" | "comm";

/** The port that a kernel without a Jupyter server has opened for pages of its machine. */
export interface OwnPort {
  url: string;
  /** What only that kernel and its widget know, in hex: who has it is no stranger. */
  key: string;
  ticket: string;
}

/** A busy kernel answers later, and is not waited for. */
const ASK_MS = 500;
const PROOF_MS = 2000;
/** How often a connection is refused before the next way is tried. */
const PATIENCE: Record<Route, number> = { jupyter: 3, port: 1, comm: 1 };

export class Routes {
  current: Route;
  private failures = 0;
  private readonly order: Route[];

  /**
   * @param pinned The only one to take; empty for whichever works.
   * @param hasServer Whether there may be a Jupyter server.
   * @param hasComm Whether there is a comm.
   */
  constructor(pinned: Route | "", hasServer: boolean, hasComm: boolean) {
    this.order = pinned
      ? [pinned]
      : [
          ...(hasServer ? (["jupyter"] as const) : []),
          ...(hasComm ? (["port", "comm"] as const) : []),
        ];
    this.current = this.order[0] ?? "jupyter";
  }

  /** Whether there is another one to try. */
  get isOnly(): boolean {
    return this.order.length < 2;
  }

  /** It did not lead to the channel: after some tries it is the next one's turn. */
  failed(): void {
    this.failures += 1;
    if (this.failures >= PATIENCE[this.current]) this.next();
  }

  worked(): void {
    this.failures = 0;
  }

  /** Take the next one, or the first after the last. */
  next(): void {
    this.failures = 0;
    const at = this.order.indexOf(this.current);
    this.current = this.order[(at + 1) % this.order.length] ?? this.current;
  }

  /** The current one leads nowhere, now and later. */
  forget(): void {
    const gone = this.current;
    this.next();
    this.order.splice(this.order.indexOf(gone), 1);
  }
}

function isLoopback(name: string): boolean {
  return /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(name);
}

/** Return the kernel's own port, if this page is on its machine and the port is proven to be the kernel's. */
export async function ownPort(comm: CommPort): Promise<OwnPort | undefined> {
  if (!isLoopback(location.hostname)) return undefined;
  const told = await ask(comm);
  return told?.url && (await proves(told)) ? told : undefined;
}

/** Ask the kernel which ways there are. */
function ask(comm: CommPort): Promise<OwnPort | undefined> {
  return new Promise((done) => {
    const unlisten = comm.listen((content) => {
      const told = content as unknown as OwnPort & { type: string };
      if (told.type === "routes") answer(told);
    });
    const timer = setTimeout(() => answer(undefined), ASK_MS);
    function answer(told: OwnPort | undefined): void {
      clearTimeout(timer);
      unlisten();
      done(told);
    }
    try {
      comm.send({ type: "routes" }, []);
    } catch {
      answer(undefined);
    }
  });
}

/** Whether who listens there has the key; until it is known, it gets nothing but a random number. */
async function proves({ url, key }: OwnPort): Promise<boolean> {
  try {
    const nonce = crypto.getRandomValues(new Uint8Array(32));
    const address = new URL(`nbsocket/proof?nonce=${hexOf(nonce)}`, url);
    const signal = AbortSignal.timeout(PROOF_MS);
    const answer = await fetch(address, { signal, credentials: "omit", cache: "no-store" });
    const { proof } = (await answer.json()) as { proof: string };
    const name = { name: "HMAC", hash: "SHA-256" };
    const known = await crypto.subtle.importKey("raw", bytesOf(key), name, false, ["verify"]);
    const body = new Uint8Array([...new TextEncoder().encode("nbsocket port 1"), ...nonce]);
    return await crypto.subtle.verify("HMAC", known, bytesOf(proof), body);
  } catch {
    // Nobody listens, a stranger does, or the page may not ask.
    return false;
  }
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
