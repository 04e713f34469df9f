// A client for one raw message: connect by hand, send the bytes as typed, and see what the server makes of them.

import { signal } from "@preact/signals";
import { mintTicket } from "../jupyter/server";
import { type CommPort, CommSocket } from "../shared/comm_socket";

const LISTEN_MS = 1500;

export interface Heard {
  from: "server" | "us" | "note";
  text: string;
}

export class Attempt {
  readonly heard = signal<Heard[]>([]);
  readonly isRunning = signal(false);

  constructor(
    private readonly base: string,
    private readonly channel: string,
    private readonly port?: CommPort,
  ) {}

  private add(from: Heard["from"], text: string): void {
    this.heard.value = [...this.heard.value, { from, text }];
  }

  /** Send `text` as one WebSocket message of a new client that has entered “/”. */
  async send(text: string): Promise<void> {
    if (this.isRunning.value) return;
    this.isRunning.value = true;
    this.heard.value = [];
    try {
      await this.talk(await this.connect(), text);
    } catch (error) {
      this.add("note", error instanceof Error ? error.message : String(error));
    } finally {
      this.isRunning.value = false;
    }
  }

  private async connect(): Promise<WebSocket | CommSocket> {
    if (!this.base && this.port) {
      const query = { EIO: "4", transport: "comm" };
      return new CommSocket(this.port, { opens: "engine.io", query });
    }
    const ticket = await mintTicket(this.base, this.channel, "owner");
    const address = new URL(`nbsocket/${this.channel}/socket.io/`, this.base);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    address.search = new URLSearchParams({
      EIO: "4",
      transport: "websocket",
      join_token: ticket.value,
    }).toString();
    return new WebSocket(address);
  }

  private talk(socket: WebSocket | CommSocket, text: string): Promise<void> {
    socket.binaryType = "arraybuffer";
    return new Promise((resolve) => {
      let sent = false;
      let timer: ReturnType<typeof setTimeout> | undefined;
      socket.onmessage = (event: { data: string | ArrayBuffer }) => {
        const said =
          typeof event.data === "string"
            ? event.data
            : `(${(event.data as ArrayBuffer).byteLength} bytes)`;
        // The session's id is nobody's business.
        this.add("server", said.replace(/"sid":"[^"]*"/, '"sid":"…"'));
        if (said.startsWith("0")) {
          socket.send("40");
          this.add("us", "40");
        } else if (said === "2") {
          socket.send("3");
        } else if (said.startsWith("40") && !sent) {
          sent = true;
          socket.send(text);
          this.add("us", text);
          timer = setTimeout(() => {
            this.add("note", "The connection stays open: the server accepted it.");
            socket.close();
          }, LISTEN_MS);
        }
      };
      socket.onclose = (event: { code: number }) => {
        clearTimeout(timer);
        if (sent && event.code !== 1005) {
          this.add(
            "note",
            `The server rejected it and closed the connection (code ${event.code}).`,
          );
        } else if (!sent) {
          this.add("note", `No connection (code ${event.code}).`);
        }
        resolve();
      };
    });
  }
}
