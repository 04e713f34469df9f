"""A WebSocket connection to the gateway, over TCP, TLS or a Unix socket."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from tornado.httpclient import HTTPRequest
from tornado.netutil import Resolver
from tornado.websocket import WebSocketClientConnection, websocket_connect

from nbsocket.link.agreement import MAX_MESSAGE_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable


class UnixResolver(Resolver):
    """Resolves every host to one Unix socket.

    Args:
        path: The socket's file.
    """

    def initialize(self, path: str) -> None:
        """Set the path; Tornado's ``Configurable`` calls this instead of ``__init__``."""
        self._path = path

    async def resolve(self, *_: Any, **__: Any) -> list[tuple[int, Any]]:
        """Return the socket, whatever the host."""
        return [(socket.AF_UNIX, self._path)]


async def connect(
    url: str, path: str, on_message: Callable[[str | bytes | None], Any], timeout_s: float
) -> WebSocketClientConnection:
    """Open a WebSocket at ``path`` below the gateway's ``url``.

    Args:
        url: ``http://``, ``https://`` or ``http+unix://`` with the socket's file, quoted, as its host.
        path: The path below ``url``, with its query.
        on_message: Called with each message; with None once the connection is closed.
        timeout_s: Seconds it may take.

    Raises:
        HTTPClientError: The server answered with a status other than 101.
        OSError: Nothing answers.
        TimeoutError: It took too long.
    """
    parts = urlsplit(url)
    scheme = "wss" if parts.scheme == "https" else "ws"
    unix_socket = unquote(parts.netloc) if parts.scheme == "http+unix" else ""
    host = "localhost" if unix_socket else parts.netloc
    target = f"{scheme}://{host}{parts.path.rstrip('/')}/{path}"
    loopback = parts.hostname in {"127.0.0.1", "::1", "localhost"}
    # On loopback, the handshake proves who answers; the certificate is often self-signed.
    request = HTTPRequest(target, connect_timeout=timeout_s, validate_cert=not loopback)
    connection = await asyncio.wait_for(
        websocket_connect(
            request,
            on_message_callback=on_message,
            max_message_size=MAX_MESSAGE_BYTES,
            resolver=UnixResolver(path=unix_socket) if unix_socket else None,
        ),
        timeout_s,
    )
    stream = getattr(connection.protocol, "stream", None)
    if stream is not None and not unix_socket:
        # Otherwise a message in several frames waits for the other end's delayed TCP acknowledgement.
        stream.set_nodelay(True)
    return connection
