"""Base classes of the three entry points ("doors"), each with its own credential and blind to the others'.

| door | credential | never looks at |
|---|---|---|
| public | a ticket on every Engine.IO request | the Jupyter user, cookies, Jupyter's token |
| kernel | mutual proof by the kernel's key | cookies |
| admin | Jupyter login, XSRF, the authorizer | tickets |
"""

from __future__ import annotations

from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.base.call_context import CallContext
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from tornado.web import HTTPError

from nbsocket.gateway.discretion import DiscreetHandler

AUTH_RESOURCE = "nbsocket"


class AnonymousHandler(DiscreetHandler, JupyterHandler):
    """A Jupyter handler without authentication: the Host check stays, the user is None."""

    auth_resource = AUTH_RESOURCE

    async def prepare(self) -> None:  # type: ignore[override]
        """Check the Host; refuse every method that is not explicitly allowed.

        Does not call ``JupyterHandler.prepare``, which would look at cookies and tokens.
        """
        CallContext.set(CallContext.JUPYTER_HANDLER, self)
        self.current_user = self._jupyter_current_user = None
        if not self.check_host():
            raise HTTPError(403)
        method = getattr(self, (self.request.method or "").lower(), None)
        if not getattr(method, "__allow_unauthenticated", False):
            raise HTTPError(405)

    def check_origin(self, origin_to_satisfy_tornado: str = "") -> bool:  # noqa: ARG002 - Tornado's signature
        """Allow every origin: credentials that a browser adds by itself have no effect here."""
        return True

    def check_trusted_origin(self, origin: str) -> bool:  # noqa: ARG002 - Tornado's signature
        """Likewise, for Tornado's own cross-origin check."""
        return True

    def check_xsrf_cookie(self) -> None:
        """Do nothing, for the same reason."""


class AdminHandler(DiscreetHandler, APIHandler):
    """A Jupyter API handler; each method is ``@web.authenticated`` and ``@authorized``."""

    auth_resource = AUTH_RESOURCE

    def set_default_headers(self) -> None:
        """Mark every response, even errors, as this extension's, so that pages know who answered."""
        super().set_default_headers()
        self.set_header("X-Nbsocket", "1")

    async def json_body(self) -> dict[str, Any]:
        """Return the request's JSON object; empty if there is no body.

        Raises:
            HTTPError: 400 if it is not an object.
        """
        body = await ensure_async(self.get_json_body())
        if body is None:
            return {}
        if not isinstance(body, dict):
            raise HTTPError(400, "The body must be a JSON object.")
        return body
