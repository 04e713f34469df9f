"""An HTTP proxy that counts every byte of every request, by path: it knows nothing of what runs through it."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self

_REQUEST = re.compile(rb"^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) (\S+) HTTP/1\.1\r\n")


class MeteringProxy:
    """Forwards TCP connections to a port and counts, by the path of the request under way.

    Browsers do not pipeline: whatever goes over a connection until its next request line belongs to the
    latest one, WebSocket frames too.

    Args:
        port: Where the server listens.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self.requests: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def of(self, part: str) -> tuple[int, int]:
        """Return requests and bytes of all paths that contain ``part``."""
        with self._lock:
            return (
                sum(count for path, count in self.requests.items() if part in path),
                sum(count for path, count in self.bytes.items() if part in path),
            )

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = self._listener.accept()
                there = socket.create_connection(("127.0.0.1", self._target))
                self._open += [here, there]
                path = [""]
                for source, sink, is_request in ((here, there, True), (there, here, False)):
                    given = (source, sink, path, is_request)
                    threading.Thread(target=self._pump, args=given, daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, path: list[str], is_request: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                begins = _REQUEST.match(data) if is_request else None
                with self._lock:
                    if begins:
                        path[0] = begins[2].decode()
                        self.requests[path[0]] += 1
                    self.bytes[path[0]] += len(data)
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
