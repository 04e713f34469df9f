"""WebSocket frames (RFC 6455, section 5) without I/O: what a server writes, and what it reads.

A server's frame is final, unmasked and uncompressed: it carries nothing that depends on its recipient,
so the same bytes serve every client of a broadcast.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import TYPE_CHECKING

from nbsocket.protocol.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Opcode(IntEnum):
    """What a frame is (section 5.2)."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


class CloseCode(IntEnum):
    """Why a connection is closed (section 7.4.1)."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    INVALID_DATA = 1007
    POLICY_VIOLATION = 1008
    TOO_BIG = 1009


class FrameError(ProtocolError):
    """A client sent an invalid frame.

    Args:
        code: The close code to answer with.
        problem: What is wrong with the frame.
        size: The size of a message that is too big; else 0.
    """

    def __init__(self, code: CloseCode, problem: str, size: int = 0) -> None:
        """Report ``problem``, to be answered with ``code``."""
        super().__init__(problem)
        self.code = code
        self.size = size


@dataclass(frozen=True, slots=True)
class ControlFrame:
    """A frame about the connection itself (section 5.5), which may come between the frames of a message.

    Args:
        opcode: CLOSE, PING or PONG.
        body: At most 125 bytes.
    """

    opcode: Opcode
    body: bytes

    @property
    def close_code(self) -> int | None:
        """The code in a CLOSE; None if it has none."""
        return int.from_bytes(self.body[:2], "big") if len(self.body) > 1 else None


_FIN = 0x80
_FIN_TEXT = _FIN | Opcode.TEXT
_FIN_BINARY = _FIN | Opcode.BINARY
_WHOLE = frozenset({_FIN_TEXT, _FIN_BINARY})
_MASKED = 0x80
_OPCODE_BITS = 0x0F
_IS_CONTROL = 0x8
_MAX_7_BIT = 125
_MAX_16_BIT = 0xFFFF
_16_BIT = 126
_64_BIT = 127
_HEADER_BYTES = 2
_MASK_BYTES = 4
_header_7 = Struct("!BB").pack
_header_16 = Struct("!BBH").pack
_header_64 = Struct("!BBQ").pack
_uint16 = Struct("!H").unpack_from
_uint64 = Struct("!Q").unpack_from
_OPCODES = frozenset(Opcode)
# Codes that may be sent (section 7.4.1, and the IANA registry that it created).
_CLOSE_CODES = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})
_FIRST_PRIVATE_CODE, _LAST_PRIVATE_CODE = 3000, 4999


def _header(first: int, length: int, masked: int = 0) -> bytes:
    if length <= _MAX_7_BIT:
        return _header_7(first, masked | length)
    if length <= _MAX_16_BIT:
        return _header_16(first, masked | _16_BIT, length)
    return _header_64(first, masked | _64_BIT, length)


def server_frame(message: str | bytes) -> bytes:
    """Return the one frame that carries ``message``: a text frame for ``str``, binary for ``bytes``."""
    if isinstance(message, str):
        body = message.encode()
        return _header(_FIN_TEXT, len(body)) + body
    return _header(_FIN_BINARY, len(message)) + message


def client_frame(message: str | bytes, mask: bytes, opcode: Opcode | None = None) -> bytes:
    """Return the one frame that carries ``message`` from a client.

    Args:
        message: What it carries.
        mask: Four unpredictable bytes (section 10.3).
        opcode: What it is; None for text or binary, as the message is.
    """
    body = message.encode() if isinstance(message, str) else message
    kind = opcode or (Opcode.TEXT if isinstance(message, str) else Opcode.BINARY)
    return _header(_FIN | kind, len(body), _MASKED) + mask + apply_mask(mask, body)


def control_frame(opcode: Opcode, body: bytes = b"") -> bytes:
    """Return a control frame; its body has at most 125 bytes (section 5.5)."""
    return _header(_FIN | opcode, len(body)) + body


def close_frame(code: int | None = None, reason: str = "") -> bytes:
    """Return a CLOSE frame with ``code`` and at most 123 bytes of ``reason``, or with neither.

    Source: RFC 6455, section 5.5.1.
    """
    if code is None:
        return control_frame(Opcode.CLOSE)
    said = reason.encode()[: _MAX_7_BIT - 2].decode("utf-8", "ignore").encode()
    return control_frame(Opcode.CLOSE, code.to_bytes(2, "big") + said)


def _apply_mask(mask: bytes, data: bytes) -> bytes:
    length = len(data)
    repeated = (mask * (length // _MASK_BYTES + 1))[:length]
    return (int.from_bytes(data, "little") ^ int.from_bytes(repeated, "little")).to_bytes(length, "little")


try:
    import tornado.util as _tornado
except ImportError:  # in a browser there is none
    _tornado = None  # type: ignore[assignment]

# Tornado may have it in C, depending on the build.
apply_mask: Callable[[bytes, bytes], bytes] = getattr(_tornado, "_websocket_mask", _apply_mask)
"""Mask or unmask the second argument with the first (section 5.3)."""


def server_frames(data: bytes) -> Iterator[bytes]:
    """Split a server's bytes into frames."""
    position = 0
    while position < len(data):
        length, at = data[position + 1], position + _HEADER_BYTES
        if length == _16_BIT:
            length, at = _uint16(data, at)[0], at + 2
        elif length == _64_BIT:
            length, at = _uint64(data, at)[0], at + 8
        yield data[position : at + length]
        position = at + length


def take_server_frames(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """Return the opcode and the body of each frame of a server that is complete, and what is left."""
    frames = []
    while len(data) >= _HEADER_BYTES:
        length, at = data[1], _HEADER_BYTES
        if length in (_16_BIT, _64_BIT):
            size = 2 if length == _16_BIT else 8
            length, at = int.from_bytes(data[at : at + size], "big"), at + size
        if len(data) < at + length:
            break
        frames.append((data[0] & _OPCODE_BITS, data[at : at + length]))
        data = data[at + length :]
    return frames, data


class FrameReader:
    """Turns the bytes that a client sends, however they are split, into messages.

    Args:
        max_message_bytes: The largest message allowed, in one frame or in several.

    Attributes:
        kept_frames: If this is a list, raw frames (masked) are appended to it.
        fragment_count: How many frames were fragments of messages; whoever reads it resets it.
    """

    __slots__ = (
        "_buffer",
        "_fragments",
        "_is_text",
        "_max_bytes",
        "_needed",
        "fragment_count",
        "kept_frames",
    )

    def __init__(self, max_message_bytes: int) -> None:
        """Begin at a frame's first byte."""
        self._max_bytes = max_message_bytes
        self._buffer = bytearray()
        self._needed = _HEADER_BYTES
        self._fragments: bytearray | None = None
        self._is_text = False
        self.kept_frames: list[bytes] | None = None
        self.fragment_count = 0

    @property
    def rest(self) -> bytes:
        """What has arrived but is not read yet; after an error, starting with the invalid frame."""
        return bytes(self._buffer)

    def receive(self, data: bytes) -> Iterator[str | bytes | ControlFrame]:
        """Process the next bytes; yield each message and each control frame that is complete.

        The iterator must be exhausted before the next call.

        Raises:
            FrameError: The connection cannot continue; everything before has been yielded.
        """
        data = self._joined(data)
        position, end = 0, len(data)
        try:
            while True:
                first, length, mask_at = self._head(data, position, end)
                if mask_at < 0:
                    break
                body_at = mask_at + _MASK_BYTES
                body_end = body_at + length
                if body_end > end:
                    self._needed = body_end - position
                    break
                body = apply_mask(data[mask_at:body_at], data[body_at:body_end])
                if self.kept_frames is not None:
                    self.kept_frames.append(data[position:body_end])
                position = body_end
                if first not in _WHOLE:
                    yield from self._take(first, body)
                elif first == _FIN_TEXT:
                    yield _text(body)
                else:
                    yield body
        except FrameError:
            self._buffer += data[position:]
            raise
        if position < end:
            self._buffer += data[position:] if position else data

    def _joined(self, data: bytes) -> bytes:
        """Return what there is to read now: nothing, while a frame is not complete."""
        if not self._buffer:
            return data
        self._buffer += data
        if len(self._buffer) < self._needed:
            return b""
        data = bytes(self._buffer)
        self._buffer.clear()
        return data

    def _head(self, data: bytes, position: int, end: int) -> tuple[int, int, int]:
        """Read a frame's header; the place of its mask is negative if it has not arrived.

        Returns:
            The first byte, the length of the body, and where the mask begins.
        """
        mask_at = position + _HEADER_BYTES
        if mask_at > end:
            self._needed = _HEADER_BYTES
            return 0, 0, -1
        first, second = data[position], data[position + 1]
        length = second & 0x7F
        if length > _MAX_7_BIT:
            start, mask_at = mask_at, mask_at + (2 if length == _16_BIT else 8)
            if mask_at > end:
                self._needed = mask_at - position
                return 0, 0, -1
            length = _long_length(data, start, is_short=length == _16_BIT)
        if (
            first not in _WHOLE
            or self._fragments is not None
            or length > self._max_bytes
            or second < _MASKED
        ):
            self._check(first, second, length)
        return first, length, mask_at

    def _check(self, first: int, second: int, length: int) -> None:
        """Refuse a frame by its header, before its body has arrived."""
        opcode = first & 0x0F
        if first & 0x70:
            raise FrameError(CloseCode.PROTOCOL_ERROR, "a reserved bit is set, but no extension is in use")
        if opcode not in _OPCODES:
            raise FrameError(CloseCode.PROTOCOL_ERROR, f"opcode {opcode:#x} is reserved")
        if second < _MASKED:
            raise FrameError(CloseCode.PROTOCOL_ERROR, "a client's frame must be masked")
        if opcode & _IS_CONTROL:
            if length > _MAX_7_BIT or not first & _FIN:
                raise FrameError(CloseCode.PROTOCOL_ERROR, "a control frame is too long or in fragments")
            return
        begun = self._fragments
        if (opcode == Opcode.CONTINUATION) is (begun is None):
            raise FrameError(CloseCode.PROTOCOL_ERROR, "fragments of a message are out of order")
        size = length + len(begun or b"")
        if size > self._max_bytes:
            text = f"a message of {size} bytes is over the limit of {self._max_bytes}"
            raise FrameError(CloseCode.TOO_BIG, text, size)

    def _take(self, first: int, body: bytes) -> Iterator[str | bytes | ControlFrame]:
        opcode = Opcode(first & 0x0F)
        if opcode & _IS_CONTROL:
            if opcode == Opcode.CLOSE and body:
                _check_close(body)
            yield ControlFrame(opcode, body)
            return
        self.fragment_count += 1
        if self._fragments is None:
            self._is_text = opcode == Opcode.TEXT
            self._fragments = bytearray(body)
        else:
            self._fragments += body
        if first & _FIN:
            whole, self._fragments = bytes(self._fragments), None
            yield _text(whole) if self._is_text else whole


class CloseFinder:
    """Looks for the client's CLOSE among the frames after an error; reads only the headers of others."""

    __slots__ = ("_buffer", "_skipped")

    def __init__(self) -> None:
        """Begin at a frame's first byte."""
        self._buffer = bytearray()
        self._skipped = 0

    def receive(self, data: bytes) -> bool:
        """Process the next bytes; return whether a CLOSE has arrived."""
        buffer = self._buffer
        buffer += data
        while True:
            passed = min(self._skipped, len(buffer))
            del buffer[:passed]
            self._skipped -= passed
            if self._skipped or len(buffer) < _HEADER_BYTES:
                return False
            if buffer[0] & 0x0F == Opcode.CLOSE:
                return True
            length, at = buffer[1] & 0x7F, _HEADER_BYTES
            if length > _MAX_7_BIT:
                at += 2 if length == _16_BIT else 8
                if len(buffer) < at:
                    return False
                length = int.from_bytes(buffer[_HEADER_BYTES:at], "big")
            self._skipped = at + length + (_MASK_BYTES if buffer[1] & _MASKED else 0)


def _long_length(data: bytes, start: int, *, is_short: bool) -> int:
    """Read a length of two or of eight bytes.

    Raises:
        FrameError: A shorter form would do, or its highest bit is set (section 5.2).
    """
    length: int = (_uint16 if is_short else _uint64)(data, start)[0]
    if length <= (_MAX_7_BIT if is_short else _MAX_16_BIT) or length >> 63:
        raise FrameError(CloseCode.PROTOCOL_ERROR, "a frame's length is not in its shortest form")
    return length


def _check_close(body: bytes) -> None:
    code = int.from_bytes(body[:2], "big") if len(body) > 1 else 0
    if not (code in _CLOSE_CODES or _FIRST_PRIVATE_CODE <= code <= _LAST_PRIVATE_CODE):
        raise FrameError(CloseCode.PROTOCOL_ERROR, "a close code that may not be sent")
    _text(body[2:])


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise FrameError(CloseCode.INVALID_DATA, "a text message is not UTF-8") from None
