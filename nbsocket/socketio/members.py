"""Who is in a namespace and in which rooms, and who may come back. Knows nothing of handlers."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from nbsocket.socketio.adapter import RoomsAdapter
from nbsocket.socketio.recovery import Recovery

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbsocket.socketio.member import Member
    from nbsocket.socketio.socket import Socket


class LiveSockets(Mapping[str, "Socket"]):
    """The sockets of a namespace by id: a view that follows who comes and goes, and cannot be changed.

    Args:
        by_id: The namespace's members.
    """

    __slots__ = ("_by_id",)

    def __init__(self, by_id: Mapping[str, Member]) -> None:
        """Look at ``by_id``."""
        self._by_id = by_id

    def __getitem__(self, socket_id: str) -> Socket:
        """Return the socket with this id."""
        return self._by_id[socket_id].socket

    def __iter__(self) -> Iterator[str]:
        """Iterate over the ids."""
        return iter(self._by_id)

    def __len__(self) -> int:
        """Return how many are connected."""
        return len(self._by_id)

    def __repr__(self) -> str:
        """Show the sockets by id."""
        return repr(dict(self))


class Members:
    """The members of one namespace.

    Each method is atomic; hold ``lock`` across several.

    Args:
        recovery: Whether clients that reconnect resume where they left off.
    """

    def __init__(self, *, recovery: bool) -> None:
        """Begin without members."""
        self.lock = threading.RLock()
        self.by_id: dict[str, Member] = {}
        self.recovery = Recovery() if recovery else None
        self._adapter = RoomsAdapter()

    def select(self, rooms: frozenset[str], excluded: frozenset[str]) -> list[Member]:
        """Return the members in any of ``rooms`` (all, if empty) and in none of ``excluded``."""
        with self.lock:
            ids = self._adapter.select(self.by_id, rooms, excluded)
            return [self.by_id[one] for one in ids if one in self.by_id]

    def reached(self, rooms: frozenset[str], excluded: frozenset[str]) -> list[str]:
        """Return the ids of all recipients, including clients that are away and may come back."""
        with self.lock:
            everyone: Iterable[str] = self.by_id
            if self.recovery is not None:
                everyone = [*self.by_id, *self.recovery.absent]
            return self._adapter.select(everyone, rooms, excluded)

    def enter(self, member: Member) -> None:
        """Add a member, with a room of its own."""
        with self.lock:
            self.by_id[member.id] = member
            self._adapter.add(member.id, member.id)

    def join(self, member: Member, rooms: Iterable[str]) -> None:
        """Put a member into rooms, if it is connected.

        Raises:
            TypeError: A room's name is not a string.
        """
        with self.lock:
            for room in rooms:
                if not isinstance(room, str):
                    msg = f"a room's name is a string, not {type(room).__name__}"
                    raise TypeError(msg)
                if member.id in self.by_id:
                    self._adapter.add(member.id, room)

    def leave(self, member: Member, room: str) -> None:
        """Take a member out of a room."""
        with self.lock:
            self._adapter.remove(member.id, room)

    def leave_all(self, member: Member) -> None:
        """Take a member out of all rooms."""
        with self.lock:
            self._adapter.remove_all(member.id)

    def rooms_of(self, member: Member) -> frozenset[str]:
        """Return the rooms of a member."""
        with self.lock:
            return self._adapter.rooms_of(member.id)

    def lost(self, member: Member, reason: str) -> bool:
        """Note that a member's client is gone; return whether it may come back."""
        with self.lock:
            return self.recovery is not None and self.recovery.lost(member, reason)

    def expire(self) -> None:
        """Forget clients that were away too long."""
        if self.recovery is None:
            return
        with self.lock:
            for member in self.recovery.expire():
                self._adapter.remove_all(member.id)

    @property
    def is_empty(self) -> bool:
        """Whether nobody is connected, and nobody who left may come back."""
        with self.lock:
            return not self.by_id and not (self.recovery is not None and list(self.recovery.absent))
