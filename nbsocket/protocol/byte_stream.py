"""A byte stream in messages that may be lost, doubled or late: a WebSocket over a widget's comm is one.

Each end numbers its bytes. A segment carries some of them, acknowledges those that arrived in order, and
says up to which byte the other end may send. What was not acknowledged is kept and sent again when the
other end misses it, or after a while without an answer; so a stream survives that its messages get lost.
The other half of this file is js/src/shared/bytestream.ts. No I/O, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass

from nbsocket.protocol.errors import ProtocolError

WINDOW_BYTES = 1024 * 1024
"""How many bytes may be on their way before the other end must have read some."""

SEGMENT_BYTES = 256 * 1024
"""How many bytes one segment carries at most."""


@dataclass(frozen=True, slots=True)
class Segment:
    """What one message carries.

    Args:
        start: The number of the first byte of ``data``, from 0.
        received: How many bytes of the other direction have arrived in order.
        limit: How many bytes the other end may send in all.
        missing: Whether something that came was not the next: the rest has to be sent again.
        data: The bytes.
    """

    start: int
    received: int
    limit: int
    missing: bool = False
    data: bytes = b""


class ByteStream:
    """One end of a stream.

    Args:
        window: How many bytes the other end may send before they are read here.

    Raises:
        ValueError: ``window`` is not positive.
    """

    __slots__ = (
        "_acked",
        "_given",
        "_is_doubled",
        "_is_missing",
        "_kept",
        "_limit",
        "_read",
        "_received",
        "_sent",
        "_window",
    )

    def __init__(self, window: int = WINDOW_BYTES) -> None:
        """Begin at byte 0 in both directions."""
        if window <= 0:
            msg = f"window={window}: must be positive"
            raise ValueError(msg)
        self._window = window
        self._kept = bytearray()
        self._acked = self._sent = 0
        # Both ends begin with the same window.
        self._limit = self._given = window
        self._received = self._read = 0
        self._is_missing = self._is_doubled = False

    # --- to the other end -------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Queue bytes."""
        self._kept += data

    @property
    def waiting(self) -> int:
        """How many bytes the other end does not have yet, sent or not."""
        return len(self._kept)

    @property
    def in_flight(self) -> int:
        """How many bytes were sent and are not acknowledged."""
        return self._sent - self._acked

    @property
    def has_more(self) -> bool:
        """Whether a segment with bytes could be sent now."""
        return self._sent < min(self._acked + len(self._kept), self._limit)

    @property
    def owes(self) -> int:
        """How many bytes were read here since the other end last heard of it."""
        return self._read + self._window - self._given

    @property
    def must_answer(self) -> bool:
        """Whether the other end is to be told at once what is missing, or what has arrived already."""
        return self._is_missing or self._is_doubled

    def segment(self) -> Segment:
        """Return the next segment to send; without bytes if there are none, or no room for them."""
        first = self._sent - self._acked
        size = max(0, min(len(self._kept) - first, self._limit - self._sent, SEGMENT_BYTES))
        data = bytes(self._kept[first : first + size])
        start, self._sent = self._sent, self._sent + size
        self._given = self._read + self._window
        missing, self._is_missing, self._is_doubled = self._is_missing, False, False
        return Segment(start, self._received, self._given, missing, data)

    def miss(self) -> None:
        """Ask the other end for what comes next once more: it came without its bytes."""
        self._is_missing = True

    def again(self) -> None:
        """Begin again with the first byte that is not acknowledged."""
        self._sent = self._acked

    # --- from the other end -----------------------------------------------------------------

    def receive(self, segment: Segment) -> bytes:
        """Process a segment; return the bytes in it that are new and the next.

        Raises:
            ProtocolError: It acknowledges what was never sent, or sends more than it may.
        """
        if segment.start < 0 or segment.start + len(segment.data) > self._read + self._window:
            msg = "more bytes than there is room for"
            raise ProtocolError(msg)
        if not 0 <= segment.received <= self._acked + len(self._kept):
            msg = "an acknowledgement of bytes that were not sent"
            raise ProtocolError(msg)
        if segment.received > self._acked:
            del self._kept[: segment.received - self._acked]
            self._acked = segment.received
            self._sent = max(self._sent, self._acked)
        if segment.missing and segment.received == self._acked:
            self._sent = self._acked
        self._limit = max(self._limit, segment.limit)
        known = self._received - segment.start
        if known < 0:
            self._is_missing = True
            return b""
        fresh = segment.data[known:]
        # It sends again what is here: an acknowledgement of it was lost.
        self._is_doubled = self._is_doubled or len(fresh) < len(segment.data)
        self._received += len(fresh)
        return fresh

    def read(self, count: int) -> None:
        """Note that bytes from the other end have been processed, so that it may send more."""
        self._read = min(self._received, self._read + count)
