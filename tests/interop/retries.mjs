// The stock npm client with `retries`: it asks again where no answer came in time. Prints the answer, or the error.
import { createRequire } from "node:module";

const [origin, path, ticket, event, id] = process.argv.slice(2);
const require = createRequire(new URL("../../js/package.json", import.meta.url));
const { io } = require("socket.io-client");

const socket = io(origin, { path, query: { join_token: ticket }, retries: 5, ackTimeout: 300 });
socket.emit(event, id, (error, answer) => {
  console.log(JSON.stringify({ error: error ? String(error.message) : null, answer: answer ?? null }));
  process.exit(0);
});
