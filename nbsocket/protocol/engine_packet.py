"""Engine.IO v4 packets and payloads: the codec, and nothing about sessions.

Source: Engine.IO protocol, sections "Packet encoding" (one packet in one WebSocket message)
and "HTTP long-polling" (several packets in one payload, separated by U+001E).
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from nbsocket.protocol.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PROTOCOL_REVISION = 4
"""The value of the ``EIO`` query parameter."""

SEPARATOR = "\x1e"
"""The separator between two packets of a payload."""


class PacketType(IntEnum):
    """The first character of an Engine.IO packet."""

    OPEN = 0
    CLOSE = 1
    PING = 2
    PONG = 3
    MESSAGE = 4
    UPGRADE = 5
    NOOP = 6


@dataclass(frozen=True, slots=True)
class Packet:
    """One Engine.IO packet; ``bytes`` are only allowed in a MESSAGE."""

    type: PacketType
    data: str | bytes = ""

    def __post_init__(self) -> None:
        """Refuse binary data outside a MESSAGE."""
        if isinstance(self.data, bytes) and self.type is not PacketType.MESSAGE:
            msg = f"only a MESSAGE packet can carry bytes, not {self.type.name}"
            raise ProtocolError(msg)


NOOP = Packet(PacketType.NOOP)
PROBE = "probe"
"""The data of the PING and PONG that test a WebSocket before an upgrade."""

_TYPES = {str(int(kind)): kind for kind in PacketType}


def encode_packet(packet: Packet) -> str | bytes:
    """Return the WebSocket message of ``packet``: text, or the bare bytes of a binary MESSAGE."""
    if isinstance(packet.data, bytes):
        return packet.data
    return f"{int(packet.type)}{packet.data}"


def decode_packet(message: str | bytes) -> Packet:
    """Return the packet in one WebSocket message.

    Raises:
        ProtocolError: The message is empty or does not begin with a packet type.
    """
    if isinstance(message, bytes):
        return Packet(PacketType.MESSAGE, message)
    kind = _TYPES.get(message[:1])
    if kind is None:
        msg = f"no Engine.IO packet type at {message[:1]!r}"
        raise ProtocolError(msg)
    return Packet(kind, message[1:])


def encode_payload(packets: Iterable[Packet]) -> str:
    """Return the body of a polling answer that carries ``packets`` in this order."""
    return SEPARATOR.join(
        "b" + base64.b64encode(packet.data).decode("ascii")
        if isinstance(packet.data, bytes)
        else f"{int(packet.type)}{packet.data}"
        for packet in packets
    )


def payload_parts(payload: str) -> Iterator[str]:
    """Yield the encoded packets of a posted body one by one: a body may have half a million."""
    at = 0
    while (end := payload.find(SEPARATOR, at)) >= 0:
        yield payload[at:end]
        at = end + 1
    yield payload[at:]


def decode_polling_packet(part: str) -> Packet:
    """Return the packet in one part of a payload.

    Raises:
        ProtocolError: It is malformed.
    """
    if not part.startswith("b"):
        return decode_packet(part)
    try:
        return Packet(PacketType.MESSAGE, base64.b64decode(part[1:], validate=True))
    except (binascii.Error, ValueError) as error:
        msg = "a binary packet is not valid base64"
        raise ProtocolError(msg) from error
