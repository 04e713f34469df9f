"""python-socketio's client as a peer: an implementation that is not ours."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import socketio
from engineio.payload import Payload

# By default python-engineio's client gives up on a polling answer of more than 16 packets.
Payload.max_decode_packets = 100_000

if TYPE_CHECKING:
    from typing import Self

    from support.jupyter import JupyterProcess


class Peer:
    """One client; what it receives is kept in order.

    Args:
        jupyter: The server; with ``is_trusted = False`` its certificate is not checked.
        channel: Its channel.
        ticket: Its ticket.
        transports: ``websocket``, ``polling``, or both for an upgrade.
    """

    def __init__(
        self,
        jupyter: JupyterProcess,
        channel: str,
        ticket: str,
        transports: tuple[str, ...] = ("websocket",),
        **query: str,
    ) -> None:
        self.client = socketio.AsyncClient(
            reconnection=False, ssl_verify=getattr(jupyter, "is_trusted", True)
        )
        self.received: asyncio.Queue[tuple[str, tuple[Any, ...]]] = asyncio.Queue()
        self.answers: dict[str, Any] = {}
        self.disconnected = asyncio.Event()
        self._path = f"{jupyter.base_url.strip('/')}/nbsocket/{channel}/socket.io"
        extra = "".join(f"&{key}={value}" for key, value in query.items())
        self._address = f"{jupyter.url}?join_token={ticket}{extra}"
        self._transports = list(transports)
        self.client.on("*", self._received)
        self.client.on("disconnect", lambda *_: self.disconnected.set())

    async def _received(self, event: str, *args: Any) -> Any:
        self.received.put_nowait((event, args))
        answer = self.answers.get(event)
        return answer(*args) if callable(answer) else answer

    async def __aenter__(self) -> Self:
        await self.client.connect(
            self._address, socketio_path=self._path, transports=self._transports, wait_timeout=5
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.disconnect()

    async def emit(self, event: str, *args: Any) -> None:
        await self.client.emit(event, args)

    async def call(self, event: str, *args: Any, timeout: float = 60.0) -> Any:
        return await self.client.call(event, args, timeout=timeout)

    async def next(self, timeout: float = 60.0) -> tuple[Any, ...]:
        """Return the next event as ``(name, *args)``."""
        event, args = await asyncio.wait_for(self.received.get(), timeout)
        return (event, *args)
