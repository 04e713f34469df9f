"""The queue towards one client, sent over its WebSocket or in the answer to its poll."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from nbsocket.gateway.wiretap import OUT
from nbsocket.protocol import reasons
from nbsocket.protocol.engine_packet import NOOP, Packet, PacketType, encode_payload
from nbsocket.protocol.engine_states import State
from nbsocket.protocol.errors import NbSocketError
from nbsocket.protocol.websocket import server_frames

if TYPE_CHECKING:
    from nbsocket.gateway.client_session import ClientSession, WebSocket
    from nbsocket.gateway.prepared_frames import PreparedFrames
    from nbsocket.gateway.wiretap import Wire

_WRITE_BYTES = 64 * 1024
# As module constants: before Python 3.12, looking up an enum member is slow.
_CLOSED, _UPGRADING, _MESSAGE = State.CLOSED, State.UPGRADING, PacketType.MESSAGE


_EMPTY: deque[PreparedFrames] = deque()
"""Shared by all empty queues: a deque of its own takes as much memory as the rest of a session."""


class PollOverlapError(NbSocketError):
    """A second poll while the first is still open."""


class PollCutError(NbSocketError):
    """A waiting poll gets no answer, since its session was cut for reasons on our side."""


class Outbox:
    """The queue towards one client.

    Args:
        session: The client's session.

    Attributes:
        queued_bytes: The size of the queue, including what the operating system has not taken yet.
        dropped_count: Volatile messages that the client missed because it was not ready.
        sent_count: MESSAGE packets so far; both ends count, so a page can say when it had which one.
    """

    __slots__ = (
        "_closing",
        "_loop",
        "_poll",
        "_progress_at",
        "_queue",
        "_session",
        "_writing_bytes",
        "dropped_count",
        "queued_bytes",
        "sent_count",
    )

    def __init__(self, session: ClientSession) -> None:
        """Begin empty."""
        self._session = session
        self._loop = asyncio.get_running_loop()
        self._queue = _EMPTY
        self._poll: asyncio.Future[str] | None = None
        self._closing: tuple[str, str] | None = None
        self._writing_bytes = 0
        self._progress_at = self._loop.time()
        self.queued_bytes = self.dropped_count = self.sent_count = 0

    def send(self, bursts: list[PreparedFrames]) -> None:
        """Queue ``bursts`` and write what can be written."""
        session = self._session
        if session.protocol.state is _CLOSED or self._closing is not None:
            session.channel.traffic.dropped_at_close += sum(len(burst.messages) for burst in bursts)
            return
        queue = self._queue
        if not queue and len(bursts) == 1 and session.websocket is not None and not self._writing_bytes:
            # Nearly every event takes this path, straight to the operating system.
            self._write(session.websocket, bursts[0].websocket_bytes, bursts)
            session.channel.traffic.messages_out += len(bursts[0].messages)
            return
        backlogged = bool(queue)
        sent = 0
        if queue is _EMPTY:
            queue = self._queue = deque()
        for burst in bursts:
            if burst.volatile and (backlogged or not self._writable):
                self.dropped_count += len(burst.messages)
                session.channel.traffic.dropped_volatile += len(burst.messages)
                continue
            sent += len(burst.messages)
            queue.append(burst)
            self.queued_bytes += burst.size
        session.channel.traffic.messages_out += sent
        self.flush()
        if queue and not backlogged:
            # The backlog starts now; earlier progress says nothing about whether the client reads.
            self._progress_at = self._loop.time()
        if self.queued_bytes * 2 > session.hub.limits.max_pending_bytes:
            session.hub.pressed(session)

    @property
    def _writable(self) -> bool:
        session = self._session
        if session.websocket is not None:
            return not self._writing_bytes
        return self._poll is not None

    def flush(self) -> None:
        """Write from the queue until the transport is busy."""
        session = self._session
        while self._queue and self._writable:
            if session.websocket is not None:
                self._write_some(session.websocket)
            else:
                self.answer_poll([])
        if not self._queue:
            self._queue = _EMPTY
        if self._closing is not None and not self._queue and not self._writing_bytes:
            session.close_or_cut(*self._closing)

    def _write_some(self, websocket: WebSocket) -> None:
        queue = self._queue
        bursts: list[PreparedFrames] = []
        size = 0
        while queue and size < _WRITE_BYTES:
            burst = queue.popleft()
            self.queued_bytes -= burst.size
            bursts.append(burst)
            size += len(burst.websocket_bytes)
        self._write(websocket, b"".join(burst.websocket_bytes for burst in bursts), bursts)

    def _write(self, websocket: WebSocket, data: bytes, bursts: list[PreparedFrames]) -> None:
        session = self._session
        if session.channel.wire is not None:
            self._tell_sent(session.channel.wire, bursts)
        for burst in bursts:
            self.sent_count += len(burst.messages)
        pending = websocket.write_bytes(data)
        if pending is None:
            return
        # Tornado holds these bytes until the operating system takes them; write nothing until then.
        self._progress_at = self._loop.time()
        self._writing_bytes = len(data)
        self.queued_bytes += len(data)
        pending.add_done_callback(self._written)

    def _tell_sent(self, wire: Wire, bursts: list[PreparedFrames]) -> None:
        session = self._session
        index, transport = self.sent_count, session.transport
        for burst in bursts:
            if not wire.has_room:
                wire.skip(len(burst.messages) or 1)
                continue
            for frame in server_frames(burst.websocket_bytes):
                index += bool(burst.messages)
                wire.packet(session, OUT, frame, transport, index if burst.messages else 0, burst.at)

    def _written(self, _: asyncio.Future[None]) -> None:
        session = self._session
        self.queued_bytes -= self._writing_bytes
        self._writing_bytes = 0
        if session.is_open:
            self._progress_at = self._loop.time()
            self.flush()
            session.hub.progressed(session)

    # --- polling ----------------------------------------------------------------------------

    def poll(self) -> asyncio.Future[str]:
        """Return a future for the payload of a GET.

        Raises:
            PollOverlapError: Another GET is waiting; the session is closed because of this.
        """
        session = self._session
        if self._poll is not None:
            session.close(reasons.TRANSPORT_ERROR)
            raise PollOverlapError
        self._poll = answer = self._loop.create_future()
        self.flush()
        if self._poll is not None and session.protocol.state is _UPGRADING:
            # The client waits for this poll to end before it sends its UPGRADE.
            self.answer_poll([NOOP])
        return answer

    def poll_lost(self, answer: asyncio.Future[str]) -> None:
        """Note that the connection of a waiting GET was closed."""
        session = self._session
        if self._poll is answer:
            self._poll = None
            session.close(reasons.TRANSPORT_ERROR)

    def answer_poll(self, extra: list[Packet]) -> None:
        """Answer a waiting poll with everything that is queued, and ``extra``."""
        session = self._session
        answer, self._poll = self._poll, None
        if answer is None or answer.done():
            return
        packets: list[Packet] = []
        for burst in self._queue:
            packets += burst.packets
            self._count_polled(burst.packets, burst.at)
        self._count_polled(extra)
        self._queue = _EMPTY
        self.queued_bytes = 0
        self._progress_at = self._loop.time()
        answer.set_result(encode_payload(packets + extra))
        session.hub.progressed(session)

    def _count_polled(self, packets: list[Packet], kernel_at: float = 0.0) -> None:
        session = self._session
        wire = session.channel.wire
        for packet in packets:
            is_message = packet.type is _MESSAGE
            self.sent_count += is_message
            if wire is not None:
                index = self.sent_count if is_message else 0
                wire.packet(session, OUT, encode_payload([packet]).encode(), "polling", index, kernel_at)

    # --- the end ----------------------------------------------------------------------------

    def close_when_written(self, reason: str, why: str = "") -> None:
        """End the session once everything sent before has been written."""
        session = self._session
        if not self._queue and not self._writing_bytes:
            session.close_or_cut(reason, why)
        elif self._closing is None:
            self._closing = reason, why
            self._loop.call_later(session.hub.limits.ping_timeout, session.close, reason)

    def cut_poll(self) -> None:
        """Abort a waiting poll without an answer."""
        answer, self._poll = self._poll, None
        if answer is not None and not answer.done():
            answer.set_exception(PollCutError)

    def clear(self, answer: Packet) -> None:
        """Answer a waiting poll with the queue and ``answer``; drop and count what is still queued."""
        self.answer_poll([answer])
        self._session.channel.traffic.dropped_at_close += sum(len(burst.messages) for burst in self._queue)
        self._queue = _EMPTY
        self.queued_bytes = 0

    def excuse(self) -> None:
        """Forget how long nothing could be written: nobody could tell us of what the client read."""
        self._progress_at = self._loop.time()

    def stalled(self) -> bool:
        """Whether nothing could be written for ``stall`` seconds."""
        return self._loop.time() - self._progress_at > self._session.hub.limits.stall
