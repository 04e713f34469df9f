"""What waits for the handler thread, in fair turns: each client's in order, one client after the other.

A message is read (decoded, and given to whoever waits for it) by the thread that handles it, just before.
Only while somebody waits is it read ahead, by the thread that brings it: a handler that blocks until an
acknowledgement comes could not read it itself.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger("nbsocket")

IN_A_ROW = 8
"""How many messages of a client are handled before the next has its turn: their answers travel together."""

MESSAGE_BYTES = 64
"""About what a message costs beside its data; the same as on the link."""


class Turn:
    """What one client waits for: messages and jobs, in order; also the base of ``Client``."""

    __slots__ = ("holds", "is_listed", "raw", "ready")

    def __init__(self) -> None:
        """Begin with nothing."""
        # Made when there is something: an empty one takes more than a client's other fields together.
        self.raw: deque[Entry] | None = None
        # What was read ahead.
        self.ready: deque[Step] | None = None
        self.is_listed = False
        self.holds = 0

    @property
    def length(self) -> int:
        """How many things wait."""
        return len(self.raw or ()) + len(self.ready or ())

    def read(self, data: str | bytes, arrived_at: float) -> Any:
        """Read a message; return what there is to handle, or None. The turns' lock is held.

        Args:
            data: An Engine.IO message.
            arrived_at: When it came, on ``time.monotonic``'s clock.
        """
        raise NotImplementedError

    def handle(self, packet: Any) -> None:
        """Do what ``read`` returned; on the handler thread."""
        raise NotImplementedError

    def handled(self, took_s: float) -> None:
        """Note that it is done, and how long after it came; likewise."""
        raise NotImplementedError

    def give_up(self) -> None:
        """Close the client, since reading its message failed by a fault of ours."""
        raise NotImplementedError


Entry: TypeAlias = "tuple[Turn, Any, float]"
"""Whose it is, a message or a job, and when the message arrived; 0 for a job."""

Step: TypeAlias = "tuple[Turn, Any, float, int]"
"""Whose it is, a packet or a job, when its message arrived (0 for a job), and what that cost in bytes."""


class Turns:
    """Puts what came in order, and reads it. Any thread may fill ``inbox``, by ``append`` or ``extend``.

    Attributes:
        lock: Held while something is read, so also by whoever must not miss what is.
        inbox: What came and is in nobody's turn yet.
    """

    __slots__ = ("_left", "_order", "_passed_bytes", "_waiters", "inbox", "lock")

    def __init__(self) -> None:
        """Begin empty."""
        self.lock = threading.RLock()
        self.inbox: deque[Entry] = deque()
        # Whose turn it is, in order.
        self._order: deque[Turn] = deque()
        # How many more of the first's are handled before the next has its turn.
        self._left = IN_A_ROW
        self._waiters = 0
        self._passed_bytes = 0

    def has_several(self) -> bool:
        """Whether more than one thing waits."""
        order = self._order
        return len(self.inbox) + len(order) > 1 or (len(order) == 1 and order[0].length > 1)

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return bool(self.inbox or self._order)

    def take(self) -> Step | None:
        """Return the next thing to do; None if there is none."""
        with self.lock:
            if self.inbox:
                self._sort()
            order = self._order
            step: Step | None
            while order:
                turn = order[0]
                if turn.holds:
                    turn.is_listed = False
                    order.popleft()
                    self._left = IN_A_ROW
                    continue
                if turn.ready:
                    step = turn.ready.popleft()
                elif turn.raw:
                    step = self._read(turn.raw.popleft())
                else:
                    turn.is_listed = False
                    turn.raw = turn.ready = None
                    order.popleft()
                    self._left = IN_A_ROW
                    continue
                self._left -= 1
                if self._left <= 0:
                    order.rotate(-1)
                    self._left = IN_A_ROW
                if step is not None:
                    return step
            return None

    def next_turn(self) -> None:
        """Let the next client have its turn: this one has had its time."""
        with self.lock:
            self._order.rotate(-1)
            self._left = IN_A_ROW

    def take_passed(self) -> int:
        """Return how many bytes were read since the last call that leave nothing to handle."""
        size = self._passed_bytes
        if size:
            with self.lock:
                size, self._passed_bytes = self._passed_bytes, 0
        return size

    @property
    def has_waiters(self) -> bool:
        """Whether somebody waits for what is in a message."""
        return self._waiters > 0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Have messages read as they come, and first all that are here."""
        with self.lock:
            self._waiters += 1
        try:
            self.read_ahead()
            yield
        finally:
            with self.lock:
                self._waiters -= 1

    def read_ahead(self) -> None:
        """Read all that is here; it stays in order for the handler thread."""
        with self.lock:
            self._sort()
            for turn in self._order:
                while turn.raw and not turn.holds:
                    step = self._read(turn.raw.popleft())
                    if step is not None:
                        if turn.ready is None:
                            turn.ready = deque()
                        turn.ready.append(step)

    def sort(self) -> None:
        """Put what has come into its client's turn."""
        with self.lock:
            self._sort()

    def hold(self, turn: Turn) -> None:
        """Let what is in a turn wait until ``release`` was called as often."""
        with self.lock:
            turn.holds += 1

    def release(self, turn: Turn) -> None:
        """Let a turn go on; its owner sees to it that the handler thread looks."""
        with self.lock:
            turn.holds -= 1
            self._list(turn)

    def _sort(self) -> None:
        inbox = self.inbox
        while inbox:
            entry = inbox.popleft()
            turn = entry[0]
            if turn.raw is None:
                turn.raw = deque()
            turn.raw.append(entry)
            if not turn.is_listed:
                self._list(turn)

    def _list(self, turn: Turn) -> None:
        if not turn.holds and not turn.is_listed and (turn.raw or turn.ready):
            turn.is_listed = True
            self._order.append(turn)

    def _read(self, entry: Entry) -> Step | None:
        turn, what, arrived_at = entry
        if not arrived_at:
            return turn, what, 0.0, 0
        size = MESSAGE_BYTES + len(what)
        try:
            packet = turn.read(what, arrived_at)
        except Exception:
            log.exception("nbsocket: internal error in nbsocket; one client is closed for it")
            turn.give_up()
            packet = None
        if packet is None:
            self._passed_bytes += size
            return None
        return turn, packet, arrived_at, size
