"""What a server finds around it, as an interface: so it knows neither notebook nor transport."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from nbsocket.carriers.interface import Carrier
    from nbsocket.socketio.cell_run import CellRuns
    from nbsocket.socketio.handler_run import Output, Watcher
    from nbsocket.socketio.handler_thread import HandlerThread
    from nbsocket.socketio.server import SocketServer


class Surroundings(Protocol):
    """What one process has one of."""

    @property
    def carrier(self) -> Carrier:
        """How servers reach their clients."""
        ...

    @property
    def handlers(self) -> HandlerThread:
        """On which handlers run."""
        ...

    @property
    def cells(self) -> CellRuns:
        """Who registers what."""
        ...

    @property
    def output(self) -> Output:
        """Where what handlers print belongs."""
        ...

    @property
    def activity(self) -> Watcher:
        """Who is told which handlers run."""
        ...

    @property
    def is_linked(self) -> bool:
        """Whether clients stay while this process restarts: they come through another one."""
        ...

    @property
    def has_cells(self) -> bool:
        """Whether the end of a cell run is told."""
        ...

    servers: dict[str, SocketServer]
    """Those that are open, by channel; the one that was made last is the last."""

    def forget(self, name: str) -> None:
        """Forget a closed server."""
        ...
