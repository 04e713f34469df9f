"""What one kernel process has one of: its cells, its handler thread, its output, its link."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbsocket.kernel.cells import Cells
from nbsocket.kernel.discovery import KernelIdentity, this_kernel
from nbsocket.kernel.link_carrier import LinkCarrier
from nbsocket.kernel.output import HandlerOutput
from nbsocket.kernel.runtime import HandlerThread

if TYPE_CHECKING:
    from nbsocket.kernel.server import Server


class Host:
    """The kernel's side of nbsocket, made when the first server is."""

    def __init__(self) -> None:
        """Find out who this kernel is and start the link.

        Raises:
            NoServerError: This process is no Jupyter kernel.
        """
        self.identity: KernelIdentity = this_kernel()
        self.shell: Any = find_shell()
        self.cells = Cells(self.shell)
        self.output = HandlerOutput(self.shell)
        self.handlers = HandlerThread(self.output)
        self.carrier = LinkCarrier(self.identity)
        self.servers: dict[str, Server] = {}
        self.cells.on_end(self._cell_ended)
        self.cells.on_begin(self._cell_begins)

    def _cell_begins(self, run: Any) -> None:
        for server in list(self.servers.values()):
            server.cell_begins(run)

    def _cell_ended(self, run: Any, ok: bool) -> None:
        for server in list(self.servers.values()):
            server.cell_ended(run, ok=ok)


_host: Host | None = None


def host() -> Host:
    """Return this process's host; made at the first call.

    Raises:
        NoServerError: This process is no Jupyter kernel.
    """
    global _host  # noqa: PLW0603 - one per process is the point
    if _host is None:
        _host = Host()
    return _host


def newest_server(name: str | None = None) -> Server:
    """Return the server called ``name``, or the one that was created last.

    Raises:
        LookupError: There is none.
    """
    servers = _host.servers if _host is not None else {}
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


def find_shell() -> Any:
    """Return IPython's shell; None outside IPython."""
    try:
        from IPython.core.getipython import get_ipython  # noqa: PLC0415 - a plain script has none
    except ImportError:
        return None
    return get_ipython()
