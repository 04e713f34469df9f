"""Socket.IO's server on one channel: namespaces, rooms, events, acknowledgements."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, overload

from nbsocket.errors import LinkLostError, ServerClosedError
from nbsocket.link.messages import AskStats
from nbsocket.protocol.socket_packet import DEFAULT_NAMESPACE
from nbsocket.socketio.broadcast_operator import Emitter
from nbsocket.socketio.channel import Channel
from nbsocket.socketio.event_target import EventTarget
from nbsocket.socketio.tickets import Ticket

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping, Sequence

    from nbsocket.socketio.broadcast_operator import BroadcastOperator
    from nbsocket.socketio.event_stream import EventStream
    from nbsocket.socketio.handler_table import HandlerTable, Registration
    from nbsocket.socketio.namespace import Namespace
    from nbsocket.socketio.parent_namespace import ParentNamespace
    from nbsocket.socketio.socket import Socket
    from nbsocket.socketio.surroundings import Surroundings


class SocketServer(Emitter, EventTarget):
    """A Socket.IO server.

    Args:
        name: The channel.
        here: The objects that exist once per process.
        takeover: Take the name from another process that holds it.
        recovery: Let a client that lost its connection resume where it left off.
        open: Let clients in without a ticket.
        origins: Other origins whose pages' clients are let in.

    Raises:
        ChannelInUse: Another process holds the name.
        NbSocketError: There is no link; a subclass says what to do.
    """

    def __init__(
        self,
        name: str,
        here: Surroundings,
        *,
        takeover: bool,
        recovery: bool,
        open: bool,  # noqa: A002 - Socket.IO's users would call it so
        origins: Sequence[str],
    ) -> None:
        """Take the channel."""
        self.name = name
        self._here = here
        self._carrier = here.carrier
        self._channel = Channel(name, here, recovery=recovery)
        self._default = self.of(DEFAULT_NAMESPACE)
        here.carrier.wait_up()
        here.carrier.open_channel(
            name,
            self._channel,
            takeover=takeover,
            is_open=open,
            origins=origins,
            keeps=self._channel.keeps,
        )
        here.servers[name] = self

    @property
    def channel(self) -> Channel:
        """This server as its carrier and its notebook see it."""
        return self._channel

    def __repr__(self) -> str:
        """Show the channel and how many clients it has."""
        return f"<nbsocket.Server {self.name!r}, {len(self.sockets)} connected>"

    @property
    def base_url(self) -> str:
        """The path under which the Jupyter server serves everything, such as ``/``."""
        return self._carrier.base_url

    @property
    def url(self) -> str:
        """The address at which this process reaches the server; it holds no secret."""
        return self._carrier.url

    @property
    def public_url(self) -> str:
        """The address of a port for guests only (``public_listen``); empty if there is none."""
        return self._carrier.public_url

    # --- the API of Socket.IO's server ------------------------------------------------------

    @overload
    def of(self, namespace: str) -> Namespace: ...

    @overload
    def of(self, namespace: re.Pattern[str] | Callable[[str, dict[str, Any]], Any]) -> ParentNamespace: ...

    def of(
        self, namespace: str | re.Pattern[str] | Callable[[str, dict[str, Any]], Any]
    ) -> Namespace | ParentNamespace:
        """Return a namespace, or one parent of all namespaces whose names match.

        Args:
            namespace: A name: that namespace exists from now on.
                A regular expression: a namespace whose whole name matches exists from when a client
                asks for it until its last client has left.
                A function ``(name, auth)``, plain or ``async def``: the same, if it returns a true value.

        Source: Socket.IO server API, ``server.of(nsp)``.
        """
        if not isinstance(namespace, str):
            return self._channel.parent_of(namespace)
        return self._channel.namespace(namespace if namespace.startswith("/") else f"/{namespace}")

    @property
    def sockets(self) -> Mapping[str, Socket]:
        """The sockets connected to ``/`` by id: a live view that cannot be changed.

        Source: Socket.IO server API, ``namespace.sockets``.
        """
        return self._default.sockets

    def use(self, middleware: Callable[[Socket], Any]) -> Callable[[Socket], Any]:
        """Call ``middleware(socket)`` before a client is accepted in ``/``; see ``Namespace.use``.

        Source: Socket.IO server API, ``server.use(fn)``.
        """
        return self._default.use(middleware)

    def unuse(self, middleware: Callable[[Socket], Any]) -> None:
        """Remove a middleware; see ``Namespace.unuse``."""
        self._default.unuse(middleware)

    def wait_for(self, event: str, timeout: float | None = None) -> Any:
        """Block this cell until any client emits ``event``, and return what it sent.

        Events since the running cell began count, each once.

        Args:
            event: Its name.
            timeout: Seconds to wait; None for no limit.

        Returns:
            One argument as itself, several as a tuple, none as None.

        Raises:
            TimeoutError: No client did so in time.
            BlockingCallError: In an ``async def`` handler; await ``next`` there.
        """
        return self._default.wait_for(event, timeout)

    async def next(self, event: str) -> Any:
        """Await ``event`` and return its arguments; see ``wait_for``."""
        return await self._default.next(event)

    def events(self, event: str, timeout: float | None = None) -> EventStream:
        """Return a stream of the events of this name, for ``for`` or ``async for``.

        Each iteration yields the socket and a tuple of the arguments. Events that arrive between two
        iterations are queued. Events since the running cell began count, each once.

        Args:
            event: Its name.
            timeout: Seconds after which the loop ends; None for never.

        Examples:
            >>> for socket, args in io.events("vote", timeout=30):
            ...     print(socket.id, args)
        """
        return self._default.events(event, timeout)

    async def drain(self) -> None:
        """Wait until clients have caught up, so that ``emit`` would not block."""
        await asyncio.to_thread(self._carrier.wait_writable)

    def _operator(self) -> BroadcastOperator:
        return self._default._operator()

    def _add(self, registration: Registration) -> None:
        self._default._add(registration)

    def _registrations(self) -> HandlerTable:
        return self._default._registrations()

    def _wiring(self) -> Namespace:
        return self._default

    def ticket(self, role: str = "guest", ttl: float = 4 * 3600.0) -> Ticket:
        """Return a ticket that lets clients into this channel."""
        self._check_not_closed()
        return Ticket(self._carrier, self.name, role, ttl)

    def _check_not_closed(self) -> None:
        if self._here.servers.get(self.name) is not self:
            msg = (
                f"This server is closed. Run the cell with  nbsocket.Server({self.name!r})  for a new one."
            )
            raise ServerClosedError(msg)

    def stats(self) -> dict[str, Any]:
        """Return how the channel is doing, in numbers.

        Returns:
            ``clients``, ``queued_bytes``, ``sessions`` (one entry a client: role, transport, queue, drops),
            ``rates`` (messages a second over the last ten seconds),
            ``traffic`` (messages both ways, dropped and cut by reason, ``ended`` by disconnect reason),
            ``troubles`` by kind (``too_big``, ``old_client``, ``other_parser``, ``no_packet``,
            ``not_in_class``), each with its ``count`` and its ``latest`` text,
            ``link``, and ``handlers``: events ``handled`` here, those that are ``waiting``, and how many
            milliseconds the latest thousand took from their arrival in this process to the end of their
            handlers (``p50_ms``, ``p90_ms``, ``p99_ms``; for ``async def``, up to the first await).

        Raises:
            LinkLostError: The server does not answer.
        """
        self._check_not_closed()
        reply = self._carrier.request(AskStats, channel=self.name)
        if reply.error:
            msg = f"The Jupyter server has no channel {self.name!r}; run the cell that creates it again."
            raise LinkLostError(msg)
        troubles = {**reply.value["troubles"], **self._channel.troubles.figures()}
        return {**reply.value, "troubles": troubles, "handlers": self._channel.figures()}

    def close(self) -> None:
        """Give the channel up and close its clients' connections.

        Outside Jupyter, closing the last server closes the port.

        Source: Socket.IO server API, ``server.close()``.
        """
        self._carrier.close_channel(self.name)
        self._channel.reset()
        self._here.forget(self.name)
