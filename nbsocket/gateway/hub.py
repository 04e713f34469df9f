"""Which session belongs to which channel, and which channel to which kernel.

The hub carries opaque messages both ways. A kernel is whatever is behind a ``KernelEndpoint``:
at the far end of a link, or in this process.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from nbsocket.gateway.client_session import ClientSession
from nbsocket.gateway.codes import CodeOffice
from nbsocket.gateway.stats import SAMPLE_EVERY_S, Counters, Rates, Traffic
from nbsocket.gateway.ticket import Ticket, Tickets
from nbsocket.link.agreement import GUEST
from nbsocket.link.messages import ClientMessage, Closed, PageFile, Trouble
from nbsocket.link.troubles import Troubles
from nbsocket.protocol import reasons
from nbsocket.protocol.errors import NbSocketError
from nbsocket.protocol.websocket import CloseCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from tornado.iostream import IOStream

    from nbsocket.gateway.bench_meter import Bench
    from nbsocket.gateway.config import Limits
    from nbsocket.gateway.origin import RequestOrigin
    from nbsocket.gateway.wiretap import Wire
    from nbsocket.gateway.work import Turnstile
    from nbsocket.link.clock import ClockOffset
    from nbsocket.link.messages import Sequenced

_STALL_CHECK_S = 0.5


class Endpoint(Protocol):
    """What is behind a channel: a kernel, or a placeholder for one that is expected back."""

    kernel_id: str
    sessions: dict[int, ClientSession]
    writable: bool
    is_attached: bool
    takes_clients: bool
    turnstile: Turnstile

    def send(self, message: Sequenced) -> None:
        """Carry a message to the kernel, in order."""

    @property
    def clock(self) -> ClockOffset:
        """How far the kernel's clock is ahead of ours."""

    def ask_clock(self) -> None:
        """Ask the kernel for its time; ``clock`` is updated soon."""

    async def wait_writable(self) -> None:
        """Wait until the kernel accepts more, or is gone."""

    def lose(self, name: str, by: str) -> None:
        """Yield a channel to another kernel."""


@dataclass(slots=True)
class HubChannel:
    """A name in the URL, held by one kernel.

    Args:
        name: The name.
        endpoint: The endpoint of the kernel that holds it.
        notebook: The kernel's notebook according to the kernel; shown to people.
        is_open: Whether clients need no ticket if they come from pages of this host or of ``origins``.
        origins: Other origins whose pages' clients are let in; only for an open channel.
        keeps: Whether its sessions stay open while its kernel restarts.
        guests: How many clients use each guest ticket, by its id.
    """

    name: str
    endpoint: Endpoint
    notebook: str = ""
    is_open: bool = False
    origins: frozenset[str] = frozenset()
    keeps: bool = False
    pages: dict[str, PageFile] = field(default_factory=dict)
    sessions: set[ClientSession] = field(default_factory=set)
    guests: Counter[str] = field(default_factory=Counter)
    wire: Wire | None = None
    bench: Bench | None = None
    traffic: Traffic = field(default_factory=Traffic)
    rates: Rates = field(default_factory=Rates)
    troubles: Troubles = field(default_factory=Troubles)

    def trouble(self, kind: str, text: str) -> None:
        """Count a problem with a client, and tell the kernel now and then."""
        told = self.troubles.note(kind, text, time.monotonic())
        if told:
            self.endpoint.send(Trouble(self.name, told))


class RefusedError(NbSocketError):
    """Raised to refuse a request.

    Args:
        status: The HTTP status.
        code: Engine.IO's error code.
        message: Engine.IO's error message.
    """

    def __init__(self, status: int, code: int, message: str) -> None:
        """Refuse with this answer."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class Hub:
    """All channels and sessions of one process.

    Args:
        limits: The limits.
        tickets: Checks the tickets.
    """

    def __init__(self, limits: Limits, tickets: Tickets) -> None:
        """Begin without channels."""
        self.limits = limits
        self.tickets = tickets
        self.codes = CodeOffice(tickets, time.monotonic)
        self.channels: dict[str, HubChannel] = {}
        self.root = ""
        self.sessions: dict[str, ClientSession] = {}
        # By number, the oldest first: sessions without a first message yet.
        self._half_open: dict[int, ClientSession] = {}
        self.counters = Counters()
        self.on_activity: Callable[[str], None] = lambda _kernel_id: None
        # Called for each connection that sent a valid ticket.
        self.on_known: Callable[[IOStream], None] = lambda _stream: None
        self._numbers = itertools.count(1)
        self._pressed: set[ClientSession] = set()
        self._on_relief: list[Callable[[], None]] = []
        self._sample_timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None

    # --- channels ---------------------------------------------------------------------------

    def attach(self, channel: HubChannel) -> None:
        """Add ``channel``."""
        self.channels[channel.name] = channel
        if self._sample_timer is None:
            self._sample()

    def _sample(self) -> None:
        """Sample the traffic of each channel, as long as there are any."""
        self._sample_timer = None
        if self.channels:
            for channel in self.channels.values():
                channel.rates.note(time.monotonic(), channel.traffic)
            self._sample_timer = asyncio.get_running_loop().call_later(SAMPLE_EVERY_S, self._sample)

    def find_channel(self, name: str) -> HubChannel | None:
        """Return the channel of this name, or without a name the one at the root, if there is one."""
        return self.channels.get(name or self.root)

    def detach(self, channel: HubChannel) -> None:
        """Close all transports of ``channel`` and forget it.

        Sends no DISCONNECT packet: after one, the stock client would not reconnect.
        """
        if self.channels.get(channel.name) is channel:
            del self.channels[channel.name]
        for session in list(channel.sessions):
            session.cut(CloseCode.GOING_AWAY)
        if channel.wire is not None:
            channel.wire.end()
            channel.wire = None

    # --- doors ------------------------------------------------------------------------------

    def check_ticket(self, value: str, channel_name: str, request_origin: RequestOrigin) -> Ticket:
        """Return the ticket of a request; on an open channel, everyone gets the same one.

        "No such channel" and "bad ticket" get the same answer.

        Raises:
            RefusedError: 403 unless it is a valid ticket for this channel.
        """
        channel = self.find_channel(channel_name)
        if channel is not None and channel.is_open and not value:
            if request_origin.is_trusted(channel.origins):
                return Ticket("open", channel.name, GUEST, channel.endpoint.kernel_id, float("inf"))
            self.counters.refused_ticket += 1
            raise RefusedError(403, 4, "Forbidden")
        ticket = self.tickets.check(value, channel.name if channel is not None else channel_name)
        if ticket is None or (channel and channel.endpoint.kernel_id != ticket.kernel_id):
            self.counters.refused_ticket += 1
            raise RefusedError(403, 4, "Forbidden")
        return ticket

    def open_session(self, ticket: Ticket, handshake: dict[str, Any]) -> ClientSession:
        """Return a new session for a client with ``ticket``; the caller must open it.

        Raises:
            RefusedError: 503 while no kernel holds the channel, or when there are too many clients;
                403 if the ticket has been used up.
        """
        channel = self.channels.get(ticket.channel)
        if channel is None or not channel.endpoint.takes_clients:
            self.counters.refused_no_kernel += 1
            raise RefusedError(503, 3, "No kernel is attached to this channel at the moment")
        if self._is_full(channel, ticket):
            self.counters.refused_full += 1
            raise RefusedError(503, 3, "Too many clients")
        if not self.tickets.begins(ticket):
            self.counters.refused_ticket += 1
            raise RefusedError(403, 4, "Forbidden")
        if len(self._half_open) >= self.limits.max_half_open:
            # They compete only with each other, not with clients: the oldest is closed.
            self.counters.cut_half_open += 1
            next(iter(self._half_open.values())).cut()
        session = ClientSession(
            next(self._numbers), secrets.token_urlsafe(16), channel, ticket, handshake, self
        )
        self.sessions[session.protocol.sid] = self._half_open[session.number] = session
        channel.sessions.add(session)
        channel.traffic.clients_opened += 1
        if channel.wire is not None:
            channel.wire.came(session)
        return session

    def _is_full(self, channel: HubChannel, ticket: Ticket) -> bool:
        """Whether there is no room for another client; half-open ones do not count."""
        limits = self.limits
        return len(self.sessions) - len(self._half_open) >= limits.max_clients or (
            ticket.role == GUEST and channel.guests[ticket.id] >= limits.guest_clients_per_ticket
        )

    def find_session(self, sid: str, ticket: Ticket) -> ClientSession:
        """Return the session with this id and this ticket.

        Raises:
            RefusedError: 400 if there is none; a sid of another ticket counts as unknown.
        """
        session = self.sessions.get(sid)
        if session is None or session.ticket.id != ticket.id:
            raise RefusedError(400, 1, "Session ID unknown")
        return session

    def revoke(self, ticket_id: str) -> None:
        """Revoke a ticket, or all tickets of a frame, and disconnect the clients that used them."""
        if not ticket_id:
            # The seat of all tickets that are not for a frame.
            return
        self.tickets.revoke(ticket_id)
        for session in list(self.sessions.values()):
            if ticket_id in (session.ticket.id, session.ticket.seat):
                session.channel.traffic.cut_ticket += 1
                session.close(reasons.TRANSPORT_CLOSE, code=CloseCode.POLICY_VIOLATION)

    # --- from sessions ----------------------------------------------------------------------

    def announce(self, session: ClientSession) -> bool:
        """Tell the kernel about a client that sent its first message; False if there is no room for it."""
        channel, ticket = session.channel, session.ticket
        if self._is_full(channel, ticket):
            self.counters.refused_full += 1
            return False
        del self._half_open[session.number]
        channel.guests[ticket.id] += ticket.role == GUEST
        endpoint = channel.endpoint
        endpoint.sessions[session.number] = session
        endpoint.send(session.opened())
        return True

    def to_kernel(self, session: ClientSession, data: str | bytes, number: int) -> None:
        """Carry one message to the kernel; ``number`` identifies it in wire views."""
        endpoint = session.channel.endpoint
        session.channel.traffic.messages_in += 1
        endpoint.send(ClientMessage(session.number, data, number))
        self.on_activity(endpoint.kernel_id)

    def session_closed(self, session: ClientSession, reason: str, *, announced: bool) -> None:
        """Forget a session that has ended."""
        self.sessions.pop(session.protocol.sid, None)
        if self._half_open.pop(session.number, None) is None and session.ticket.role == GUEST:
            guests, ticket_id = session.channel.guests, session.ticket.id
            guests[ticket_id] -= 1
            if not guests[ticket_id]:
                del guests[ticket_id]
        session.channel.sessions.discard(session)
        ended = session.channel.traffic.ended
        ended[reason] = ended.get(reason, 0) + 1
        self._pressed.discard(session)
        if session.channel.wire is not None:
            session.channel.wire.went(session, reason)
        if announced:
            endpoint = session.channel.endpoint
            endpoint.sessions.pop(session.number, None)
            endpoint.send(Closed(session.number, reason))
        self._relieve()

    # --- pressure ---------------------------------------------------------------------------

    @property
    def under_pressure(self) -> bool:
        """Whether a client that does read has a long backlog; kernels then get no more credit."""
        return bool(self._pressed)

    def on_relief(self, call: Callable[[], None]) -> None:
        """Call ``call`` once when the pressure is over."""
        self._on_relief.append(call)

    def pressed(self, session: ClientSession) -> None:
        """Note that a session's backlog is over half its limit."""
        if session.outbox.stalled() and session.outbox.queued_bytes < self.limits.max_pending_bytes:
            return
        self._pressed.add(session)
        self._watch()

    def progressed(self, session: ClientSession) -> None:
        """Note that a session wrote something."""
        if session.outbox.queued_bytes * 2 <= self.limits.max_pending_bytes:
            self._pressed.discard(session)
            self._relieve()
        elif session.is_open:
            self.pressed(session)

    def _watch(self) -> None:
        if self._pressed and self._stall_timer is None:
            loop = asyncio.get_running_loop()
            self._stall_timer = loop.call_later(_STALL_CHECK_S, self._check_stalls)

    def _check_stalls(self) -> None:
        """Cut full clients that read nothing; let no client that reads nothing hold up the others."""
        self._stall_timer = None
        stalled = [session for session in self._pressed if session.outbox.stalled()]
        for session in stalled:
            self._pressed.discard(session)
            if session.outbox.queued_bytes >= self.limits.max_pending_bytes:
                session.channel.traffic.cut_stalled += 1
                session.close(reasons.TRANSPORT_CLOSE, code=CloseCode.POLICY_VIOLATION)
        self._relieve()
        self._watch()

    def _relieve(self) -> None:
        if self._pressed:
            return
        calls, self._on_relief = self._on_relief, []
        for call in calls:
            call()
