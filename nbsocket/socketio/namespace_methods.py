"""What a namespace can do, and the server for ``/`` (Socket.IO server API, "Namespace")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbsocket.socketio.broadcast_operator import Emitter
from nbsocket.socketio.choice import Choice
from nbsocket.socketio.event_target import EventTarget
from nbsocket.socketio.handler_table import Hook
from nbsocket.socketio.members import LiveSockets
from nbsocket.socketio.waiting import value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbsocket.socketio.event_stream import EventStream
    from nbsocket.socketio.namespace_core import NamespaceCore
    from nbsocket.socketio.socket import Socket


class NamespaceMethods(Emitter, EventTarget):
    """Handlers, middleware, emits and waits in one namespace.

    Args:
        core: The namespace; the server's is ``/``.
    """

    def __init__(self, core: NamespaceCore) -> None:
        """Made by the server."""
        self._core = core

    @property
    def sockets(self) -> Mapping[str, Socket]:
        """The connected sockets by id: a live view that cannot be changed.

        Source: Socket.IO server API, ``namespace.sockets``.
        """
        return LiveSockets(self._core.members.by_id)

    def use(self, middleware: Callable[[Socket], Any]) -> Callable[[Socket], Any]:
        """Call ``middleware(socket)`` before a client is accepted; plain or ``async def``.

        It refuses the client by raising ``ConnectionRefused`` (or anything else).
        Running the cell again replaces it, like a handler.
        It is not called again for a client whose state is recovered.

        Args:
            middleware: Called with the socket, which is not connected yet.

        Raises:
            TypeError: ``middleware`` cannot be called with a socket.

        Source: Socket.IO server API, ``namespace.use(fn)``.
        """
        registered: Callable[[Socket], Any] = self._register(Hook.MIDDLEWARE, middleware, once=False)
        return registered

    def unuse(self, middleware: Callable[[Socket], Any]) -> None:
        """Remove a middleware; it is not an error if it was removed before.

        Args:
            middleware: The function that was passed to ``use``.
        """
        self._core.table.remove(Hook.MIDDLEWARE, middleware)

    def wait_for(self, event: str, timeout: float | None = None) -> Any:
        """Block this cell until any client emits ``event``, and return what it sent.

        Events since the running cell began count, each once.

        Args:
            event: Its name.
            timeout: Seconds to wait; None for no limit.

        Returns:
            One argument as itself, several as a tuple, none as None.

        Raises:
            TimeoutError: No client did so in time.
            BlockingCallError: In an ``async def`` handler; await ``next`` there.
        """
        return self._core.wait_for(event, None, timeout)

    async def next(self, event: str) -> Any:
        """Await ``event`` and return its arguments; see ``wait_for``."""
        return value_of((await self._core.next(event, None)).args)

    def events(self, event: str, timeout: float | None = None) -> EventStream:
        """Return a stream of the events of this name, for ``for`` or ``async for``.

        Each iteration yields the socket and a tuple of the arguments. Events that arrive between two
        iterations are queued. Events since the running cell began count, each once.

        Args:
            event: Its name.
            timeout: Seconds after which the loop ends; None for never.

        Examples:
            >>> for socket, args in io.events("vote", timeout=30):
            ...     print(socket.id, args)
        """
        return self._core.stream(event, None, timeout)

    def _choice(self) -> Choice:
        return Choice(self._core.fanout)

    def _registrar(self) -> NamespaceCore:
        return self._core
