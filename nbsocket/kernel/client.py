"""One connection of one client, with its sockets in the namespaces (Socket.IO server API, "Client")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbsocket.link.messages import CloseSession, Deliver
from nbsocket.protocol.socket_packet import Decoder
from nbsocket.protocol.values import MAX_ATTACHMENTS

if TYPE_CHECKING:
    from nbsocket.kernel.carrier import Carrier
    from nbsocket.kernel.socket import Socket
    from nbsocket.link.messages import Opened


MAX_NAMESPACES = 256
"""How many namespaces one client may be in."""


class Client:
    """What one Engine.IO session is to the kernel.

    Args:
        opened: How the gateway announced it.
        carrier: How to reach it.
    """

    def __init__(self, opened: Opened, carrier: Carrier) -> None:
        """Begin without sockets."""
        self.session = opened.session
        self.role = opened.role
        self.ticket_id = opened.ticket_id
        self.handshake = opened.handshake
        # Each attachment comes in a message of its own, so this is what the gateway lets through.
        self.decoder = Decoder(max_bytes=MAX_ATTACHMENTS * carrier.max_payload)
        self.namespaces: set[str] = set()
        self.sockets: dict[str, Socket] = {}
        self.is_open = True
        self._carrier = carrier

    def send(self, frames: list[str | bytes]) -> None:
        """Send one packet to this client."""
        if self.is_open:
            self._carrier.send(Deliver(frames, [self.session]))

    def close(self, reason: str = "forced close") -> None:
        """Close the connection once what was sent before is written."""
        if self.is_open:
            self._carrier.send(CloseSession(self.session, reason))
