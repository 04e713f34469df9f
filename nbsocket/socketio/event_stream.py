"""``io.events("vote")``: events as they arrive, for a ``for`` or an ``async for``."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from nbsocket.socketio.handler_thread import HandlerThread
    from nbsocket.socketio.socket import Socket
    from nbsocket.socketio.waiting import Arrival

KEPT_EVENTS = 100_000
KEPT_BYTES = 64 * 1024 * 1024


class EventStream:
    """The events of one name, each once, in order, as pairs of the socket and a tuple of the arguments.

    Events that arrive between two iterations are queued. The stream ends at ``timeout`` or ``close``,
    or when the loop is left.

    Attributes:
        dropped: How many events were lost because more than 100,000, or more than 64 MiB, were queued.
    """

    def __init__(
        self,
        event: str,
        client: Socket | None,
        timeout_s: float | None,
        handlers: HandlerThread,
        senders: Callable[[], Collection[Socket]],
    ) -> None:
        """Made by ``events``."""
        self._senders = senders
        self.event = event
        self.client = client
        self.dropped = 0
        self._handlers = handlers
        self._until = None if timeout_s is None else time.monotonic() + timeout_s
        self._changed = threading.Condition()
        self._waiting: deque[Arrival] = deque()
        self._waiting_bytes = 0
        self._wakers: list[Callable[[], object]] = []
        self._closed = False

    def wants(self, arrival: Arrival) -> bool:
        """Whether an event belongs to this stream."""
        return self.event == arrival.event and self.client in {None, arrival.client}

    def put(self, arrival: Arrival) -> None:
        """Queue an event; any thread."""
        with self._changed:
            self._waiting.append(arrival)
            self._waiting_bytes += arrival.size_bytes
            if len(self._waiting) > KEPT_EVENTS or (
                self._waiting_bytes > KEPT_BYTES and len(self._waiting) > 1
            ):
                self._take()
                self.dropped += 1
            self._wake()

    def _take(self) -> Arrival:
        arrival = self._waiting.popleft()
        self._waiting_bytes -= arrival.size_bytes
        return arrival

    def close(self) -> None:
        """End the loop, even while it waits."""
        with self._changed:
            self._closed = True
            self._wake()

    def _wake(self) -> None:
        self._changed.notify_all()
        wakers, self._wakers = self._wakers, []
        for wake in wakers:
            wake()

    def _left_s(self) -> float | None:
        return None if self._until is None else max(0.0, self._until - time.monotonic())

    # --- for --------------------------------------------------------------------------------

    def __iter__(self) -> EventStream:
        """Iterate over the events."""
        return self

    def __next__(self) -> tuple[Socket, tuple[Any, ...]]:
        """Block until the next event.

        Raises:
            StopIteration: The time is up, or the stream is closed.
            BlockingCallError: In an ``async def`` handler; use ``async for`` there.
        """
        what = f"events({self.event!r})"
        form = "async for … in {}"
        self._handlers.blocking(what, what, form)
        if not self._waiting:
            self._handlers.in_vain(what, what, self._senders(), form)

        def wait_some(seconds: float | None) -> bool:
            with self._changed:
                return self._changed.wait_for(lambda: bool(self._waiting) or self._closed, seconds)

        self._handlers.wait(wait_some, self._left_s(), what)
        with self._changed:
            if not self._waiting:
                raise StopIteration
            return _pair(self._take())

    # --- async for --------------------------------------------------------------------------

    def __aiter__(self) -> EventStream:
        """Iterate over the events asynchronously."""
        return self

    async def __anext__(self) -> tuple[Socket, tuple[Any, ...]]:
        """Await the next event.

        Raises:
            StopAsyncIteration: The time is up, or the stream is closed.
        """
        loop = asyncio.get_running_loop()
        while True:
            with self._changed:
                if self._waiting:
                    return _pair(self._take())
                left = self._left_s()
                if self._closed or left == 0:
                    raise StopAsyncIteration
                woken = asyncio.Event()
                self._wakers.append(lambda woken=woken: loop.call_soon_threadsafe(woken.set))  # type: ignore[misc]
            try:
                with self._handlers.waiting():
                    await asyncio.wait_for(woken.wait(), left)
            except TimeoutError:
                continue


def _pair(arrival: Arrival) -> tuple[Socket, tuple[Any, ...]]:
    return arrival.client, tuple(arrival.args)
