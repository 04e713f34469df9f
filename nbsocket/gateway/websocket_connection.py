"""A server's WebSocket connection on a Tornado stream, made for many small messages.

Tornado's own reads a frame with three waits; here all frames that have arrived are taken at once,
and a connection that is idle holds neither a request nor a coroutine.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import socket
from typing import TYPE_CHECKING, cast

from tornado.iostream import StreamClosedError

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
"""How much is read at once: some hundred messages, after which others have their turn."""

_CLOSE_S = 5.0
_LINGER_S = 1.0
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_key(key: str) -> str:
    """Return the ``Sec-WebSocket-Accept`` for a ``Sec-WebSocket-Key`` (RFC 6455, section 4.2.2)."""
    return base64.b64encode(hashlib.sha1(key.encode() + _GUID).digest()).decode()  # noqa: S324 - as prescribed


class WebSocketConnection:
    """One connection after its opening handshake.

    Args:
        stream: Nobody else's any more.
        max_message_bytes: What a message from the client may have.
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

    def __init__(self, stream: IOStream, max_message_bytes: int) -> None:
        """Take the stream over; ``start`` begins to read."""
        self._stream = stream
        # Frames and all, since the opening handshake.
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

    # --- what a subclass does ---------------------------------------------------------------

    def on_message(self, message: str | bytes) -> Awaitable[None] | None:
        """Take a message; the next comes when the result is done."""
        raise NotImplementedError

    def on_extra_frames(self, fragments: int, controls: int) -> Awaitable[None] | None:  # noqa: ARG002 - for who counts
        """Count frames that are not whole messages; read on when the result is done."""
        return None

    def on_fault(self, error: FrameError) -> None:
        """Notice that the client sent what is not a frame, or one that is too big; ``on_close`` follows."""

    def on_close(self) -> None:
        """Take the end, whoever brought it about; it comes once."""
        raise NotImplementedError

    def on_control(self, data: bytes, *, is_ours: bool) -> None:
        """Notice a control frame's bytes, while frames are kept."""

    def keep_frames(self, *, keep: bool) -> None:
        """Keep whole frames as they come, or keep none."""
        if self._reader is not None:
            self._reader.kept_frames = [] if keep else None

    def take_frames(self) -> bytes:
        """Return the frames that brought the latest message, as they came; nothing if none are kept."""
        kept = self._reader.kept_frames if self._reader is not None else None
        if not kept:
            return b""
        data = b"".join(kept)
        kept.clear()
        return data

    # --- reading ----------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to read."""
        if not self._stream.closed() and self._stream.socket.family != socket.AF_UNIX:
            self._stream.set_nodelay(True)
        self._stream.set_close_callback(self._closed)
        if self._stream.closed():
            # No callback comes any more.
            self._closed()
        self._read()

    def _read(self) -> None:
        try:
            arriving = self._stream.read_bytes(_CHUNK_BYTES, partial=True)
        except StreamClosedError:
            return
        cast("asyncio.Future[bytes]", arriving).add_done_callback(self._arrived)

    def _arrived(self, arriving: asyncio.Future[bytes]) -> None:
        if arriving.cancelled() or arriving.exception() is not None:
            # The stream is closed; its callback says so.
            return
        self.received_bytes += len(arriving.result())
        if self._reader is None:
            # The connection has failed, or the client has closed it: nothing counts but its answer.
            if self._finder is not None and self._finder.receive(arriving.result()):
                self.abort()
            else:
                self._read()
            return
        self._incoming = self._reader.receive(arriving.result())
        self._take()

    def _take(self) -> None:
        """Hand over what has arrived, until that is all or until somebody wants us to wait."""
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
        """Answer the latest ping; one answer is under way at most (section 5.5.3)."""
        body, self._ping, self._pong = self._ping, None, None
        if body is not None:
            self._pong = self.write_bytes(control_frame(Opcode.PONG, body))
            if self._pong is not None:
                self._pong.add_done_callback(self._answer_ping)

    # --- writing ----------------------------------------------------------------------------

    def write_bytes(self, data: bytes) -> asyncio.Future[None] | None:
        """Write whole frames; None once they are with the operating system, else when they are."""
        return None if self._closing else self._write(data)

    def _write(self, data: bytes) -> asyncio.Future[None] | None:
        stream = self._stream
        self.sent_bytes += len(data)
        if stream.socket is not None and not stream.writing():
            # Nothing waits, and the socket nearly always takes it all: no buffer, no future.
            try:
                taken = stream.socket.send(data)
            except OSError:
                # ``write`` meets the same, and deals with it.
                taken = 0
            if taken == len(data):
                return None
            data = data[taken:]
        try:
            written: asyncio.Future[None] = stream.write(data)
        except StreamClosedError:
            # ``on_close`` follows.
            return None
        return None if written.done() else written

    # --- the end ----------------------------------------------------------------------------

    def close_websocket(self, code: int | None, reason: str = "") -> None:
        """Send a CLOSE frame, and give the client a few seconds to answer it."""
        self._send_close(code, reason)
        self._end_within(_CLOSE_S)

    def _send_close(self, code: int | None, reason: str = "") -> None:
        if not self._closing:
            frame = close_frame(code, reason)
            self.on_control(frame, is_ours=True)
            self._write(frame)
            self._closing = True

    def _fail(self, error: FrameError) -> None:
        """Say what is wrong, and read on until the client has answered, so that it learns of it."""
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
