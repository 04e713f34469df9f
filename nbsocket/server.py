"""``nbsocket.Server``, the main API for notebooks: Socket.IO's server and its views."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbsocket.carriers.listen import where_to_listen
from nbsocket.link.agreement import CHANNEL_NAME
from nbsocket.notebook.process import process
from nbsocket.socketio.server import SocketServer
from nbsocket.widgets.ticket import Ticket

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Unpack

    from nbsocket.classroom.classroom import Classroom
    from nbsocket.gateway.config import LimitOptions
    from nbsocket.notebook.process import Process
    from nbsocket.widgets.bench import DuplexBench
    from nbsocket.widgets.page import Page
    from nbsocket.widgets.pane import Pane
    from nbsocket.widgets.wire import Wire


class Server(SocketServer):
    """A Socket.IO server in this notebook; clients reach it through the Jupyter server.

    In a program outside Jupyter (``python app.py``) it listens itself, on the port given by the environment
    variable ``PORT``, or on 3000. Creating it again in the same process returns the same server.

    Args:
        name: The channel: ``[a-z0-9][a-z0-9_-]{0,63}``.
            If not given, it is derived from the notebook's name and the kernel, or the program's name.
        takeover: Take the name from another notebook that holds it.
        recovery: Let a client that lost its connection for up to two minutes resume where it left off:
            same id, rooms and data, and what it missed, up to 1 MiB. It adds an offset to every event,
            as a last argument that client code sees. In a notebook, clients also stay connected while
            the kernel restarts: they get the event ``server_restarting``, and ``server_restarted`` once
            the cell has run again.
        open: Outside Jupyter only: let clients in without a ticket, from pages of this host
            and from programs.
        host: Outside Jupyter only: the address to listen on; ``127.0.0.1`` if not given.
        port: Outside Jupyter only: the port; 0 for any free one.
        origins: Outside Jupyter only, with ``open``: other origins whose pages' clients are let in,
            such as ``"https://example.org"``; ``"*"`` for all.
        **limits: Outside Jupyter only: settings such as ``ping_interval`` (seconds)
            or ``max_payload`` (bytes), named as in ``c.NbSocketApp``.

    Raises:
        ChannelInUse: Another notebook holds the name.
        ListenError: Outside Jupyter: the port cannot be opened.
        NbSocketError: No link within 3 seconds; a subclass says what to do.
        ValueError: The name is not a valid channel name, or an option applies only outside Jupyter.

    Source: Socket.IO server API, "Server".
    """

    _is_made = False
    _is_open: bool
    _origins: frozenset[str]

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
        **limits: Unpack[LimitOptions],
    ) -> Server:
        """Return the server of this name if there is one."""
        wanted = None
        if host is not None or port is not None or limits:
            wanted = where_to_listen(host, port, limits)
        here = process(wanted, is_for_programs=open or bool(origins) or wanted is not None)
        known = here.servers.get(_channel_name(name, here))
        return known if isinstance(known, Server) else super().__new__(cls)

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
        **limits: Unpack[LimitOptions],  # noqa: ARG002 - for __new__
    ) -> None:
        """Take the channel; see the class."""
        here = process()
        if self._is_made:
            for option, wanted, now in (
                ("recovery", recovery, self._channel.recovery),
                ("open", open, self._is_open),
                ("origins", frozenset(origins), self._origins),
            ):
                if wanted != now:
                    shown = sorted(now) if isinstance(now, frozenset) else now
                    msg = f"{self.name!r} runs with {option}={shown}; close it with io.close() first."
                    raise ValueError(msg)
            here.carrier.wait_up()
            self._channel.cell = here.cells.running() or self._channel.cell
            # Panes and magics use the newest server by default.
            here.servers[self.name] = here.servers.pop(self.name)
            return
        channel = _channel_name(name, here)
        self._process = here
        self._is_open = open
        self._origins = frozenset(origins)
        super().__init__(channel, here, takeover=takeover, recovery=recovery, open=open, origins=origins)
        self._class: Classroom | None = None
        self._is_made = True
        if here.is_program:
            ticket = "no ticket needed" if open else "clients need a ticket: io.ticket().link"
            print(f"nbsocket: {self.name!r} listens on {here.carrier.url} ({ticket})")  # noqa: T201 - its user waits for it

    def ticket(self, role: str = "guest", ttl: float = 4 * 3600.0) -> Ticket:
        """Return a ticket that lets clients into this channel.

        Args:
            role: ``guest`` or ``owner``; it becomes the socket's ``role``.
            ttl: Seconds until it expires, at most seven days.

        Raises:
            ServerClosedError: The server is closed.
            ValueError: The role is unknown, or ``ttl`` is out of bounds.
        """
        self._check_not_closed()
        return Ticket(self._carrier, self.name, role, ttl)

    def pane(self, name: str = "client", route: str = "") -> Pane:
        """Return an interactive client to show next to the cell.

        It connects to the Jupyter server that serves its page; where that is not possible, over the
        connection that the notebook itself has to its kernel.

        Args:
            name: Its name, such as ``"alice"``; it is also in its socket's ``handshake.query["name"]``.
            route: The only way to take: ``"jupyter"``, ``"port"`` (the kernel's own) or ``"comm"``;
                empty for whichever works.

        Raises:
            ValueError: There is no such route.
        """
        from nbsocket.widgets.pane import Pane  # noqa: PLC0415 - widgets load when first used

        self._check_not_closed()
        here = self._process
        return Pane(self.name, str(name), self._carrier, here.handlers, here.output, route)

    def wire(self) -> Wire:
        """Return a view of the traffic on this channel: a ladder diagram, the frames, every byte explained.

        The Jupyter server provides it, so it works while the kernel is busy. It shows the owner everything
        that clients send, even names and passwords in events, but never tickets or cookies.
        """
        from nbsocket.widgets.wire import Wire  # noqa: PLC0415 - widgets load when first used

        self._check_not_closed()
        return Wire(self.name, self._carrier)

    def duplex_bench(
        self,
        source: Callable[[int], Any] | None = None,
        *,
        rate: float = 2.0,
        interval: float = 1.0,
        seed: int = 1,
    ) -> DuplexBench:
        """Return a bench: the same events by short polling, long-polling, server-sent events and WebSocket.

        The page really uses all four ways through the Jupyter server, which counts requests and bytes.

        Args:
            source: Gets an event's number, from 1, and returns the event's content: any JSON value.
            rate: Initial events per second, 50 at most; the gaps vary by half of their mean.
            interval: Initial seconds between two polls.
            seed: The same seed gives the same times.

        Raises:
            ValueError: ``rate`` or ``interval`` is out of bounds.
        """
        from nbsocket.widgets.bench import DuplexBench  # noqa: PLC0415 - widgets load when first used
        from nbsocket.widgets.bench_source import Source  # noqa: PLC0415 - only where there is a bench

        self._check_not_closed()
        if not 0.1 <= interval <= 60:  # noqa: PLR2004 - what the page can show
            msg = f"interval={interval!r}: must be 0.1 to 60 seconds"
            raise ValueError(msg)
        function = source or (lambda number: {"number": number})
        made = Source(self, self._carrier, self._process.handlers, function, rate, seed)
        return DuplexBench(self.name, self._carrier, made, interval)

    def open_class(self, title: str = "", ttl: float = 4 * 3600.0) -> Classroom:
        """Open a class that phones join by code, link or QR code; as a cell's last line it shows its panel.

        While it is open, calling this again returns the same class.

        Args:
            title: What the phones show at the top.
            ttl: Seconds until its link expires, at most seven days.

        Raises:
            ValueError: ``ttl`` is out of bounds.
        """
        from nbsocket.classroom.classroom import Classroom  # noqa: PLC0415 - only where there is a class

        self._check_not_closed()
        if self._class is None or not self._class.is_open:
            here = self._process
            self._class = Classroom(
                self, self._carrier, here.handlers, title or self.name, ttl, self._channel
            )
        return self._class

    def page(self, file: str | Path, at: str = "/", assets: list[str | Path] | None = None) -> Page:
        """Serve an HTML file at this channel's address, in a sandbox, and show it here.

        In it, ``<script src="socket.io/socket.io.js">`` and ``io()`` just work.

        Args:
            file: The HTML file.
            at: The path below the channel's address, such as ``"/"`` or ``"/teacher"``.
            assets: Other files that it loads, served next to it under their own names.

        If it loads the client from elsewhere, a line under the cell says so: that client knows neither this
        channel's address nor its ticket.

        Raises:
            FileNotFoundError: A file does not exist.
        """
        from nbsocket.notebook.pages import publish  # noqa: PLC0415 - only where pages are served
        from nbsocket.widgets.page import Page  # noqa: PLC0415 - widgets load when first used

        self._check_not_closed()
        path, files = publish(self._carrier, self.name, file, at, assets or [])
        return Page(self.name, path, self._carrier, files)

    def run(self) -> None:
        """Outside Jupyter: serve until Ctrl-C, or until every server of this program is closed.

        A program that ends without calling it keeps serving, but from Python 3.12 on its handlers can then
        start no new threads, and ``asyncio.to_thread`` fails.

        Raises:
            NoServerError: In a notebook, where the Jupyter server serves.
        """
        self._process.serve()


def _channel_name(name: str | None, here: Process) -> str:
    if name is None:
        return here.default_channel
    if not isinstance(name, str) or not CHANNEL_NAME.fullmatch(name):
        msg = (
            f"{name!r} is not a valid channel name: use a to z, 0 to 9, '-' and '_', "
            "64 characters at most, a letter or digit first."
        )
        raise ValueError(msg)
    return name
