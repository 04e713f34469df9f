"""What anyone may ask for: the one table of public routes, in Jupyter and on a port of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nbsocket.gateway.engineio_handler import EngineIOHandler
from nbsocket.gateway.public_handlers import ClientBundleHandler, JoinHandler, PageHandler, UnknownHandler

if TYPE_CHECKING:
    from nbsocket.gateway.hub import Hub

STATIC = Path(__file__).parent.parent / "static"
SCRIPT = r"(?:.*/)?socket\.io/socket\.io\.js"
"""Where pages load the client from, below their own address."""

Route = tuple[str, type, dict[str, Any]]


class PublicHandlers(NamedTuple):
    """Who answers: these, or their subclasses behind Jupyter's own checks."""

    bundle: type[ClientBundleHandler] = ClientBundleHandler
    join: type[JoinHandler] = JoinHandler
    engineio: type[EngineIOHandler] = EngineIOHandler
    page: type[PageHandler] = PageHandler
    unknown: type[UnknownHandler] = UnknownHandler


def public_routes(hub: Hub, handlers: PublicHandlers, prefix: str = "") -> list[Route]:
    """Return the routes below ``/nbsocket``, the most specific first.

    Args:
        hub: The hub with the channels.
        handlers: Who answers.
        prefix: A pattern for what comes before ``/nbsocket``.
    """
    shared = {"hub": hub}
    return [
        (rf"{prefix}/nbsocket/[^/]+/{SCRIPT}", handlers.bundle, bundle_of(hub)),
        (
            rf"{prefix}/nbsocket/(?:[^/]+/)?join",
            handlers.join,
            {**shared, "page": read_static("join.html")},
        ),
        (rf"{prefix}/nbsocket/([^/]+)/socket\.io/?", handlers.engineio, shared),
        (rf"{prefix}/nbsocket/([^/]+)/(.*)", handlers.page, shared),
        (rf"{prefix}/nbsocket(?:/.*)?", handlers.unknown, shared),
    ]


def bundle_of(hub: Hub) -> dict[str, Any]:
    """Return what the handler of the client's bundle is made with."""
    return {"hub": hub, "bundle": read_static("socket.io.js")}


def read_static(name: str) -> bytes:
    """Return a file of the built front end; empty in a source tree where it has not been built."""
    file = STATIC / name
    return file.read_bytes() if file.exists() else b""
