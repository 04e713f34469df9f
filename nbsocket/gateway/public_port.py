"""The public routes on their own port: for processes without a Jupyter server, and for classes next to one.

The same handlers and routes as in Jupyter, and no others.
"""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from tornado.netutil import bind_sockets
from tornado.web import Application

from nbsocket.gateway.public_handlers import FrontDoorHandler, ProofHandler
from nbsocket.gateway.public_routes import SCRIPT, PublicHandlers, bundle_of, public_routes
from nbsocket.gateway.public_server import PublicServer

if TYPE_CHECKING:
    from nbsocket.gateway.hub import Hub

_ANY_HOST = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - compared, never bound


class PublicPort:
    """A hub's public routes behind an HTTP server of this process, on the running loop.

    Args:
        hub: The hub with the channels; its root channel is also served at ``/``.
        ssl_options: Certificate and key, as for Tornado's HTTPServer; None for plain HTTP.
        private_key: If not empty, requests whose Host or Origin is not a loopback address are refused, and
            pages that have this key from elsewhere get a proof that the port is the one they look for.
        base: A prefix under which everything is served as well, such as Jupyter's base URL, so that
            addresses copied from Jupyter, or passed on unchanged by a proxy, work here, too.
        trusts_proxy: Whether to trust ``X-Forwarded-For`` and similar headers.
    """

    def __init__(
        self,
        hub: Hub,
        ssl_options: dict[str, Any] | None = None,
        *,
        private_key: bytes = b"",
        base: str = "/",
        trusts_proxy: bool = False,
    ) -> None:
        """Build it; ``listen`` opens it."""
        shared = {"hub": hub}
        prefix = _optional(base.rstrip("/"))
        handlers = PublicHandlers()
        application = Application(
            [
                *(
                    [(r"/nbsocket/proof", ProofHandler, {**shared, "key": private_key})]
                    if private_key
                    else []
                ),
                *public_routes(hub, handlers, prefix),
                (rf"{prefix}/?", FrontDoorHandler, shared),
                (rf"/{SCRIPT}", handlers.bundle, bundle_of(hub)),
                (r"/()socket\.io/?", handlers.engineio, shared),
                (r"/()(.*)", handlers.page, shared),
            ],
            # URLs contain tickets.
            log_function=lambda _handler: None,
            nbsocket_is_private=bool(private_key),
        )
        self._http = PublicServer(application, ssl_options=ssl_options, xheaders=trusts_proxy)
        hub.on_known = self._http.known
        self._scheme = "http" if ssl_options is None else "https"
        self.url = ""

    def listen(self, host: str, port: int) -> None:
        """Open the port, and set ``url``; 0 lets the system choose a port.

        Raises:
            OSError: The port cannot be opened.
        """
        sockets = bind_sockets(port, host or None)
        self._http.add_sockets(sockets)
        name = address_of_this_machine() if host in _ANY_HOST else host
        bound = sockets[0].getsockname()[1]
        self.url = f"{self._scheme}://{f'[{name}]' if ':' in name else name}:{bound}/"

    async def close(self) -> None:
        """Close the port and every connection."""
        self._http.stop()
        await self._http.close_all_connections()


def _optional(prefix: str) -> str:
    """Return a pattern for an optional prefix, in any form in which clients may write it."""
    plain = unquote(prefix)
    forms = sorted({prefix, plain, quote(plain)} - {""})
    return f"(?:{'|'.join(map(re.escape, forms))})?" if forms else ""


def address_of_this_machine() -> str:
    """Return the address at which others may reach this machine on the network, or loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Sends nothing, only selects the route that a packet would take (TEST-NET-1, RFC 5737).
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
