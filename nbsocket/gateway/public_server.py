"""An HTTP server that strangers may reach: each one costs little, and all of them together leave room.

A stranger is a connection that has not yet sent a valid ticket. The server knows nothing of routes.
"""

from __future__ import annotations

import asyncio
import errno
import importlib
import logging
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable

    from tornado.iostream import IOStream

log = logging.getLogger("nbsocket")

MAX_STRANGERS = 200
HEADER_S = 30.0
"""How long a request's headers may take, and how long a connection may be idle."""

BODY_S = 10.0
HEADER_BYTES = 16 * 1024
BODY_BYTES = 64 * 1024
"""The limit until a route sets its own."""

RESERVED_DESCRIPTORS = 60
"""Open files reserved for Jupyter's API, its kernels and its own connections."""

_ACCEPTED_AT_ONCE = 64
_BACK_OFF_S = 1.0
_WARN_EVERY_S = 60.0
_NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class PublicServer(HTTPServer):
    """Tornado's HTTP server with limits: if there are too many strangers, the oldest is closed."""

    def initialize(self, *args: Any, **kwargs: Any) -> None:
        """Set the limits."""
        kwargs.update(
            idle_connection_timeout=HEADER_S,
            body_timeout=BODY_S,
            max_header_size=HEADER_BYTES,
            max_body_size=BODY_BYTES,
        )
        super().initialize(*args, **kwargs)
        self._strangers: dict[IOStream, None] = {}
        self._warned_at = -_WARN_EVERY_S

    def known(self, stream: IOStream) -> None:
        """Note that a connection sent a valid ticket."""
        self._strangers.pop(stream, None)

    def handle_stream(self, stream: IOStream, address: Any) -> None:
        """Accept a connection; if there is no room, close the oldest stranger, or else this one."""
        if len(self._strangers) >= MAX_STRANGERS:
            self._strangers = {one: None for one in self._strangers if not one.closed()}
        # The lowest free descriptor is always used first: a high one shows how many are open.
        is_scarce = stream.socket.fileno() >= _descriptor_limit() - RESERVED_DESCRIPTORS
        if len(self._strangers) >= MAX_STRANGERS or (is_scarce and self._strangers):
            oldest = next(iter(self._strangers))
            del self._strangers[oldest]
            oldest.close()
        elif is_scarce:
            stream.close()
            return
        self._strangers[stream] = None
        super().handle_stream(stream, address)

    def add_sockets(self, sockets: Iterable[socket.socket]) -> None:
        """Start listening on ``sockets``."""
        for listener in sockets:
            self._sockets[listener.fileno()] = listener
            self._handlers[listener.fileno()] = partial(IOLoop.current().remove_handler, listener)
            self._listen(listener)

    def _listen(self, listener: socket.socket) -> None:
        if listener.fileno() >= 0:
            IOLoop.current().add_handler(listener, self._accept, IOLoop.READ)

    def _accept(self, listener: socket.socket, _events: int) -> None:
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                connection, address = listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _NO_ROOM:
                    raise
                self._back_off(listener, error)
                return
            connection.settimeout(0)
            self._handle_connection(connection, address)

    def _back_off(self, listener: socket.socket, error: OSError) -> None:
        """Accept nothing for a while: retrying at once would only fill the log."""
        loop = asyncio.get_running_loop()
        IOLoop.current().remove_handler(listener)
        loop.call_later(_BACK_OFF_S, self._listen, listener)
        if loop.time() >= self._warned_at + _WARN_EVERY_S:
            self._warned_at = loop.time()
            log.warning("nbsocket: the public port accepts no connections for a while: %s", error.strerror)


def _descriptor_limit() -> int:
    if sys.platform == "win32":
        return sys.maxsize
    resource = importlib.import_module("resource")
    soft = int(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft
