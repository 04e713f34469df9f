"""What ``socket.timeout(seconds)`` returns (Socket.IO server API, ``socket.timeout(value)``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbsocket.socketio.socket import Socket


@dataclass(frozen=True)
class TimedSocket:
    """What ``socket.timeout(seconds)`` returns: the socket, with another time to wait."""

    socket: Socket
    seconds: float | None

    def emit(self, event: str, *args: Any) -> None:
        """Do what ``socket.emit`` does."""
        self.socket.emit(event, *args)

    def call(self, event: str, *args: Any) -> Any:
        """Do what ``socket.call`` does, with this time-out."""
        return self.socket.call(event, *args, timeout=self.seconds)

    async def emit_with_ack(self, event: str, *args: Any) -> Any:
        """Do what ``socket.emit_with_ack`` does, with this time-out."""
        return await self.socket.emit_with_ack(event, *args, timeout=self.seconds)
