"""Jobs in fair turns: each client's in order, and one client after the other, however many one has."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    Job = Callable[[], Any]


class Turns:
    """A queue that several threads put into and one takes from, without a lock.

    ``append`` and ``popleft`` of a deque are atomic; what was put in is sorted by the thread that takes.
    """

    __slots__ = ("_inbox", "_order", "_queues")

    def __init__(self) -> None:
        """Begin empty."""
        self._inbox: deque[tuple[Hashable, Job]] = deque()
        self._queues: dict[Hashable, deque[Job]] = {}
        self._order: deque[Hashable] = deque()

    def put(self, whose: Hashable, job: Job) -> None:
        """Add a job; any thread."""
        self._inbox.append((whose, job))

    def has_several(self) -> bool:
        """Whether more than one job waits."""
        return len(self._inbox) + len(self._order) > 1

    def __bool__(self) -> bool:
        """Whether any job waits."""
        return bool(self._inbox or self._order)

    def take(self) -> Job | None:
        """Return the next job; None if there is none."""
        inbox, queues = self._inbox, self._queues
        while inbox:
            whose, job = inbox.popleft()
            if not queues and not inbox:
                return job
            queue = queues.get(whose)
            if queue is None:
                queues[whose] = deque((job,))
                self._order.append(whose)
            else:
                queue.append(job)
        if not queues:
            return None
        whose = self._order.popleft()
        queue = queues[whose]
        job = queue.popleft()
        if queue:
            self._order.append(whose)
        else:
            del queues[whose]
        return job
