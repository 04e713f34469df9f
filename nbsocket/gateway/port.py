"""Where a kernel plugs into the switchboard: link messages in, link messages out."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from nbsocket.gateway.burst import Burst
from nbsocket.gateway.counting import stats
from nbsocket.gateway.switchboard import CHANNEL_NAME, RESERVED_CHANNELS, Channel, Switchboard
from nbsocket.link.messages import (
    AskStats,
    ChannelLost,
    CloseSession,
    Deliver,
    MintTicket,
    PublishPage,
    Register,
    Reply,
    RevokeTicket,
    Sequenced,
    Unregister,
    Will,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbsocket.gateway.client_session import ClientSession

_YIELD_AFTER_S = 0.005
"""How long the fan-out may keep its process to itself."""


class KernelPort:
    """One kernel's place at the switchboard.

    Args:
        switchboard: Where it plugs in.
        kernel_id: Whose tickets open its channels.
        send: Carries a message to the kernel, in order.
        may_open: Whether its channels may do without tickets: a notebook's must not,
            since they stand at the address of its Jupyter server.
    """

    def __init__(
        self,
        switchboard: Switchboard,
        kernel_id: str,
        send: Callable[[Sequenced], None],
        may_open: bool = False,
    ) -> None:
        """Plug in without channels."""
        self._may_open = may_open
        self.kernel_id = kernel_id
        self.send = send
        self.sessions: dict[int, ClientSession] = {}
        self.channels: dict[str, Channel] = {}
        self.writable = True
        self.is_attached = True
        self._switchboard = switchboard
        self._writers: list[asyncio.Future[None]] = []
        self._will: Will | None = None
        self._answers: dict[type, Callable[[Any], Reply]] = {
            Register: self._register,
            MintTicket: self._mint,
            RevokeTicket: self._revoke,
            PublishPage: self._publish,
            AskStats: self._stats,
        }

    # --- towards the kernel -----------------------------------------------------------------

    def set_writable(self, writable: bool) -> None:
        """Say whether the kernel takes more; sessions stop reading while it does not."""
        self.writable = writable
        if writable:
            writers, self._writers = self._writers, []
            for writer in writers:
                if not writer.done():
                    writer.set_result(None)

    async def wait_writable(self) -> None:
        """Wait until the kernel takes more, or is gone."""
        while not self.writable:
            writer = asyncio.get_running_loop().create_future()
            self._writers.append(writer)
            await writer

    # --- from the kernel --------------------------------------------------------------------

    async def receive(self, messages: Sequence[Sequenced]) -> None:
        """Work off what the kernel sent, in order, yielding to the process now and then."""
        bursts: list[tuple[Burst, list[int]]] = []
        for message in messages:
            if isinstance(message, Deliver):
                self._add(bursts, message)
                continue
            if bursts:
                await self._carry(bursts)
                bursts = []
            self._act(message)
        if bursts:
            await self._carry(bursts)

    @staticmethod
    def _add(bursts: list[tuple[Burst, list[int]]], message: Deliver) -> None:
        if bursts:
            last, to = bursts[-1]
            if to == message.to and last.volatile is message.volatile:
                last.messages.extend(message.frames)
                return
        bursts.append((Burst(message.frames, message.volatile), message.to))

    async def _carry(self, bursts: list[tuple[Burst, list[int]]]) -> None:
        """Give every recipient all its bursts with one call."""
        outgoing: dict[int, list[Burst]] = {}
        for burst, to in bursts:
            for number in to:
                outgoing.setdefault(number, []).append(burst)
        sessions = self.sessions
        deadline = time.monotonic() + _YIELD_AFTER_S
        for number, mine in outgoing.items():
            session = sessions.get(number)
            if session is not None:
                session.send(mine)
            if time.monotonic() > deadline:
                await asyncio.sleep(0)
                deadline = time.monotonic() + _YIELD_AFTER_S

    def _act(self, message: Sequenced) -> None:
        answer = self._answers.get(type(message))
        if answer is not None:
            self.send(answer(message))
        elif isinstance(message, CloseSession):
            session = self.sessions.get(message.session)
            if session is not None:
                session.close_after_queue(message.reason)
        elif isinstance(message, Unregister):
            channel = self.channels.pop(message.channel, None)
            if channel is not None:
                self._switchboard.detach(channel)
        elif isinstance(message, Will):
            self._will = message

    def _revoke(self, message: RevokeTicket) -> Reply:
        self._switchboard.revoke(message.ticket_id)
        return Reply(message.request)

    def _register(self, message: Register) -> Reply:
        name = message.channel
        if name in RESERVED_CHANNELS:
            text = f"the channel name {name!r} is taken by nbsocket itself; choose another"
            return Reply(message.request, error="bad_name", message=text)
        if not CHANNEL_NAME.fullmatch(name):
            return Reply(message.request, error="bad_name", message=f"{name!r} is no channel name")
        if message.is_open and not self._may_open:
            return Reply(
                message.request, error="not_open", message="a channel of a Jupyter server needs tickets"
            )
        held = self._switchboard.channels.get(name)
        if held is not None and held.port is not self:
            if not message.takeover:
                notebook = held.notebook or "another notebook"
                return Reply(message.request, {"notebook": notebook}, "channel_in_use", notebook)
            held.port.lose(name, by=message.notebook)
        if name not in self.channels:
            channel = self.channels[name] = Channel(
                name, self, message.notebook, message.is_open, frozenset(message.origins)
            )
            self._switchboard.attach(channel)
        return Reply(message.request)

    def lose(self, name: str, by: str) -> None:
        """Give a channel up to another kernel."""
        channel = self.channels.pop(name, None)
        if channel is not None:
            self._switchboard.detach(channel)
            self.send(ChannelLost(name, by))

    def _mint(self, message: MintTicket) -> Reply:
        if message.channel not in self.channels:
            return Reply(message.request, error="no_channel", message=message.channel)
        try:
            value, ticket = self._switchboard.tickets.mint(
                message.channel, message.role, self.kernel_id, message.ttl_s
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
                "code": self._switchboard.codes.issue(value, ticket),
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

    async def gone(self) -> None:
        """Close everything the kernel had; its will is carried out first."""
        if self._will is not None:
            await self._carry([(Burst(self._will.frames), self._will.to)])
        channels, self.channels = self.channels, {}
        for channel in channels.values():
            self._switchboard.detach(channel)
        self.sessions.clear()
        self.set_writable(True)
