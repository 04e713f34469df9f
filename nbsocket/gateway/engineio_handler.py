"""The Engine.IO route: HTTP requests and WebSockets of clients, passed to their sessions."""

from __future__ import annotations

import asyncio
import contextlib
import re
from contextvars import Context
from typing import TYPE_CHECKING, Any, cast

from tornado.iostream import StreamClosedError

from nbsocket.gateway.bench_meter import WriteMeter
from nbsocket.gateway.engine_websocket import EngineWebSocket
from nbsocket.gateway.hub import RefusedError
from nbsocket.gateway.outbox import PollCutError, PollOverlapError
from nbsocket.gateway.public_handlers import PublicHandler
from nbsocket.gateway.ticket import QUERY_NAME
from nbsocket.gateway.websocket_connection import accept_key
from nbsocket.gateway.wiretap import IN
from nbsocket.gateway.work import REQUEST_COST
from nbsocket.link.troubles import OLD_CLIENT
from nbsocket.protocol import reasons
from nbsocket.protocol.engine_packet import (
    PROTOCOL_REVISION,
    Packet,
    PacketType,
    decode_polling_packet,
    payload_parts,
)
from nbsocket.protocol.errors import ProtocolError

if TYPE_CHECKING:
    from tornado.http1connection import HTTP1Connection
    from tornado.httputil import HTTPServerRequest
    from tornado.iostream import IOStream

    from nbsocket.gateway.client_session import ClientSession
    from nbsocket.gateway.ticket import Ticket

_HIDDEN_HEADERS = frozenset(
    {"cookie", "authorization", "proxy-authorization", "x-xsrftoken", "x-csrftoken"}
)
_HIDDEN_ARGUMENTS = frozenset({QUERY_NAME, "_xsrf", "token"})
_WEBSOCKET_VERSION = "13"
_WEBSOCKET_KEY = re.compile(r"[A-Za-z0-9+/]{22}==")
"""Sixteen bytes in Base64 (RFC 6455, section 4.1)."""

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}")
"""A valid header name (RFC 9110, section 5.6.2)."""

_BINARY_TYPE = "application/octet-stream"
"""The one media type that Engine.IO v4 refuses; others are read as text."""

_PREFLIGHT_S = 600
_DROPPED_BYTES = 16 * 1024 * 1024
"""How much of a refused payload is still read, and dropped."""

_OLD_REVISION = "3"
_OLD_CLIENT_SAID = (
    "A client of Socket.IO 2 asked to connect (EIO=3); versions 3 and 4 are supported. In a page, write "
    '<script src="socket.io/socket.io.js"></script>, in Node.js  npm install socket.io-client@4 .'
)
_TURN_S = 0.005
"""How long a posted body may block the event loop."""

# Callbacks and timers keep the context in which they were created, and the current one may hold the handler
# and its request. So whatever lives as long as the client starts in this context, which is empty.
_LASTING = Context()


def handshake_of(request: HTTPServerRequest) -> dict[str, Any]:
    """Return what a kernel may know about a client's first request, without credentials."""
    query = {
        name: values[-1].decode("utf-8", "replace")
        for name, values in request.query_arguments.items()
        if name.lower() not in _HIDDEN_ARGUMENTS
    }
    headers = {
        name.lower(): value
        for name, value in request.headers.get_all()
        if name.lower() not in _HIDDEN_HEADERS
    }
    headers.pop("referer", None)
    return {
        "headers": headers,
        "query": query,
        "address": request.remote_ip or "",
        "secure": request.protocol == "https",
        "xdomain": "origin" in headers,
        "url": request.path,
    }


class EngineIOHandler(PublicHandler):
    """Engine.IO v4 over long-polling (GET, POST) and WebSocket, with upgrade."""

    _session: ClientSession | None = None
    _answer: asyncio.Future[str] | None = None
    _too_big: RefusedError | None = None

    @property
    def max_body_bytes(self) -> int:
        """The largest payload."""
        return self.hub.limits.max_payload

    async def prepare(self) -> None:
        """Prepare to collect the body, since the route is streamed."""
        self._body = bytearray()
        await super().prepare()
        length = self.request.headers.get("Content-Length", "")
        if length.isascii() and length.isdigit() and int(length) > self.max_body_bytes:
            self._refuse_body(int(length))

    def data_received(self, chunk: bytes) -> None:
        """Collect the body; the connection limits one without a Content-Length."""
        if self._too_big is None:
            self._body += chunk

    def _refuse_body(self, size: int) -> None:
        """Close the session that the body is for, and say why; keep nothing of the body."""
        # Otherwise Tornado writes a response of its own.
        cast("HTTP1Connection", self.request.connection).set_max_body_size(size)
        refused = RefusedError(413, 3, f"The payload of {size} bytes is over {self.max_body_bytes}")
        try:
            ticket = self._ticket(self.path_args[0])
            session = self._session = self._polling_session(self._query("sid"), ticket)
        except RefusedError:
            self.refuse(refused)
            return
        session.too_big(size)
        session.close(reasons.TRANSPORT_ERROR)
        if size <= _DROPPED_BYTES:
            # A client that is still sending when the connection is closed does not see the response.
            self._too_big = refused
        else:
            self.refuse(refused)

    def compute_etag(self) -> None:
        """Return no ETag: a 304 response would lose the packets of a poll."""

    def options(self, *_: str) -> None:
        """Answer a CORS preflight; all headers in a client's ``extraHeaders`` are allowed."""
        asked = self.request.headers.get("Access-Control-Request-Headers", "")
        names = [name for one in asked.split(",") if _TOKEN.fullmatch(name := one.strip())]
        self.set_header("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
        self.set_header("Access-Control-Allow-Headers", ", ".join(["Content-Type", *names]))
        self.set_header("Access-Control-Max-Age", _PREFLIGHT_S)
        self.set_status(204)
        self.finish()

    async def get(self, *args: str, **_: str) -> None:
        """Serve a handshake, a poll, a WebSocket or an upgrade."""
        try:
            await self._get(args[0])
        except RefusedError as refused:
            self.refuse(refused)

    async def post(self, channel: str) -> None:
        """Serve packets from a polling client."""
        try:
            await self._post(channel)
        except RefusedError as refused:
            self.refuse(refused)

    async def _get(self, channel: str) -> None:
        ticket = self._ticket(channel)
        transport, sid = self._protocol_arguments(ticket)
        if transport == "websocket":
            self._serve_websocket(ticket, sid)
            return
        if sid:
            session = self._polling_session(sid, ticket)
            hold = session.intake.charge(REQUEST_COST)
            if hold is not None:
                await hold
        else:
            session = self.hub.open_session(ticket, handshake_of(self.request))
            _LASTING.run(session.open, None)
        self._session = session
        try:
            self._answer = session.outbox.poll()
        except PollOverlapError:
            raise RefusedError(400, 3, "Bad request") from None
        try:
            payload = await self._answer
        except PollCutError:
            raise RefusedError(503, 3, "The connection was cut") from None
        self.set_header("Content-Type", "text/plain; charset=UTF-8")
        self.set_header("X-Accel-Buffering", "no")
        stream = cast("HTTP1Connection", self.request.connection).stream
        with contextlib.suppress(StreamClosedError):
            await self.finish(payload)
            if stream.error is None:
                return
        # The packets in it are lost, so the session cannot continue.
        session.close(reasons.TRANSPORT_ERROR)

    def _serve_websocket(self, ticket: Ticket, sid: str) -> None:
        key = self._websocket_key()
        if not sid:
            session = self._session = self.hub.open_session(ticket, handshake_of(self.request))
            bench, stream = session.channel.bench, self.request.connection.stream  # type: ignore[union-attr]
            meter = None if bench is None else WriteMeter(stream)
            websocket = EngineWebSocket(self._accept(key), session)
            if bench is not None and meter is not None:
                bench.shaken(session, self.request, meter.written_bytes)
                meter.take_off()
            _LASTING.run(session.open, websocket)
        else:
            session = self._session = self.hub.find_session(sid, ticket)
            websocket = EngineWebSocket(self._accept(key), session)
            if session.may_probe:
                session.begin_probe(websocket)
            else:
                # As in Node: only the new connection is closed.
                websocket.close_websocket(None)
        _LASTING.run(websocket.start)

    def _websocket_key(self) -> str:
        """Return the key of a WebSocket's opening handshake (RFC 6455, section 4.2.1)."""
        headers = self.request.headers
        key = headers.get("Sec-WebSocket-Key", "")
        connection = {token.strip().lower() for token in headers.get("Connection", "").split(",")}
        is_upgrade = headers.get("Upgrade", "").lower() == "websocket" and "upgrade" in connection
        if not is_upgrade or self.request.version == "HTTP/1.0" or not _WEBSOCKET_KEY.fullmatch(key):
            raise RefusedError(400, 3, "Bad request")
        if headers.get("Sec-WebSocket-Version") != _WEBSOCKET_VERSION:
            self.set_header("Sec-WebSocket-Version", _WEBSOCKET_VERSION)
            raise RefusedError(426, 3, "Unsupported WebSocket version")
        return key

    def _accept(self, key: str) -> IOStream:
        """Answer the opening handshake, without extensions.

        With compression, frames could not be shared among clients, and zip bombs would be possible.
        """
        self.clear_header("Content-Type")
        self.set_status(101)
        self.set_header("Upgrade", "websocket")
        self.set_header("Connection", "Upgrade")
        self.set_header("Sec-WebSocket-Accept", accept_key(key))
        self.finish()
        return self.detach()

    async def _post(self, channel: str) -> None:
        if self._too_big is not None:
            raise self._too_big
        ticket = self._ticket(channel)
        _, sid = self._protocol_arguments(ticket)
        if not sid:
            raise RefusedError(400, 2, "Bad handshake method")
        session = self._session = self._polling_session(sid, ticket)
        media_type = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if session.posting or media_type == _BINARY_TYPE:
            session.close(reasons.TRANSPORT_ERROR)
            raise RefusedError(400, 3, "Bad request")
        session.posting = True
        try:
            await self._take_payload(session)
        except (ProtocolError, UnicodeDecodeError) as error:
            session.close(reasons.PARSE_ERROR, why=str(error))
            raise RefusedError(400, 3, "Bad request") from None
        finally:
            session.posting = False
        self.set_header("Content-Type", "text/html")
        with contextlib.suppress(StreamClosedError):
            # The client is gone, but what it sent has been received.
            await self.finish("ok")

    async def _take_payload(self, session: ClientSession) -> None:
        """Process a posted payload packet by packet, letting other clients in between."""
        clock = asyncio.get_running_loop().time
        turn_ends = clock() + _TURN_S
        hold = session.intake.charge(REQUEST_COST)
        if hold is not None:
            await hold
        for text in payload_parts(self._body.decode()):
            packet = decode_polling_packet(text)
            hold = session.receive(packet, self._tell(session, packet, text))
            if hold is not None:
                await hold
            elif clock() > turn_ends:
                await asyncio.sleep(0)
            else:
                continue
            turn_ends = clock() + _TURN_S

    @staticmethod
    def _tell(session: ClientSession, packet: Packet, text: str) -> int:
        wire = session.channel.wire
        if wire is None:
            return 0
        index = session.intake.received_count + 1 if packet.type is PacketType.MESSAGE else 0
        return wire.packet(session, IN, text.encode(), "polling", index)

    def on_finish(self) -> None:
        """Report the request to wire views."""
        wire = None if self._session is None else self._session.channel.wire
        if self._session is not None and wire is not None:
            request = self.request
            headers = [*request.headers.get_all(), *self._headers.get_all()]
            wire.http(
                self._session,
                request.method or "",
                request.path,
                request.query_arguments,
                self.get_status(),
                headers,
                request.request_time(),
            )

    def put(self, channel: str) -> None:
        """Refuse a method that Engine.IO does not use."""
        try:
            self._ticket(channel)
        except RefusedError as refused:
            self.refuse(refused)
        else:
            self.refuse(RefusedError(400, 2, "Bad handshake method"))

    delete = patch = head = put

    def _ticket(self, channel: str) -> Ticket:
        ticket = self.hub.check_ticket(self._query(QUERY_NAME), channel, self.request_origin)
        self.hub.on_known(cast("HTTP1Connection", self.request.connection).stream)
        return ticket

    def _query(self, name: str) -> str:
        values = self.request.query_arguments.get(name)
        return values[-1].decode("utf-8", "replace") if values and len(values) == 1 else ""

    def _protocol_arguments(self, ticket: Ticket) -> tuple[str, str]:
        transport = self._query("transport")
        if transport not in {"polling", "websocket"}:
            raise RefusedError(400, 0, "Transport unknown")
        revision = self._query("EIO")
        if revision != str(PROTOCOL_REVISION):
            channel = self.hub.channels.get(ticket.channel)
            if revision == _OLD_REVISION and channel is not None:
                channel.trouble(OLD_CLIENT, _OLD_CLIENT_SAID)
            raise RefusedError(400, 5, "Unsupported protocol version")
        return transport, self._query("sid")

    def _polling_session(self, sid: str, ticket: Any) -> ClientSession:
        session = self.hub.find_session(sid, ticket)
        if session.websocket is not None:
            raise RefusedError(400, 3, "Bad request")
        return session

    def on_connection_close(self) -> None:
        """Notice that a client aborted a poll."""
        super().on_connection_close()
        if self._answer is not None and self._session is not None and not self._answer.done():
            self._session.outbox.poll_lost(self._answer)
