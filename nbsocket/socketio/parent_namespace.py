"""Dynamic namespaces: one parent for all with a matching name (Socket.IO server API, ``server.of``)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nbsocket.socketio.acks import PendingAck
from nbsocket.socketio.broadcast_operator import BroadcastOperator, Emitter
from nbsocket.socketio.event_target import EventTarget
from nbsocket.socketio.handler_table import (
    CONNECTION_EVENTS,
    HandlerTable,
    Hook,
    Registration,
    check_takes_socket,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbsocket.socketio.cell_run import CellRun, CellRuns
    from nbsocket.socketio.handler_thread import HandlerThread
    from nbsocket.socketio.namespace import Namespace
    from nbsocket.socketio.socket import Socket


class ParentNamespace(EventTarget, Emitter):
    """What namespaces with matching names have in common: handlers, middleware, broadcasts.

    Args:
        matching: A regular expression, or a function ``(name, auth)`` that returns whether a name matches.
        handlers: Where user code runs.
        cells: Tells which cell a registration belongs to.
        registered: Called at every registration.
        make: Creates a child.
        forget: Forgets a child.

    Source: Socket.IO server API, ``server.of(regex)``, ``server.of(fn)``.
    """

    def __init__(
        self,
        matching: re.Pattern[str] | Callable[[str, dict[str, Any]], Any],
        handlers: HandlerThread,
        cells: CellRuns,
        registered: Callable[[], None],
        make: Callable[[str, ParentNamespace], Namespace],
        forget: Callable[[Namespace], object],
    ) -> None:
        """Made by ``Server.of``."""
        if not isinstance(matching, re.Pattern) and not callable(matching):
            msg = (
                "io.of() takes a name, a compiled regular expression or a function, "
                f"not {type(matching).__name__}"
            )
            raise TypeError(msg)
        self.pattern = matching if isinstance(matching, re.Pattern) else None
        function = self.pattern.fullmatch if self.pattern is not None else matching
        self.check = Registration(Hook.NAMESPACE_CHECK, function, cells.registering(function))  # type: ignore[arg-type]
        self.handlers = handlers
        self.cells = cells
        self.registered = registered
        self._make = make
        self._forget = forget
        self._children: dict[str, Namespace] = {}
        self._table = HandlerTable()
        self._replaced: list[Registration] = []

    def __repr__(self) -> str:
        """Show what it matches and how many children it has."""
        what = self.pattern.pattern if self.pattern is not None else self.check.description
        return f"<ParentNamespace {what}, {len(self._children)} namespaces>"

    @property
    def children(self) -> Mapping[str, Namespace]:
        """The namespaces that exist now, by name."""
        return dict(self._children)

    def use(self, middleware: Callable[[Socket], Any]) -> Callable[[Socket], Any]:
        """Call ``middleware(socket)`` before a client is accepted in any of them.

        Source: Socket.IO server API, ``namespace.use(fn)``.
        """
        registered: Callable[[Socket], Any] = self._register(Hook.MIDDLEWARE, middleware, once=False)
        return registered

    # --- all of them together ---------------------------------------------------------------

    def _operator(self) -> BroadcastOperator:
        return BroadcastOperator(self)

    def _select(self, rooms: frozenset[str], excluded: frozenset[str]) -> list[Socket]:
        return [one for child in list(self._children.values()) for one in child._select(rooms, excluded)]

    def _light_up(self, sockets: list[Socket]) -> None:
        for socket in sockets:
            socket.namespace._light_up([socket])

    def _broadcast(
        self,
        event: str,
        args: tuple[Any, ...],
        rooms: frozenset[str],
        excluded: frozenset[str],
        *,
        volatile: bool,
    ) -> None:
        for child in list(self._children.values()):
            child._broadcast(event, args, rooms, excluded, volatile=volatile)

    def _ask(
        self, event: str, args: tuple[Any, ...], rooms: frozenset[str], excluded: frozenset[str]
    ) -> PendingAck:
        asked = [(child, child._select(rooms, excluded)) for child in list(self._children.values())]
        pending = PendingAck(event, [one for _, sockets in asked for one in sockets])
        for child, sockets in asked:
            child._wait_for_room()
            child._ask_these(event, args, sockets, pending)
        return pending

    # --- what the server does with it -------------------------------------------------------

    def is_same(self, other: ParentNamespace) -> bool:
        """Whether ``other`` comes from the same line of code, or from the same pattern."""
        if self.pattern is not None or other.pattern is not None:
            return self.pattern == other.pattern
        return self.check.key == other.check.key

    async def matches(self, name: str, auth: dict[str, Any]) -> bool:
        """Return whether a namespace is one of its children."""
        if self.pattern is not None:
            return self.pattern.fullmatch(name) is not None
        reply = await self.handlers.ask(self.check, (name, auth), None)
        return reply.failure is None and bool(reply.value)

    def child(self, name: str) -> Namespace:
        """Return a new child."""
        self._children[name] = child = self._make(name, self)
        return child

    def emptied(self, child: Namespace) -> None:
        """Forget a child that is empty."""
        if self._children.get(child.name) is child:
            del self._children[child.name]
            self._forget(child)

    def cell_ended(self, cell: CellRun, *, ok: bool) -> None:
        """Apply the end of a cell run to all children."""
        replaced, self._replaced = self._replaced, []
        if ok:
            self._table.remove_leftovers(cell)
        for child in list(self._children.values()):
            child._settle(replaced, None)

    def _overheard(self, registration: Registration) -> None:
        """Tell the children that there is a listener for outgoing events."""
        for child in list(self._children.values()):
            child._overheard(registration)

    def _add(self, registration: Registration) -> None:
        check_takes_socket(registration)
        old = self._table.add(registration)
        self._overheard(registration)
        if old is not None and registration.event in CONNECTION_EVENTS:
            self._replaced.append(registration)

    def _registrations(self) -> HandlerTable:
        return self._table

    def _wiring(self) -> ParentNamespace:
        return self
