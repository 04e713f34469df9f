"""What ``socket.timeout(seconds)`` returns (Socket.IO server API, ``socket.timeout(value)``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbsocket.socketio.socket import Socket


@dataclass(frozen=True)
class TimedSocket:
    """A socket with a different acknowledgement timeout."""

    socket: Socket
    seconds: float | None

    def emit(self, event: str, *args: Any) -> None:
        """Call ``socket.emit``."""
        self.socket.emit(event, *args)

    def call(self, event: str, *args: Any) -> Any:
        """Call ``socket.call`` with this timeout."""
        return self.socket.call(event, *args, timeout=self.seconds)

    async def emit_with_ack(self, event: str, *args: Any) -> Any:
        """Call ``socket.emit_with_ack`` with this timeout."""
        return await self.socket.emit_with_ack(event, *args, timeout=self.seconds)
