"""A server's surroundings as an interface, so that it need not know the notebook or the transport."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from nbsocket.carriers.interface import Carrier
    from nbsocket.socketio.cell_run import CellRuns
    from nbsocket.socketio.handler_run import Output, Watcher
    from nbsocket.socketio.handler_thread import HandlerThread
    from nbsocket.socketio.server import SocketServer


class Surroundings(Protocol):
    """The objects that exist once per process."""

    @property
    def carrier(self) -> Carrier:
        """How servers reach their clients."""
        ...

    @property
    def handlers(self) -> HandlerThread:
        """The thread on which handlers run."""
        ...

    @property
    def cells(self) -> CellRuns:
        """Tells which cell registers what."""
        ...

    @property
    def output(self) -> Output:
        """Where handler output is shown."""
        ...

    @property
    def activity(self) -> Watcher:
        """Records which handlers run."""
        ...

    @property
    def is_linked(self) -> bool:
        """Whether clients stay while this process restarts, since they connect through another process."""
        ...

    @property
    def has_cells(self) -> bool:
        """Whether there are cells whose end can be noticed."""
        ...

    servers: dict[str, SocketServer]
    """The open servers by channel, the newest last."""

    def forget(self, name: str) -> None:
        """Forget a closed server."""
        ...
