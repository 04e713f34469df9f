"""Connection state recovery: what a client missed while it was away is sent again, all of it or nothing.

Every event carries its offset as a last argument. The stock client hands it back when it reconnects,
together with the private id from the answer to its CONNECT
(Socket.IO protocol, "Connection state recovery"; client: ``pid`` and ``offset`` in ``auth``).
"""

from __future__ import annotations

import secrets
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbsocket.protocol import reasons

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nbsocket.socketio.member import Member

MAX_ABSENCE_S = 120.0
"""How long a client may be away."""

MAX_KEPT_BYTES = 1024 * 1024
"""How much is kept for one client; a client that missed more than that is not recovered."""

_OVERHEAD_BYTES = 64

Frames = list[str | bytes]


@dataclass(slots=True)
class Journal:
    """What was recently sent to one client, and who it was.

    Args:
        member: Its latest connection.
        begun: The number of the last packet before its first.
        is_adopted: Whether the client was taken over from an earlier process of this kernel:
            packets of that process may be in transit until an offset of ours comes back.
    """

    member: Member
    begun: int
    lost_through: int = 0
    kept_bytes: int = 0
    sent: deque[tuple[int, Frames, int]] = field(default_factory=deque)
    absent_until: float | None = None
    is_adopted: bool = False

    def note(self, number: int, frames: Frames) -> None:
        """Keep a packet; drop the oldest when there is too much."""
        size = _OVERHEAD_BYTES + sum(map(len, frames))
        self.sent.append((number, frames, size))
        self.kept_bytes += size
        while self.kept_bytes > MAX_KEPT_BYTES:
            self._forget_first()

    def forget_through(self, number: int) -> None:
        """Forget the packets that the client says it has."""
        while self.sent and self.sent[0][0] <= number:
            self._forget_first()
        self.lost_through = max(self.lost_through, number)

    def _forget_first(self) -> None:
        self.lost_through, _, size = self.sent.popleft()
        self.kept_bytes -= size


class Recovery:
    """The journals of one namespace. Its owner holds the namespace's lock.

    Args:
        clock: Seconds on a clock that never goes back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin without clients."""
        self._clock = clock
        # Offsets from an earlier kernel, or another namespace, must not be mistaken for this one's.
        self._epoch = secrets.token_urlsafe(4)
        self._number = 0
        self._journals: dict[str, Journal] = {}
        self._ids: dict[str, str] = {}

    def begin(self, member: Member, pid: str = "") -> str:
        """Open a journal for a new client; return the private id by which it may come back.

        Args:
            member: The client.
            pid: The private id that an earlier process of this kernel gave it.
        """
        is_adopted = bool(pid)
        pid = pid or secrets.token_urlsafe(18)
        self._ids[pid] = member.id
        self._journals[member.id] = Journal(member, self._number, self._number, is_adopted=is_adopted)
        return pid

    @property
    def absent(self) -> Iterable[str]:
        """The ids of clients that are away and may come back."""
        return [key for key, journal in self._journals.items() if journal.absent_until is not None]

    def record(self, frames: Frames, to: Iterable[str], *, volatile: bool) -> Frames:
        """Give a packet the next offset and note who gets it; return it with the offset."""
        self._number += 1
        first = frames[0]
        stamped: Frames = [f'{first[:-1]},"{self._epoch}.{self._number}"]', *frames[1:]]  # type: ignore[str-bytes-safe]
        if not volatile:
            for one in to:
                journal = self._journals.get(one)
                if journal is not None:
                    journal.note(self._number, stamped)
        return stamped

    def lost(self, member: Member, reason: str) -> bool:
        """Note that a client is gone; return whether it may come back."""
        journal = self._journals.get(member.id)
        if journal is None or journal.member is not member:
            return False
        if reason not in reasons.RECOVERABLE:
            self._drop(member.id)
            return False
        journal.absent_until = self._clock() + MAX_ABSENCE_S
        return True

    def expire(self) -> list[Member]:
        """Forget clients that were away too long, and return them."""
        now = self._clock()
        over = [
            journal.member
            for journal in self._journals.values()
            if journal.absent_until is not None and journal.absent_until <= now
        ]
        for member in over:
            self._drop(member.id)
        return over

    def find(self, pid: Any) -> Member | None:
        """Return the earlier connection of the client with this private id."""
        sid = self._ids.get(pid) if isinstance(pid, str) else None
        return self._journals[sid].member if sid is not None else None

    def restore(self, old: Member, new: Member, offset: Any) -> list[Frames] | None:
        """Let ``new`` resume where ``old`` left off; return what it missed.

        None if part of that is no longer kept: then ``old`` is forgotten.
        """
        journal = self._journals[old.id]
        number = self._number_of(offset)
        since = max(journal.begun, number)
        unsure = journal.is_adopted and not number
        if unsure or since < journal.lost_through or since > self._number:
            self._drop(old.id)
            return None
        journal.forget_through(since)
        journal.begun = since
        journal.member, journal.absent_until = new, None
        return [frames for _, frames, _ in journal.sent]

    def _number_of(self, offset: Any) -> int:
        """Return the number in an offset; 0 if it is not one of ours: then nothing of ours has arrived."""
        epoch, _, digits = offset.rpartition(".") if isinstance(offset, str) else ("", "", "")
        usable = epoch == self._epoch and digits.isascii() and digits.isdigit()
        return int(digits) if usable and len(digits) < 18 else 0  # noqa: PLR2004 - far more than there will be

    def _drop(self, socket_id: str) -> None:
        self._journals.pop(socket_id, None)
        self._ids = {pid: sid for pid, sid in self._ids.items() if sid != socket_id}
