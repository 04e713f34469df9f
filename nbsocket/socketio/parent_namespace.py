"""Dynamic namespaces: one parent for all with a matching name (Socket.IO server API, ``server.of``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbsocket.socketio.broadcast_operator import Emitter
from nbsocket.socketio.choice import Choice
from nbsocket.socketio.event_target import EventTarget
from nbsocket.socketio.handler_table import Hook

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbsocket.socketio.namespace import Namespace
    from nbsocket.socketio.parent_core import ParentCore
    from nbsocket.socketio.socket import Socket


class ParentNamespace(Emitter, EventTarget):
    """What namespaces with matching names have in common: handlers, middleware, broadcasts.

    Source: Socket.IO server API, ``server.of(regex)``, ``server.of(fn)``.
    """

    def __init__(self, core: ParentCore) -> None:
        """Made by ``Server.of``."""
        self._core = core

    def __repr__(self) -> str:
        """Show what it matches and how many children it has."""
        pattern = self._core.pattern
        what = self._core.check.description if pattern is None else pattern.pattern
        return f"<ParentNamespace {what}, {len(self._core.children)} namespaces>"

    @property
    def children(self) -> Mapping[str, Namespace]:
        """The namespaces that exist now, by name."""
        return {name: child.face for name, child in list(self._core.children.items())}

    def use(self, middleware: Callable[[Socket], Any]) -> Callable[[Socket], Any]:
        """Call ``middleware(socket)`` before a client is accepted in any of them.

        Source: Socket.IO server API, ``namespace.use(fn)``.
        """
        registered: Callable[[Socket], Any] = self._register(Hook.MIDDLEWARE, middleware, once=False)
        return registered

    def _choice(self) -> Choice:
        return Choice(self._core)

    def _registrar(self) -> ParentCore:
        return self._core
