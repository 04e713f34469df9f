// The stock client as browsers have it, for `vi.mock`: it talks to the fake WebSocket and the fake XMLHttpRequest.
// In Node the same import would be a client with a network of its own.

import { build } from "esbuild";
import { FakeWebSocket } from "./websocket";
import { FakeXhr } from "./xhr";

// It looks for both when it is loaded.
Object.assign(globalThis, { WebSocket: FakeWebSocket, XMLHttpRequest: FakeXhr });

const built = await build({
  stdin: { contents: 'export * from "socket.io-client"', resolveDir: import.meta.dirname },
  bundle: true,
  platform: "browser",
  format: "esm",
  write: false,
});
const code = encodeURIComponent(built.outputFiles[0]?.text ?? "");
const address = `data:text/javascript,${code}`;
const client = (await import(/* @vite-ignore */ address)) as typeof import("socket.io-client");

export const { io, connect, Manager, Socket, protocol, WebSocket, XHR } = client;
