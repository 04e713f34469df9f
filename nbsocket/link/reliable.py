"""One end of the link without I/O: order, acknowledgement, credit, and what to send again.

Both ends use the same class. What was sent stays here until the other end has acknowledged it,
so a cut connection loses and doubles nothing: the new connection begins with ``resume``.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from nbsocket.link.messages import (
    Batch,
    ClientMessage,
    Deliver,
    LinkError,
    Opened,
    PublishPage,
    SaveState,
    Sequenced,
    encode,
)

if TYPE_CHECKING:
    from collections.abc import Callable

WINDOW_BYTES = 8 * 1024 * 1024
"""How many bytes may be under way in one direction."""

BATCH_BYTES = 256 * 1024
"""A batch is closed once it holds this much, so that the other end can begin."""

_OVERHEAD_BYTES = 64
_OPENED_BYTES = 1024
"""About what a client's request headers take."""


def _size_of_publish(message: PublishPage) -> int:
    return _OVERHEAD_BYTES + sum(len(file.body) for file in message.files.values())


_SIZES: dict[type, Callable[[Any], int]] = {
    Deliver: lambda message: _OVERHEAD_BYTES + sum(map(len, message.frames)) + 8 * len(message.to),
    ClientMessage: lambda message: _OVERHEAD_BYTES + len(message.data),
    Opened: lambda message: _OPENED_BYTES + len(message.state),
    SaveState: lambda message: _OVERHEAD_BYTES + len(message.state),
    PublishPage: _size_of_publish,
}


def size_of(message: Sequenced) -> int:
    """Return what ``message`` costs of the credit, in bytes; about what it takes in memory."""
    measure = _SIZES.get(type(message))
    return _OVERHEAD_BYTES if measure is None else measure(message)


class ReliableEnd:
    """Numbers batches, keeps what is not acknowledged, counts credit.

    Not safe for several threads: its owner holds a lock or stays on one loop.

    Args:
        window_bytes: How much the other end may have under way towards this one.
    """

    def __init__(self, window_bytes: int = WINDOW_BYTES) -> None:
        """Begin a link's life; one end lives through several connections."""
        self._window_bytes = window_bytes
        self._outbox: deque[Sequenced] = deque()
        self._outbox_bytes = 0
        self._unacknowledged: deque[tuple[int, bytes]] = deque()
        self._sequence = 0
        self._offered_bytes = 0
        self._credit = 0
        self.received = 0
        self._consumed_bytes = 0
        self._announced = (0, 0)

    @property
    def credit(self) -> int:
        """The total of bytes that the other end may have sent by now."""
        return self._consumed_bytes + self._window_bytes

    @property
    def writable(self) -> bool:
        """Whether the other end has room for more; ``send`` takes it in any case."""
        return self._offered_bytes < self._credit

    @property
    def offered_bytes(self) -> int:
        """How many bytes were sent in all."""
        return self._offered_bytes

    @property
    def credited_bytes(self) -> int:
        """How many of the bytes that were sent the other end has said to have worked off."""
        return max(0, self._credit - WINDOW_BYTES)

    @property
    def unannounced_bytes(self) -> int:
        """How much credit the other end has not heard of."""
        return self.credit - self._announced[1]

    @property
    def acknowledgement_due(self) -> bool:
        """Whether the other end does not know all that was received and consumed here."""
        return self._announced != (self.received, self.credit)

    def send(self, message: Sequenced) -> None:
        """Put ``message`` behind all that was sent before."""
        size = size_of(message)
        self._offered_bytes += size
        self._outbox_bytes += size
        self._outbox.append(message)

    def take(self) -> bytes | None:
        """Return the next batch to write to the connection; None if there is nothing."""
        if not self._outbox:
            return None
        messages = self._take_some()
        self._sequence += 1
        data = self._encode(self._sequence, messages)
        self._unacknowledged.append((self._sequence, data))
        return data

    def _take_some(self) -> list[Sequenced]:
        outbox = self._outbox
        if self._outbox_bytes <= BATCH_BYTES:
            messages = list(outbox)
            outbox.clear()
            self._outbox_bytes = 0
            return messages
        messages, size = [], 0
        while outbox and size < BATCH_BYTES:
            message = outbox.popleft()
            messages.append(message)
            size += size_of(message)
        self._outbox_bytes -= size
        return messages

    @property
    def unsent(self) -> list[Sequenced]:
        """What was never written to a connection."""
        return list(self._outbox)

    def acknowledgement(self) -> bytes:
        """Return a batch without messages that says what was received and how much may come."""
        return self._encode(0, [])

    def receive(self, batch: Batch) -> list[Sequenced]:
        """Take a batch from the connection; return its messages, or none if it came twice.

        The caller must call ``consumed`` with their sizes once they are worked off.

        Raises:
            LinkError: A batch is missing before this one.
        """
        unacknowledged = self._unacknowledged
        while unacknowledged and unacknowledged[0][0] <= batch.received:
            unacknowledged.popleft()
        self._credit = max(self._credit, batch.credit)
        if batch.sequence == 0 or batch.sequence <= self.received:
            return []
        if batch.sequence != self.received + 1:
            msg = f"batch {batch.sequence} after {self.received}"
            raise LinkError(msg)
        self.received = batch.sequence
        return batch.messages

    def consumed(self, size: int) -> None:
        """Say that messages of ``size`` bytes are worked off, so that the other end may send more."""
        self._consumed_bytes += size

    def resume(self, received: int, credit: int) -> list[bytes]:
        """Return what to write first to a new connection whose other end has up to ``received``."""
        self._credit = max(self._credit, credit)
        while self._unacknowledged and self._unacknowledged[0][0] <= received:
            self._unacknowledged.popleft()
        return [data for _, data in self._unacknowledged]

    def _encode(self, sequence: int, messages: list[Sequenced]) -> bytes:
        self._announced = (self.received, self.credit)
        return encode(Batch(sequence, self.received, self.credit, messages))
