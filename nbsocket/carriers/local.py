"""The carrier without a Jupyter server: a gateway in the same process, on a thread and a port of its own.

The only module on the kernel side that knows the gateway. A queue and two counters do here
what the link between two processes does with batches and credit.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections import deque
from dataclasses import fields
from typing import TYPE_CHECKING

from nbsocket.carriers.base import RoutingCarrier
from nbsocket.errors import ListenError
from nbsocket.gateway.config import Limits
from nbsocket.gateway.hub import Hub
from nbsocket.gateway.kernel_endpoint import KernelEndpoint
from nbsocket.gateway.public_port import PublicPort
from nbsocket.gateway.tickets import TicketSigner
from nbsocket.link.messages import Register
from nbsocket.link.reliable import WINDOW_BYTES, size_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbsocket.carriers.listen import Listening
    from nbsocket.link.messages import Sequenced

_CLOSE_S = 1.0


class LocalCarrier(RoutingCarrier):
    """Carries between this process's servers and its own gateway.

    Args:
        listening: Where the gateway listens, and its limits.
        name: The program's name as the holder of a channel.
    """

    def __init__(self, listening: Listening, name: str) -> None:
        """Start the thread and wait until the port is open.

        Raises:
            ListenError: It cannot be opened.
            ValueError: A limit is unknown.
        """
        super().__init__(name)
        self.base_url = ""
        self._listening = listening
        self._limits = _limits_of(listening)
        self.max_payload = self._limits.max_payload
        self._outbox: deque[tuple[Sequenced, int]] = deque()
        self._flushing = False
        self._incoming: list[Sequenced] = []
        self._pending_bytes = 0
        self._taken_bytes = self._consumed_bytes = 0
        self._error: OSError | None = None
        self._is_up = threading.Event()
        self.closed = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="nbsocket port", daemon=True)
        self._thread.start()
        self._is_up.wait()
        self.wait_up()

    # --- any thread -------------------------------------------------------------------------

    def wait_up(self) -> None:
        """Check that the port is open.

        Raises:
            ListenError: It is not open.
        """
        if self._error is not None:
            where = f"{self._listening.host}:{self._listening.port}"
            msg = (
                f"nbsocket cannot listen on {where} ({self._error.strerror or self._error}). Stop what "
                "listens there, or choose another port: set PORT, or nbsocket.Server(port=…)."
            )
            raise ListenError(msg) from self._error

    @property
    def writable(self) -> bool:
        """Whether the gateway has room for more."""
        self.check_process()
        return self._pending_bytes < WINDOW_BYTES

    @property
    def up_for_s(self) -> float:
        """Infinite, since the gateway is in this process."""
        return float("inf")

    def wait_writable(self, timeout_s: float | None = None) -> bool:
        """Block until the gateway has room for more; False on time-out."""
        if self.writable:
            return True
        with self._changed:
            return self._changed.wait_for(lambda: self.writable or self.closed.is_set(), timeout_s)

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
            if self._flushing:
                return
            self._flushing = True
        self._loop.call_soon_threadsafe(self._begin_flush)

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call ``call`` on the carrier's thread after ``seconds``; any thread."""
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

    def close(self) -> None:
        """Close the port and end the thread."""
        with self._changed:
            if self.closed.is_set():
                return
            self.closed.set()
            self._changed.notify_all()
        self._loop.call_soon_threadsafe(self._loop.stop)
        if threading.current_thread() is not self._thread:
            self._thread.join(_CLOSE_S)

    # --- the port's thread ------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._open())
        except OSError as error:
            self._error = error
        self._is_up.set()
        if self._error is not None:
            self._loop.close()
            return
        try:
            self._loop.run_forever()
            self._loop.run_until_complete(asyncio.wait_for(self._shut(), _CLOSE_S))
        except TimeoutError:
            pass
        finally:
            self._loop.close()

    async def _open(self) -> None:
        # Tickets end with the program, so the secret that signs them may, too.
        self._hub = Hub(self._limits, TicketSigner(secrets.token_bytes(32)))
        self._port = KernelEndpoint(
            self._hub,
            "this program",
            self._take,
            may_open=not self._listening.is_private,
            progress=(lambda: self._taken_bytes, lambda: self._consumed_bytes),
        )
        self._public = PublicPort(self._hub, is_private=self._listening.is_private)
        self._public.listen(self._listening.host, self._listening.port)
        self.url = self._public.url

    async def _shut(self) -> None:
        self._port.gone()
        await self._public.close()

    def _begin_flush(self) -> None:
        self._task = self._loop.create_task(self._flush())

    async def _flush(self) -> None:
        while True:
            with self._changed:
                if not self._outbox:
                    self._flushing = False
                    return
                outbox, self._outbox = self._outbox, deque()
            messages = [message for message, _ in outbox]
            await self._port.receive(messages)
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
            was_writable = self.writable
            self._pending_bytes -= size
            if self.writable and not was_writable:
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


def _limits_of(listening: Listening) -> Limits:
    known = {field.name for field in fields(Limits)}
    unknown = sorted(set(listening.limits) - known)
    if unknown:
        msg = f"Server() has no setting {unknown[0]!r}; there are {', '.join(sorted(known))}"
        raise ValueError(msg)
    defaults = Limits()
    kinds = {name: type(getattr(defaults, name)) for name in known}
    return Limits(**{name: kinds[name](value) for name, value in listening.limits.items()})
