"""One client on the side of the port: its protocol session, transports, queue and timers.

It leaves the protocol's decisions to ``protocol.engine_session``, and HTTP to the handlers:
it moves bytes between the two and keeps the backlog bounded.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from nbsocket.gateway.intake import Intake
from nbsocket.gateway.outbox import Outbox
from nbsocket.gateway.prepared_frames import Control, PreparedFrames
from nbsocket.gateway.ticket import FRAME, PAGE, Ticket
from nbsocket.gateway.wiretap import OUT
from nbsocket.gateway.work import CONTROL_COST
from nbsocket.link.messages import Opened
from nbsocket.link.troubles import NO_PACKET, OTHER_PARSER, TOO_BIG
from nbsocket.protocol import engine_session as engine
from nbsocket.protocol import reasons
from nbsocket.protocol.engine_packet import NOOP, Packet, PacketType
from nbsocket.protocol.engine_states import State, Trigger
from nbsocket.protocol.websocket import CloseCode

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from nbsocket.gateway.hub import Hub, HubChannel

_LATE_S = 0.2
_CLOSE = Packet(PacketType.CLOSE)
# As module constants: before Python 3.12, looking up an enum member is slow.
_CLOSED, _MESSAGE = State.CLOSED, PacketType.MESSAGE
_CLOSE_CODES = {reasons.PARSE_ERROR: CloseCode.PROTOCOL_ERROR}
"""WebSocket close codes by disconnect reason, where they are not 1000."""


class WebSocket(Protocol):
    """The part of a WebSocket connection that a session needs."""

    @property
    def transport(self) -> str:
        """Its name in wire views: ``websocket`` or ``comm``."""

    def write_bytes(self, data: bytes) -> asyncio.Future[None] | None:
        """Write whole frames; return None if the operating system has them, else a future for that."""

    def close_websocket(self, code: int | None, reason: str = "") -> None:
        """Close it with a code and a reason."""

    def keep_frames(self, *, keep: bool) -> None:
        """Start or stop keeping whole frames as they arrive, for wire views."""


class ClientSession:
    """One client between its transports and its channel's kernel.

    Args:
        number: The session's number on the kernel link.
        sid: The session id that the client uses.
        channel: The channel it belongs to.
        ticket: The client's ticket.
        handshake: What the kernel may know about its first request.
        hub: Has the limits, and is told of the end.
    """

    __slots__ = (
        "_loop",
        "_pinged_at",
        "_probe",
        "_timer",
        "channel",
        "connect_until",
        "handshake",
        "hub",
        "intake",
        "number",
        "outbox",
        "posting",
        "protocol",
        "round_trip_ms",
        "state",
        "ticked_at",
        "ticket",
        "websocket",
        "will",
    )

    def __init__(
        self,
        number: int,
        sid: str,
        channel: HubChannel,
        ticket: Ticket,
        handshake: dict[str, Any],
        hub: Hub,
    ) -> None:
        """Create the session; ``open`` starts it."""
        limits = hub.limits
        self.number = number
        self.channel = channel
        self.ticket = ticket
        self.handshake = handshake
        self.protocol = engine.Session(sid, limits.timing)
        self.websocket: WebSocket | None = None
        self.posting = False
        self.round_trip_ms: float | None = None
        self._pinged_at = 0.0
        # The kernel's state of this client, not read here, which its next process gets,
        # and what the client is sent when the kernel goes.
        self.state = b""
        self.will: PreparedFrames | None = None
        self.hub = hub
        self._loop = asyncio.get_running_loop()
        self._probe: WebSocket | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.ticked_at = 0.0
        self.outbox = Outbox(self)
        self.intake = Intake(self)
        now = self._loop.time()
        self.connect_until = now + limits.connect_timeout

    # --- beginning and end ------------------------------------------------------------------

    def open(self, websocket: WebSocket | None) -> None:
        """Complete the handshake; the OPEN packet is queued first."""
        trigger = Trigger.WEBSOCKET_HANDSHAKE if websocket else Trigger.POLLING_HANDSHAKE
        packet = self.protocol.open(trigger, self._loop.time())
        self.websocket = websocket
        self.outbox.send([Control(packet)])
        self._arm()

    def opened(self) -> Opened:
        """Return the message that announces this client to the kernel."""
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
        """The largest message from the client, in bytes, and the largest polling payload."""
        return self.hub.limits.max_payload

    @property
    def transport(self) -> str:
        """``polling``, ``websocket`` or ``comm``."""
        return "polling" if self.websocket is None else self.websocket.transport

    @property
    def is_open(self) -> bool:
        """Whether the session is alive."""
        return self.protocol.state is not _CLOSED

    def close(self, reason: str, code: int = 0, answer: Packet = _CLOSE, why: str = "") -> None:
        """End the session now; what is queued is dropped and counted.

        Args:
            reason: A disconnect reason for the kernel.
            code: The WebSocket close code; 0 for the reason's own.
            answer: The answer to a pending poll.
            why: An explanation for the client, over WebSocket.
        """
        if self.protocol.close(reason) is not None:
            self._ended(reason, code, answer, why)

    def cut(self, code: int = 0) -> None:
        """End the session like a broken connection, for reasons on our side, so that the client reconnects.

        Sends no CLOSE packet: after one, python-socketio's client would not reconnect.

        Args:
            code: The WebSocket close code; 0 for the usual one.
        """
        self.outbox.cut_poll()
        self.close(reasons.TRANSPORT_CLOSE, code)

    def _ended(self, reason: str, code: int = 0, answer: Packet = _CLOSE, why: str = "") -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.intake.end()
        self.outbox.clear(answer)
        said = f"{reason}: {why}" if why else reason
        for websocket in (self.websocket, self._probe):
            if websocket is not None:
                websocket.close_websocket(code or _CLOSE_CODES.get(reason, CloseCode.NORMAL), said)
        self.websocket = self._probe = None
        self.hub.session_closed(self, reason, announced=self.intake.is_announced)

    @property
    def _who(self) -> str:
        return (
            f"A client ({self.ticket.role}, from {self.handshake.get('address') or 'an unknown address'})"
        )

    def begins_wrong(self, data: str | bytes) -> None:
        """Close a client whose first message is not a CONNECT, and report the likely cause."""
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
        self.close(reasons.PARSE_ERROR, why=why)

    def too_big(self, size: int) -> None:
        """Report that a message, or a polling payload, of this size is refused."""
        self.channel.trouble(
            TOO_BIG,
            f"{self._who} sent {size:,} bytes in one go, over the limit of "
            f"{self.max_payload:,}; its connection was closed. Let it send pieces, or raise max_payload "
            "(c.NbSocketApp.max_payload for a Jupyter server, Server(max_payload=…) in a program).",
        )

    def close_or_cut(self, reason: str, why: str) -> None:
        """End the session now; for "transport close", like a broken connection."""
        if reason == reasons.TRANSPORT_CLOSE:
            self.cut()
        else:
            self.close(reason, why=why)

    # --- from the client --------------------------------------------------------------------

    def receive(self, packet: Packet, number: int = 0) -> Awaitable[None] | None:
        """Process a packet from the session's transport; read on when the result is done.

        Args:
            packet: The packet.
            number: Its number in wire views; 0 if nobody watches.
        """
        if packet.type is _MESSAGE:
            return self.intake.receive(packet.data, number)
        if packet.type is PacketType.PONG and self._pinged_at:
            self.round_trip_ms = (self._loop.time() - self._pinged_at) * 1000
            self._pinged_at = 0.0
        if packet.type is PacketType.CLOSE:
            # A waiting poll is answered with a NOOP (Engine.IO protocol, "HTTP long-polling").
            self.close(reasons.TRANSPORT_CLOSE, answer=NOOP)
            return None
        incoming = self.protocol.receive(packet, self._loop.time())
        if isinstance(incoming, engine.Closed):
            self._ended(incoming.reason)
        return self.intake.charge(CONTROL_COST)

    # --- wire views ------------------------------------------------------------------------

    def keep_frames(self) -> None:
        """Keep whole frames if somebody watches the channel."""
        for websocket in (self.websocket, self._probe):
            if websocket is not None:
                websocket.keep_frames(keep=self.channel.wire is not None)

    # --- upgrade ----------------------------------------------------------------------------

    @property
    def may_probe(self) -> bool:
        """Whether the session can accept a WebSocket for an upgrade."""
        return self.protocol.state is State.POLLING and self._probe is None

    def begin_probe(self, websocket: WebSocket) -> None:
        """Accept a WebSocket for an upgrade."""
        self._probe = websocket

    def receive_on_probe(self, packet: Packet) -> None:
        """Process a packet that arrived on the probed WebSocket."""
        probe = self._probe
        if probe is None:
            return
        incoming = self.protocol.receive_on_probe(packet, self._loop.time())
        if isinstance(incoming, engine.PacketDue):
            data = Control(incoming.packet).websocket_bytes
            if self.channel.wire is not None:
                self.channel.wire.packet(self, OUT, data, probe.transport, 0)
            probe.write_bytes(data)
            self.outbox.answer_poll([NOOP])
            self._arm()
        elif isinstance(incoming, engine.Upgraded):
            self.websocket, self._probe = probe, None
            self.outbox.answer_poll([NOOP])
            self.outbox.flush()
        else:
            self._drop_probe()

    def refuse_probe(self) -> None:
        """Close the probed WebSocket, since it sent an invalid packet; polling continues."""
        self.protocol.probe_lost()
        self._drop_probe()

    def websocket_lost(self, websocket: WebSocket) -> None:
        """Note that a WebSocket of this session was closed by the other side."""
        if websocket is self.websocket:
            self.websocket = None
            self.close(reasons.TRANSPORT_CLOSE)
        elif websocket is self._probe:
            self._probe = None
            self.protocol.probe_lost()

    def _drop_probe(self) -> None:
        probe, self._probe = self._probe, None
        if probe is not None:
            probe.close_websocket(CloseCode.PROTOCOL_ERROR)

    # --- time -------------------------------------------------------------------------------

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if not self.is_open:
            return
        until_expiry = self.ticket.expires_at - self.hub.tickets.now()
        expires_at = self._loop.time() + max(0.0, until_expiry)
        due = min(self.protocol.deadline, self.connect_until, expires_at)
        self._timer = self._loop.call_at(due, self._tick, due)

    def _tick(self, due: float) -> None:
        now = self._loop.time()
        late = now - due
        if late > _LATE_S:
            # This process was held up and read nothing: process first what the client sent in that time.
            self.protocol.extend(late)
            self.connect_until += late
            is_ping_due = self.protocol.deadline < now
            if not is_ping_due and not self.hub.tickets.is_over(self.ticket):
                self._arm()
                return
        if now >= self.connect_until:
            self.close(reasons.TRANSPORT_CLOSE)
        elif self.hub.tickets.is_over(self.ticket):
            self.channel.traffic.cut_ticket += 1
            self.close(reasons.TRANSPORT_CLOSE, code=CloseCode.POLICY_VIOLATION)
        else:
            self.ticked_at = now
            incoming = self.protocol.tick(now, is_reading=not self.intake.holds)
            if isinstance(incoming, engine.PacketDue):
                self._pinged_at = now
                self.outbox.send([Control(incoming.packet)])
            elif isinstance(incoming, engine.ProbeRefused):
                self._drop_probe()
            elif isinstance(incoming, engine.Closed):
                self._ended(incoming.reason)
        self._arm()
