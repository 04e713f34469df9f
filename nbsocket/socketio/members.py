"""Who is in a namespace and in which rooms, and who may come back. Knows nothing of handlers."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from nbsocket.socketio.adapter import RoomsAdapter
from nbsocket.socketio.recovery import Recovery

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbsocket.socketio.socket import Socket


class Members:
    """The sockets of one namespace.

    Each method is atomic; hold ``lock`` across several.

    Args:
        recovery: Whether clients that reconnect resume where they left off.
    """

    def __init__(self, *, recovery: bool) -> None:
        """Begin without sockets."""
        self.lock = threading.RLock()
        self.sockets: dict[str, Socket] = {}
        self.recovery = Recovery() if recovery else None
        self._adapter = RoomsAdapter()

    def select(self, rooms: frozenset[str], excluded: frozenset[str]) -> list[Socket]:
        """Return the connected sockets in any of ``rooms`` (all, if empty) and in none of ``excluded``."""
        with self.lock:
            ids = self._adapter.select(self.sockets, rooms, excluded)
            return [self.sockets[one] for one in ids if one in self.sockets]

    def reached(self, rooms: frozenset[str], excluded: frozenset[str]) -> list[str]:
        """Return the ids of all recipients, including clients that are away and may come back."""
        with self.lock:
            everyone: Iterable[str] = self.sockets
            if self.recovery is not None:
                everyone = [*self.sockets, *self.recovery.absent]
            return self._adapter.select(everyone, rooms, excluded)

    def enter(self, socket: Socket) -> None:
        """Add a socket, with a room of its own."""
        with self.lock:
            self.sockets[socket.id] = socket
            self._adapter.add(socket.id, socket.id)

    def join(self, socket: Socket, rooms: Iterable[str]) -> None:
        """Put a connected socket into rooms.

        Raises:
            TypeError: A room's name is not a string.
        """
        with self.lock:
            for room in rooms:
                if not isinstance(room, str):
                    msg = f"a room's name is a string, not {type(room).__name__}"
                    raise TypeError(msg)
                if socket.id in self.sockets:
                    self._adapter.add(socket.id, room)

    def leave(self, socket: Socket, room: str) -> None:
        """Take a socket out of a room."""
        with self.lock:
            self._adapter.remove(socket.id, room)

    def leave_all(self, socket: Socket) -> None:
        """Take a socket out of all rooms."""
        with self.lock:
            self._adapter.remove_all(socket.id)

    def rooms_of(self, socket: Socket) -> frozenset[str]:
        """Return the rooms of a socket."""
        with self.lock:
            return self._adapter.rooms_of(socket.id)

    def lost(self, socket: Socket, reason: str) -> bool:
        """Note that a socket's client is gone; return whether it may come back."""
        with self.lock:
            return self.recovery is not None and self.recovery.lost(socket, reason)

    def expire(self) -> None:
        """Forget clients that were away too long."""
        if self.recovery is None:
            return
        with self.lock:
            for socket in self.recovery.expire():
                self._adapter.remove_all(socket.id)

    @property
    def is_empty(self) -> bool:
        """Whether nobody is connected, and nobody who left may come back."""
        with self.lock:
            return not self.sockets and not (self.recovery is not None and list(self.recovery.absent))
