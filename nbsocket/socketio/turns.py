"""Jobs in fair turns: each client's in order, and one client after the other, however many one has."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    Job = Callable[[], Any]


class _Queue(deque["Job"]):
    """What one client waits for."""

    __slots__ = ("whose",)

    def __init__(self, whose: Hashable) -> None:
        self.whose = whose


class Turns:
    """A queue that several threads put into and one takes from, without a lock.

    ``append`` and ``popleft`` of a deque are atomic; what was put in is sorted by the thread that takes.

    Attributes:
        inbox: Takes a client's session (None for nobody's) and a job; any thread may append.
        take: Returns the next job; None if there is none. For one thread.
    """

    __slots__ = ("_order", "_queues", "inbox", "take")

    def __init__(self) -> None:
        """Begin empty."""
        self.inbox: deque[tuple[Hashable, Job]] = deque()
        self._queues: dict[Hashable, _Queue] = {}
        # Whose turn it is, in order; each has something.
        self._order: deque[_Queue] = deque()
        self.take: Callable[[], Job | None] = self._take().__next__

    def has_several(self) -> bool:
        """Whether more than one job waits."""
        order = self._order
        return len(self.inbox) + len(order) > 1 or (len(order) == 1 and len(order[0]) > 1)

    def __bool__(self) -> bool:
        """Whether any job waits."""
        return bool(self.inbox or self._order)

    def _take(self) -> Iterator[Job | None]:
        # A generator, since it is asked for every event: what it works with stays in its local names.
        inbox, queues, order = self.inbox, self._queues, self._order
        while True:
            whose = queue = None
            for _ in range(len(inbox)):
                owner, job = inbox.popleft()
                if queue is None or owner != whose:
                    whose, queue = owner, queues.get(owner)
                    if queue is None:
                        queue = queues[owner] = _Queue(owner)
                        order.append(queue)
                queue.append(job)
            if not order:
                yield None
                continue
            queue = order[0]
            job = queue.popleft()
            if not queue:
                order.popleft()
                del queues[queue.whose]
            elif len(order) > 1:
                order.rotate(-1)
            yield job
