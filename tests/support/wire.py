"""A bare client: what it sends and receives is what stands on the wire, nothing is done for it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPResponse
from tornado.websocket import WebSocketClientConnection, websocket_connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from support.jupyter import JupyterProcess

SEPARATOR = "\x1e"
_PATIENCE_S = 60.0


class Polling:
    """One session over long-polling."""

    def __init__(self, wire: Wire, sid: str, opened: dict[str, Any]) -> None:
        self.wire = wire
        self.sid = sid
        self.opened = opened

    async def get(self) -> list[str]:
        """Poll once; return the packets."""
        answer = await self.wire.http("GET", sid=self.sid)
        assert answer.code == 200, answer.body
        return answer.body.decode().split(SEPARATOR)

    async def until(self, packet: str) -> list[str]:
        """Poll, answering pings, until ``packet`` has arrived; return all before it."""
        before: list[str] = []
        while True:
            for one in await self.get():
                if one == packet:
                    return before
                if one == "2":
                    await self.post("3")
                else:
                    before.append(one)

    async def post(self, *packets: str) -> None:
        """Post packets as one payload."""
        answer = await self.wire.http("POST", SEPARATOR.join(packets), sid=self.sid)
        assert (answer.code, answer.body) == (200, b"ok"), answer.body

    async def is_over(self) -> bool:
        """Whether the server knows the session no more."""
        return (await self.wire.http("GET", sid=self.sid)).code == 400


class WebSocket:
    """One WebSocket."""

    def __init__(self, connection: WebSocketClientConnection) -> None:
        self.connection = connection
        self.seen: list[str | bytes] = []

    async def send(self, *messages: str | bytes) -> None:
        for message in messages:
            await self.connection.write_message(message, binary=isinstance(message, bytes))

    async def send_fragments(self, *parts: bytes) -> None:
        """Send one text message in so many frames."""
        protocol: Any = self.connection.protocol
        for number, part in enumerate(parts):
            protocol._write_frame(number == len(parts) - 1, 0x0 if number else 0x1, part)

    async def raw(self) -> str | bytes | None:
        """Return the next message, whatever it is; None when it is closed."""
        return await asyncio.wait_for(self.connection.read_message(), _PATIENCE_S)

    async def next(self) -> str | bytes | None:
        """Return the next message that is no ping; pings are answered."""
        while (message := await self.raw()) == "2":
            await self.send("3")
        return message

    async def closed(self, reason: str = "") -> list[str | bytes]:
        """Wait until the server closes it; return what came before.

        With ``reason`` it must have said so, and pings are answered: by its heartbeat a client that is merely
        ignored would be closed as well, and so would one whose message a slow server has not come to yet.
        """
        before = []
        while (message := await (self.next() if reason else self.raw())) is not None:
            before.append(message)
        if reason:
            said = self.connection.close_reason or ""
            assert said.startswith(reason), (self.connection.close_code, said, before)
        return before

    async def connect(self, namespace: str = "/", auth: str = "") -> str:
        """Connect to a namespace and take its greeting; return the socket's id."""
        prefix = "" if namespace == "/" else f"{namespace},"
        await self.send(f"40{prefix}{auth}")
        answer = await self.next()
        assert isinstance(answer, str)
        assert answer.startswith(f"40{prefix}"), answer
        await self.next()
        return str(json.loads(answer[2 + len(prefix) :])["sid"])


class Wire:
    """The way to one channel's Engine.IO route."""

    def __init__(self, jupyter: JupyterProcess, channel: str, ticket: str) -> None:
        self._url = f"{jupyter.url}nbsocket/{channel}/socket.io/"
        self._ticket = ticket

    def url(self, **query: str | None) -> str:
        """Return the address with these query parameters; None leaves one out."""
        usual = {"EIO": "4", "transport": "polling", "join_token": self._ticket}
        chosen = {key: value for key, value in {**usual, **query}.items() if value is not None}
        return f"{self._url}?{urlencode(chosen)}"

    async def http(self, method: str = "GET", body: str | None = None, **query: str | None) -> HTTPResponse:
        """Send one request; return the answer, whatever its status."""
        return await AsyncHTTPClient().fetch(
            self.url(**query),
            method=method,
            body=body,
            headers={"Content-Type": "text/plain;charset=UTF-8"} if body is not None else None,
            allow_nonstandard_methods=True,
            raise_error=False,
            request_timeout=10,
        )

    async def polling(self) -> Polling:
        """Return a new session over long-polling."""
        answer = await self.http()
        assert answer.code == 200, answer.body
        opened = json.loads(answer.body[1:])
        return Polling(self, opened["sid"], opened)

    @contextlib.asynccontextmanager
    async def websocket(self, *, opened: bool = True, **query: str | None) -> AsyncIterator[WebSocket]:
        """A WebSocket; with ``opened`` its OPEN packet is taken."""
        address = self.url(**{"transport": "websocket", **query}).replace("http", "ws", 1)
        connection = await websocket_connect(address)
        try:
            one = WebSocket(connection)
            if opened:
                first = await one.raw()
                assert str(first).startswith("0{"), first
            yield one
        finally:
            connection.close()

    async def websocket_status(self, **query: str | None) -> int:
        """Return the HTTP status that refuses a WebSocket; 101 if it is accepted."""
        try:
            async with self.websocket(opened=False, **query):
                return 101
        except HTTPClientError as error:
            return int(error.code)
