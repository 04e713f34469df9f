"""A gateway with a port of its own, for programs outside Jupyter: the same handlers, the same routes.

The first channel also stands at the root, where a stock client looks without being told.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from nbsocket.gateway.handlers import (
    ClientBundleHandler,
    EngineIOHandler,
    PageHandler,
    UnknownHandler,
)
from nbsocket.gateway.switchboard import Switchboard
from nbsocket.gateway.tickets import TicketOffice

if TYPE_CHECKING:
    from nbsocket.gateway.config import Limits

_STATIC = Path(__file__).parent.parent / "static"


class StandaloneGateway:
    """A switchboard behind an HTTP server of this process, on the running loop.

    Args:
        limits: What is allowed.
    """

    def __init__(self, limits: Limits) -> None:
        """Build it; ``listen`` opens its port."""
        # Its tickets end with the process, so its secret may.
        self.switchboard = Switchboard(limits, TicketOffice(secrets.token_bytes(32)))
        shared: dict[str, Any] = {"switchboard": self.switchboard}
        bundle_file = _STATIC / "socket.io.js"
        with_bundle = {**shared, "bundle": bundle_file.read_bytes() if bundle_file.exists() else b""}
        script = r"(?:.*/)?socket\.io/socket\.io\.js"
        application = Application(
            [
                (rf"/nbsocket/[^/]+/{script}", ClientBundleHandler, with_bundle),
                (r"/nbsocket/([^/]+)/socket\.io/?", EngineIOHandler, shared),
                (r"/nbsocket/([^/]+)/(.*)", PageHandler, shared),
                (r"/nbsocket(?:/.*)?", UnknownHandler, shared),
                (rf"/{script}", ClientBundleHandler, with_bundle),
                (r"/()socket\.io/?", EngineIOHandler, shared),
                (r"/()(.*)", PageHandler, shared),
            ],
            log_function=lambda _handler: None,
        )
        self._http = HTTPServer(application)

    def listen(self, host: str, port: int) -> int:
        """Open the port and return it; 0 lets the system choose one.

        Raises:
            OSError: It cannot be had.
        """
        sockets = bind_sockets(port, host or None)
        self._http.add_sockets(sockets)
        return int(sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Close the port and every connection."""
        self._http.stop()
        await self._http.close_all_connections()
