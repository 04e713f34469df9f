"""What a guest's traffic costs the others, and how it is kept to its share: by not reading, never by a cut.

Everything is counted in units of work; one is about what an ordinary event takes.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbsocket.gateway.config import Limits

SMALL_BYTES = 512
"""A message up to this size costs one unit, whatever is in it."""

BYTES_A_UNIT = 4096
ITEMS_A_UNIT = 64
CONTROL_COST = 20.0
"""Of a packet that is not a MESSAGE, or a WebSocket's PING: an honest client sends one in 25 s."""

REQUEST_COST = 2.0
"""Of an HTTP request of a polling client."""

WINDOW = 500.0
"""How much guests' work may be with a kernel that has not said that it is done."""


def cost_of(data: str | bytes) -> float:
    """Return what a message costs: one unit, and more for many bytes, commas and brackets.

    Nothing is parsed: each takes time to decode and to handle, wherever it stands.
    """
    size = len(data)
    if size <= SMALL_BYTES:
        return 1.0
    cost = 1.0 + size / BYTES_A_UNIT
    if isinstance(data, str):
        cost += (data.count(",") + data.count("[") + data.count("{")) / ITEMS_A_UNIT
    return cost


class Allowance:
    """What one guest may have read: a bucket of units that refills.

    Args:
        limits: ``guest_events_per_s`` and ``guest_burst``.
        now: Seconds on a steady clock.

    Attributes:
        tag: Where its work so far puts it among the others of its kernel; see ``Turnstile``.
    """

    __slots__ = ("_at", "_burst", "_left", "_rate", "tag")

    def __init__(self, limits: Limits, now: float) -> None:
        """Begin with a full bucket."""
        self._rate = limits.guest_events_per_s
        self._burst = self._left = float(limits.guest_burst)
        self._at = now
        self.tag = 0.0

    def take(self, cost: float, now: float) -> float:
        """Take units; return how many seconds to wait until they are paid for."""
        left = self._left + (now - self._at) * self._rate
        # Compared by hand, since each event comes by here: ``min`` and ``max`` are calls.
        left = (left if left < self._burst else self._burst) - cost  # noqa: FURB136
        self._left, self._at = left, now
        return -left / self._rate if left < 0 else 0.0


class Turnstile:
    """Lets guests' messages through to one kernel, no more at a time than it keeps up with, in fair turns.

    Who has sent little comes before who has sent much, however many wait (start-time fair queueing).

    Args:
        position: Returns how many bytes were sent to the kernel.
        consumed: Returns how many of them it has said to be done with.
    """

    def __init__(
        self, position: Callable[[], int] = lambda: 0, consumed: Callable[[], int] = lambda: 0
    ) -> None:
        """Begin with nothing under way."""
        self._position = position
        self._consumed = consumed
        self._under_way: deque[tuple[int, float]] = deque()
        self._cost = 0.0
        self._now = 0.0
        self._waiting: list[tuple[float, int, float, asyncio.Future[None]]] = []
        self._numbers = itertools.count()
        self._is_open = False

    @property
    def has_waiting(self) -> bool:
        """Whether anybody waits for a turn."""
        return bool(self._waiting)

    def enter(self, allowance: Allowance, cost: float) -> asyncio.Future[None] | None:
        """Ask for a turn; None if it is at once: then the message must be sent now.

        Who has to wait for it must send afterwards, and say ``sent``.

        Args:
            allowance: Whose.
            cost: Of the message.
        """
        begins = allowance.tag
        if begins < self._now:  # noqa: PLR1730
            begins = self._now
        allowance.tag = begins + cost
        if self._cost < WINDOW and not self._waiting:
            self._now = begins
            self._cost += cost
            self._under_way.append((self._position(), cost))
            return None
        if self._is_open:
            return None
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (allowance.tag, next(self._numbers), cost, turn))
        # What was done before this waited is told nobody again.
        self.refresh()
        return turn

    def sent(self, cost: float) -> None:
        """Note that a message that had to wait is sent to the kernel now."""
        self._under_way.append((self._position(), cost))

    def gave_up(self, cost: float) -> None:
        """Note that a message that had its turn is not sent."""
        self._cost -= cost
        self.refresh()

    def refresh(self) -> None:
        """Look how far the kernel is, and let through whose turn it is."""
        under_way, consumed = self._under_way, self._consumed()
        if consumed >= self._position():
            # All that was sent is done, and what was to be and was not.
            for _, cost in under_way:
                self._cost -= cost
            under_way.clear()
        while under_way and under_way[0][0] < consumed:
            self._cost -= under_way.popleft()[1]
        while self._waiting and (self._is_open or self._cost < WINDOW):
            tag, _, cost, turn = heapq.heappop(self._waiting)
            if not turn.done():
                self._now = max(self._now, tag)
                self._cost += cost
                turn.set_result(None)

    def open(self) -> None:
        """Let everybody through from now on: there is no kernel to keep up."""
        self._is_open = True
        self.refresh()
