"""One client as the port sees it: its protocol session, its transports, its queue, its clock.

It decides nothing of the protocol (``protocol.engine_session`` does) and knows nothing of HTTP
(``handlers`` does): it moves bytes between the two and keeps the backlog bounded.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from nbsocket.gateway.prepared_frames import Control, PreparedFrames
from nbsocket.gateway.tickets import FRAME, PAGE, Ticket
from nbsocket.gateway.wiretap import OUT
from nbsocket.gateway.work import CONTROL_COST, SMALL_BYTES, Allowance, cost_of
from nbsocket.link.messages import Opened
from nbsocket.link.troubles import NO_PACKET, OTHER_PARSER, TOO_BIG
from nbsocket.protocol import engine_session as engine
from nbsocket.protocol.engine_packet import NOOP, Packet, PacketType, encode_payload
from nbsocket.protocol.engine_states import State, Trigger
from nbsocket.protocol.websocket import CloseCode, server_frames

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

    from nbsocket.gateway.hub import Channel, Hub
    from nbsocket.gateway.wiretap import Wire

_WRITE_BYTES = 64 * 1024
_LATE_S = 0.2
_CLOSE = Packet(PacketType.CLOSE)
_CLOSE_CODES = {engine.PARSE_ERROR: CloseCode.PROTOCOL_ERROR}
"""WebSocket close codes by disconnect reason, where it is not 1000."""


class WebSocket(Protocol):
    """What a session needs of a WebSocket connection."""

    def write_bytes(self, data: bytes) -> asyncio.Future[None] | None:
        """Write whole frames; None once they are with the operating system, else when they are."""

    def close_websocket(self, code: int | None, reason: str = "") -> None:
        """Close it with a code and a reason."""

    def keep_frames(self, *, keep: bool) -> None:
        """Keep whole frames as they come, for wire views, or keep none."""


class PollOverlapError(Exception):
    """A second poll, or a second post, while the first is under way."""


class PollCutError(Exception):
    """A waiting poll gets no answer: its session was cut by a fault of ours."""


class ClientSession:
    """One client between its transports and its channel's kernel.

    Args:
        number: What the kernel link calls this session.
        sid: What the client calls it.
        channel: Where it belongs.
        ticket: What it came in with.
        handshake: What the kernel is told of its first request.
        hub: Who is asked for limits and told of the end.
    """

    __slots__ = (
        "_allowance",
        "_announced",
        "_closing",
        "_connect_until",
        "_holds",
        "_hub",
        "_loop",
        "_pinged_at",
        "_poll",
        "_probe",
        "_progress_at",
        "_queue",
        "_ticked_at",
        "_timer",
        "_wait",
        "_writing_bytes",
        "channel",
        "dropped_count",
        "handshake",
        "number",
        "posting",
        "protocol",
        "queued_bytes",
        "received_count",
        "round_trip_ms",
        "sent_count",
        "state",
        "ticket",
        "websocket",
        "will",
    )

    def __init__(
        self,
        number: int,
        sid: str,
        channel: Channel,
        ticket: Ticket,
        handshake: dict[str, Any],
        hub: Hub,
    ) -> None:
        """Create it; ``open`` begins it."""
        limits = hub.limits
        self.number = number
        self.channel = channel
        self.ticket = ticket
        self.handshake = handshake
        self.protocol = engine.Session(sid, limits.timing)
        self.websocket: WebSocket | None = None
        self.posting = False
        self.queued_bytes = 0
        self.dropped_count = 0
        # MESSAGE packets so far: both ends count alike, so a page can say when it had which.
        self.received_count = self.sent_count = 0
        self.round_trip_ms: float | None = None
        self._pinged_at = 0.0
        # What the kernel wants to be told of this client should it start anew, unread here,
        # and what the client is told then.
        self.state = b""
        self.will: PreparedFrames | None = None
        self._hub = hub
        self._loop = asyncio.get_running_loop()
        self._queue: deque[PreparedFrames] = deque()
        self._poll: asyncio.Future[str] | None = None
        self._probe: WebSocket | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._announced = False
        self._closing: tuple[str, str] | None = None
        self._holds = 0
        self._ticked_at = 0.0
        self._writing_bytes = 0
        self._progress_at = self._loop.time()
        # What it may have read; without bounds for the notebook's own.
        self._allowance = Allowance(limits, self._progress_at) if ticket.is_limited else None
        self._wait: asyncio.Future[None] | None = None
        self._connect_until = self._progress_at + limits.connect_timeout

    # --- beginning and end ------------------------------------------------------------------

    def open(self, websocket: WebSocket | None) -> None:
        """Take the handshake; the OPEN packet is queued first."""
        trigger = Trigger.WEBSOCKET_HANDSHAKE if websocket else Trigger.POLLING_HANDSHAKE
        packet = self.protocol.open(trigger, self._loop.time())
        self.websocket = websocket
        self.send([Control(packet)])
        self._arm()

    def opened(self) -> Opened:
        """Return what the kernel is told of this client."""
        return Opened(
            self.number,
            self.channel.name,
            self.ticket.role,
            self.ticket.seat or self.ticket.id,
            self.handshake,
            self.state,
            PAGE if self.ticket.opens == FRAME else self.ticket.opens,
        )

    @property
    def max_payload(self) -> int:
        """What one message from the client may have, in bytes; the same for a polling payload."""
        return self._hub.limits.max_payload

    @property
    def is_open(self) -> bool:
        """Whether the session is alive."""
        return self.protocol.state is not State.CLOSED

    def close(self, reason: str, code: int = 0, answer: Packet = _CLOSE, why: str = "") -> None:
        """End the session now; what is queued is dropped and counted.

        Args:
            reason: A disconnect reason for the kernel.
            code: The WebSocket close code; 0 for the one that the reason has.
            answer: What a pending poll is answered with.
            why: What the client is told beside, over WebSocket.
        """
        if self.protocol.close(reason) is not None:
            self._ended(reason, code, answer, why)

    def cut(self, code: int = 0) -> None:
        """End the session as a broken connection ends, by a fault of ours: the client comes back.

        Not by a CLOSE packet: after one python-socketio's client would not.

        Args:
            code: The WebSocket close code; 0 for the usual one.
        """
        answer, self._poll = self._poll, None
        if answer is not None and not answer.done():
            answer.set_exception(PollCutError)
        self.close(engine.TRANSPORT_CLOSE, code)

    def _ended(self, reason: str, code: int = 0, answer: Packet = _CLOSE, why: str = "") -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._wait is not None:
            _settle(self._wait)
        self._answer_poll([answer])
        self.channel.traffic.dropped_at_close += sum(len(burst.messages) for burst in self._queue)
        self._queue.clear()
        self.queued_bytes = 0
        said = f"{reason}: {why}" if why else reason
        for websocket in (self.websocket, self._probe):
            if websocket is not None:
                websocket.close_websocket(code or _CLOSE_CODES.get(reason, CloseCode.NORMAL), said)
        self.websocket = self._probe = None
        self._hub.session_closed(self, reason, announced=self._announced)

    @property
    def _who(self) -> str:
        return (
            f"A client ({self.ticket.role}, from {self.handshake.get('address') or 'an unknown address'})"
        )

    def _begins_wrong(self, data: str | bytes) -> None:
        """Close a client whose first message is no CONNECT, and say what it may be."""
        if isinstance(data, str):
            kind, why = NO_PACKET, "the first packet is not a CONNECT"
            text = (
                f"{self._who} did not begin with a CONNECT packet, as Socket.IO clients do, and was closed."
            )
        else:
            kind, why = OTHER_PARSER, "a CONNECT packet is text; this one is binary, as another parser's"
            text = (
                f"{self._who} began with binary data and was closed: it has another parser, such as "
                "socket.io-msgpack-parser. Leave its option  parser  out."
            )
        self.channel.trouble(kind, text)
        self.close(engine.PARSE_ERROR, why=why)

    def too_big(self, size: int) -> None:
        """Say that a message, or a polling payload, of so many bytes is refused."""
        self.channel.trouble(
            TOO_BIG,
            f"{self._who} sent {size:,} bytes in one go, over the limit of "
            f"{self.max_payload:,}; its connection was closed. Let it send pieces, or raise max_payload "
            "(c.NbSocketApp.max_payload for a Jupyter server, Server(max_payload=…) in a program).",
        )

    def close_after_queue(self, reason: str, why: str = "") -> None:
        """End the session once all that was sent before has been written."""
        if not self._queue and not self._writing_bytes:
            self._close_or_cut(reason, why)
        elif self._closing is None:
            self._closing = reason, why
            self._loop.call_later(self._hub.limits.ping_timeout, self.close, reason)

    def _close_or_cut(self, reason: str, why: str) -> None:
        if reason == engine.TRANSPORT_CLOSE:
            self.cut()
        else:
            self.close(reason, why=why)

    # --- to the client ----------------------------------------------------------------------

    def send(self, bursts: list[PreparedFrames]) -> None:
        """Queue ``bursts`` and write what can be written."""
        if self.protocol.state is State.CLOSED or self._closing is not None:
            self.channel.traffic.dropped_at_close += sum(len(burst.messages) for burst in bursts)
            return
        queue = self._queue
        if not queue and len(bursts) == 1 and self.websocket is not None and not self._writing_bytes:
            # The way of nearly every event: straight to the operating system.
            self._write(self.websocket, bursts[0].websocket_bytes, bursts)
            self.channel.traffic.messages_out += len(bursts[0].messages)
            return
        backlogged = bool(queue)
        sent = 0
        for burst in bursts:
            if burst.volatile and (backlogged or not self._writable):
                self.dropped_count += len(burst.messages)
                self.channel.traffic.dropped_volatile += len(burst.messages)
                continue
            sent += len(burst.messages)
            queue.append(burst)
            self.queued_bytes += burst.size
        self.channel.traffic.messages_out += sent
        self.flush()
        if queue and not backlogged:
            # The backlog begins now: what was before says nothing about whether the client reads.
            self._progress_at = self._loop.time()
        if self.queued_bytes * 2 > self._hub.limits.max_pending_bytes:
            self._hub.pressed(self)

    @property
    def _writable(self) -> bool:
        if self.websocket is not None:
            return not self._writing_bytes
        return self._poll is not None

    def flush(self) -> None:
        """Write from the queue until the transport has enough."""
        while self._queue and self._writable:
            if self.websocket is not None:
                self._write_some(self.websocket)
            else:
                self._answer_poll([])
        if self._closing is not None and not self._queue and not self._writing_bytes:
            self._close_or_cut(*self._closing)

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
        if self.channel.wire is not None:
            self._tell_sent(self.channel.wire, bursts)
        for burst in bursts:
            self.sent_count += len(burst.messages)
        pending = websocket.write_bytes(data)
        if pending is None:
            return
        # Tornado holds these bytes until the operating system takes them: nothing is written meanwhile.
        self._progress_at = self._loop.time()
        self._writing_bytes = len(data)
        self.queued_bytes += len(data)
        pending.add_done_callback(self._written)

    def _tell_sent(self, wire: Wire, bursts: list[PreparedFrames]) -> None:
        index = self.sent_count
        for burst in bursts:
            if not wire.has_room:
                wire.skip(len(burst.messages) or 1)
                continue
            for frame in server_frames(burst.websocket_bytes):
                index += bool(burst.messages)
                wire.packet(self, OUT, frame, "websocket", index if burst.messages else 0, burst.at)

    def keep_frames(self) -> None:
        """Have whole frames kept as long as somebody watches the channel."""
        for websocket in (self.websocket, self._probe):
            if websocket is not None:
                websocket.keep_frames(keep=self.channel.wire is not None)

    def _written(self, _: asyncio.Future[None]) -> None:
        self.queued_bytes -= self._writing_bytes
        self._writing_bytes = 0
        if self.is_open:
            self._progress_at = self._loop.time()
            self.flush()
            self._hub.progressed(self)

    # --- polling ----------------------------------------------------------------------------

    def poll(self) -> asyncio.Future[str]:
        """Return the future payload of a GET.

        Raises:
            PollOverlapError: Another GET waits; the session is closed for it.
        """
        if self._poll is not None:
            self.close(engine.TRANSPORT_ERROR)
            raise PollOverlapError
        self._poll = answer = self._loop.create_future()
        self.flush()
        if self._poll is not None and self.protocol.state is State.UPGRADING:
            # The client waits for this poll to end before it sends its UPGRADE.
            self._answer_poll([NOOP])
        return answer

    def poll_lost(self, answer: asyncio.Future[str]) -> None:
        """Say that the connection of a waiting GET was closed."""
        if self._poll is answer:
            self._poll = None
            self.close(engine.TRANSPORT_ERROR)

    def _answer_poll(self, extra: list[Packet]) -> None:
        answer, self._poll = self._poll, None
        if answer is None or answer.done():
            return
        packets: list[Packet] = []
        for burst in self._queue:
            packets += burst.packets
            self._count_polled(burst.packets, burst.at)
        self._count_polled(extra)
        self._queue.clear()
        self.queued_bytes = 0
        self._progress_at = self._loop.time()
        answer.set_result(encode_payload(packets + extra))
        self._hub.progressed(self)

    def _count_polled(self, packets: list[Packet], kernel_at: float = 0.0) -> None:
        wire = self.channel.wire
        for packet in packets:
            is_message = packet.type is PacketType.MESSAGE
            self.sent_count += is_message
            if wire is not None:
                index = self.sent_count if is_message else 0
                wire.packet(self, OUT, encode_payload([packet]).encode(), "polling", index, kernel_at)

    # --- from the client --------------------------------------------------------------------

    def receive(self, packet: Packet, number: int = 0) -> Awaitable[None] | None:
        """Take a packet from the session's transport; read on when the result is done.

        Args:
            packet: Which.
            number: What wire views call it; 0 if nobody watches.
        """
        if packet.type is PacketType.MESSAGE:
            return self.receive_message(packet.data, number)
        if packet.type is PacketType.PONG and self._pinged_at:
            self.round_trip_ms = (self._loop.time() - self._pinged_at) * 1000
            self._pinged_at = 0.0
        if packet.type is PacketType.CLOSE:
            # The poll that waits is answered with a no-op (Engine.IO protocol, "HTTP long-polling").
            self.close(engine.TRANSPORT_CLOSE, answer=NOOP)
            return None
        incoming = self.protocol.receive(packet, self._loop.time())
        if isinstance(incoming, engine.Closed):
            self._ended(incoming.reason)
        return self.charge(CONTROL_COST)

    def receive_message(self, data: str | bytes, number: int = 0) -> Awaitable[None] | None:
        """Take the content of a MESSAGE; read on when the result is done."""
        if not self.is_open:
            return None
        self.received_count += 1
        if not self._announced and data[:1] != "0":
            self._begins_wrong(data)
            return None
        allowance = self._allowance
        if allowance is None:
            self._pass_on(data, number)
            return None if self.channel.endpoint.writable else self._hold_until_writable()
        cost = 1.0 if len(data) <= SMALL_BYTES else cost_of(data)
        pause_s = allowance.take(cost, self._loop.time())
        turn = None if pause_s else self.channel.endpoint.turnstile.enter(allowance, cost)
        if pause_s or turn is not None:
            return self._pass_on_later(data, number, cost, pause_s, turn)
        self._pass_on(data, number)
        return None if self.channel.endpoint.writable else self._hold_until_writable()

    def _pass_on(self, data: str | bytes, number: int) -> None:
        if not self._announced:
            self._announced = True
            self._connect_until = float("inf")
            if not self._hub.announce(self):
                self.cut()
                return
        self._hub.to_kernel(self, data, number)

    async def _pass_on_later(
        self, data: str | bytes, number: int, cost: float, pause_s: float, turn: asyncio.Future[None] | None
    ) -> None:
        """Pass a message on once it is paid for and has its turn; read nothing meanwhile."""
        with self._reading_nothing():
            await self._pause(pause_s)
            turnstile = self.channel.endpoint.turnstile
            if turn is None and self.is_open and self._allowance is not None:
                turn = turnstile.enter(self._allowance, cost)
            if turn is not None:
                await self._until(turn)
            if self.is_open:
                turnstile.sent(cost)
                self._pass_on(data, number)
                await self.channel.endpoint.wait_writable()
                return
            self.channel.traffic.dropped_at_close += 1
            if turn is None or not turn.cancel():
                turnstile.gave_up(cost)

    async def _hold_until_writable(self) -> None:
        with self._reading_nothing():
            await self.channel.endpoint.wait_writable()

    def charge(self, cost: float) -> Awaitable[None] | None:
        """Take what is not a message off a guest's allowance; read on when the result is done."""
        if self._allowance is None or not self.is_open:
            return None
        pause_s = self._allowance.take(cost, self._loop.time())
        return self._hold(pause_s) if pause_s else None

    async def _hold(self, pause_s: float) -> None:
        with self._reading_nothing():
            await self._pause(pause_s)

    async def _pause(self, seconds: float) -> None:
        """Wait so long, or until the session ends."""
        if seconds:
            waited: asyncio.Future[None] = self._loop.create_future()
            timer = self._loop.call_later(seconds, _settle, waited)
            await self._until(waited)
            timer.cancel()

    async def _until(self, wait: asyncio.Future[None]) -> None:
        """Wait for this, or until the session ends: what is held meanwhile is let go of."""
        if not self.is_open:
            return
        self._wait = self._loop.create_future()
        await asyncio.wait([wait, self._wait], return_when=asyncio.FIRST_COMPLETED)
        self._wait = None

    @contextlib.contextmanager
    def _reading_nothing(self) -> Iterator[None]:
        """Let the pong clock stand still."""
        began = self._loop.time()
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
        self.protocol.extend(self._loop.time() - max(began, self._ticked_at))

    # --- upgrade ----------------------------------------------------------------------------

    @property
    def may_probe(self) -> bool:
        """Whether the session can take a WebSocket for an upgrade."""
        return self.protocol.state is State.POLLING and self._probe is None

    def begin_probe(self, websocket: WebSocket) -> None:
        """Take a WebSocket for an upgrade."""
        self._probe = websocket

    def receive_on_probe(self, packet: Packet) -> None:
        """Take a packet that arrived on the probed WebSocket."""
        probe = self._probe
        if probe is None:
            return
        incoming = self.protocol.receive_on_probe(packet, self._loop.time())
        if isinstance(incoming, engine.PacketDue):
            data = Control(incoming.packet).websocket_bytes
            if self.channel.wire is not None:
                self.channel.wire.packet(self, OUT, data, "websocket", 0)
            probe.write_bytes(data)
            self._answer_poll([NOOP])
            self._arm()
        elif isinstance(incoming, engine.Upgraded):
            self.websocket, self._probe = probe, None
            self._answer_poll([NOOP])
            self.flush()
        else:
            self._drop_probe()

    def refuse_probe(self) -> None:
        """Say that what arrived on the probed WebSocket is not a packet; polling goes on."""
        self.protocol.probe_lost()
        self._drop_probe()

    def websocket_lost(self, websocket: WebSocket) -> None:
        """Say that a WebSocket of this session was closed by the other side."""
        if websocket is self.websocket:
            self.websocket = None
            self.close(engine.TRANSPORT_CLOSE)
        elif websocket is self._probe:
            self._probe = None
            self.protocol.probe_lost()

    def _drop_probe(self) -> None:
        probe, self._probe = self._probe, None
        if probe is not None:
            probe.close_websocket(1002)

    # --- time -------------------------------------------------------------------------------

    def stalled(self) -> bool:
        """Whether nothing could be written for ``stall`` seconds."""
        return self._loop.time() - self._progress_at > self._hub.limits.stall

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if not self.is_open:
            return
        until_expiry = self.ticket.expires_at - self._hub.tickets.now()
        expires_at = self._loop.time() + max(0.0, until_expiry)
        due = min(self.protocol.deadline, self._connect_until, expires_at)
        self._timer = self._loop.call_at(due, self._tick, due)

    def _tick(self, due: float) -> None:
        now = self._loop.time()
        late = now - due
        if late > _LATE_S:
            # This process was held up, so nothing was read: what the client sent meanwhile comes first.
            self.protocol.extend(late)
            self._connect_until += late
            if not self._hub.tickets.is_over(self.ticket):
                self._arm()
                return
        if now >= self._connect_until:
            self.close(engine.TRANSPORT_CLOSE)
        elif self._hub.tickets.is_over(self.ticket):
            self.channel.traffic.cut_ticket += 1
            self.close(engine.TRANSPORT_CLOSE, code=1008)
        else:
            self._ticked_at = now
            incoming = self.protocol.tick(now, is_reading=not self._holds)
            if isinstance(incoming, engine.PacketDue):
                self._pinged_at = now
                self.send([Control(incoming.packet)])
            elif isinstance(incoming, engine.ProbeRefused):
                self._drop_probe()
            elif isinstance(incoming, engine.Closed):
                self._ended(incoming.reason)
        self._arm()


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
