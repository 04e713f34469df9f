"""``nbsocket/api/channels/<channel>/wire``: the packets of a channel, live, for its owner.

It bypasses the kernel, so it works while the kernel is blocked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from jupyter_server.auth.decorator import authorized, ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError
from tornado.websocket import WebSocketHandler

from nbsocket.extension.doors import AUTH_RESOURCE
from nbsocket.gateway.discretion import DiscreetHandler
from nbsocket.gateway.wiretap import MAX_MESSAGE_BYTES, MAX_WATCHERS, Wire
from nbsocket.protocol.websocket import server_frame

if TYPE_CHECKING:
    import asyncio

    from nbsocket.gateway.hub import Hub

_TRY_AGAIN = 1012


class WireHandler(DiscreetHandler, WebSocketMixin, WebSocketHandler, JupyterHandler):
    """One wire view. It sends ``{"asked": ms}`` now and then, and gets the server's time in reply."""

    auth_resource = AUTH_RESOURCE

    def initialize(self, hub: Hub) -> None:
        """Store the route's arguments."""
        self._hub = hub
        self._wire: Wire | None = None
        self._writing: asyncio.Future[None] | None = None

    @property
    def ping_interval(self) -> float:
        """No pings: the view's requests for the time serve as a heartbeat."""
        return 0

    @property
    def max_message_size(self) -> int:
        """A small limit, since a view sends little."""
        return MAX_MESSAGE_BYTES

    def get_compression_options(self) -> None:
        """Never compress."""

    @ws_authenticated
    @authorized
    async def get(self, name: str) -> None:
        """Open the view; 404 if no kernel holds the channel."""
        channel = self._hub.channels.get(name)
        if channel is None:
            raise HTTPError(404, f"No kernel holds the channel {name!r} at the moment.")
        if channel.wire is not None and channel.wire.viewer_count >= MAX_WATCHERS:
            raise HTTPError(503, f"{MAX_WATCHERS} wire views of {name!r} are open already; close one.")
        await super().get(name)

    def open(self, name: str) -> None:
        """Add the view to the channel's wire."""
        channel = self._hub.channels.get(name)
        if channel is None:
            self.close(_TRY_AGAIN)
            return
        self.set_nodelay(True)
        if channel.wire is None:
            channel.wire = Wire(channel)
        self._wire = channel.wire
        self._wire.add(self)

    def on_message(self, message: str | bytes) -> None:
        """Answer a request for the time."""
        try:
            if self._wire is not None:
                self._send(self._wire.answer(message))
        except ValueError:
            self.close(1003)

    def show(self, batch: str) -> None:
        """Send a batch, unless the previous one is still being written; the next counts include it."""
        if self._writing is not None and not self._writing.done():
            return
        self._send(batch)

    def _send(self, text: str) -> None:
        connection = cast("Any", self.ws_connection)
        if connection is None or connection.is_closing():
            return
        try:
            self._writing = connection.stream.write(server_frame(text))
        except StreamClosedError:
            self._writing = None

    def channel_gone(self) -> None:
        """Close, so that the view tries again."""
        self._wire = None
        self.close(_TRY_AGAIN)

    def on_close(self) -> None:
        """Remove the view from the wire."""
        if self._wire is not None:
            self._wire.remove(self)
            self._wire = None
