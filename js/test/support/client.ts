// The stock client as browsers have it, for `vi.mock`: it talks to the fake WebSocket and the fake XMLHttpRequest.
// In Node the same import would be a client with a network of its own.

import { built } from "./built";
import { FakeWebSocket } from "./websocket";
import { FakeXhr } from "./xhr";

// It looks for both when it is loaded.
Object.assign(globalThis, { WebSocket: FakeWebSocket, XMLHttpRequest: FakeXhr });

const client = await built<typeof import("socket.io-client")>("stock-client", {
  stdin: { contents: 'export * from "socket.io-client"', resolveDir: import.meta.dirname },
  platform: "browser",
});

export const { io, connect, Manager, Socket, protocol, WebSocket, XHR } = client;
