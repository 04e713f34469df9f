"""Many clients in one process: raw WebSockets that cost little, so that what is measured is the server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from support.jupyter import JupyterProcess

PING, PONG = b"\x81\x012", "3"


def frame(message: str | bytes) -> bytes:
    """Return a client's frame; masked with zeros, which changes nothing."""
    first, body = (0x82, message) if isinstance(message, bytes) else (0x81, message.encode())
    size = len(body)
    if size < 126:
        head = bytes([first, 0x80 | size])
    elif size < 65536:
        head = bytes([first, 0xFE]) + size.to_bytes(2, "big")
    else:
        head = bytes([first, 0xFF]) + size.to_bytes(8, "big")
    return head + b"\0\0\0\0" + body


def server_text(text: str) -> bytes:
    """Return the bytes of a server's frame."""
    data = frame(text)
    head = len(data) - len(text.encode()) - 4
    return bytes([data[0], data[1] & 0x7F]) + data[2:head] + text.encode()


class Member(asyncio.Protocol):
    """One client of a channel.

    Args:
        on_text: Called with each message that is no ping; pings are answered.
    """

    def __init__(self, on_text: Callable[[str], None] | None = None) -> None:
        self.texts: list[str] = []
        self._on_text = on_text or self.texts.append
        self._data = bytearray()
        self._expected: memoryview | None = None
        self._at = 0
        self.matched = asyncio.Event()
        self.broken = ""
        self.closed = asyncio.Event()
        self.pings = 0
        self._opened = asyncio.Event()
        self._is_upgraded = False

    @classmethod
    async def come(
        cls,
        jupyter: JupyterProcess,
        channel: str,
        ticket: str,
        on_text: Callable[[str], None] | None = None,
        auth: str = "",
    ) -> Self:
        """Connect to the channel and to its default namespace."""
        parts = urlsplit(jupyter.url)
        loop = asyncio.get_running_loop()
        self = cls(on_text)
        self.transport, _ = await loop.create_connection(lambda: self, parts.hostname, parts.port)
        path = f"{parts.path}nbsocket/{channel}/socket.io/?EIO=4&transport=websocket&join_token={ticket}"
        self.transport.write(
            f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        self.send(f"40{auth}")
        await asyncio.wait_for(self._opened.wait(), 20)
        if self.broken:
            raise ConnectionError(self.broken)
        return self

    def send(self, *texts: str) -> None:
        """Send messages as they are."""
        self.transport.write(b"".join(map(frame, texts)))

    def expect(self, stream: bytes) -> None:
        """Compare all that follows with these bytes; ``matched`` says that they all came."""
        self._expected, self._at = memoryview(stream), 0
        self.data_received(b"")

    def pause(self) -> None:
        """Read no more."""
        self.transport.pause_reading()

    def go_on(self) -> None:
        """Read again."""
        self.transport.resume_reading()

    def leave(self) -> None:
        """Break the connection."""
        self.transport.abort()

    # --- asyncio.Protocol -------------------------------------------------------------------

    def connection_lost(self, _: Exception | None) -> None:
        if not self._opened.is_set():
            self.broken = bytes(self._data[:300]).decode("latin-1") or "closed"
            self._opened.set()
        self.closed.set()

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._is_upgraded:
            end = self._data.find(b"\r\n\r\n")
            if end < 0:
                return
            if not self._data.startswith(b"HTTP/1.1 101"):
                self.broken = bytes(self._data[:300]).decode("latin-1")
                self._opened.set()
                self.transport.abort()
                return
            del self._data[: end + 4]
            self._is_upgraded = True
        if self._expected is not None:
            self._compare()
        else:
            self._parse()

    def _compare(self) -> None:
        expected = self._expected
        assert expected is not None
        if self._data.startswith(PING) and expected[self._at : self._at + 3] != PING:
            del self._data[:3]
            self.send(PONG)
        size = len(self._data)
        if self._data != expected[self._at : self._at + size]:
            self.broken = self.broken or f"other bytes from {self._at} on: {bytes(self._data[:80])!r}"
            self.matched.set()
        self._data.clear()
        self._at += size
        if self._at >= len(expected):
            self.matched.set()

    def _parse(self) -> None:
        data = self._data
        at = 0
        while len(data) - at >= 2:
            size, head = data[at + 1], 2
            if size == 126:
                size, head = int.from_bytes(data[at + 2 : at + 4], "big"), 4
            elif size == 127:
                size, head = int.from_bytes(data[at + 2 : at + 10], "big"), 10
            if len(data) - at < head + size:
                break
            body = bytes(data[at + head : at + head + size])
            if data[at] == 0x81:
                self._message(body.decode())
            elif data[at] == 0x88:
                self.transport.close()
            at += head + size
        del data[:at]

    def _message(self, text: str) -> None:
        if text == "2":
            self.pings += 1
            self.send(PONG)
        elif text.startswith("40"):
            self._opened.set()
        elif not text.startswith("0"):
            self._on_text(text)


async def crowd(
    jupyter: JupyterProcess, channel: str, ticket: str, count: int, together: int = 50
) -> list[Member]:
    """Return so many clients, connected."""
    members: list[Member] = []
    while len(members) < count:
        size = min(together, count - len(members))
        members += await asyncio.gather(*[Member.come(jupyter, channel, ticket) for _ in range(size)])
    return members


def percentile(values: list[float], percent: float) -> float:
    """Return a percentile of some values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
