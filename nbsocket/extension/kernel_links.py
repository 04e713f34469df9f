"""Which kernels are attached, and what happens after a link is cut until it returns or is given up."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from typing import TYPE_CHECKING, Protocol

from nbsocket.gateway.kernel_endpoint import KernelEndpoint
from nbsocket.link.link_end import LinkEnd
from nbsocket.link.messages import Batch, Goodbye, Ping, Sequenced, encode
from nbsocket.link.reliable import size_of

if TYPE_CHECKING:
    from nbsocket.extension.kernels import Kernels
    from nbsocket.gateway.detached_endpoint import DetachedEndpoint
    from nbsocket.gateway.hub import Hub

_ALIVE_CHECK_S = 0.25


class Connection(Protocol):
    """The part of the link's WebSocket that a ``KernelLink`` needs."""

    def write_link(self, data: bytes) -> None:
        """Send one message; do nothing if the connection is closed."""

    def close_link(self) -> None:
        """Close it."""


class KernelLink:
    """One kernel process at the hub, through one or more successive connections.

    Args:
        kernel_id: The kernel.
        kernel_epoch: Identifies the process of the kernel.
        hub: The hub.
    """

    def __init__(self, kernel_id: str, kernel_epoch: str, hub: Hub) -> None:
        """Begin without a connection."""
        self.kernel_id = kernel_id
        self.kernel_epoch = kernel_epoch
        self.epoch = secrets.token_hex(8)
        loop = asyncio.get_running_loop()
        # One loop iteration later, so that what is sent together travels together.
        self.end = LinkEnd(loop.call_soon, loop.call_later, threading.RLock())
        self.endpoint = KernelEndpoint(
            hub,
            kernel_id,
            self._send,
            ask_clock=self._ask_clock,
            progress=(lambda: self.end.offered_bytes, lambda: self.end.credited_bytes),
        )
        self.connection: Connection | None = None
        self.said_goodbye = False
        self._hub = hub
        self._withheld_bytes = 0

    def connected(self, connection: Connection, received: int, credit: int) -> None:
        """Continue on a new connection whose other end has every batch up to ``received``."""
        old, self.connection = self.connection, connection
        self.endpoint.is_attached = True
        if old is not None:
            old.close_link()
        self.end.connected(connection.write_link, received, credit)
        self.end.flush()
        self.endpoint.set_writable(self.end.writable)
        self.endpoint.turnstile.refresh()

    def _send(self, message: Sequenced) -> None:
        self.end.send(message)
        if self.endpoint.writable and not self.end.writable:
            self.endpoint.set_writable(False)

    def _ask_clock(self) -> None:
        if self.connection is not None:
            self.connection.write_link(encode(Ping(time.monotonic())))

    async def receive(self, batch: Batch) -> None:
        """Process a batch; give the kernel its credit back unless clients are behind.

        Raises:
            LinkError: The batch is out of sequence.
        """
        messages = self.end.receive(batch)
        if self.end.writable and not self.endpoint.writable:
            self.endpoint.set_writable(True)
        self.endpoint.turnstile.refresh()
        if not messages:
            return
        self.said_goodbye = isinstance(messages[-1], Goodbye)
        await self.endpoint.receive(messages)
        size = sum(map(size_of, messages))
        if self._hub.under_pressure:
            if not self._withheld_bytes:
                self._hub.on_relief(self._relieved)
            self._withheld_bytes += size
            # No credit, but what was received need not be kept there any longer.
            self.end.consumed(0)
        else:
            self.end.consumed(size)

    def _relieved(self) -> None:
        size, self._withheld_bytes = self._withheld_bytes, 0
        self.end.consumed(size)


class KernelLinks:
    """All attached kernels of one Jupyter server.

    Args:
        hub: The hub.
        kernels: Knows which kernels are alive.
    """

    def __init__(self, hub: Hub, kernels: Kernels) -> None:
        """Begin without kernels."""
        self._hub = hub
        self._kernels = kernels
        self._attached: dict[str, KernelLink] = {}
        self._watches: dict[str, asyncio.Task[None]] = {}
        self._waits: set[asyncio.Task[None]] = set()

    async def attach(self, kernel_id: str, kernel_epoch: str, resume_epoch: str) -> tuple[KernelLink, bool]:
        """Return the link of a kernel that proved its identity, and whether it resumes an earlier one."""
        attached = self._attached.get(kernel_id)
        self._stop_watching(kernel_id)
        if attached is not None:
            if attached.kernel_epoch == kernel_epoch and attached.epoch == resume_epoch:
                return attached, True
            await self._end(attached, restarts=attached.kernel_epoch != kernel_epoch)
        attached = KernelLink(kernel_id, kernel_epoch, self._hub)
        self._attached[kernel_id] = attached
        return attached, False

    def lost(self, kernel_link: KernelLink, connection: Connection) -> None:
        """Note that a connection is closed; its kernel may come back within ``grace``."""
        if kernel_link.connection is not connection:
            return
        kernel_link.connection = kernel_link.end.write = None
        kernel_link.endpoint.is_attached = False
        task = asyncio.ensure_future(
            self._watch(kernel_link, self._kernels.process_of(kernel_link.kernel_id))
        )
        self._watches[kernel_link.kernel_id] = task

    async def _watch(self, kernel_link: KernelLink, process: object) -> None:
        """Wait for the kernel's return, its death or the end of ``grace``."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._hub.limits.grace
        lives = True
        while lives and loop.time() < until:
            lives = (
                not kernel_link.said_goodbye
                and await self._kernels.is_alive(kernel_link.kernel_id)
                and self._kernels.process_of(kernel_link.kernel_id) == process
            )
            if lives:
                await asyncio.sleep(_ALIVE_CHECK_S)
        self._watches.pop(kernel_link.kernel_id, None)
        if self._attached.get(kernel_link.kernel_id) is kernel_link:
            await self._end(kernel_link, restarts=not lives)

    async def _end(self, kernel_link: KernelLink, *, restarts: bool = False) -> None:
        """Detach a kernel process; if another may follow, channels that keep their sessions wait for it."""
        self._attached.pop(kernel_link.kernel_id, None)
        connection, kernel_link.connection = kernel_link.connection, None
        kernel_link.end.write = None
        if connection is not None:
            connection.close_link()
        vacancies = kernel_link.endpoint.gone(kernel_link.end.unsent if restarts else None)
        if vacancies:
            task = asyncio.ensure_future(self._wait_for_kernel(kernel_link.kernel_id, vacancies))
            self._waits.add(task)
            task.add_done_callback(self._waits.discard)

    async def _wait_for_kernel(self, kernel_id: str, vacancies: list[DetachedEndpoint]) -> None:
        """Wait until the kernel's next process takes its channels, the kernel shuts down, or time is up."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._hub.limits.grace
        try:
            while (  # noqa: ASYNC110 - there is no event for a kernel that is shut down
                any(vacancy.is_open for vacancy in vacancies)
                and self._kernels.find(kernel_id) is not None
                and loop.time() < until
            ):
                await asyncio.sleep(_ALIVE_CHECK_S)
        finally:
            for vacancy in vacancies:
                vacancy.end()

    async def close(self) -> None:
        """Detach all kernels, since the server stops."""
        for kernel_id in list(self._watches):
            self._stop_watching(kernel_id)
        for task in self._waits:
            task.cancel()
        for kernel_link in list(self._attached.values()):
            await self._end(kernel_link)

    def _stop_watching(self, kernel_id: str) -> None:
        watch = self._watches.pop(kernel_id, None)
        if watch is not None:
            watch.cancel()
