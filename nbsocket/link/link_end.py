"""When one end of the link writes what it has: what is sent together travels together.

Without I/O and without a clock: the owner says how to call something soon, or later, on its own loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbsocket.link.reliable import ReliableEnd

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from nbsocket.link.messages import Batch, Sequenced

ACKNOWLEDGE_BYTES = 256 * 1024
"""New credit of this size or more is announced at once."""

ACKNOWLEDGE_S = 0.05
"""Less new credit than that is announced after this many seconds."""

_GATHER_S = 0.001
_NOT, _LATER, _NOW = range(3)


class LinkEnd(ReliableEnd):
    """A reliable end that flushes and acknowledges on its owner's loop, whatever thread it is used on.

    Args:
        soon: Calls a function on the owner's loop, soon.
        later: Calls a function on the owner's loop after some seconds; called there.
        lock: Held while the end changes; may be taken again by whoever holds it.

    Attributes:
        write: Writes a batch to the connection; None while there is none.
        is_closed: Whether nothing more is to be scheduled.
    """

    def __init__(
        self,
        soon: Callable[[Callable[[], None]], object],
        later: Callable[[float, Callable[[], None]], object],
        lock: AbstractContextManager[object],
    ) -> None:
        """Begin without a connection."""
        super().__init__()
        self._soon = soon
        self._later = later
        self._lock = lock
        self.write: Callable[[bytes], None] | None = None
        self.is_closed = False
        self._is_flush_due = False
        self._gathers = self._flush_waits = False
        self._acknowledging = _NOT

    # --- any thread -------------------------------------------------------------------------

    def send(self, message: Sequenced) -> None:
        """Queue ``message`` after everything sent before; it is written soon."""
        with self._lock:
            super().send(message)
            if self._is_flush_due or self.is_closed:
                return
            self._is_flush_due = True
            waits = self._flush_waits = self._gathers
        self._soon(self._flush_later if waits else self.flush)

    def gather(self) -> None:
        """Coalesce what is sent from now on, for up to a millisecond."""
        self._gathers = True

    def release(self) -> None:
        """Send what was gathered, and stop coalescing."""
        self._gathers = False
        if self._flush_waits and not self.is_closed:
            self._flush_waits = False
            self._soon(self.flush)

    def consumed(self, size: int) -> None:
        """Note that messages of ``size`` bytes have been processed; acknowledged in batches."""
        with self._lock:
            super().consumed(size)
            urgency = _NOW if self.unannounced_bytes >= ACKNOWLEDGE_BYTES else _LATER
            if self.is_closed or urgency <= self._acknowledging:
                return
            self._acknowledging = urgency
        self._soon(self._acknowledge if urgency is _NOW else self._acknowledge_later)

    # --- the owner's loop -------------------------------------------------------------------

    def receive(self, batch: Batch) -> list[Sequenced]:
        """Take a batch from the connection; return its messages, or none if it is a duplicate."""
        with self._lock:
            return super().receive(batch)

    def connected(self, write: Callable[[bytes], None], received: int, credit: int) -> None:
        """Continue on a new connection whose other end has every batch up to ``received``."""
        with self._lock:
            self.write = write
            for data in self.resume(received, credit):
                write(data)

    def flush(self) -> None:
        """Write what there is; without a connection it waits for the next."""
        write = self.write
        with self._lock:
            self._is_flush_due = False
        while write is not None:
            with self._lock:
                data = self.take()
            if data is None:
                return
            write(data)

    def _flush_later(self) -> None:
        self._later(_GATHER_S, self.flush)

    def _acknowledge_later(self) -> None:
        self._later(ACKNOWLEDGE_S, self._acknowledge)

    def _acknowledge(self) -> None:
        write = self.write
        with self._lock:
            self._acknowledging = _NOT
            if write is None or not self.acknowledgement_due:
                return
            data = self.acknowledgement()
        write(data)
