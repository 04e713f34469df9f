"""Socket.IO's server on one channel: namespaces, rooms, events, acknowledgements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from nbsocket.errors import LinkLostError, ServerClosedError
from nbsocket.link.messages import AskStats
from nbsocket.protocol.socket_packet import DEFAULT_NAMESPACE
from nbsocket.socketio.channel import Channel
from nbsocket.socketio.namespace_methods import NamespaceMethods
from nbsocket.socketio.tickets import Ticket

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Sequence

    from nbsocket.socketio.namespace import Namespace
    from nbsocket.socketio.parent_namespace import ParentNamespace
    from nbsocket.socketio.surroundings import Surroundings


class SocketServer(NamespaceMethods):
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
        super().__init__(self._channel.namespace(DEFAULT_NAMESPACE))
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
            return self._channel.parent_of(namespace).face
        return self._channel.namespace(namespace if namespace.startswith("/") else f"/{namespace}").face

    async def drain(self) -> None:
        """Wait until clients have caught up, so that ``emit`` would not block."""
        await self._carrier.drained()

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
        self._channel.close_clients()
        self._here.forget(self.name)
