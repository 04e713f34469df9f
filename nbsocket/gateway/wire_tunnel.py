"""A wire view that reaches its kernel through the notebook, not this server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbsocket.gateway.websocket_connection import WebSocketConnection
from nbsocket.gateway.wiretap import MAX_MESSAGE_BYTES, Wire
from nbsocket.protocol.websocket import CloseCode, server_frame

if TYPE_CHECKING:
    import asyncio

    from nbsocket.gateway.hub import HubChannel
    from nbsocket.gateway.tunnel import Tunnel


class WireTunnel(WebSocketConnection):
    """A wire view at the end of a tunnel.

    Args:
        tunnel: Its tunnel.
        channel: The channel that it shows.
    """

    __slots__ = ("_wire", "_writing")

    def __init__(self, tunnel: Tunnel, channel: HubChannel) -> None:
        """Begin to watch."""
        super().__init__(tunnel, MAX_MESSAGE_BYTES)
        self._writing: asyncio.Future[None] | None = None
        if channel.wire is None:
            channel.wire = Wire(channel)
        self._wire: Wire | None = channel.wire
        self._wire.add(self)

    def on_message(self, message: str | bytes) -> None:
        """Answer a request for the time."""
        try:
            answer = None if self._wire is None else self._wire.answer(message)
        except ValueError:
            self.close_websocket(CloseCode.INVALID_DATA)
            return
        if answer is not None:
            self._writing = self.write_bytes(server_frame(answer))

    def show(self, batch: str) -> None:
        """Send a batch, unless the previous one is still being written; the next counts include it."""
        if self._writing is None or self._writing.done():
            self._writing = self.write_bytes(server_frame(batch))

    def channel_gone(self) -> None:
        """Close, so that the view tries again."""
        self._wire = None
        self.close_websocket(CloseCode.GOING_AWAY)

    def on_close(self) -> None:
        """Remove the view from the wire."""
        if self._wire is not None:
            self._wire.remove(self)
            self._wire = None
