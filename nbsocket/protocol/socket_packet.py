"""Socket.IO v5 packets: encoding, decoding, and putting attachments back.

Source: Socket.IO protocol, section "Packet encoding":
``<type>[<attachments>-][<namespace>,][<ack id>][JSON]``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import Any

import msgspec

from nbsocket.protocol.errors import EncodeError, ProtocolError
from nbsocket.protocol.values import MAX_ATTACHMENTS, decode, encode, restore

PROTOCOL_REVISION = 5

RESERVED_EVENTS = frozenset(
    {
        "connect",
        "connect_error",
        "disconnect",
        "disconnecting",
        "newListener",
        "removeListener",
    }
)
"""Names that have a meaning in the libraries and so cannot be used for events."""

DEFAULT_NAMESPACE = "/"
_MAX_ID_DIGITS = 16
_MAX_NAMESPACE = 200


class PacketType(IntEnum):
    """The first character of a Socket.IO packet."""

    CONNECT = 0
    DISCONNECT = 1
    EVENT = 2
    ACK = 3
    CONNECT_ERROR = 4
    BINARY_EVENT = 5
    BINARY_ACK = 6


# As module constants: before Python 3.12, looking up an enum member is slow.
_CONNECT, _DISCONNECT, _EVENT, _ACK, _CONNECT_ERROR, _BINARY_EVENT, _BINARY_ACK = PacketType
_BINARY = {_EVENT: _BINARY_EVENT, _ACK: _BINARY_ACK}
_PLAIN = {binary: plain for plain, binary in _BINARY.items()}
_DIGITS = {kind: str(int(kind)) for kind in PacketType}
_TYPES = {digit: kind for kind, digit in _DIGITS.items()}
_LISTED = {_DIGITS[_EVENT]: _EVENT, _DIGITS[_ACK]: _ACK}
_HEAD = re.compile(r"([0-6])(?:([0-9]+)-)?(?:(/[^,]*),?)?([0-9]*)")


class Packet(msgspec.Struct, gc=False):
    """One Socket.IO packet, with its attachments back in their places.

    ``type`` is never BINARY_EVENT or BINARY_ACK, which are details of the encoding.
    ``data`` is a list of arguments (EVENT, with the name first; ACK), an object or None (CONNECT),
    an object (CONNECT_ERROR), None (DISCONNECT).
    """

    type: PacketType
    namespace: str = DEFAULT_NAMESPACE
    data: Any = None
    ack_id: int | None = None


def encode_packet(packet: Packet) -> list[str | bytes]:
    """Return the Engine.IO messages of ``packet``: one text, then its attachments.

    Raises:
        EncodeError: A value in ``packet.data`` cannot be sent, or the event's name is reserved.
    """
    kind, data = packet.type, packet.data
    text = ""
    attachments: list[bytes] = []
    if kind is _EVENT:
        text, attachments = _encode_event(data)
    elif isinstance(data, list):
        text, attachments = encode(data)
    elif data is not None:
        text, attachments = encode([data])
        text = text[1:-1]
    head = ""
    if attachments:
        kind = _BINARY.get(kind, kind)
        head = f"{len(attachments)}-"
    if packet.namespace != DEFAULT_NAMESPACE:
        head += f"{packet.namespace},"
    if packet.ack_id is not None:
        head += str(packet.ack_id)
    return [f"{_DIGITS[kind]}{head}{text}", *attachments]


def _encode_event(data: list[Any]) -> tuple[str, list[bytes]]:
    """Encode the arguments apart from the name, so that ``args[0]`` in errors is the first argument."""
    name = data[0]
    if not isinstance(name, str):
        raise EncodeError("event", f"an event's name is a string, not {type(name).__name__}")
    text, attachments = encode(data[1:])
    return (f"[{_name_json(name)},{text[1:]}" if len(data) > 1 else f"[{_name_json(name)}]"), attachments


@lru_cache(maxsize=256)
def _name_json(name: str) -> str:
    if name in RESERVED_EVENTS:
        raise EncodeError("event", f"{name!r} is reserved by Socket.IO; choose another name")
    return encode([name])[0][1:-1]


@dataclass(slots=True)
class Decoder:
    """Turns one client's Engine.IO messages into packets; keeps a packet that waits for attachments.

    Args:
        max_attachments: How many attachments one packet may announce.
        max_bytes: How many bytes the attachments of one packet may have together.
        packet_bytes: The approximate size of the packet that was returned last.
        is_client: Whether this is a client decoding a server's packets, so that other types are allowed.
        progress: Counts the messages of packets with attachments; never decreases.
    """

    max_attachments: int = MAX_ATTACHMENTS
    max_bytes: int = MAX_ATTACHMENTS * 1_000_000
    is_client: bool = False
    progress: int = 0
    packet_bytes: int = 0
    _waiting: Packet | None = None
    _missing: int = 0
    _attachments: list[bytes] = field(default_factory=list)

    @property
    def incomplete(self) -> bool:
        """Whether a packet waits for attachments."""
        return self._waiting is not None

    def receive(self, message: str | bytes) -> Packet | None:
        """Decode one Engine.IO message; return a packet once it is complete.

        Raises:
            ProtocolError: The message breaks the protocol: close this client.
        """
        if isinstance(message, bytes):
            return self._receive_attachment(message)
        if self._waiting is not None:
            msg = "text while attachments are missing"
            raise ProtocolError(msg)
        packet, count = _decode_text(message, self.max_attachments)
        self.packet_bytes = len(message)
        if count == 0:
            _check(packet, is_client=self.is_client)
            return packet
        self._waiting, self._missing = packet, count
        self.progress += 1
        return None

    def _receive_attachment(self, data: bytes) -> Packet | None:
        if self._waiting is None:
            msg = "an attachment that belongs to no packet"
            raise ProtocolError(msg)
        self._attachments.append(data)
        self.packet_bytes += len(data)
        self.progress += 1
        if sum(map(len, self._attachments)) > self.max_bytes:
            msg = f"attachments of more than {self.max_bytes} bytes together"
            raise ProtocolError(msg)
        self._missing -= 1
        if self._missing:
            return None
        packet, attachments = self._waiting, self._attachments
        self._waiting, self._attachments = None, []
        packet.data = restore(packet.data, attachments)
        _check(packet, is_client=self.is_client)
        return packet


def _decode_text(text: str, max_attachments: int) -> tuple[Packet, int]:
    at = text.find("[", 1, _MAX_ID_DIGITS + 2)
    kind = _LISTED.get(text[:1])
    if kind is not None and at > 0:
        # Nearly every packet is an event or an acknowledgement in the default namespace.
        digits = text[1:at]
        if not digits:
            return Packet(kind, DEFAULT_NAMESPACE, decode(text[at:])), 0
        if digits.isdecimal() and digits.isascii():
            return Packet(kind, DEFAULT_NAMESPACE, decode(text[at:]), int(digits)), 0
    head = _HEAD.match(text)
    if head is None:
        msg = f"no Socket.IO packet type at {text[:1]!r}"
        raise ProtocolError(msg)
    digit, count_digits, namespace, id_digits = head.groups()
    kind, count = _TYPES[digit], 0
    if len(id_digits) > _MAX_ID_DIGITS or len(count_digits or "") > _MAX_ID_DIGITS:
        msg = "a number with too many digits"
        raise ProtocolError(msg)
    if (kind in _PLAIN) is (count_digits is None):
        msg = "a binary packet without its number of attachments, or another one with such a number"
        raise ProtocolError(msg)
    if count_digits is not None:
        count = int(count_digits)
        if not 0 < count <= max_attachments:
            msg = f"{count} attachments; 1 to {max_attachments} are allowed"
            raise ProtocolError(msg)
        kind = _PLAIN[kind]
    if namespace is not None and len(namespace) > _MAX_NAMESPACE:
        msg = f"a namespace of more than {_MAX_NAMESPACE} characters"
        raise ProtocolError(msg)
    at = head.end()
    data = decode(text[at:]) if at < len(text) else None
    ack_id = int(id_digits) if id_digits else None
    return Packet(kind, namespace or DEFAULT_NAMESPACE, data, ack_id), count


def _check(packet: Packet, *, is_client: bool) -> None:
    """Check what the other side may send (Socket.IO protocol, section "Exchange protocol")."""
    data = packet.data
    kind = packet.type
    if kind is _EVENT:
        if not isinstance(data, list) or not data or not isinstance(data[0], str):
            msg = "an EVENT without a name"
            raise ProtocolError(msg)
        if data[0] in RESERVED_EVENTS:
            msg = f"the reserved event {data[0]!r}"
            raise ProtocolError(msg)
    elif kind is _ACK:
        if not isinstance(data, list) or packet.ack_id is None:
            msg = "an ACK without arguments or id"
            raise ProtocolError(msg)
    elif kind is _DISCONNECT:
        if data is not None:
            msg = "a DISCONNECT with data"
            raise ProtocolError(msg)
    elif kind is _CONNECT_ERROR and not is_client:
        msg = f"a {packet.type.name} from a client"
        raise ProtocolError(msg)
    elif data is not None and not isinstance(data, dict):
        msg = f"a {packet.type.name} whose data is not an object"
        raise ProtocolError(msg)
