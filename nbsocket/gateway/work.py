"""What a guest's traffic costs, and how guests are kept to their share: by not reading, never by a cut.

Everything is counted in units of work; an ordinary event costs about one.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import deque
from typing import TYPE_CHECKING

from nbsocket.gateway.token_bucket import TokenBucket

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbsocket.gateway.config import Limits

SMALL_BYTES = 512
"""A message up to this size costs one unit, whatever it contains."""

BYTES_A_UNIT = 4096
ITEMS_A_UNIT = 64
CONTROL_COST = 20.0
"""For a packet that is not a MESSAGE, or a WebSocket PING: a normal client sends one every 25 s."""

REQUEST_COST = 2.0
"""For an HTTP request of a polling client."""

WINDOW = 500.0
"""How much guest work may be with a kernel that has not yet reported it as done."""


def cost_of(data: str | bytes) -> float:
    """Return what a message costs: one unit, plus more for many bytes, commas and brackets.

    Nothing is parsed: each of these takes time to decode and to handle, wherever it is.
    """
    size = len(data)
    if size <= SMALL_BYTES:
        return 1.0
    cost = 1.0 + size / BYTES_A_UNIT
    if isinstance(data, str):
        cost += (data.count(",") + data.count("[") + data.count("{")) / ITEMS_A_UNIT
    return cost


class Allowance(TokenBucket):
    """How much may be read from one guest: a token bucket of units.

    Args:
        limits: ``guest_events_per_s`` and ``guest_burst``.
        now: Seconds on a steady clock.

    Attributes:
        tag: Its place among the kernel's other guests, given its work so far; see ``Turnstile``.
    """

    __slots__ = ("tag",)

    def __init__(self, limits: Limits, now: float) -> None:
        """Begin with a full bucket."""
        super().__init__(limits.guest_events_per_s, limits.guest_burst, now)
        self.tag = 0.0


class Turnstile:
    """Lets guests' messages through to one kernel, only as fast as it keeps up, in fair turns.

    Guests that sent little go before those that sent much, however many wait (start-time fair queueing).

    Args:
        position: Returns how many bytes were sent to the kernel.
        consumed: Returns how many of them the kernel has reported as processed.
    """

    def __init__(
        self, position: Callable[[], int] = lambda: 0, consumed: Callable[[], int] = lambda: 0
    ) -> None:
        """Begin with nothing in transit."""
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
        """Whether anyone waits for a turn."""
        return bool(self._waiting)

    def enter(self, allowance: Allowance, cost: float) -> asyncio.Future[None] | None:
        """Ask for a turn; None if the turn is now: then the message must be sent at once.

        After waiting for a turn, the caller must send the message and call ``sent``.

        Args:
            allowance: The guest's allowance.
            cost: The cost of the message.
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
        # What was processed before this began to wait is not reported again.
        self.refresh()
        return turn

    def sent(self, cost: float) -> None:
        """Note that a message that had to wait is now sent to the kernel."""
        self._under_way.append((self._position(), cost))

    def gave_up(self, cost: float) -> None:
        """Note that a message that got its turn is not sent."""
        self._cost -= cost
        self.refresh()

    def refresh(self) -> None:
        """Check how far the kernel is, and let the next messages through."""
        under_way, consumed = self._under_way, self._consumed()
        if consumed >= self._position():
            # Everything that was sent is done, and so is what got its turn and was never sent.
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
        """Let everyone through from now on: there is no kernel that must keep up."""
        self._is_open = True
        self.refresh()
