"""A client whose bytes come through the kernel, as over a comm: a WebSocket reads and writes here."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from nbsocket.link.messages import CloseTunnel, TunnelData, TunnelRead

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbsocket.link.messages import Sequenced

WINDOW_BYTES = 256 * 1024
"""How many bytes may be on their way to the client before it must have read some."""


class Tunnel:
    """One end of a tunnel, with the part of Tornado's ``IOStream`` that a ``WebSocketConnection`` uses.

    Args:
        number: The tunnel's number on the kernel link.
        send: Carries a message to the kernel.
        forget: Called with the number once it is closed.
    """

    socket = None
    """It is not a socket."""

    def __init__(
        self, number: int, send: Callable[[Sequenced], None], forget: Callable[[int], None]
    ) -> None:
        """Begin open."""
        self.number = number
        self._send = send
        self._forget = forget
        self._arrived = bytearray()
        self._reading: tuple[asyncio.Future[bytes], int] | None = None
        self._unread = 0
        self._writing: asyncio.Future[None] | None = None
        self._on_close: Callable[[], None] | None = None
        self._is_closed = False

    # --- from the kernel --------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """Take bytes of the client."""
        if not self._is_closed:
            self._arrived += data
            self._give()

    def read(self, count: int) -> None:
        """Note that the client has read so many bytes."""
        self._unread = max(0, self._unread - count)
        writing = self._writing
        if writing is not None and self._unread <= WINDOW_BYTES:
            self._writing = None
            if not writing.done():
                writing.set_result(None)

    def lost(self) -> None:
        """Note that the client, or the kernel, is gone."""
        if self._is_closed:
            return
        self._is_closed = True
        self._forget(self.number)
        self._arrived.clear()
        for waiting in (self._reading and self._reading[0], self._writing):
            if waiting is not None and not waiting.done():
                waiting.cancel()
        self._reading = self._writing = None
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            asyncio.get_running_loop().call_soon(on_close)

    # --- the part of IOStream ---------------------------------------------------------------

    def closed(self) -> bool:
        """Whether it is closed."""
        return self._is_closed

    def set_close_callback(self, callback: Callable[[], None] | None) -> None:
        """Call ``callback`` once it is closed."""
        self._on_close = callback

    def read_bytes(self, count: int, partial: bool = False) -> asyncio.Future[bytes]:  # noqa: ARG002 - always in part
        """Return a future for at least one byte, and at most ``count``."""
        reading: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        if self._is_closed:
            reading.cancel()
        else:
            self._reading = reading, count
            self._give()
        return reading

    def _give(self) -> None:
        if self._reading is None or not self._arrived:
            return
        (reading, count), self._reading = self._reading, None
        data = bytes(self._arrived[:count])
        del self._arrived[:count]
        self._send(TunnelRead(self.number, len(data)))
        reading.set_result(data)

    def write(self, data: bytes) -> asyncio.Future[None]:
        """Send bytes to the client; the future is done once there is room for more."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._is_closed:
            written.cancel()
            return written
        self._unread += len(data)
        self._send(TunnelData(self.number, data))
        if self._unread > WINDOW_BYTES:
            if self._writing is not None:
                return self._writing
            self._writing = written
        else:
            written.set_result(None)
        return written

    def writing(self) -> bool:
        """Whether the client is behind."""
        return self._writing is not None

    def close(self) -> None:
        """Close it; the client is told."""
        if not self._is_closed:
            self._send(CloseTunnel(self.number))
            self.lost()
