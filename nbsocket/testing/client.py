"""A Socket.IO client without a page, which exercises and tests use instead of a browser.

It connects like every client, with a ticket and over a WebSocket, so what passes with it
passes with a browser. It speaks only WebSocket: no polling, no upgrade, no automatic reconnection.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from nbsocket.abilities import can_pause, has_threads, wait_pausing
from nbsocket.errors import AckTimeout, BlockingCallError, EncodeError, NbSocketError
from nbsocket.notebook.process import process
from nbsocket.protocol import reasons
from nbsocket.protocol.engine_packet import Packet as EnginePacket
from nbsocket.protocol.engine_packet import PacketType as EngineType
from nbsocket.protocol.engine_packet import decode_packet as decode_engine
from nbsocket.protocol.engine_packet import encode_packet as encode_engine
from nbsocket.protocol.errors import ProtocolError
from nbsocket.protocol.socket_packet import Decoder, Packet, PacketType, encode_packet
from nbsocket.socketio.handler_run import TESTER
from nbsocket.testing.event import Event
from nbsocket.testing.loop import client_loop, run
from nbsocket.testing.tunnel import TunnelConnection

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from tornado.websocket import WebSocketClientConnection

    from nbsocket.socketio.server import SocketServer

TIMEOUT_S = 5.0
_MAX_KEPT = 100_000


class ClientRefused(NbSocketError):  # noqa: N818 - reads as what happened
    """The server did not let the client in.

    Attributes:
        data: The data that the server's middleware gave with the refusal, if any.
    """

    def __init__(self, message: str, data: Any = None) -> None:
        """Keep the reason."""
        super().__init__(message)
        self.data = data


class Client:
    """One client of a channel. Use it in a ``with`` block, or call ``disconnect()`` at the end.

    Args:
        server: The server to connect to.
        name: Its name in messages, such as ``"alice"``, and in its ``handshake.query["name"]``.
        namespace: The namespace to connect to.
        auth: The data of its CONNECT.
        role: ``guest`` or ``owner``.
        ticket: The value of the ticket to use; if None, it gets one of its own.
        query: Additional query parameters.
        timeout: Seconds that connecting may take.

    Attributes:
        id: The socket's id at the server.
        received: What it received, the oldest first.
        failures: Why its events were not handled: what a handler raised, or that there is none.

    Raises:
        BlockingCallError: Inside a browser, where nothing arrives while a cell waits.
        ClientRefused: The server did not let it in.
    """

    def __init__(
        self,
        server: SocketServer,
        name: str = "client",
        *,
        namespace: str = "/",
        auth: dict[str, Any] | None = None,
        role: str = "guest",
        ticket: str | None = None,
        query: dict[str, str] | None = None,
        timeout: float = TIMEOUT_S,
    ) -> None:
        """Connect."""
        if not has_threads() and not can_pause():
            msg = (
                "A headless client blocks its cell. This kernel runs inside a browser that cannot pause a "
                f"cell: use  io.pane({name!r})  or a  %%client {name}  cell, or another browser, such as "
                "Chrome or Edge."
            )
            raise BlockingCallError(msg)
        self.name = name
        self.id = ""
        self.received: list[Event] = []
        self.reason = ""
        self._namespace = namespace
        self._auth = auth
        self._decoder = Decoder(is_client=True)
        self._changed = threading.Condition()
        self._answers: dict[str, Callable[..., Any]] = {}
        self._acks: dict[int, tuple[Any, ...] | None] = {}
        self._next_ack = 0
        self._refusal: ClientRefused | None = None
        self.failures: list[str] = []
        self._unanswered: dict[int, str] = {}
        self._max_payload = 1_000_000
        self._key = secrets.token_hex(8)
        process().output.hear_failures(self._key, self._not_handled)
        self._connection: WebSocketClientConnection | TunnelConnection | None = None
        # By now the author has registered all handlers for this client; the constructor blocks the cell.
        server.channel.let_in()
        pairs = {"name": name, TESTER: self._key, **(query or {})}
        if has_threads():
            value = server.ticket(role, ttl=3600.0).value if ticket is None else ticket
            pairs = {"EIO": "4", "transport": "websocket", "join_token": value, **pairs}
            parameters = "&".join(f"{key}={quote(text, safe='')}" for key, text in pairs.items())
            path = f"nbsocket/{server.name}/socket.io/?{parameters}"
            run(self._open(server.url, path, timeout), timeout + 1)
        else:
            carrier = process().carrier
            self._connection = TunnelConnection(carrier, server.name, role, pairs, self._arrived)
        if not self.wait_until(lambda: bool(self.id or self.reason or self._refusal), timeout):
            self.disconnect()
            msg = f"{name} was not let into {namespace!r} within {timeout:g} seconds"
            raise ClientRefused(msg)
        if self._refusal is not None:
            self.disconnect()
            raise self._refusal
        if not self.id:
            msg = f"{name} was not let in: {self.reason}"
            raise ClientRefused(msg)

    def __enter__(self) -> Self:
        """Return the client, connected."""
        return self

    def __exit__(self, *_: object) -> None:
        """Disconnect."""
        self.disconnect()

    def __repr__(self) -> str:
        """Show its name, state and how many events it received."""
        state = "connected" if self.connected else f"disconnected ({self.reason})"
        return f"<Client {self.name!r} {state}, {len(self.received)} received>"

    @property
    def connected(self) -> bool:
        """Whether it is in its namespace."""
        return bool(self.id) and not self.reason

    def emit(self, event: str, *args: Any) -> None:
        """Emit ``event`` to the server.

        Raises:
            EncodeError: A value cannot be sent (the message names its path), or it is over ``max_payload``.
            ConnectionError: It is not connected.
        """
        self._send(Packet(PacketType.EVENT, self._namespace, [event, *args]))

    def call(self, event: str, *args: Any, timeout: float = TIMEOUT_S) -> Any:
        """Emit ``event`` and return the server's acknowledgement.

        Returns:
            One argument as itself, several as a tuple, none as None.

        Raises:
            AckTimeout: No acknowledgement arrived within ``timeout`` seconds.
        """
        with self._changed:
            ack_id = self._next_ack
            self._next_ack += 1
            self._acks[ack_id] = None
        self._send(Packet(PacketType.EVENT, self._namespace, [event, *args], ack_id))

        def is_over() -> bool:
            return self._acks[ack_id] is not None or bool(self.reason) or ack_id in self._unanswered

        came = self.wait_until(is_over, timeout)
        answer = self._acks.pop(ack_id)
        failure = self._unanswered.pop(ack_id, "")
        if answer is None:
            why = failure or self.reason
            why = f": {why}" if came and why else f" within {timeout:g} seconds"
            msg = f"{self.name} asked {event!r} and got no acknowledgement{why}"
            raise AckTimeout(msg, [], [self])
        return _plain(answer)

    def answer(self, event: str, function: Callable[..., Any]) -> None:
        """Acknowledge the server's events of this name with what ``function(*args)`` returns.

        The function runs on the clients' own thread and must not block.
        """
        self._answers[event] = function

    def wait_for(self, event: str, timeout: float = TIMEOUT_S) -> Any:
        """Block until the next ``event`` that was not yet waited for arrives, and return its arguments.

        Returns:
            One argument as itself, several as a tuple, none as None.

        Raises:
            TimeoutError: None came within ``timeout`` seconds.
        """
        found = self.next_event(lambda one: one.name == event, timeout)
        if found is None:
            msg = f"{self.name} received no {event!r} within {timeout:g} seconds"
            raise TimeoutError(msg)
        return _plain(found.args)

    def next_event(self, fits: Callable[[Event], bool], timeout: float) -> Event | None:
        """Return the first event that fits and was not yet returned; None if none arrives in time."""

        def find() -> Event | None:
            return next((one for one in self.received if not one.is_met and fits(one)), None)

        self.wait_until(lambda: find() is not None or bool(self.reason), timeout)
        with self._changed:
            found = find()
            if found is not None:
                found.is_met = True
            return found

    def disconnect(self) -> None:
        """Disconnect; calling it again does nothing."""
        connection = self._connection
        process().output.hear_failures(self._key, None)
        if connection is None:
            return
        if self.connected:
            self._leave("io client disconnect")
            self._write(connection, encode_packet(Packet(PacketType.DISCONNECT, self._namespace)))
        client_loop().call_soon_threadsafe(connection.close)

    def drop(self) -> None:
        """Break the connection without a DISCONNECT, like a network failure."""
        connection = self._connection
        if connection is not None:
            if isinstance(connection, TunnelConnection):
                connection.drop()
            else:
                client_loop().call_soon_threadsafe(connection.stream.close)

    # --- on the clients' thread -------------------------------------------------------------

    async def _open(self, url: str, path: str, timeout_s: float) -> None:
        from tornado.httpclient import HTTPClientError  # noqa: PLC0415 - not inside a browser

        from nbsocket.carriers.ws_client import connect  # noqa: PLC0415 - likewise

        try:
            self._connection = await connect(url, path, self._arrived, timeout_s)
        except HTTPClientError as error:
            why = {403: "its ticket does not open this channel", 404: "there is no such channel"}
            msg = f"{self.name} was not let in: {why.get(error.code, f'HTTP status {error.code}')}"
            raise ClientRefused(msg) from error
        except (TimeoutError, OSError) as error:
            msg = f"{self.name} cannot reach the server: {error or 'no answer in time'}"
            raise ClientRefused(msg) from error

    def _arrived(self, message: str | bytes | None) -> None:
        if message is None:
            self._leave(reasons.TRANSPORT_CLOSE)
            return
        try:
            self._engine(decode_engine(message))
        except ProtocolError as error:
            self._leave(f"parse error: {error}")

    def _engine(self, packet: EnginePacket) -> None:
        connection = self._connection
        if packet.type is EngineType.OPEN:
            self._max_payload = int(json.loads(packet.data)["maxPayload"])
            # This may arrive before ``self._connection`` is set.
            client_loop().call_soon(self._ask_in)
        elif packet.type is EngineType.PING and connection is not None:
            self._message(connection, EnginePacket(EngineType.PONG, packet.data))
        elif packet.type is EngineType.CLOSE:
            self._leave(reasons.TRANSPORT_CLOSE)
        elif packet.type is EngineType.MESSAGE:
            whole = self._decoder.receive(packet.data)
            if whole is not None and whole.namespace == self._namespace:
                self._take(whole)

    def _ask_in(self) -> None:
        if self._connection is None:
            client_loop().call_later(0.001, self._ask_in)
            return
        for frame in encode_packet(Packet(PacketType.CONNECT, self._namespace, self._auth)):
            self._message(self._connection, EnginePacket(EngineType.MESSAGE, frame))

    def _take(self, packet: Packet) -> None:
        if packet.type is PacketType.EVENT:
            name, *args = packet.data
            with self._changed:
                if len(self.received) < _MAX_KEPT:
                    self.received.append(Event(name, tuple(args), time.monotonic()))
                self._changed.notify_all()
            function = self._answers.get(name)
            if packet.ack_id is not None and function is not None:
                value = function(*args)
                answer = list(value) if isinstance(value, tuple) else [] if value is None else [value]
                self._send(Packet(PacketType.ACK, self._namespace, answer, packet.ack_id))
            return
        with self._changed:
            if packet.type is PacketType.CONNECT:
                self.id = str(packet.data.get("sid", "")) if isinstance(packet.data, dict) else ""
            elif packet.type is PacketType.CONNECT_ERROR:
                message = packet.data.get("message", "")
                self._refusal = ClientRefused(
                    f"{self.name} was refused: {message}", packet.data.get("data")
                )
            elif packet.type is PacketType.ACK and packet.ack_id in self._acks:
                self._acks[packet.ack_id] = tuple(packet.data)
            elif packet.type is PacketType.DISCONNECT:
                self.reason = self.reason or "io server disconnect"
            self._changed.notify_all()

    def _not_handled(self, why: str, ack_id: int | None) -> None:
        with self._changed:
            self.failures.append(why)
            if ack_id in self._acks:
                self._unanswered[ack_id] = why
            self._changed.notify_all()

    def _leave(self, reason: str) -> None:
        with self._changed:
            self.reason = self.reason or reason
            self._changed.notify_all()

    # --- from any thread --------------------------------------------------------------------

    def _send(self, packet: Packet) -> None:
        frames = encode_packet(packet)
        self._check_size(packet, frames)
        connection = self._connection
        if connection is None or not self.connected:
            msg = f"{self.name} is not connected ({self.reason or 'not yet let in'})"
            raise ConnectionError(msg)
        self._write(connection, frames)

    def _check_size(self, packet: Packet, frames: list[str | bytes]) -> None:
        # The text of a message is preceded by the type of its Engine.IO packet.
        sizes = [len(one) if isinstance(one, bytes) else 1 + len(one.encode()) for one in frames]
        if max(sizes) > self._max_payload:
            what = repr(packet.data[0]) if packet.type is PacketType.EVENT else "the answer"
            raise EncodeError(
                what,
                f"{max(sizes):,} bytes in one go; the server takes {self._max_payload:,} (max_payload). "
                "Send it in pieces.",
            )

    def _write(
        self, connection: WebSocketClientConnection | TunnelConnection, frames: list[str | bytes]
    ) -> None:
        def write() -> None:
            for frame in frames:
                self._message(connection, EnginePacket(EngineType.MESSAGE, frame))

        client_loop().call_soon_threadsafe(write)

    def _message(
        self, connection: WebSocketClientConnection | TunnelConnection, packet: EnginePacket
    ) -> None:
        message = encode_engine(packet)
        if isinstance(connection, TunnelConnection):
            connection.write_message(message)
            return
        from tornado.websocket import WebSocketClosedError  # noqa: PLC0415 - likewise

        try:
            connection.write_message(message, binary=isinstance(message, bytes))
        except WebSocketClosedError:
            self._leave(reasons.TRANSPORT_CLOSE)

    def wait_until(self, is_so: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until ``is_so()`` is true, checked whenever something happens; False on timeout."""
        if not has_threads():
            return wait_pausing(lambda _: is_so(), timeout_s)
        with self._changed:
            return self._changed.wait_for(is_so, timeout_s)


def _plain(args: tuple[Any, ...]) -> Any:
    return None if not args else args[0] if len(args) == 1 else args
