"""A server's WebSocket connection on a Tornado stream, optimized for many small messages.

Tornado's own awaits three times per frame; here all frames that have arrived are read at once,
and an idle connection holds neither a request nor a coroutine.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import socket
from typing import TYPE_CHECKING, cast

from nbsocket.gateway.tunnel import Tunnel
from nbsocket.protocol.websocket import (
    CloseFinder,
    ControlFrame,
    FrameError,
    FrameReader,
    Opcode,
    close_frame,
    control_frame,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

    from tornado.iostream import IOStream

log = logging.getLogger("nbsocket")

_CHUNK_BYTES = 16 * 1024
"""How much is read at once: some hundred messages, after which other connections get a turn."""

_CLOSE_S = 5.0
_LINGER_S = 1.0
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_key(key: str) -> str:
    """Return the ``Sec-WebSocket-Accept`` for a ``Sec-WebSocket-Key`` (RFC 6455, section 4.2.2)."""
    return base64.b64encode(hashlib.sha1(key.encode() + _GUID).digest()).decode()  # noqa: S324 - as prescribed


class WebSocketConnection:
    """One connection after its opening handshake.

    Args:
        stream: The connection's stream, or a tunnel through the kernel; owned by this object from now on.
        max_message_bytes: The largest message allowed from the client.
    """

    __slots__ = (
        "_closing",
        "_finder",
        "_has_told",
        "_incoming",
        "_ping",
        "_pong",
        "_reader",
        "_stream",
        "_timer",
        "received_bytes",
        "sent_bytes",
    )

    def __init__(self, stream: IOStream | Tunnel, max_message_bytes: int) -> None:
        """Take the stream over; ``start`` begins to read."""
        self._stream = stream
        # Including frame headers, since the opening handshake.
        self.received_bytes = 0
        self.sent_bytes = 0
        self._reader: FrameReader | None = FrameReader(max_message_bytes)
        self._incoming: Iterator[str | bytes | ControlFrame] | None = None
        self._finder: CloseFinder | None = None
        self._closing = False
        self._has_told = False
        self._ping: bytes | None = None
        self._pong: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    # --- for subclasses to override ---------------------------------------------------------

    def on_message(self, message: str | bytes) -> Awaitable[None] | None:
        """Process a message; the next one is read when the result is done."""
        raise NotImplementedError

    def on_extra_frames(self, fragments: int, controls: int) -> Awaitable[None] | None:  # noqa: ARG002 - for who counts
        """Count frames that are not complete messages; read on when the result is done."""
        return None

    def on_fault(self, error: FrameError) -> None:
        """Handle an invalid or too large frame; ``on_close`` follows."""

    def on_close(self) -> None:
        """Handle the end of the connection, whoever caused it; called once."""
        raise NotImplementedError

    def on_control(self, data: bytes, *, is_ours: bool) -> None:
        """Handle the bytes of a control frame."""

    def keep_frames(self, *, keep: bool) -> None:
        """Start or stop keeping whole frames as they arrive."""
        if self._reader is not None:
            self._reader.kept_frames = [] if keep else None

    def take_frames(self) -> bytes:
        """Return the raw frames of the latest message; empty if none are kept."""
        kept = self._reader.kept_frames if self._reader is not None else None
        if not kept:
            return b""
        data = b"".join(kept)
        kept.clear()
        return data

    # --- reading ----------------------------------------------------------------------------

    def start(self) -> None:
        """Start reading."""
        is_tcp = self._stream.socket is not None and self._stream.socket.family != socket.AF_UNIX
        if is_tcp and not isinstance(self._stream, Tunnel):
            self._stream.set_nodelay(True)
        self._stream.set_close_callback(self._closed)
        if self._stream.closed():
            # The callback will not be called any more.
            self._closed()
        self._read()

    def _read(self) -> None:
        try:
            arriving = self._stream.read_bytes(_CHUNK_BYTES, partial=True)
        except OSError:
            # A closed ``IOStream``.
            return
        cast("asyncio.Future[bytes]", arriving).add_done_callback(self._arrived)

    def _arrived(self, arriving: asyncio.Future[bytes]) -> None:
        if arriving.cancelled() or arriving.exception() is not None:
            # The stream is closed; its callback says so.
            return
        self.received_bytes += len(arriving.result())
        if self._reader is None:
            # The connection has failed: only the client's CLOSE matters now.
            if self._finder is not None and self._finder.receive(arriving.result()):
                self.abort()
            else:
                self._read()
            return
        self._incoming = self._reader.receive(arriving.result())
        self._take()

    def _take(self) -> None:
        """Pass on what has arrived, until nothing is left or a handler asks us to wait."""
        incoming = self._incoming
        if incoming is None:
            return
        try:
            for message in incoming:
                if type(message) is ControlFrame:
                    self._take_control(message)
                    if self._incoming is None:
                        break
                    hold = self.on_extra_frames(0, 1)
                else:
                    hold = self.on_message(message)  # type: ignore[arg-type]
                if hold is not None:
                    asyncio.ensure_future(hold).add_done_callback(self._go_on)
                    return
        except FrameError as error:
            self._fail(error)
        except Exception:
            log.exception("nbsocket: internal error in nbsocket; one client is closed")
            self.abort()
            return
        self._incoming = None
        reader = self._reader
        if reader is not None and reader.fragment_count:
            fragments, reader.fragment_count = reader.fragment_count, 0
            hold = self.on_extra_frames(fragments, 0)
            if hold is not None:
                asyncio.ensure_future(hold).add_done_callback(self._read_on)
                return
        self._read()

    def _read_on(self, _: asyncio.Future[None]) -> None:
        self._read()

    def _go_on(self, held: asyncio.Future[None]) -> None:
        if held.cancelled() or (error := held.exception()) is None:
            self._take()
            return
        log.error("nbsocket: internal error in nbsocket; one client is closed", exc_info=error)
        self.abort()

    def _take_control(self, frame: ControlFrame) -> None:
        self.on_control(self.take_frames(), is_ours=False)
        if frame.opcode is Opcode.PING:
            self._ping = frame.body
            if self._pong is None:
                self._answer_ping()
        elif frame.opcode is Opcode.CLOSE:
            self._incoming = None
            self._send_close(frame.close_code)
            # The server closes the TCP connection first (section 7.1.1).
            self.abort()

    def _answer_ping(self, _: asyncio.Future[None] | None = None) -> None:
        """Answer the latest ping; at most one answer is being written (section 5.5.3)."""
        body, self._ping, self._pong = self._ping, None, None
        if body is not None:
            self._pong = self.write_bytes(control_frame(Opcode.PONG, body))
            if self._pong is not None:
                self._pong.add_done_callback(self._answer_ping)

    # --- writing ----------------------------------------------------------------------------

    def write_bytes(self, data: bytes) -> asyncio.Future[None] | None:
        """Write whole frames; return None if the operating system has them, else a future for that."""
        return None if self._closing else self._write(data)

    def _write(self, data: bytes) -> asyncio.Future[None] | None:
        stream = self._stream
        self.sent_bytes += len(data)
        if stream.socket is not None and not stream.writing():
            # Nothing is queued, and the socket nearly always takes it all: no buffer, no future.
            try:
                taken = stream.socket.send(data)
            except OSError:
                # ``write`` gets the same error, and handles it.
                taken = 0
            if taken == len(data):
                return None
            data = data[taken:]
        try:
            written: asyncio.Future[None] = stream.write(data)
        except OSError:
            # Likewise; ``on_close`` follows.
            return None
        return None if written.done() else written

    # --- the end ----------------------------------------------------------------------------

    def close_websocket(self, code: int | None, reason: str = "") -> None:
        """Send a CLOSE frame, and give the client a few seconds to answer."""
        self._send_close(code, reason)
        self._end_within(_CLOSE_S)

    def _send_close(self, code: int | None, reason: str = "") -> None:
        if not self._closing:
            frame = close_frame(code, reason)
            self.on_control(frame, is_ours=True)
            self._write(frame)
            self._closing = True

    def _fail(self, error: FrameError) -> None:
        """Send the error in a CLOSE frame, and read on until the client answers, so that it gets it."""
        self.on_fault(error)
        self._send_close(error.code, str(error))
        self._finder = CloseFinder()
        rest = b"" if self._reader is None else self._reader.rest
        self._reader = None
        if self._finder.receive(rest):
            self.abort()
        self._end_within(_LINGER_S)
        self._tell_close()

    def _end_within(self, seconds: float) -> None:
        if self._timer is None and not self._stream.closed():
            self._timer = asyncio.get_running_loop().call_later(seconds, self.abort)

    def abort(self) -> None:
        """Close the TCP connection."""
        self._stream.close()

    def _closed(self) -> None:
        self._incoming = None
        if self._timer is not None:
            self._timer.cancel()
        self._tell_close()

    def _tell_close(self) -> None:
        if not self._has_told:
            self._has_told = True
            self.on_close()
