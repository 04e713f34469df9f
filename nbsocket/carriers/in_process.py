"""Carries between this process's servers and a gateway in the same process.

A queue and two counters do here what the link between two processes does with batches and credit.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from nbsocket.carriers.base import RoutingCarrier
from nbsocket.gateway.hub import Hub
from nbsocket.gateway.kernel_endpoint import KernelEndpoint
from nbsocket.link.messages import Register
from nbsocket.link.reliable import WINDOW_BYTES, size_of

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator

    from nbsocket.gateway.config import Limits
    from nbsocket.gateway.ticket import Tickets
    from nbsocket.link.messages import Sequenced


class InProcessCarrier(RoutingCarrier):
    """The part of a carrier with its own gateway that does not depend on whose loop the gateway runs on.

    Args:
        name: The process's name as the holder of a channel.
        limits: The gateway's limits.
        loop: The gateway's loop.
    """

    def __init__(self, name: str, limits: Limits, loop: asyncio.AbstractEventLoop) -> None:
        """Begin without a gateway."""
        super().__init__(name)
        self.base_url = ""
        self.max_payload = limits.max_payload
        self.closed = threading.Event()
        self._limits = limits
        self._loop = loop
        self._outbox: deque[tuple[Sequenced, int]] = deque()
        self._working: Iterator[None] | None = None
        self._incoming: list[Sequenced] = []
        self._pending_bytes = 0
        self._taken_bytes = self._consumed_bytes = 0

    def _open_gateway(self, tickets: Tickets, *, may_open: bool) -> None:
        self._hub = Hub(self._limits, tickets)
        self._port = KernelEndpoint(
            self._hub,
            "this program",
            self._take,
            may_open=may_open,
            progress=(lambda: self._taken_bytes, lambda: self._consumed_bytes),
        )

    # --- any thread -------------------------------------------------------------------------

    @property
    def writable(self) -> bool:
        """Whether the gateway has room for more."""
        self.check_process()
        return self._has_room

    @property
    def _has_room(self) -> bool:
        return self._pending_bytes < WINDOW_BYTES

    @property
    def up_for_s(self) -> float:
        """Infinite, since the gateway is in this process."""
        return float("inf")

    def send(self, message: Sequenced) -> None:
        """Send ``message`` after everything sent before."""
        if self._is_child:
            self.check_process()
        size = size_of(message)
        with self._changed:
            if self.closed.is_set():
                return
            self._outbox.append((self._stamped(message), size))
            self._pending_bytes += size
            if self._working is not None:
                return
            self._working = self._work()
        self._loop.call_soon_threadsafe(self._work_on)

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call ``call`` on the gateway's loop after ``seconds``; any thread."""
        if not self.closed.is_set():
            self._loop.call_soon_threadsafe(self._loop.call_later, seconds, call)

    def consumed(self, size: int) -> None:
        """Note that received messages of this size have been processed."""
        with self._changed:
            was_full = self._is_full
            self._consumed_bytes += size
            has_room_now = was_full and not self._is_full
            if self.closed.is_set() or not (has_room_now or self._port.turnstile.has_waiting):
                return
        self._loop.call_soon_threadsafe(self._got_on)

    @property
    def _is_full(self) -> bool:
        """Whether so much is queued here that clients are not read."""
        return self._taken_bytes - self._consumed_bytes >= WINDOW_BYTES

    # --- the gateway's loop -----------------------------------------------------------------

    def _work_on(self) -> None:
        working = self._working
        if working is not None and next(working, self) is not self:
            self._loop.call_soon(self._work_on)

    def _work(self) -> Iterator[None]:
        """Pass on what was sent; pausing now and then, so that others get a turn."""
        while True:
            with self._changed:
                if not self._outbox:
                    self._working = None
                    return
                outbox, self._outbox = self._outbox, deque()
            messages = [message for message, _ in outbox]
            yield from self._port.steps(messages)
            for message in messages:
                if isinstance(message, Register) and not self._hub.root:
                    self._hub.root = message.channel
            size = sum(size for _, size in outbox)
            if self._hub.under_pressure:
                # A client that reads is behind: emitters get room again when it has caught up.
                self._hub.on_relief(lambda size=size: self._worked_off(size))  # type: ignore[misc]
            else:
                self._worked_off(size)

    def _worked_off(self, size: int) -> None:
        with self._changed:
            had_room = self._has_room
            self._pending_bytes -= size
            if self._has_room and not had_room:
                self._changed.notify_all()

    def _take(self, message: Sequenced) -> None:
        with self._changed:
            self._taken_bytes += size_of(message)
            is_full = self._is_full
        if is_full and self._port.writable:
            self._port.set_writable(False)
        if not self._incoming:
            # One loop iteration later, so that what arrives together is handed over together.
            self._loop.call_soon(self._hand_over)
        self._incoming.append(message)

    def _hand_over(self) -> None:
        messages, self._incoming = self._incoming, []
        self._route(messages)

    def _got_on(self) -> None:
        """Resume reading the clients that had to wait for this process."""
        if not self._is_full:
            self._port.set_writable(True)
        self._port.turnstile.refresh()
