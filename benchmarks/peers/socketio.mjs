// Node's own Socket.IO server: one hop.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, { pingInterval: 600000, maxHttpBufferSize: 10000000, transports: ["websocket"] });
io.on("connection", (socket) => {
  socket.on("echo", (value, answer) => answer(value));
  socket.on("burst", (count, size) => {
    const text = "x".repeat(size);
    for (let number = 0; number < count; number++) io.emit("n", text);
  });
});
http.listen(Number(process.argv[2]), "127.0.0.1", () => console.log("ready"));
