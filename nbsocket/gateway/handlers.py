"""The public door: Tornado handlers for Engine.IO, the client bundle and pages.

They check the ticket, speak HTTP and WebSocket, and hand packets to the session; nothing more.
A host (the Jupyter server) may mix in its own base class before ``RequestHandler``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler, stream_request_body
from tornado.websocket import WebSocketHandler

from nbsocket.gateway.client_session import PollCutError, PollOverlapError
from nbsocket.gateway.codes import TooManyTriesError
from nbsocket.gateway.origin import RequestOrigin
from nbsocket.gateway.switchboard import RefusedError, Switchboard
from nbsocket.gateway.tickets import QUERY_NAME
from nbsocket.protocol import engine_session as engine
from nbsocket.protocol.engine_packet import PROTOCOL_REVISION, decode_packet, decode_payload
from nbsocket.protocol.errors import ProtocolError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable

    from tornado.http1connection import HTTP1Connection
    from tornado.httputil import HTTPServerRequest

    from nbsocket.gateway.client_session import ClientSession
    from nbsocket.gateway.tickets import Ticket

SANDBOX = "sandbox allow-scripts allow-forms allow-modals"
"""Never ``allow-same-origin``: what a channel serves must not be the Jupyter page's equal."""

_BODY_TIMEOUT_S = 10.0
_MAX_CODE_BYTES = 256
_HIDDEN_HEADERS = frozenset(
    {"cookie", "authorization", "proxy-authorization", "x-xsrftoken", "x-csrftoken"}
)
_HIDDEN_ARGUMENTS = frozenset({QUERY_NAME, "_xsrf", "token"})


class PublicHandler(RequestHandler):
    """What all public routes share: sandboxed, cookieless, open to every origin."""

    def initialize(self, switchboard: Switchboard) -> None:
        """Take what the route was mounted with."""
        self.switchboard = switchboard

    def set_default_headers(self) -> None:
        """Set them on every answer, errors too."""
        super().set_default_headers()
        policy = self._headers.get("Content-Security-Policy")
        self.set_header("Content-Security-Policy", f"{policy}; {SANDBOX}" if policy else SANDBOX)
        self.set_header("Access-Control-Allow-Origin", "*")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cache-Control", "no-store")

    def check_xsrf_cookie(self) -> None:
        """Do nothing: no cookie counts here, so there is nothing to forge."""

    def check_origin(self, origin_to_satisfy_tornado: str = "") -> bool:  # noqa: ARG002 - Jupyter's name
        """Let every origin in, for WebSockets, too: the ticket decides."""
        return True

    def check_trusted_origin(self, origin: str) -> bool:  # noqa: ARG002 - Tornado's signature
        """Likewise, for Tornado's own cross-origin check."""
        return True

    async def prepare(self) -> None:
        """Bound the body before anything else; then let the host have its say."""
        connection = cast("HTTP1Connection", self.request.connection)
        connection.set_max_body_size(self.switchboard.limits.max_payload)
        connection.set_body_timeout(_BODY_TIMEOUT_S)
        prepared = super().prepare()
        if prepared is not None:
            await prepared

    def refuse(self, refused: RefusedError) -> None:
        """Answer as an Engine.IO server does."""
        self.set_status(refused.status)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"code": refused.code, "message": refused.message}))

    def write_error(self, status_code: int, **_: Any) -> None:
        """Answer an error with its status and no text of the request."""
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"code": 3, "message": self._reason or str(status_code)}))


class UnknownHandler(PublicHandler):
    """Every path that means nothing."""

    def get(self, *_: str) -> None:
        """Answer as an unknown channel does."""
        self.refuse(RefusedError(404, 3, "Not found"))


class ClientBundleHandler(PublicHandler):
    """The stock client, the same bytes for every channel name, known or not."""

    def initialize(self, switchboard: Switchboard, bundle: bytes = b"") -> None:
        """Take the bundle."""
        super().initialize(switchboard)
        self.bundle = bundle

    def get(self, *_: str) -> None:
        """Send it."""
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.finish(self.bundle)


@stream_request_body
class JoinHandler(PublicHandler):
    """The join page, and the exchange of a short code for a ticket."""

    def initialize(self, switchboard: Switchboard, page: bytes = b"") -> None:
        """Take the page."""
        super().initialize(switchboard)
        self.page = page
        self._body = bytearray()

    async def prepare(self) -> None:
        """Take a code, nothing longer."""
        await super().prepare()
        cast("HTTP1Connection", self.request.connection).set_max_body_size(_MAX_CODE_BYTES)

    def data_received(self, chunk: bytes) -> None:
        """Collect the body; its size is bounded in ``prepare``."""
        self._body += chunk

    def get(self, *_: str) -> None:
        """Send the page: the same for every channel name, known or not."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(self.page)

    def post(self, *_: str) -> None:
        """Answer ``{channel, value, role, expires_at}`` to a code; the body is the code as text."""
        try:
            found = self.switchboard.codes.exchange(
                self._body.decode("utf-8", "replace"), self.request.remote_ip or ""
            )
        except TooManyTriesError:
            self.switchboard.counters.refused_code += 1
            self.set_header("Retry-After", "60")
            self.refuse(RefusedError(429, 6, "Too many wrong codes came from here. Wait a minute."))
            return
        if found is None:
            self.switchboard.counters.refused_code += 1
            self.refuse(RefusedError(403, 6, "This code is not known (any more). Check it and try again."))
            return
        value, ticket = found
        self.set_header("Content-Type", "application/json")
        self.finish(
            json.dumps(
                {
                    "channel": ticket.channel,
                    "value": value,
                    "role": ticket.role,
                    "expires_at": ticket.expires_at,
                }
            )
        )


class PageHandler(PublicHandler):
    """What ``io.page`` published below a channel's URL."""

    def get(self, channel: str, path: str = "") -> None:
        """Send the file; an unknown path answers as an unknown channel does."""
        known = self.switchboard.find_channel(channel)
        file = known.pages.get(path) if known else None
        if known is None or file is None:
            self.refuse(RefusedError(404, 3, "Not found"))
            return
        if known.is_open:
            # No ticket tells its clients from others' here, so its page must keep its own origin.
            self.clear_header("Content-Security-Policy")
        self.set_header("Content-Type", file.content_type)
        self.finish(file.body)


def handshake_of(request: HTTPServerRequest) -> dict[str, Any]:
    """Return what a kernel may know of a client's first request: no credential is in it."""
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


@stream_request_body
class EngineIOHandler(PublicHandler, WebSocketHandler):
    """Engine.IO v4 over long-polling (GET, POST) and WebSocket, with upgrade."""

    session: ClientSession | None = None
    _answer: asyncio.Future[str] | None = None
    _is_upgrade = False

    # --- HTTP -------------------------------------------------------------------------------

    async def prepare(self) -> None:
        """Collect the body here, since the route is streamed."""
        self._body = bytearray()
        await super().prepare()

    def data_received(self, chunk: bytes) -> None:
        """Collect the body; its size is bounded in ``prepare``."""
        self._body += chunk

    def options(self, *_: str) -> None:
        """Answer a CORS preflight."""
        self.set_header("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
        self.set_header("Access-Control-Allow-Headers", "Content-Type")
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
        transport, sid = self._protocol_arguments()
        if transport == "websocket":
            if self.request.headers.get("Upgrade", "").lower() != "websocket":
                raise RefusedError(400, 3, "Bad request")
            if sid:
                self.session = self.switchboard.find_session(sid, ticket)
                self._is_upgrade = True
                if not self.session.begin_probe(self):
                    self.session = None
                    raise RefusedError(400, 3, "Bad request")
            else:
                self.session = self.switchboard.open_session(ticket, handshake_of(self.request))
            await super().get(channel)
            if self.ws_connection is None:
                # Tornado refused the WebSocket handshake; nobody will come for this session.
                self.on_close()
            return
        if sid:
            session = self._polling_session(sid, ticket)
        else:
            session = self.switchboard.open_session(ticket, handshake_of(self.request))
            session.open(None)
        self.session = session
        try:
            self._answer = session.poll()
        except PollOverlapError:
            raise RefusedError(400, 3, "Bad request") from None
        try:
            payload = await self._answer
        except PollCutError:
            raise RefusedError(503, 3, "The connection was cut") from None
        self.set_header("Content-Type", "text/plain; charset=UTF-8")
        self.set_header("X-Accel-Buffering", "no")
        await self.finish(payload)

    async def _post(self, channel: str) -> None:
        ticket = self._ticket(channel)
        _, sid = self._protocol_arguments()
        if not sid:
            raise RefusedError(400, 2, "Bad handshake method")
        session = self._polling_session(sid, ticket)
        content_type = self.request.headers.get("Content-Type", "text/plain")
        if session.posting or not content_type.startswith("text/plain"):
            session.close(engine.TRANSPORT_ERROR)
            raise RefusedError(400, 3, "Bad request")
        session.posting = True
        try:
            try:
                packets = decode_payload(self._body.decode())
            except (ProtocolError, UnicodeDecodeError):
                session.close(engine.PARSE_ERROR)
                raise RefusedError(400, 3, "Bad request") from None
            for packet in packets:
                hold = session.receive(packet)
                if hold is not None:
                    await hold
        finally:
            session.posting = False
        self.set_header("Content-Type", "text/html")
        await self.finish("ok")

    def put(self, channel: str) -> None:
        """Refuse a method that Engine.IO has no use for."""
        try:
            self._ticket(channel)
        except RefusedError as refused:
            self.refuse(refused)
        else:
            self.refuse(RefusedError(400, 2, "Bad handshake method"))

    delete = patch = head = put

    def _ticket(self, channel: str) -> Ticket:
        origin = RequestOrigin(self.request.headers.get("Origin", ""), self.request.host)
        return self.switchboard.check_ticket(self._query(QUERY_NAME), channel, origin)

    def _query(self, name: str) -> str:
        values = self.request.query_arguments.get(name)
        return values[-1].decode("utf-8", "replace") if values and len(values) == 1 else ""

    def _protocol_arguments(self) -> tuple[str, str]:
        transport = self._query("transport")
        if transport not in {"polling", "websocket"}:
            raise RefusedError(400, 0, "Transport unknown")
        if self._query("EIO") != str(PROTOCOL_REVISION):
            raise RefusedError(400, 5, "Unsupported protocol version")
        return transport, self._query("sid")

    def _polling_session(self, sid: str, ticket: Any) -> ClientSession:
        session = self.switchboard.find_session(sid, ticket)
        if session.websocket is not None:
            raise RefusedError(400, 3, "Bad request")
        return session

    def on_connection_close(self) -> None:
        """Notice a client that gave up a waiting poll."""
        super().on_connection_close()
        if self._answer is not None and self.session is not None and not self._answer.done():
            self.session.poll_lost(self._answer)

    # --- WebSocket --------------------------------------------------------------------------

    def get_compression_options(self) -> None:
        """Never compress: one frame's bytes serve every client, and no bomb can unfold."""

    @property
    def ping_interval(self) -> float | None:
        """Engine.IO's ping is the heartbeat."""
        return None

    @property
    def max_message_size(self) -> int:
        """The same limit as for a polling payload."""
        return self.switchboard.limits.max_payload

    def open(self, *_: str, **__: str) -> None:
        """Begin once the WebSocket handshake is done."""
        self.set_nodelay(True)
        if not self._is_upgrade and self.session is not None:
            self.session.open(self)

    def on_message(self, message: str | bytes) -> Awaitable[None] | None:
        """Hand a packet to the session; Tornado reads on when the result is done."""
        session = self.session
        if session is None:
            return None
        if session.websocket is self:
            if message[:1] == "4":
                return session.receive_message(message[1:])
            if isinstance(message, bytes):
                return session.receive_message(message)
        try:
            packet = decode_packet(message)
        except ProtocolError:
            if session.websocket is self:
                session.close(engine.PARSE_ERROR)
            else:
                session.refuse_probe()
            return None
        if session.websocket is self:
            return session.receive(packet)
        session.receive_on_probe(packet)
        return None

    def on_close(self) -> None:
        """Tell the session."""
        if self.session is not None:
            self.session.websocket_lost(self)

    def write_bytes(self, data: bytes) -> asyncio.Future[None] | None:
        """Write whole frames past Tornado's framing, which would mask nothing and copy all."""
        connection = cast("Any", self.ws_connection)
        if connection is None:
            return None
        try:
            written: asyncio.Future[None] = connection.stream.write(data)
        except StreamClosedError:
            # on_close follows and ends the session.
            return None
        return None if written.done() else written

    def close_websocket(self, code: int) -> None:
        """Send a close frame."""
        self.close(code)
