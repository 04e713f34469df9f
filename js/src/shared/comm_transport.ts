// The client library's third transport: a WebSocket over the comm of a widget.

import { WebSocket as SocketTransport } from "socket.io-client";
import { type CommPort, CommSocket, type Waiting } from "./comm_socket";
import type { TransportClass } from "./weather";

/** A transport class for `transports: […]`. */
export function commTransport(
  port: CommPort,
  told: (waiting: Waiting) => void = () => {},
): TransportClass {
  return class extends (SocketTransport as unknown as TransportClass) {
    get name(): string {
      return "comm";
    }

    createSocket(address: string): CommSocket {
      const query = Object.fromEntries(new URL(address).searchParams);
      return new CommSocket(port, { opens: "engine.io", query }, told);
    }
  };
}
