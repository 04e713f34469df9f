"""Messages that are encoded once for all recipients."""

from __future__ import annotations

from functools import cached_property

from nbsocket.protocol.engine_packet import Packet, PacketType
from nbsocket.protocol.websocket import server_frame


class PreparedFrames:
    """Consecutive Engine.IO messages for the same recipients.

    The WebSocket bytes and the polling packets are created when the first recipient needs them.

    Args:
        messages: The content of MESSAGE packets, in order.
        volatile: Whether a client that is not ready may miss them.
        at: When the kernel sent them, on its clock, if somebody watches; else 0.
    """

    def __init__(self, messages: list[str | bytes], volatile: bool = False, at: float = 0.0) -> None:
        """Take ownership of ``messages``."""
        self.at = at
        self.messages = messages
        self.volatile = volatile

    @cached_property
    def size(self) -> int:
        """The approximate number of bytes this takes in a queue."""
        return sum(map(len, self.messages)) + 8 * len(self.messages)

    @cached_property
    def websocket_bytes(self) -> bytes:
        """The frames of all messages, one after another."""
        return b"".join(
            server_frame("4" + message if isinstance(message, str) else message)
            for message in self.messages
        )

    @cached_property
    def packets(self) -> list[Packet]:
        """The messages as packets for a polling payload."""
        return [Packet(PacketType.MESSAGE, message) for message in self.messages]


class Control(PreparedFrames):
    """One packet that is not a MESSAGE, in the same queue: a ping, a no-op, a close."""

    def __init__(self, packet: Packet) -> None:
        """Carry ``packet``."""
        super().__init__([])
        self._packet = packet

    @cached_property
    def websocket_bytes(self) -> bytes:
        """The packet's frame."""
        return server_frame(f"{int(self._packet.type)}{self._packet.data!s}")

    @cached_property
    def packets(self) -> list[Packet]:
        """The packet itself."""
        return [self._packet]
