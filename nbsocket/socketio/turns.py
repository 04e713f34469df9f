"""The queue of the handler thread, in fair turns: in order for each client, round-robin across clients.

A message is read (decoded, and passed to whoever waits for it) by the thread that handles it, just before.
Only while somebody waits is it read ahead, by the thread that brings it: a handler that blocks until an
acknowledgement arrives could not read it itself.
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
"""How many messages of a client are handled in one turn, so that their answers travel together."""

MESSAGE_BYTES = 64
"""About what a message costs on top of its data; the same as on the link."""


class Turn:
    """The queued messages and jobs of one client, in order; also the base of ``Client``."""

    __slots__ = ("holds", "is_listed", "raw", "ready")

    def __init__(self) -> None:
        """Begin with nothing."""
        # Created when needed: an empty deque takes more memory than all other fields together.
        self.raw: deque[Entry] | None = None
        # What was read ahead.
        self.ready: deque[Step] | None = None
        self.is_listed = False
        self.holds = 0

    @property
    def length(self) -> int:
        """How many messages and jobs wait."""
        return len(self.raw or ()) + len(self.ready or ())

    def read(self, data: str | bytes, arrived_at: float) -> Any:
        """Read a message; return what needs handling, or None. The lock of ``Turns`` is held.

        Args:
            data: An Engine.IO message.
            arrived_at: When it arrived, on ``time.monotonic``'s clock.
        """
        raise NotImplementedError

    def handle(self, packet: Any) -> None:
        """Handle what ``read`` returned; on the handler thread."""
        raise NotImplementedError

    def handled(self, took_s: float) -> None:
        """Note how long after its arrival a message was handled; on the handler thread."""
        raise NotImplementedError

    def give_up(self) -> None:
        """Close the client, since an internal error kept its message from being read."""
        raise NotImplementedError


Entry: TypeAlias = "tuple[Turn, Any, float]"
"""The client's turn, a message or a job, and when the message arrived (0 for a job)."""

Step: TypeAlias = "tuple[Turn, Any, float, int]"
"""The client's turn, a packet or a job, when its message arrived (0 for a job), and its cost in bytes."""


class Turns:
    """Sorts and reads what came in. Any thread may fill ``inbox``, with ``append`` or ``extend``.

    Attributes:
        lock: Held while something is read; hold it in order not to miss that.
        inbox: What came in and is not in any turn yet.
    """

    __slots__ = ("_left", "_order", "_passed_bytes", "_waiters", "inbox", "lock")

    def __init__(self) -> None:
        """Begin empty."""
        self.lock = threading.RLock()
        self.inbox: deque[Entry] = deque()
        # The turns with something to do, in order.
        self._order: deque[Turn] = deque()
        # How much more of the first turn is handled before the next one.
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
        """Move on to the next client: this one has used up its time."""
        with self.lock:
            self._order.rotate(-1)
            self._left = IN_A_ROW

    def take_passed(self) -> int:
        """Return how many bytes of messages with nothing to handle were read since the last call."""
        size = self._passed_bytes
        if size:
            with self.lock:
                size, self._passed_bytes = self._passed_bytes, 0
        return size

    @property
    def has_waiters(self) -> bool:
        """Whether anyone waits for the content of a message."""
        return self._waiters > 0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Read all messages that are here, and from then on each as it arrives."""
        with self.lock:
            self._waiters += 1
        try:
            self.read_ahead()
            yield
        finally:
            with self.lock:
                self._waiters -= 1

    def read_ahead(self) -> None:
        """Read all messages that are here; they stay in order for the handler thread."""
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
        """Put what came in into its client's turn."""
        with self.lock:
            self._sort()

    def hold(self, turn: Turn) -> None:
        """Hold a turn until ``release`` has been called as many times as ``hold``."""
        with self.lock:
            turn.holds += 1

    def release(self, turn: Turn) -> None:
        """Let a held turn continue; the caller must wake the handler thread."""
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
            log.exception("nbsocket: internal error in nbsocket; one client is closed because of it")
            turn.give_up()
            packet = None
        if packet is None:
            self._passed_bytes += size
            return None
        return turn, packet, arrived_at, size
