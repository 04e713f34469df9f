"""What all carriers do with link messages: route them by channel name, session number and request."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import threading
import time
from typing import TYPE_CHECKING, Any

from nbsocket.abilities import in_forked_child
from nbsocket.carriers.tunnel_end import TunnelEnds
from nbsocket.errors import ChannelInUse, ForkedProcessError, LinkLostError
from nbsocket.link.messages import (
    ChannelLost,
    ClientMessage,
    Closed,
    Deliver,
    Opened,
    Register,
    Reply,
    Sequenced,
    Trouble,
    Unregister,
    Watch,
)
from nbsocket.link.reliable import size_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbsocket.carriers.interface import ChannelEvents, ClientEvents
    from nbsocket.carriers.tunnel_end import TunnelEnd, TunnelEvents, Visit

log = logging.getLogger("nbsocket")

_REQUEST_S = 10.0


class RoutingCarrier:
    """The part of a carrier that does not depend on how messages travel.

    Args:
        notebook: How the gateway refers to this process when another one wants its channel.
    """

    def __init__(self, notebook: str) -> None:
        """Begin without channels."""
        self.notebook = notebook
        self.base_url = "/"
        self.max_payload = 1_000_000
        self.url = ""
        self.public_url = ""
        self.has_tunnels = True
        self.port_key = b""
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._channels: dict[str, ChannelEvents] = {}
        self._keeping: set[str] = set()
        self._clients: dict[int, ClientEvents] = {}
        self._requests = itertools.count(1)
        self._replies: dict[int, Reply | None] = {}
        self._acts: dict[type, Callable[[Any], None]] = {
            Opened: self._opened,
            Closed: self._client_closed,
            Reply: self._replied,
            Watch: self._watched,
            Trouble: self._troubled,
            ChannelLost: self._lost,
        }
        self._tunnels = TunnelEnds(self.send)
        self._acts |= self._tunnels.acts
        self._is_child = False
        in_forked_child(self._forked)
        self.on_messages: Callable[[list[tuple[Any, Any, float]]], None] = lambda _batch: None
        self.on_arrival: Callable[[int], None] | None = None
        """While somebody watches: called with the number of each client's message as it arrives."""

    # --- any thread -------------------------------------------------------------------------

    def send(self, message: Sequenced) -> None:
        """Send ``message`` after everything sent before. Never blocks."""
        raise NotImplementedError

    def _forked(self) -> None:
        """In a forked child: the connection belongs to the parent, and no lock is safe to take."""
        self._is_child = True

    def check_process(self) -> None:
        """Refuse to do anything in a forked child.

        Raises:
            ForkedProcessError: This process is one.
        """
        if self._is_child:
            msg = (
                f"This is process {os.getpid()}, a forked child: the server's connection belongs to its "
                f"parent, process {os.getppid()}. Return the result to the parent, and emit there."
            )
            raise ForkedProcessError(msg)

    def consumed(self, size: int) -> None:
        """Note that received messages of this size have been processed."""
        raise NotImplementedError

    def wait_writable(self, timeout_s: float | None = None) -> bool:
        """Block until the gateway has room for more; False on time-out."""
        raise NotImplementedError

    async def drained(self) -> None:
        """Wait until the gateway has room for more."""
        await asyncio.to_thread(self.wait_writable)

    def gather(self) -> None:
        """Coalesce what is sent from now on, for up to a millisecond."""

    def release(self) -> None:
        """Send what was gathered, and stop coalescing."""

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call ``call`` on the carrier's thread after ``seconds``; any thread."""
        raise NotImplementedError

    def _stamped(self, message: Sequenced) -> Sequenced:
        """Note when an event is sent, while somebody watches."""
        if self.on_arrival is not None and isinstance(message, Deliver):
            message.at = time.monotonic()
        return message

    def request(self, kind: type, **fields: object) -> Reply:
        """Send a request, and wait for its reply.

        Raises:
            LinkLostError: No answer came within 10 seconds.
        """
        self.check_process()
        number = next(self._requests)
        with self._changed:
            self._replies[number] = None
        self.send(kind(request=number, **fields))
        with self._changed:
            self._changed.wait_for(lambda: self._replies[number] is not None, _REQUEST_S)
            reply = self._replies.pop(number)
        if reply is None:
            msg = f"The server at {self.url} did not answer within {_REQUEST_S:g} s."
            raise LinkLostError(msg)
        return reply

    def open_channel(
        self,
        name: str,
        events: ChannelEvents,
        *,
        takeover: bool,
        is_open: bool = False,
        origins: Sequence[str] = (),
        keeps: bool = False,
    ) -> None:
        """Take a channel name.

        Args:
            name: The name.
            events: Receives what happens on the channel.
            takeover: Take it from another kernel that holds it.
            is_open: Let clients in without a ticket; only this process's own gateway allows that.
            origins: Other origins whose pages' clients are then let in.
            keeps: Keep its sessions open while this kernel restarts.

        Raises:
            ChannelInUse: Another live kernel holds it.
            ValueError: It is not a valid channel name.
        """
        with self._changed:
            self._channels[name] = events
            if keeps:
                self._keeping.add(name)
        reply = self.request(
            Register,
            channel=name,
            notebook=self.notebook,
            takeover=takeover,
            is_open=is_open,
            origins=list(origins),
            keeps=keeps,
        )
        if not reply.error:
            return
        with self._changed:
            del self._channels[name]
            self._keeping.discard(name)
        if reply.error == "channel_in_use":
            raise ChannelInUse(
                f"The channel {name!r} is held by {reply.message}. Choose another name, shut that "
                f"kernel down, or take it with nbsocket.Server({name!r}, takeover=True).",
                reply.message,
            )
        raise ValueError(reply.message)

    def open_tunnel(self, visit: Visit, events: TunnelEvents) -> TunnelEnd:
        """Let in a client that reaches this process and not the gateway; ``events`` gets what comes."""
        return self._tunnels.open(visit, events)

    def hold_tunnels(self, *, on: bool) -> None:
        """Note that what clients send through this process waits for a cell, or no longer does."""
        self.later(0.0, lambda: self._tunnels.hold(on=on))

    def close_channel(self, name: str) -> None:
        """Release a channel name."""
        with self._changed:
            self._channels.pop(name, None)
            self._keeping.discard(name)
        self.send(Unregister(name))

    # --- the carrier's thread ---------------------------------------------------------------

    def _route(self, messages: Sequence[Sequenced]) -> None:
        """Dispatch a batch from the gateway; consecutive messages of clients stay together."""
        clients, now = self._clients, time.monotonic()
        batch: list[tuple[Any, Any, float]] = []
        other_size = 0
        for one in messages:
            if isinstance(one, ClientMessage):
                if one.number and self.on_arrival is not None:
                    self.on_arrival(one.number)
                client = clients.get(one.session)
                if client is not None:
                    batch.append((client, one.data, now))
                    continue
            elif batch:
                self.on_messages(batch)
                batch = []
            other_size += size_of(one)
            self._act(one)
        if batch:
            self.on_messages(batch)
        if other_size:
            self.consumed(other_size)

    def _act(self, message: Sequenced) -> None:
        act = self._acts.get(type(message))
        if act is not None:
            act(message)

    def _opened(self, message: Opened) -> None:
        events = self._channels.get(message.channel)
        if events is not None:
            self._clients[message.session] = events.opened(message)

    def _client_closed(self, message: Closed) -> None:
        client = self._clients.pop(message.session, None)
        if client is not None:
            client.closed(message.reason)

    def _replied(self, message: Reply) -> None:
        with self._changed:
            if message.request in self._replies:
                self._replies[message.request] = message
                self._changed.notify_all()

    def _watched(self, message: Watch) -> None:
        events = self._channels.get(message.channel)
        if events is not None:
            events.watched(on=message.on)

    def _troubled(self, message: Trouble) -> None:
        events = self._channels.get(message.channel)
        if events is not None:
            events.troubled(message.text)

    def _lost(self, message: ChannelLost) -> None:
        events = self._channels.pop(message.channel, None)
        if events is not None:
            events.lost(message.by)
