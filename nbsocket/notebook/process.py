"""The objects that exist once per process: cells, handler thread, output, carrier."""

from __future__ import annotations

import asyncio
import atexit
import re
import secrets
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbsocket.abilities import has_threads
from nbsocket.carriers.discovery import candidate_urls, find_shell, is_kernel, is_notebook, this_kernel
from nbsocket.carriers.listen import OF_A_NOTEBOOK, Listening, where_to_listen
from nbsocket.errors import NbSocketError, NoServerError
from nbsocket.link.agreement import RESERVED_CHANNELS
from nbsocket.notebook.activity import Activity
from nbsocket.notebook.cells import Cells
from nbsocket.notebook.output import HandlerOutput
from nbsocket.socketio.handler_thread import HandlerThread

if TYPE_CHECKING:
    from nbsocket.carriers.interface import Carrier
    from nbsocket.socketio.cell_run import CellRun
    from nbsocket.socketio.server import SocketServer

_NOT_A_NAME = re.compile(r"[^a-z0-9]+")
_SWITCH_S = 0.001


class Process:
    """This process's part of nbsocket, created with the first server.

    Args:
        listening: Where to listen if there is no Jupyter server.
    """

    def __init__(self, listening: Listening) -> None:
        """Find out what this process is and start its carrier.

        Raises:
            ListenError: Without a Jupyter server: the port cannot be opened.
            NbSocketError: There may be a Jupyter server, but no link to it came up within 3 seconds.
        """
        self.is_program = not is_notebook()
        self.shell: Any = find_shell()
        self.listening = listening
        # Without threads, the one loop that runs everything.
        self._loop = None if has_threads() else asyncio.get_event_loop()
        self.carrier, self.default_channel = self._found()
        self.cells = Cells(self.shell)
        self.output = HandlerOutput(self.shell)
        self.activity = Activity(self.carrier)
        self.handlers = HandlerThread(self.output, self.carrier, self.activity, self._loop)
        self.servers: dict[str, SocketServer] = {}
        self.cells.on_end(self._cell_ended)
        self.cells.on_begin(self._cell_begins)
        if (cell := self.cells.running()) is not None:
            self.activity.cell_begins(cell)
        if not self.is_program:
            # A computing cell releases the GIL only so often, and a client's round trip needs it more than
            # once. In a notebook's kernel we may change that; a program's author may want it as it is.
            sys.setswitchinterval(min(sys.getswitchinterval(), _SWITCH_S))

    @property
    def has_cells(self) -> bool:
        """Whether there is a shell whose cells can be followed."""
        return self.shell is not None

    @property
    def is_linked(self) -> bool:
        """Whether clients connect through a Jupyter server rather than a port of this process."""
        return bool(self.carrier.base_url)

    def _found(self) -> tuple[Carrier, str]:
        if self._loop is not None:
            from nbsocket.carriers.page import PageCarrier  # noqa: PLC0415 - only inside a browser

            name = f"notebook-{secrets.token_hex(2)}"
            return PageCarrier(name, self._loop), name
        return self._program() if self.is_program else self._notebook()

    def _notebook(self) -> tuple[Carrier, str]:
        """Link to the Jupyter server that started this kernel; if there is none, listen on a port."""
        name = f"notebook-{secrets.token_hex(2)}"
        if is_kernel():
            identity = this_kernel()
            name = identity.default_channel
            if candidate_urls():
                from nbsocket.carriers.link import LinkCarrier  # noqa: PLC0415 - only in a kernel
                from nbsocket.carriers.link_handshake import NotOursError  # noqa: PLC0415 - likewise

                link = LinkCarrier(identity)
                try:
                    link.wait_up()
                except NbSocketError as error:
                    link.close()
                    if not isinstance(error, NotOursError):
                        raise
                else:
                    return link, name
        from nbsocket.carriers.local import LocalCarrier  # noqa: PLC0415 - only without a Jupyter server

        carrier = LocalCarrier(self.listening, name)
        atexit.register(carrier.close)
        return carrier, name

    def _program(self) -> tuple[Carrier, str]:
        from nbsocket.carriers.local import LocalCarrier  # noqa: PLC0415 - only without a Jupyter server

        name = _NOT_A_NAME.sub("-", Path(sys.argv[0]).stem.lower()).strip("-") or "main"
        carrier = LocalCarrier(self.listening, name)
        self._closed = carrier.closed
        if not hasattr(sys, "ps1") and not _is_guest():
            # A program that listens keeps running, as in Node; a prompt or a framework decides for itself.
            atexit.register(self._stay)
        return carrier, f"{name}-server" if name in RESERVED_CHANNELS else name[:64]

    def _stay(self) -> None:
        if self.servers and not hasattr(sys, "last_value"):
            sys.stderr.write("nbsocket: the script has ended; its server keeps running until Ctrl-C\n")
            self.serve()
        self.carrier.close()

    def serve(self) -> None:
        """Block until Ctrl-C, or until every server is closed.

        Raises:
            NoServerError: In a notebook, where the server is already running.
        """
        if not self.is_program:
            msg = "In a notebook there is nothing to run: the server is already running. Remove io.run()."
            raise NoServerError(msg)
        for server in list(self.servers.values()):
            server.channel.let_in()
        try:
            self._closed.wait()
        except KeyboardInterrupt:
            self.close()

    def close(self) -> None:
        """In a program: close every server and the port."""
        global _current  # noqa: PLW0603 - one per process is the point
        if not self.is_program:
            return
        self.servers.clear()
        self.carrier.close()
        if _current is self:
            _current = None

    def forget(self, name: str) -> None:
        """Forget a closed server; the last one of a program closes its port."""
        self.servers.pop(name, None)
        if not self.servers:
            self.close()

    def _cell_begins(self, run: Any) -> None:
        self.activity.cell_begins(run)
        self.carrier.hold_tunnels(on=True)
        for server in list(self.servers.values()):
            server.channel.cell_begins(run)

    def _cell_ended(self, run: Any, ok: bool) -> None:
        self.carrier.hold_tunnels(on=False)
        self.activity.cell_ended(run)
        for server in list(self.servers.values()):
            server.channel.cell_ended(run, ok=ok)


def _is_guest() -> bool:
    """Whether a framework runs this code in its loop or thread, and so decides when the process ends."""
    if threading.current_thread() is not threading.main_thread():
        return True
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


_current: Process | None = None


def process(listening: Listening | None = None, *, is_for_programs: bool = False) -> Process:
    """Return this process's ``Process``, created at the first call.

    Args:
        listening: Where to listen outside Jupyter; None if the caller does not care.
        is_for_programs: Whether an option was given that applies only outside Jupyter.

    Raises:
        ForkedProcessError: This is a forked child of the process that created it.
        ListenError: Without a Jupyter server: the port cannot be opened.
        ValueError: The program already listens elsewhere, or an option applies only outside Jupyter.
    """
    global _current  # noqa: PLW0603 - one per process is the point
    if is_for_programs and is_notebook():
        msg = (
            "In a notebook host, port, open, origins and limits are not for Server(): the Jupyter server "
            "listens and sets the limits (c.NbSocketApp in its configuration). If there is none, "
            "the kernel itself listens on a free port of this machine, for clients with a ticket."
        )
        raise ValueError(msg)
    if _current is None:
        default = OF_A_NOTEBOOK if is_notebook() else where_to_listen(None, None, {})
        _current = Process(listening or default)
        return _current
    _current.carrier.check_process()
    if listening is not None and listening != _current.listening:
        where = _current.carrier.url
        msg = f"This program already listens on {where}: all servers share one port and its limits."
        raise ValueError(msg)
    return _current


def running_cell() -> CellRun | None:
    """Return the cell run that the calling code belongs to; None if there is none, or no server yet."""
    return None if _current is None else _current.cells.running()


def newest_server(name: str | None = None) -> SocketServer:
    """Return the server called ``name``, or the one that was created last.

    Raises:
        LookupError: There is none.
    """
    servers = _current.servers if _current is not None else {}
    if name is None and servers:
        return list(servers.values())[-1]
    if name is not None and name in servers:
        return servers[name]
    if name is None:
        msg = "There is no nbsocket server yet. Run a cell with  io = nbsocket.Server()  first."
    else:
        known = ", ".join(repr(one) for one in servers) or "none"
        msg = f"There is no server {name!r} in this notebook; there is: {known}."
    raise LookupError(msg)
