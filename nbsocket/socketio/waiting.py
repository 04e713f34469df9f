"""Events that a cell waits for: "ask the page, get the answer in this cell".

What arrives after the start of the running cell is kept, so that an answer is not missed
if it comes before the line that waits for it; each event counts once.
Between cells only the latest events are kept.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections import deque
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from nbsocket.socketio.event_stream import EventStream
    from nbsocket.socketio.socket import Socket

_KEPT_EVENTS = 10_000
_KEPT_BETWEEN_CELLS = 256
_KEPT_BYTES = 16 * 1024 * 1024
"""Limit for events that nobody has waited for yet; as Python values they may take several times this."""


class Arrival(msgspec.Struct, eq=False, gc=False):
    """One event that arrived.

    Args:
        client: The socket that sent it.
        data: Its name, then its arguments.
        size_bytes: The approximate length of its packet.
    """

    client: Any
    data: list[Any]
    size_bytes: int

    @property
    def event(self) -> str:
        """Its name."""
        return str(self.data[0])

    @property
    def args(self) -> list[Any]:
        """Its arguments."""
        return self.data[1:]


def value_of(args: list[Any]) -> Any:
    """Return one argument as itself, several as a tuple, none as None."""
    if len(args) == 1:
        return args[0]
    return tuple(args) if args else None


class Arrivals:
    """What arrived in one namespace since the running cell began; bounded, the oldest are dropped first.

    Args:
        lock: Held while messages are read, so that nothing arrives between a look and a wait.
    """

    def __init__(self, lock: threading.RLock) -> None:
        """Begin empty."""
        self._changed = threading.Condition(lock)
        self._since = 0.0
        self._limit = _KEPT_EVENTS
        self._waiting = 0
        self._kept: deque[Arrival] = deque()
        self._kept_bytes = 0
        self._futures: list[tuple[str, Any, asyncio.Future[Arrival]]] = []
        # Weak, so that leaving the loop ends its stream.
        self._streams: list[weakref.ref[EventStream]] = []

    def cell_begins(self) -> None:
        """Forget everything, including messages that have arrived but are read later."""
        with self._changed:
            self._limit = _KEPT_EVENTS
            self._since = time.monotonic()
            self._kept.clear()
            self._kept_bytes = 0

    def cell_ended(self) -> None:
        """Keep less from now on: enough for an answer that comes before the line that waits for it."""
        with self._changed:
            self._limit = _KEPT_BETWEEN_CELLS
            self._trim()

    def note(self, client: Socket, data: list[Any], size_bytes: int, arrived_at: float) -> None:
        """Keep an event for whoever waits for it, now or later; the lock is held.

        Args:
            client: The socket that sent it.
            data: Its name, then its arguments.
            size_bytes: The approximate length of its packet.
            arrived_at: When it arrived, on ``time.monotonic``'s clock.
        """
        if arrived_at < self._since:
            return
        arrival = Arrival(client, data, size_bytes)
        if self._streams or self._futures:
            taken = self._put(arrival)
            if (self._futures and self._settle_one(arrival)) or taken:
                return
        self._kept.append(arrival)
        self._kept_bytes += size_bytes
        if len(self._kept) > self._limit or self._kept_bytes > _KEPT_BYTES:
            self._trim()
        if self._waiting:
            self._changed.notify_all()

    def _settle_one(self, arrival: Arrival) -> bool:
        for index, (event, client, future) in enumerate(self._futures):
            if event == arrival.event and client in (None, arrival.client):
                del self._futures[index]
                future.get_loop().call_soon_threadsafe(_settle, future, arrival)
                return True
        return False

    def _trim(self) -> None:
        while len(self._kept) > self._limit or (self._kept_bytes > _KEPT_BYTES and len(self._kept) > 1):
            self._kept_bytes -= self._kept.popleft().size_bytes

    def feed(self, stream: EventStream) -> EventStream:
        """Pass events to a stream from now on, beginning with those that are kept; return it."""
        with self._changed:
            for arrival in [one for one in self._kept if stream.wants(one)]:
                self._kept.remove(arrival)
                self._kept_bytes -= arrival.size_bytes
                stream.put(arrival)
            self._streams = [*self._living(), weakref.ref(stream)]
        return stream

    def _living(self) -> list[weakref.ref[EventStream]]:
        return [one for one in self._streams if one() is not None]

    def _put(self, arrival: Arrival) -> bool:
        """Pass an event to every stream that wants it; return whether one did."""
        taken = False
        self._streams = self._living()
        for one in self._streams:
            stream = one()
            if stream is not None and stream.wants(arrival):
                stream.put(arrival)
                taken = True
        return taken

    def take(
        self,
        event: str,
        client: Any,
        wait: Callable[[Callable[[float | None], bool]], bool],
    ) -> Arrival | None:
        """Return the first kept event of this name, or wait for it.

        Args:
            event: Its name.
            client: The socket that must have sent it; None for any.
            wait: Called with a function that waits some seconds; False means that the time is up.
        """
        found: list[Arrival] = []

        def look() -> bool:
            for index, arrival in enumerate(self._kept):
                if arrival.event == event and client in (None, arrival.client):
                    del self._kept[index]
                    self._kept_bytes -= arrival.size_bytes
                    found.append(arrival)
                    return True
            return False

        def wait_some(seconds: float | None) -> bool:
            with self._changed:
                self._waiting += 1
                try:
                    return self._changed.wait_for(look, seconds)
                finally:
                    self._waiting -= 1

        return found[0] if wait(wait_some) else None

    def future(self, event: str, client: Any, loop: asyncio.AbstractEventLoop) -> asyncio.Future[Arrival]:
        """Return a future for the next event of this name."""
        future: asyncio.Future[Arrival] = loop.create_future()
        with self._changed:
            for index, arrival in enumerate(self._kept):
                if arrival.event == event and client in (None, arrival.client):
                    del self._kept[index]
                    self._kept_bytes -= arrival.size_bytes
                    future.set_result(arrival)
                    return future
            self._futures.append((event, client, future))
        future.add_done_callback(self._forget)
        return future

    def _forget(self, future: asyncio.Future[Arrival]) -> None:
        with self._changed:
            self._futures = [entry for entry in self._futures if entry[2] is not future]


def _settle(future: asyncio.Future[Arrival], arrival: Arrival) -> None:
    if not future.done():
        future.set_result(arrival)
