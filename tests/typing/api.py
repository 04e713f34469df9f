"""The public API written out as a user would; mypy checks it, nobody runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nbsocket
from nbsocket import Server, Socket

if TYPE_CHECKING:
    from collections.abc import Mapping

io = nbsocket.Server("chat")
taken: Server = Server("chat", takeover=True)


@io.on("connection")
def connected(socket: Socket) -> None:
    socket.emit("welcome", {"text": "hi"}, b"bytes", 1.5)
    socket.join("red", "blue")
    socket.leave("red")
    name: str = socket.id
    role: str = socket.role
    rooms: frozenset[str] = socket.rooms
    query: dict[str, str] = socket.handshake.query
    socket.data["name"] = (name, role, rooms, query)

    @socket.on("say")
    def say(message: Any) -> str:
        socket.broadcast.emit("said", message)
        socket.to("blue").except_("red").volatile.emit("said", message)
        return "ok"

    @socket.once("first")
    async def first() -> Any:
        return await socket.emit_with_ack("ask", timeout=3)

    @socket.on("disconnect")
    def gone(reason: str) -> None:
        print(reason, say)


@io.use
def only_guests(socket: Socket) -> None:
    if socket.role != "guest":
        raise nbsocket.ConnectionRefused("guests only", {"code": 1})


io.emit("tick", 1)
io.to("room").except_("quiet").volatile.emit("x")
io.of("/admin").emit("x")
sockets: Mapping[str, Socket] = io.sockets
everyone: list[Socket] = io.to("room").fetch_sockets()
io.disconnect_sockets(close=True)
answer: Any = io.wait_for("vote", timeout=30)
try:
    replies: list[Any] = io.timeout(5).call("ask", 1)
    one: Any = everyone[0].call("ask", 1, timeout=10)
except nbsocket.AckTimeout as error:
    print(error.responses, error.missing)
ticket = io.ticket(role="guest", ttl=4 * 3600)
value: str = ticket.value
link: str = ticket.link
ticket.revoke()
io.pane("alice")
io.page("client.html", at="/", assets=["picture.png"])
io.off("connection", connected)
io.close()
