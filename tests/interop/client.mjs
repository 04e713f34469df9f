// The stock npm client under test: commands come in as lines of JSON, what happens goes out likewise.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const [origin, path, ticket, transports, namespaces] = process.argv.slice(2);
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

const sockets = {};
for (const namespace of namespaces.split(",")) {
  const socket = io(origin + namespace, {
    path,
    query: ticket === "-" ? {} : { join_token: ticket },
    transports: transports.split(","),
    reconnectionDelay: 100,
    reconnectionDelayMax: 300,
  });
  sockets[namespace] = socket;
  socket.on("connect", () => say("connect", { namespace, id: socket.id, recovered: socket.recovered }));
  socket.on("disconnect", (reason) => say("disconnect", { namespace, reason }));
  socket.on("connect_error", (error) => say("connect_error", String(error.message)));
  socket.onAny((event, ...args) => {
    const last = args.at(-1);
    if (typeof last === "function") {
      args.pop();
      last("answer", ...args);
    }
    say("event", { namespace, event, args });
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const { command, namespace, args } = JSON.parse(line);
  const socket = sockets[namespace];
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
  else if (command === "cut") socket.io.engine.close();
  else if (command === "leave") socket.disconnect();
  else if (command === "end") {
    for (const one of Object.values(sockets)) one.close();
    break;
  }
}
process.exit(0);
