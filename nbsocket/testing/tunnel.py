"""A headless client's connection inside a browser, where no port can be opened: a tunnel to the gateway."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from nbsocket.carriers.tunnel_end import Visit
from nbsocket.protocol.websocket import Opcode, client_frame, close_frame, take_server_frames

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbsocket.carriers.interface import Carrier


class TunnelConnection:
    """What a headless client needs of a WebSocket.

    Args:
        carrier: The way to the gateway.
        channel: The channel to connect to.
        role: ``guest`` or ``owner``.
        query: What handlers find in its query.
        on_message: Called with each message; with None at the end.
    """

    def __init__(
        self,
        carrier: Carrier,
        channel: str,
        role: str,
        query: dict[str, str],
        on_message: Callable[[str | bytes | None], None],
    ) -> None:
        """Connect."""
        self._on_message = on_message
        self._rest = b""
        handshake = {"query": query, "headers": {}, "address": "", "url": ""}
        visit = Visit(channel, role, f"headless-{secrets.token_hex(8)}", handshake)
        self._tunnel = carrier.open_tunnel(visit, self)

    def write_message(self, message: str | bytes) -> None:
        """Send a message."""
        self._tunnel.write(client_frame(message, secrets.token_bytes(4)))

    def close(self) -> None:
        """Close it as a WebSocket is closed."""
        self._tunnel.write(client_frame(close_frame(1000)[2:], secrets.token_bytes(4), Opcode.CLOSE))

    def drop(self) -> None:
        """Break it, like a network failure."""
        self._tunnel.close()
        self.ended("")

    # --- from the gateway -------------------------------------------------------------------

    def arrived(self, data: bytes) -> None:
        """Take the gateway's bytes."""
        self._tunnel.read(len(data))
        frames, self._rest = take_server_frames(self._rest + data)
        for opcode, body in frames:
            if opcode == Opcode.TEXT:
                self._on_message(body.decode())
            elif opcode == Opcode.BINARY:
                self._on_message(body)

    def taken(self, count: int) -> None:
        """Do nothing: what a test sends is little."""

    def held(self, *, on: bool) -> None:
        """Do nothing: it is the cell itself that waits."""

    def ended(self, why: str) -> None:  # noqa: ARG002 - as the gateway tells it
        """Tell the client, once."""
        on_message, self._on_message = self._on_message, lambda _: None
        on_message(None)
