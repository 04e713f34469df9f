"""The public door: Tornado handlers for Engine.IO, the client bundle and pages.

They check the ticket, speak HTTP and WebSocket, and hand packets to the session; nothing more.
A host (the Jupyter server) may mix in its own base class before ``RequestHandler``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from tornado.web import RequestHandler, stream_request_body

from nbsocket.gateway.codes import TooManyTriesError
from nbsocket.gateway.switchboard import RefusedError, Switchboard

if TYPE_CHECKING:
    from tornado.http1connection import HTTP1Connection


SANDBOX = "sandbox allow-scripts allow-forms allow-modals"
"""Never ``allow-same-origin``: what a channel serves must not be the Jupyter page's equal."""

_BODY_TIMEOUT_S = 10.0
_MAX_CODE_BYTES = 256


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
        value, ticket, opens = found
        self.set_header("Content-Type", "application/json")
        self.finish(
            json.dumps(
                {
                    "channel": ticket.channel,
                    "value": value,
                    "role": ticket.role,
                    "expires_at": ticket.expires_at,
                    "opens": opens,
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
