"""A WebSocket that carries Engine.IO packets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbsocket.gateway.tunnel import Tunnel
from nbsocket.gateway.websocket_connection import WebSocketConnection
from nbsocket.gateway.wiretap import IN, OUT
from nbsocket.gateway.work import CONTROL_COST
from nbsocket.protocol import reasons
from nbsocket.protocol.engine_packet import decode_packet
from nbsocket.protocol.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from tornado.iostream import IOStream

    from nbsocket.gateway.client_session import ClientSession
    from nbsocket.gateway.wiretap import Wire
    from nbsocket.protocol.websocket import FrameError


class EngineWebSocket(WebSocketConnection):
    """A WebSocket that belongs to a session: its transport, or its candidate for an upgrade.

    Args:
        stream: The stream after the opening handshake.
        session: The session.
    """

    __slots__ = ("_session",)

    def __init__(self, stream: IOStream | Tunnel, session: ClientSession) -> None:
        """Take the stream over."""
        super().__init__(stream, session.max_payload)
        self._session = session
        self.keep_frames(keep=session.channel.wire is not None)

    @property
    def transport(self) -> str:
        """``websocket``, or ``comm`` where it is a tunnel through the kernel."""
        return "comm" if isinstance(self._stream, Tunnel) else "websocket"

    def on_message(self, message: str | bytes) -> Awaitable[None] | None:
        """Pass a packet to the session; the next one is read when the result is done."""
        session = self._session
        wire = session.channel.wire
        number = 0 if wire is None else self._tell(wire, message)
        if session.websocket is self:
            if message[:1] == "4":
                return session.intake.receive(message[1:], number)
            if isinstance(message, bytes):
                return session.intake.receive(message, number)
        try:
            packet = decode_packet(message)
        except ProtocolError as error:
            if session.websocket is self:
                session.close(reasons.PARSE_ERROR, why=str(error))
            else:
                session.refuse_probe()
            return None
        if session.websocket is self:
            return session.receive(packet)
        session.receive_on_probe(packet)
        return None

    def _tell(self, wire: Wire, message: str | bytes) -> int:
        session = self._session
        is_message = session.websocket is self and (isinstance(message, bytes) or message[:1] == "4")
        index = session.intake.received_count + 1 if is_message else 0
        return wire.packet(session, IN, self.take_frames(), self.transport, index)

    def on_extra_frames(self, fragments: int, controls: int) -> Awaitable[None] | None:
        """Charge for frames that are not complete messages."""
        return self._session.intake.charge(fragments + controls * CONTROL_COST)

    def on_control(self, data: bytes, *, is_ours: bool) -> None:
        """Report the frame to wire views."""
        wire = self._session.channel.wire
        if wire is not None:
            wire.packet(self._session, OUT if is_ours else IN, data, self.transport, 0)

    def on_fault(self, error: FrameError) -> None:
        """Report a message that is too big to the session."""
        if error.size:
            self._session.too_big(error.size)

    def on_close(self) -> None:
        """Tell the session that the connection is closed."""
        self._session.websocket_lost(self)
