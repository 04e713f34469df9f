"""The public API written out as a user would; mypy checks it, nobody runs it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import nbsocket
from nbsocket import EventStream, Namespace, ParentNamespace, Server, Socket

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

    @socket.use
    def trim(event: str, args: list[Any]) -> None:
        args[:] = [event, *args]

    @socket.on_any
    def heard(event: str, *args: Any) -> None:
        print(event, args, trim, heard)

    socket.off_any(heard)
    socket.on_any_outgoing(heard)
    socket.off_any_outgoing()
    socket.in_("blue").except_("red").emit("said")
    socket.except_("red").emit("said")
    recovered: bool = socket.recovered
    print(recovered)

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
program: Server = Server("app", open=True, port=3000, origins=["https://example.org"], ping_interval=5)
recovering: Server = Server("steady", recovery=True)
admin: Namespace = io.of("/admin")
rooms: ParentNamespace = io.of(re.compile(r"/room-\d+"))


@io.of
def by_name(name: str, auth: dict[str, Any]) -> bool:
    return name == auth.get("who")


children: Mapping[str, Namespace] = rooms.children
rooms.emit("to all of them", 1)
votes: EventStream = io.events("vote", timeout=30)
for voter, args in votes:
    name: str = voter.id
    print(name, args)


async def wait() -> None:
    async for one_socket, _ in everyone[0].events("vote"):
        one_socket.emit("thanks")
    got: Any = await io.next("vote")
    answers: list[Any] = await io.to("room").timeout(5).emit_with_ack("ask", got)
    print(answers, await admin.next("x"), by_name)
    await io.drain()


program.run()
ticket = io.ticket(role="guest", ttl=4 * 3600)
value: str = ticket.value
link: str = ticket.link
ticket.revoke()
io.pane("alice")
io.page("client.html", at="/", assets=["picture.png"])
io.off("connection", connected)
io.close()
