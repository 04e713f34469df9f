"""``nbsocket.Server``: what a notebook writes against."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, overload

from nbsocket.errors import LinkLostError, ServerClosedError
from nbsocket.kernel.broadcast import Emitter
from nbsocket.kernel.host import Host
from nbsocket.kernel.host import host as process_host
from nbsocket.kernel.listening import where_to_listen
from nbsocket.kernel.reception import Reception
from nbsocket.kernel.registering import Registering
from nbsocket.kernel.tickets import Ticket
from nbsocket.link.messages import AskStats
from nbsocket.protocol.socket_packet import (
    DEFAULT_NAMESPACE,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from nbsocket.classroom.classroom import Classroom
    from nbsocket.kernel.broadcast import BroadcastOperator
    from nbsocket.kernel.dynamic import ParentNamespace
    from nbsocket.kernel.handlers import HandlerTable, Registration
    from nbsocket.kernel.namespace import Namespace
    from nbsocket.kernel.socket import Socket
    from nbsocket.kernel.stream import EventStream
    from nbsocket.widgets.bench import DuplexBench
    from nbsocket.widgets.page import Page
    from nbsocket.widgets.pane import Pane
    from nbsocket.widgets.wire import Wire

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class Server(Emitter, Registering):
    """A Socket.IO server in this notebook; clients reach it through the Jupyter server.

    In a program outside Jupyter (``python app.py``) it listens by itself, on the port that the environment
    variable ``PORT`` names, or 3000. Creating it again in the same process returns the same server.

    Args:
        name: The channel: ``[a-z0-9][a-z0-9_-]{0,63}``.
            Without it, one is made from the notebook's name and the kernel, or from the program's name.
        takeover: Take the name from another notebook that holds it.
        recovery: Let a client that lost its connection for up to two minutes go on where it stopped:
            same id, rooms and data, and what it missed, up to 1 MiB. It adds an offset to every event,
            as a last argument that client code sees. In a notebook its clients also stay connected while
            the kernel restarts: they get the event ``server_restarting``, and ``server_restarted`` once
            the cell has run again.
        open: Outside Jupyter only: let clients in without a ticket, from pages of this very host
            and from programs.
        host: Outside Jupyter only: the address to listen on; ``127.0.0.1`` if not given.
        port: Outside Jupyter only: the port; 0 for any that is free.
        origins: Outside Jupyter only, with ``open``: origins of other pages whose clients are let in,
            such as ``"https://example.org"``; ``"*"`` for all.
        **limits: Outside Jupyter only: settings such as ``ping_interval`` (seconds)
            or ``max_payload`` (bytes), named as in ``c.NbSocketApp``.

    Raises:
        ChannelInUse: Another notebook holds the name.
        ListenError: Outside Jupyter: the port cannot be opened.
        NbSocketError: No link within 3 seconds; a subclass says what to do.
        ValueError: The name is no channel name, or something was asked for that is not for here.

    Source: Socket.IO server API, "Server".
    """

    name: str
    _is_made = False
    _is_open: bool
    _origins: frozenset[str]
    _reception: Reception

    def __new__(  # noqa: PYI034 - one per name
        cls,
        name: str | None = None,
        *,
        host: str | None = None,
        port: int | None = None,
        takeover: bool = False,  # noqa: ARG004 - for __init__
        recovery: bool = False,  # noqa: ARG004 - for __init__
        open: bool = False,  # noqa: A002 - Socket.IO's users would call it so
        origins: Sequence[str] = (),
        **limits: float,
    ) -> Server:
        """Return the server of this name if there is one."""
        wanted = None
        if host is not None or port is not None or limits:
            wanted = where_to_listen(host, port, limits)
        here = process_host(wanted, is_for_programs=open or bool(origins) or wanted is not None)
        return here.servers.get(_channel_name(name, here)) or super().__new__(cls)

    def __init__(
        self,
        name: str | None = None,
        *,
        takeover: bool = False,
        recovery: bool = False,
        open: bool = False,  # noqa: A002 - Socket.IO's users would call it so
        host: str | None = None,  # noqa: ARG002 - for __new__
        port: int | None = None,  # noqa: ARG002 - for __new__
        origins: Sequence[str] = (),
        **limits: float,  # noqa: ARG002 - for __new__
    ) -> None:
        """Take the channel; see the class."""
        here = process_host()
        if self._is_made:
            for option, wanted, now in (
                ("recovery", recovery, self._reception.recovery),
                ("open", open, self._is_open),
                ("origins", frozenset(origins), self._origins),
            ):
                if wanted != now:
                    shown = sorted(now) if isinstance(now, frozenset) else now
                    msg = f"{self.name!r} runs with {option}={shown}; close it with io.close() first."
                    raise ValueError(msg)
            here.carrier.wait_up()
            self._reception.cell = here.cells.running() or self._reception.cell
            # The newest server is what panes and magics take by default.
            here.servers[self.name] = here.servers.pop(self.name)
            return
        self.name = _channel_name(name, here)
        self._host = here
        self._carrier = here.carrier
        self._reception = Reception(self.name, here, recovery=recovery)
        self._default = self.of(DEFAULT_NAMESPACE)
        self._is_open = open
        self._origins = frozenset(origins)
        here.carrier.wait_up()
        here.carrier.open_channel(
            self.name,
            self._reception,
            takeover=takeover,
            is_open=open,
            origins=origins,
            keeps=self._reception.keeps,
        )
        here.servers[self.name] = self
        self._class: Classroom | None = None
        self._is_made = True
        if here.is_program:
            ticket = "no ticket needed" if open else "clients need a ticket: io.ticket().link"
            print(f"nbsocket: {self.name!r} listens on {here.carrier.url} ({ticket})")  # noqa: T201 - its user waits for it

    def __repr__(self) -> str:
        """Show the channel and how many clients it has."""
        return f"<nbsocket.Server {self.name!r}, {len(self.sockets)} connected>"

    @property
    def base_url(self) -> str:
        """The path below which the Jupyter server serves everything, such as ``/``."""
        return self._carrier.base_url

    @property
    def url(self) -> str:
        """The address at which this process reaches the server; it holds no secret."""
        return self._carrier.url

    @property
    def public_url(self) -> str:
        """The address of a port for guests alone (``public_listen``); empty if there is none."""
        return self._carrier.public_url

    # --- what Socket.IO's server has --------------------------------------------------------

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
                A regular expression: names that match it as a whole exist from when a client asks
                for them until the last one has left.
                A function ``(name, auth)``, plain or ``async def``: likewise, where it returns true.

        Source: Socket.IO server API, ``server.of(nsp)``.
        """
        if not isinstance(namespace, str):
            return self._reception.parent_of(namespace)
        return self._reception.namespace(namespace if namespace.startswith("/") else f"/{namespace}")

    @property
    def sockets(self) -> Mapping[str, Socket]:
        """The sockets connected to ``/`` by id: a live view that cannot be changed.

        Source: Socket.IO server API, ``namespace.sockets``.
        """
        return self._default.sockets

    def use(self, middleware: Callable[[Socket], Any]) -> Callable[[Socket], Any]:
        """Have ``middleware(socket)`` asked before a client is accepted in ``/``; see ``Namespace.use``.

        Source: Socket.IO server API, ``server.use(fn)``.
        """
        return self._default.use(middleware)

    def unuse(self, middleware: Callable[[Socket], Any]) -> None:
        """Remove a middleware of ``use``; see ``Namespace.unuse``."""
        self._default.unuse(middleware)

    def wait_for(self, event: str, timeout: float | None = None) -> Any:
        """Block this cell until any client emits ``event``, and return what it sent.

        Events since the running cell began count, each once.

        Args:
            event: Its name.
            timeout: Seconds to wait; None for ever.

        Returns:
            One argument as itself, several as a tuple, none as None.

        Raises:
            TimeoutError: Nobody did in time.
            BlockingCallError: In an ``async def`` handler; await ``next`` there.
        """
        return self._default.wait_for(event, timeout)

    async def next(self, event: str) -> Any:
        """Do what ``wait_for`` does, for code that awaits."""
        return await self._default.next(event)

    def events(self, event: str, timeout: float | None = None) -> EventStream:
        """Return what clients emit under this name, for a ``for`` or an ``async for``.

        Each turn of the loop gives the socket and a tuple of the arguments. What arrives between two
        turns waits. Events since the running cell began count, each once.

        Args:
            event: Its name.
            timeout: Seconds after which the loop ends; None for never.

        Examples:
            >>> for socket, args in io.events("vote", timeout=30):
            ...     print(socket.id, args)
        """
        return self._default.events(event, timeout)

    async def drain(self) -> None:
        """Await until clients have caught up so far that ``emit`` would not wait."""
        await asyncio.to_thread(self._carrier.wait_writable)

    def _operator(self) -> BroadcastOperator:
        return self._default._operator()

    def _add(self, registration: Registration) -> None:
        self._default._add(registration)

    def _registrations(self) -> HandlerTable:
        return self._default._registrations()

    def _wiring(self) -> Namespace:
        return self._default

    # --- what only a notebook has -----------------------------------------------------------

    def ticket(self, role: str = "guest", ttl: float = 4 * 3600.0) -> Ticket:
        """Return a ticket that lets clients into this channel.

        Args:
            role: ``guest`` or ``owner``; a socket's ``role`` says it.
            ttl: Seconds until it expires, at most seven days.

        Raises:
            ServerClosedError: The server is closed.
            ValueError: The role is unknown, or ``ttl`` is out of bounds.
        """
        self._check_not_closed()
        return Ticket(self._carrier, self.name, role, ttl)

    def _check_not_closed(self) -> None:
        if self._host.servers.get(self.name) is not self:
            msg = (
                f"This server is closed. Run the cell with  nbsocket.Server({self.name!r})  for a new one."
            )
            raise ServerClosedError(msg)

    def pane(self, name: str = "client") -> Pane:
        """Return a client to look at and to type into, beside the cell.

        Args:
            name: What it is called, such as ``"alice"``; so says its socket's ``handshake.query["name"]``.
        """
        from nbsocket.widgets.pane import Pane  # noqa: PLC0415 - widgets load when first used

        self._check_not_closed()
        return Pane(self.name, str(name), self._carrier.base_url, self._host.handlers)

    def wire(self) -> Wire:
        """Return a view of what goes over this channel: a ladder, the frames, every byte explained.

        It comes from the Jupyter server, so it goes on while the kernel is busy. It shows its owner all
        that clients send, also names and passwords in events; tickets and cookies are never in it.
        """
        from nbsocket.widgets.wire import Wire  # noqa: PLC0415 - widgets load when first used

        self._check_not_closed()
        return Wire(self.name, self._carrier.base_url)

    def duplex_bench(
        self,
        source: Callable[[int], Any] | None = None,
        *,
        rate: float = 2.0,
        interval: float = 1.0,
        seed: int = 1,
    ) -> DuplexBench:
        """Return a bench: the same events by short polling, long-polling, server-sent events and WebSocket.

        The page really asks in these four ways through the Jupyter server, which counts requests and bytes.

        Args:
            source: Gets an event's number, from 1, and returns what the event brings: any JSON value.
            rate: Events a second at first, 50 at most; their times vary by half of the mean.
            interval: Seconds between two polls at first.
            seed: The same one gives the same times.

        Raises:
            ValueError: ``rate`` or ``interval`` is out of bounds.
        """
        from nbsocket.kernel.bench import Source  # noqa: PLC0415 - only where there is a bench
        from nbsocket.widgets.bench import DuplexBench  # noqa: PLC0415 - widgets load when first used

        self._check_not_closed()
        if not 0.1 <= interval <= 60:  # noqa: PLR2004 - what the page can show
            msg = f"interval={interval!r}: 0.1 to 60 seconds are possible"
            raise ValueError(msg)
        function = source or (lambda number: {"number": number})
        made = Source(self, self._carrier, self._host.handlers, function, rate, seed)
        return DuplexBench(self.name, self._carrier.base_url, made, interval)

    def open_class(self, title: str = "", ttl: float = 4 * 3600.0) -> Classroom:
        """Open a class that phones join by code, link or QR code; as a cell's last line it shows its panel.

        While it is open, this returns the same class again.

        Args:
            title: What the phones show above everything.
            ttl: Seconds until its link expires, at most seven days.

        Raises:
            ValueError: ``ttl`` is out of bounds.
        """
        from nbsocket.classroom.classroom import Classroom  # noqa: PLC0415 - only where there is a class

        self._check_not_closed()
        if self._class is None or not self._class.is_open:
            here = self._host
            self._class = Classroom(
                self, self._carrier, here.handlers, title or self.name, ttl, self._reception
            )
        return self._class

    def page(self, file: str | Path, at: str = "/", assets: list[str | Path] | None = None) -> Page:
        """Serve an HTML file at this channel's address, in a sandbox, and show it here.

        In it ``<script src="socket.io/socket.io.js">`` and ``io()`` just work.

        Args:
            file: The HTML file.
            at: Where below the channel's address, such as ``"/"`` or ``"/teacher"``.
            assets: Further files that it loads, served beside it under their own names.

        Where it loads the client from elsewhere, a line under the cell says so: that one knows neither this
        channel's address nor its ticket.

        Raises:
            FileNotFoundError: A file is not there.
        """
        from nbsocket.kernel.pages import publish  # noqa: PLC0415 - only where pages are served
        from nbsocket.widgets.page import Page  # noqa: PLC0415 - widgets load when first used

        self._check_not_closed()
        path = publish(self._carrier, self.name, file, at, assets or [])
        return Page(self.name, path, self._carrier.base_url)

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
            handlers (``p50_ms``, ``p90_ms``, ``p99_ms``; an ``async def`` one up to its first await).

        Raises:
            LinkLostError: The server does not answer.
        """
        self._check_not_closed()
        reply = self._carrier.request(AskStats, channel=self.name)
        if reply.error:
            msg = f"The Jupyter server has no channel {self.name!r}; run the cell that creates it again."
            raise LinkLostError(msg)
        troubles = {**reply.value["troubles"], **self._reception.troubles.figures()}
        return {**reply.value, "troubles": troubles, "handlers": self._reception.pace.figures()}

    def close(self) -> None:
        """Give the channel back; its clients' connections are closed.

        Outside Jupyter the last server that is closed closes the port.

        Source: Socket.IO server API, ``server.close()``.
        """
        self._carrier.close_channel(self.name)
        self._reception.reset()
        self._host.forget(self.name)

    def run(self) -> None:
        """Outside Jupyter: serve until Ctrl-C, or until every server of this program is closed.

        A program that ends without it serves on, too; but from Python 3.12 on its handlers can start no new
        threads then, and ``asyncio.to_thread`` fails.

        Raises:
            NoServerError: In a notebook: there the Jupyter server serves.
        """
        self._host.serve()


def _channel_name(name: str | None, here: Host) -> str:
    if name is None:
        return here.default_channel
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        msg = (
            f"{name!r} is no channel name: use a to z, 0 to 9, '-' and '_', "
            "64 characters at most, a letter or digit first."
        )
        raise ValueError(msg)
    return name
