// The stock npm client under test: commands come in as lines of JSON, what happens goes out likewise.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const [origin, path, ticket, transports] = process.argv.slice(2);
const require = createRequire(new URL("../../js/package.json", import.meta.url));
const { io } = require("socket.io-client");

const plain = (value) =>
  value instanceof Uint8Array || value instanceof ArrayBuffer
    ? { bytes: Buffer.from(value).toString("hex") }
    : Array.isArray(value)
      ? value.map(plain)
      : value && typeof value === "object"
        ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
        : value;
const rich = (value) =>
  Array.isArray(value)
    ? value.map(rich)
    : value && typeof value === "object"
      ? "bytes" in value
        ? Buffer.from(value.bytes, "hex")
        : Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rich(item)]))
      : value;
const say = (kind, detail) => console.log(JSON.stringify({ kind, detail: plain(detail) }));

const socket = io(origin, {
  path,
  query: ticket === "-" ? {} : { join_token: ticket },
  transports: transports.split(","),
  reconnectionDelay: 200,
  reconnectionDelayMax: 500,
});
socket.on("connect", () => say("connect", socket.id));
socket.on("disconnect", (reason) => say("disconnect", reason));
socket.on("connect_error", (error) => say("connect_error", String(error.message)));
socket.onAny((event, ...args) => {
  const last = args.at(-1);
  if (typeof last === "function") {
    args.pop();
    last("answer", ...args);
  }
  say("event", [event, ...args]);
});

for await (const line of createInterface({ input: process.stdin })) {
  const { command, args } = JSON.parse(line);
  if (command === "emit") socket.emit(...rich(args));
  else if (command === "call") {
    socket
      .timeout(5000)
      .emitWithAck(...rich(args))
      .then(
        (answer) => say("answer", answer),
        (error) => say("no answer", String(error)),
      );
  } else if (command === "transport") say("transport", socket.io.engine.transport.name);
  else if (command === "end") {
    socket.close();
    break;
  }
}
process.exit(0);
