"""Connects a kernel to the hub: link messages in, link messages out."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from nbsocket.gateway.bench_meter import Bench
from nbsocket.gateway.detached_endpoint import DetachedEndpoint
from nbsocket.gateway.flow_control import FlowControl
from nbsocket.gateway.hub import Hub, HubChannel
from nbsocket.gateway.prepared_frames import PreparedFrames
from nbsocket.gateway.stats import stats
from nbsocket.gateway.tunnels import Tunnels
from nbsocket.gateway.work import Turnstile
from nbsocket.link.agreement import CHANNEL_NAME, RESERVED_CHANNELS
from nbsocket.link.messages import (
    ActivityReport,
    AskStats,
    ChannelLost,
    ClientMessage,
    CloseSession,
    CloseTunnel,
    Deliver,
    HoldTunnels,
    MintTicket,
    Opened,
    OpenTunnel,
    Post,
    PublishPage,
    Register,
    Reply,
    RevokeTicket,
    SaveState,
    Sequenced,
    TunnelData,
    TunnelRead,
    Unregister,
    Will,
)
from nbsocket.protocol.websocket import CloseCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nbsocket.gateway.client_session import ClientSession

_LOOK_EVERY = 16
_YIELD_AFTER_S = 0.005
"""How long the fan-out may block the event loop."""


class KernelEndpoint(FlowControl):
    """One kernel at the hub.

    Args:
        hub: The hub.
        kernel_id: The kernel whose tickets open its channels.
        send: Carries a message to the kernel, in order.
        may_open: Whether its channels may do without tickets; a notebook's must not,
            since they are served at the address of its Jupyter server.
        ask_clock: Asks the kernel for its time; the answer goes to ``clock``.
        progress: Two functions: how many bytes were sent to the kernel, and how many it has processed.
            Whoever notices progress calls ``turnstile.refresh()``.
    """

    takes_clients = True

    def __init__(
        self,
        hub: Hub,
        kernel_id: str,
        send: Callable[[Sequenced], None],
        may_open: bool = False,
        ask_clock: Callable[[], None] = lambda: None,
        progress: tuple[Callable[[], int], Callable[[], int]] | None = None,
    ) -> None:
        """Begin without channels."""
        super().__init__()
        if progress is not None:
            self.turnstile = Turnstile(*progress)
        self._ask_clock = ask_clock
        self._may_open = may_open
        self.kernel_id = kernel_id
        self.send = send
        self.sessions: dict[int, ClientSession] = {}
        self.channels: dict[str, HubChannel] = {}
        self.is_attached = True
        self._hub = hub
        self._tunnels = Tunnels(hub, kernel_id, send)
        self._answers: dict[type, Callable[[Any], Reply]] = {
            Register: self._register,
            MintTicket: self._mint,
            RevokeTicket: self._revoke,
            PublishPage: self._publish,
            AskStats: self._stats,
        }
        self._acts: dict[type, Callable[[Any], None]] = {
            ActivityReport: self._doings,
            Post: self._post,
            CloseSession: self._close_session,
            Unregister: self._unregister,
            Will: self._note_will,
            SaveState: self._remember,
            OpenTunnel: self._open_tunnel,
            TunnelData: self._tunnels.receive,
            TunnelRead: self._tunnels.read,
            CloseTunnel: self._tunnels.close,
            HoldTunnels: self._tunnels.hold,
        }

    # --- from the kernel --------------------------------------------------------------------

    async def receive(self, messages: Sequence[Sequenced]) -> None:
        """Process what the kernel sent, in order, yielding to the event loop now and then."""
        for _ in self.steps(messages):
            await asyncio.sleep(0)

    def answer(self, request: Any) -> Reply:
        """Answer a request of the kernel now."""
        return self._answers[type(request)](request)

    def steps(self, messages: Sequence[Sequenced]) -> Iterator[None]:
        """Process what the kernel sent, in order; pausing now and then, so that others get a turn."""
        bursts: list[tuple[PreparedFrames, list[int]]] = []
        for message in messages:
            if isinstance(message, Deliver):
                self._add(bursts, message)
                continue
            if bursts:
                yield from self._carry(bursts)
                bursts = []
            self._act(message)
        if bursts:
            yield from self._carry(bursts)

    @staticmethod
    def _add(bursts: list[tuple[PreparedFrames, list[int]]], message: Deliver) -> None:
        if bursts:
            last, to = bursts[-1]
            # While somebody watches, each message has its own time and is not merged.
            if to == message.to and last.volatile is message.volatile and not message.at:
                last.messages.extend(message.frames)
                return
        bursts.append((PreparedFrames(message.frames, message.volatile, message.at), message.to))

    def _carry(self, bursts: list[tuple[PreparedFrames, list[int]]]) -> Iterator[None]:
        """Send every recipient all its messages with one call."""
        outgoing: dict[int, list[PreparedFrames]] = {}
        if len(bursts) == 1:
            shared = [bursts[0][0]]
            outgoing = dict.fromkeys(bursts[0][1], shared)
        else:
            for burst, to in bursts:
                for number in to:
                    outgoing.setdefault(number, []).append(burst)
        sessions = self.sessions
        deadline = time.monotonic() + _YIELD_AFTER_S
        for index, (number, mine) in enumerate(outgoing.items()):
            session = sessions.get(number)
            if session is not None:
                session.outbox.send(mine)
            if index % _LOOK_EVERY == 0 and time.monotonic() > deadline:
                yield
                deadline = time.monotonic() + _YIELD_AFTER_S

    def _act(self, message: Sequenced) -> None:
        if type(message) in self._answers:
            self.send(self.answer(message))
            return
        act = self._acts.get(type(message))
        if act is not None:
            act(message)

    def _close_session(self, message: CloseSession) -> None:
        session = self.sessions.get(message.session)
        if session is not None:
            session.outbox.close_when_written(message.reason, message.why)

    def _open_tunnel(self, message: OpenTunnel) -> None:
        self._tunnels.open(message, self.channels.get(message.channel))

    def _unregister(self, message: Unregister) -> None:
        channel = self.channels.pop(message.channel, None)
        if channel is not None:
            self._hub.detach(channel)

    def _doings(self, message: ActivityReport) -> None:
        channel = self.channels.get(message.channel)
        if channel is not None and channel.wire is not None:
            channel.wire.doings(message)

    def _post(self, message: Post) -> None:
        channel = self.channels.get(message.channel)
        if channel is not None:
            if channel.bench is None:
                channel.bench = Bench()
            if message.number:
                channel.bench.post(message.number, message.text)

    def ask_clock(self) -> None:
        """Ask the kernel for its time, if its clock may differ from ours."""
        self._ask_clock()

    def _note_will(self, message: Will) -> None:
        will = PreparedFrames(message.frames)
        for number in message.to:
            session = self.sessions.get(number)
            if session is not None:
                session.will = will

    def _remember(self, message: SaveState) -> None:
        session = self.sessions.get(message.session)
        if session is not None:
            session.state = message.state
            if not message.state:
                # The session would not outlive the kernel, so the client must not be told that it does.
                session.will = None

    def _revoke(self, message: RevokeTicket) -> Reply:
        self._hub.revoke(message.ticket_id)
        return Reply(message.request)

    def _register(self, message: Register) -> Reply:
        name = message.channel
        if name in RESERVED_CHANNELS:
            text = f"the channel name {name!r} is taken by nbsocket itself; choose another"
            return Reply(message.request, error="bad_name", message=text)
        if not CHANNEL_NAME.fullmatch(name):
            return Reply(message.request, error="bad_name", message=f"{name!r} is not a valid channel name")
        if message.is_open and not self._may_open:
            return Reply(
                message.request, error="not_open", message="a channel of a Jupyter server needs tickets"
            )
        held = self._hub.channels.get(name)
        if (
            held is not None
            and isinstance(held.endpoint, DetachedEndpoint)
            and held.endpoint.kernel_id == self.kernel_id
        ):
            if message.keeps:
                self._adopt(held, held.endpoint)
                return Reply(message.request)
            held.endpoint.end()
            held = None
        if held is not None and held.endpoint is not self:
            if not message.takeover:
                notebook = held.notebook or "another notebook"
                return Reply(message.request, {"notebook": notebook}, "channel_in_use", notebook)
            held.endpoint.lose(name, by=message.notebook)
        if name not in self.channels:
            channel = self.channels[name] = HubChannel(
                name, self, message.notebook, message.is_open, frozenset(message.origins), message.keeps
            )
            self._hub.attach(channel)
        return Reply(message.request)

    def _adopt(self, channel: HubChannel, vacancy: DetachedEndpoint) -> None:
        """Take over the sessions that an earlier process of this kernel left."""
        channel.endpoint = self
        self.channels[channel.name] = channel
        self.sessions.update(vacancy.sessions)
        for message in vacancy.fill():
            self.send(message)
        if channel.wire is not None:
            channel.wire.kernel_came()

    def lose(self, name: str, by: str) -> None:
        """Yield a channel to another kernel."""
        channel = self.channels.pop(name, None)
        if channel is not None:
            self._hub.detach(channel)
            self.send(ChannelLost(name, by))

    def _mint(self, message: MintTicket) -> Reply:
        if message.channel not in self.channels:
            return Reply(message.request, error="no_channel", message=message.channel)
        try:
            value, ticket = self._hub.tickets.mint(
                message.channel, message.role, self.kernel_id, message.ttl_s, message.opens
            )
        except ValueError as error:
            return Reply(message.request, error="bad_ticket", message=str(error))
        return Reply(
            message.request,
            {
                "value": value,
                "id": ticket.id,
                "role": ticket.role,
                "expires_at": ticket.expires_at,
                "code": self._hub.codes.issue(value, ticket),
            },
        )

    def _publish(self, message: PublishPage) -> Reply:
        channel = self.channels.get(message.channel)
        if channel is None:
            return Reply(message.request, error="no_channel", message=message.channel)
        channel.pages.update(message.files)
        return Reply(message.request)

    def _stats(self, message: AskStats) -> Reply:
        channel = self.channels.get(message.channel)
        if channel is None:
            return Reply(message.request, error="no_channel", message=message.channel)
        return Reply(message.request, stats(channel))

    # --- the end ----------------------------------------------------------------------------

    def gone(self, unsent: Sequence[Sequenced] | None = None) -> list[DetachedEndpoint]:
        """Close everything that belongs to the kernel, after sending its sessions' wills.

        Args:
            unsent: What never reached the kernel, if it may come back as a new process:
                then channels that keep their sessions stay, and these messages wait with them.

        Returns:
            The channels that wait.
        """
        self._tunnels.end()
        vacancies = []
        channels, self.channels = self.channels, {}
        for channel in channels.values():
            for session in list(channel.sessions):
                if session.will is not None:
                    session.outbox.send([session.will])
                    session.will = None
            if unsent is not None and channel.keeps:
                vacancies.append(self._vacate(channel, unsent))
            else:
                self._hub.detach(channel)
        self.sessions.clear()
        self.set_writable(True)
        self.turnstile.open()
        return vacancies

    def _vacate(self, channel: HubChannel, unsent: Sequence[Sequenced]) -> DetachedEndpoint:
        """Keep the sessions that the kernel never learned of, or that have a saved state."""
        unheard = {message.session for message in unsent if isinstance(message, Opened)}
        announced = {
            number: session for number, session in self.sessions.items() if session.channel is channel
        }
        for number, session in list(announced.items()):
            if not session.state and number not in unheard:
                del announced[number]
                session.cut(CloseCode.GOING_AWAY)
        vacancy = DetachedEndpoint(self._hub, channel, self.kernel_id, announced)
        for message in unsent:
            if isinstance(message, Opened) and message.state:
                # Adopted, but never announced: the session's own state says the same.
                continue
            if isinstance(message, (Opened, ClientMessage)) and message.session in announced:
                vacancy.send(message)
        return vacancy
