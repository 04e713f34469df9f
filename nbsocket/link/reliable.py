"""One end of the link without I/O: order, acknowledgement, credit, and retransmission.

Both ends use the same class. What was sent stays here until the other end has acknowledged it,
so a cut connection loses and duplicates nothing: the new connection begins with ``resume``.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from nbsocket.link.messages import (
    Batch,
    ClientMessage,
    Deliver,
    Opened,
    PublishPage,
    SaveState,
    Sequenced,
    TunnelData,
    encode,
)
from nbsocket.link.opening import LinkError

if TYPE_CHECKING:
    from collections.abc import Callable

WINDOW_BYTES = 8 * 1024 * 1024
"""How many bytes may be in flight in one direction."""

BATCH_BYTES = 256 * 1024
"""A batch is closed once it holds this much, so that the other end can begin."""

_OVERHEAD_BYTES = 64
_OPENED_BYTES = 1024
"""The approximate size of a client's request headers."""


def _size_of_publish(message: PublishPage) -> int:
    return _OVERHEAD_BYTES + sum(len(file.body) for file in message.files.values())


_SIZES: dict[type, Callable[[Any], int]] = {
    Deliver: lambda message: _OVERHEAD_BYTES + sum(map(len, message.frames)) + 8 * len(message.to),
    ClientMessage: lambda message: _OVERHEAD_BYTES + len(message.data),
    Opened: lambda message: _OPENED_BYTES + len(message.state),
    SaveState: lambda message: _OVERHEAD_BYTES + len(message.state),
    PublishPage: _size_of_publish,
    TunnelData: lambda message: _OVERHEAD_BYTES + len(message.data),
}


def size_of(message: Sequenced) -> int:
    """Return how much credit ``message`` costs, in bytes; about what it takes in memory."""
    measure = _SIZES.get(type(message))
    return _OVERHEAD_BYTES if measure is None else measure(message)


class ReliableEnd:
    """Numbers batches, keeps what is not acknowledged, counts credit.

    Not thread-safe: its owner holds a lock or stays on one loop.

    Args:
        window_bytes: How much the other end may have in flight towards this one.
    """

    def __init__(self, window_bytes: int = WINDOW_BYTES) -> None:
        """Begin a link; one end serves successive connections."""
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
        """Whether the other end has room for more; ``send`` accepts messages in any case."""
        return self._offered_bytes < self._credit

    @property
    def offered_bytes(self) -> int:
        """How many bytes were sent in all."""
        return self._offered_bytes

    @property
    def credited_bytes(self) -> int:
        """How many of the sent bytes the other end has reported as processed."""
        return max(0, self._credit - WINDOW_BYTES)

    @property
    def unannounced_bytes(self) -> int:
        """How much credit has not been announced to the other end."""
        return self.credit - self._announced[1]

    @property
    def acknowledgement_due(self) -> bool:
        """Whether something was received or consumed here that the other end does not know of."""
        return self._announced != (self.received, self.credit)

    def send(self, message: Sequenced) -> None:
        """Queue ``message`` after everything sent before."""
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
        """Return a batch without messages that acknowledges what was received and grants credit."""
        return self._encode(0, [])

    def receive(self, batch: Batch) -> list[Sequenced]:
        """Accept a batch from the connection; return its messages, or none if it is a duplicate.

        The caller must call ``consumed`` with their sizes once they are processed.

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
        """Note that messages of ``size`` bytes were processed, so that the other end may send more."""
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
