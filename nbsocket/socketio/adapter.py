"""Which socket is in which room: Socket.IO's Adapter, in memory.

It stands between a namespace and its carrier, so that another store can replace it later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class RoomsAdapter:
    """Rooms by socket and sockets by room. Its owner holds the server's lock."""

    def __init__(self) -> None:
        """Begin without rooms."""
        self._members: dict[str, dict[str, None]] = {}
        self._rooms: dict[str, dict[str, None]] = {}

    def add(self, socket_id: str, room: str) -> None:
        """Put a socket into a room."""
        self._members.setdefault(room, {})[socket_id] = None
        self._rooms.setdefault(socket_id, {})[room] = None

    def remove(self, socket_id: str, room: str) -> None:
        """Take a socket out of a room; an empty room ceases to exist."""
        self._rooms.get(socket_id, {}).pop(room, None)
        members = self._members.get(room)
        if members is not None:
            members.pop(socket_id, None)
            if not members:
                del self._members[room]

    def remove_all(self, socket_id: str) -> None:
        """Take a socket out of all rooms."""
        for room in list(self._rooms.pop(socket_id, {})):
            members = self._members.get(room)
            if members is not None:
                members.pop(socket_id, None)
                if not members:
                    del self._members[room]

    def rooms_of(self, socket_id: str) -> frozenset[str]:
        """Return the rooms of a socket."""
        return frozenset(self._rooms.get(socket_id, ()))

    def members_of(self, room: str) -> list[str]:
        """Return the sockets in a room, in the order in which they joined."""
        return list(self._members.get(room, ()))

    def select(self, everyone: Iterable[str], rooms: frozenset[str], excluded: frozenset[str]) -> list[str]:
        """Return those in any of ``rooms`` (``everyone``, if empty) and in none of ``excluded``."""
        if not rooms and not excluded:
            return list(everyone)
        if rooms:
            chosen = dict.fromkeys(
                member for room in sorted(rooms) for member in self._members.get(room, ())
            )
        else:
            chosen = dict.fromkeys(everyone)
        for room in excluded:
            for member in self._members.get(room, ()):
                chosen.pop(member, None)
        return list(chosen)
