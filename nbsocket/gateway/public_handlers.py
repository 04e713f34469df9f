"""The public routes: Tornado handlers for Engine.IO, the client bundle and pages.

They check the ticket, speak HTTP and WebSocket, and pass packets to the session; nothing more.
The Jupyter server may mix in its own base class before ``RequestHandler``.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, cast

from tornado.web import HTTPError, stream_request_body

from nbsocket.gateway.codes import BusyError, TooManyTriesError
from nbsocket.gateway.discretion import DiscreetHandler
from nbsocket.gateway.hub import Hub, RefusedError
from nbsocket.gateway.origin import RequestOrigin
from nbsocket.link.proof import port_proof

if TYPE_CHECKING:
    from tornado.http1connection import HTTP1Connection


SANDBOX = "sandbox allow-scripts allow-forms allow-modals"
"""Never ``allow-same-origin``: a channel's pages must not have the rights of the Jupyter page."""

_BODY_TIMEOUT_S = 10.0
_MAX_CODE_BYTES = 256
WRONG_CODE, BUSY = 6, 7
"""Error codes of the join route, in addition to Engine.IO's own."""

_MAX_UNREAD_BYTES = 1024
"""How much body a request may send to a route that takes none; all of it is dropped."""


@stream_request_body
class PublicHandler(DiscreetHandler):
    """Base of all public routes: sandboxed, cookieless, open to every origin."""

    def initialize(self, hub: Hub) -> None:
        """Store the route's arguments."""
        self.hub = hub

    def set_default_headers(self) -> None:
        """Set the headers of every response, even of errors."""
        super().set_default_headers()
        policy = self._headers.get("Content-Security-Policy")
        self.set_header("Content-Security-Policy", f"{policy}; {SANDBOX}" if policy else SANDBOX)
        self.set_header("Access-Control-Allow-Origin", "*")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cache-Control", "no-store")

    def check_xsrf_cookie(self) -> None:
        """Do nothing: cookies have no effect here, so there is nothing to forge."""

    def check_origin(self, origin_to_satisfy_tornado: str = "") -> bool:  # noqa: ARG002 - Jupyter's name
        """Allow every origin, for WebSockets, too: the ticket decides."""
        return True

    def check_trusted_origin(self, origin: str) -> bool:  # noqa: ARG002 - Tornado's signature
        """Likewise, for Tornado's own cross-origin check."""
        return True

    @property
    def max_body_bytes(self) -> int:
        """The largest body that a request may have."""
        return _MAX_UNREAD_BYTES

    def data_received(self, chunk: bytes) -> None:
        """Drop the body: this route takes none."""

    async def prepare(self) -> None:
        """Limit the body before anything else; then run the host's own ``prepare``."""
        connection = cast("HTTP1Connection", self.request.connection)
        connection.set_max_body_size(self.max_body_bytes)
        connection.set_body_timeout(_BODY_TIMEOUT_S)
        if self.settings.get("nbsocket_is_private") and not self.request_origin.is_loopback:
            raise HTTPError(403, reason="This port is only for pages of this machine")
        prepared = super().prepare()
        if prepared is not None:
            await prepared

    @property
    def request_origin(self) -> RequestOrigin:
        """Whose page the request comes from, according to its headers."""
        headers = self.request.headers
        fetch_site = headers.get("Sec-Fetch-Site", "").lower()
        return RequestOrigin(headers.get("Origin", ""), self.request.host, fetch_site)

    def refuse(self, refused: RefusedError) -> None:
        """Answer as an Engine.IO server does."""
        self.set_status(refused.status)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"code": refused.code, "message": refused.message}))

    def write_error(self, status_code: int, **_: Any) -> None:
        """Answer an error with its status, quoting nothing from the request."""
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"code": 3, "message": self._reason or str(status_code)}))


class UnknownHandler(PublicHandler):
    """Every unknown path."""

    def get(self, *_: str) -> None:
        """Answer as an unknown channel does."""
        self.refuse(RefusedError(404, 3, "Not found"))


class ProofHandler(PublicHandler):
    """Proves to a page that this port is its kernel's."""

    def initialize(self, hub: Hub, key: bytes = b"") -> None:
        """Store the key."""
        super().initialize(hub)
        self.key = key

    def get(self, *_: str) -> None:
        """Send the proof for the nonce in the query."""
        try:
            proof = port_proof(self.key, bytes.fromhex(self.get_query_argument("nonce", "")))
        except ValueError:
            self.refuse(RefusedError(400, 3, "A proof needs a nonce"))
            return
        self.finish({"proof": proof.hex()})


class ClientBundleHandler(PublicHandler):
    """The stock client, the same bytes for every channel name, known or not."""

    def initialize(self, hub: Hub, bundle: bytes = b"") -> None:
        """Store the bundle."""
        super().initialize(hub)
        self.bundle = bundle

    def get(self, *_: str) -> None:
        """Send the bundle."""
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.finish(self.bundle)


class JoinHandler(PublicHandler):
    """The join page, and the exchange of a short code for a ticket."""

    def initialize(self, hub: Hub, page: bytes = b"") -> None:
        """Store the page."""
        super().initialize(hub)
        self.page = page
        self._body = bytearray()

    @property
    def max_body_bytes(self) -> int:
        """Enough for a code."""
        return _MAX_CODE_BYTES

    def data_received(self, chunk: bytes) -> None:
        """Collect the body; its size is bounded in ``prepare``."""
        self._body += chunk

    def get(self, *_: str) -> None:
        """Send the page: the same for every channel name, known or not."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(self.page)

    async def post(self, *_: str) -> None:
        """Answer ``{channel, value, role, expires_at, opens}`` to a code; the body is the code as text."""
        codes = self.hub.codes
        try:
            await asyncio.sleep(codes.wait_s())
            found = codes.exchange(self._body.decode("utf-8", "replace"), self.request.remote_ip or "")
        except BusyError:
            self._refuse_code(429, "Too many people are joining at the moment. Try again.", 2, BUSY)
            return
        except TooManyTriesError:
            self._refuse_code(429, "Too many wrong codes were entered from here. Check the code.", 60)
            return
        if found is None:
            self._refuse_code(403, "This code is invalid or has expired. Check it and try again.")
            return
        value, ticket = found
        self.set_header("Content-Type", "application/json")
        await self.finish(
            json.dumps(
                {
                    "channel": ticket.channel,
                    "value": value,
                    "role": ticket.role,
                    "expires_at": ticket.expires_at,
                    "opens": ticket.opens,
                }
            )
        )

    def _refuse_code(self, status: int, message: str, retry_s: int = 0, code: int = WRONG_CODE) -> None:
        self.hub.counters.refused_code += 1
        if retry_s:
            self.set_header("Retry-After", str(retry_s))
        self.refuse(RefusedError(status, code, message))


class PageHandler(PublicHandler):
    """Pages that ``io.page`` published below a channel's URL."""

    def get(self, channel: str = "", path: str = "") -> None:
        """Send the file; an unknown path answers as an unknown channel does."""
        known = self.hub.find_channel(channel)
        file = known.pages.get(path) if known else None
        if known is None or file is None:
            self.refuse(RefusedError(404, 3, "Not found"))
            return
        if known.is_open:
            # Without tickets, only the origin identifies its clients, so its page must keep its own.
            self.clear_header("Content-Security-Policy")
        self.set_header("Content-Type", file.content_type)
        self.finish(file.body)


class FrontDoorHandler(PageHandler):
    """The root of a separate port: the page of the channel at the root, or the join page."""

    def get(self, channel: str = "", path: str = "") -> None:
        """Send the page; if no channel is at the root, redirect to the join page."""
        if self.hub.find_channel("") is None:
            self.redirect(f"{self.request.path.rstrip('/')}/nbsocket/join")
        else:
            super().get(channel, path)
