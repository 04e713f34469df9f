"""One connection of one client, with its sockets in the namespaces (Socket.IO server API, "Client")."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from nbsocket.link.messages import CloseSession, Deliver, SaveState, Will
from nbsocket.protocol.socket_packet import Decoder, Packet, PacketType, encode_packet
from nbsocket.protocol.values import MAX_ATTACHMENTS
from nbsocket.socketio.session_state import state_of

if TYPE_CHECKING:
    from nbsocket.carriers.interface import Carrier
    from nbsocket.link.messages import Opened
    from nbsocket.socketio.socket import Socket


RESTARTING = "server_restarting"
RESTARTED = "server_restarted"
"""What clients are told when their kernel goes, and when its next process has taken them over."""

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
        # What its ticket opens: a door of its own, unless it is all of the channel.
        self.door = "" if opened.opens == "page" else opened.opens
        # Each attachment comes in a message of its own, so this is what the gateway lets through.
        self.decoder = Decoder(max_bytes=MAX_ATTACHMENTS * carrier.max_payload)
        self.namespaces: set[str] = set()
        self.sockets: dict[str, Socket] = {}
        self.is_open = True
        self.is_awaiting_attachments = False
        self._carrier = carrier
        self._lock = threading.Lock()
        self._held: deque[tuple[str | bytes, int]] | None = deque() if opened.state else None
        # What it sent may begin with attachments whose event went to the earlier process.
        self._is_midway = bool(opened.state)
        self._state = b""
        self._will: list[str | bytes] = []

    def send(self, frames: list[str | bytes]) -> None:
        """Send one packet to this client."""
        if self.is_open:
            self._carrier.send(Deliver(frames, [self.session]))

    def close(self, reason: str = "forced close", why: str = "") -> None:
        """Close the connection once what was sent before is written; ``why`` is told to the client."""
        if self.is_open:
            self._carrier.send(CloseSession(self.session, reason, why))

    # --- while it is taken over from an earlier process of this kernel ----------------------

    def hold(self, data: str | bytes, size: int) -> bool:
        """Keep a message until the client's sockets are there again; False if they are."""
        if self._held is None:
            return False
        with self._lock:
            if self._held is None:
                return False
            self._held.append((data, size))
            return True

    @property
    def is_held(self) -> bool:
        """Whether its sockets are not there yet."""
        return self._held is not None

    def next_held(self) -> tuple[str | bytes, int] | None:
        """Return the next message that was kept; None from when on none is."""
        with self._lock:
            if self._held:
                return self._held.popleft()
            self._held = None
            return None

    def is_leftover(self, data: str | bytes) -> bool:
        """Whether a message is an attachment of an event that the earlier process got."""
        self._is_midway = self._is_midway and isinstance(data, bytes)
        return self._is_midway

    def remember(self) -> None:
        """Have the gateway keep what the kernel's next process must know; on the handler thread."""
        if not self.is_open:
            return
        sockets = list(self.sockets.values())
        # While a CONNECT is under way a new process could not go on with it: the client is to begin anew.
        is_settled = len(sockets) == len(self.namespaces)
        state = state_of(sockets) if sockets and is_settled else b""
        if state == self._state:
            return
        self._state = state
        self._carrier.send(SaveState(self.session, state))
        if not state:
            self._will = []
            return
        told: list[str | bytes] = []
        for socket in sockets:
            # No offset: it is none of the events that a client can miss.
            told += encode_packet(Packet(PacketType.EVENT, socket.namespace.name, [RESTARTING, {}]))
        if told != self._will:
            self._will = told
            self._carrier.send(Will(told, [self.session]))
