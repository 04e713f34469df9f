"""What all namespaces with matching names have in common; behind ``ParentNamespace``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nbsocket.socketio.acks import PendingAck
from nbsocket.socketio.handler_table import (
    CONNECTION_EVENTS,
    HandlerTable,
    Hook,
    Registration,
    check_takes_socket,
)
from nbsocket.socketio.parent_namespace import ParentNamespace

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbsocket.socketio.cell_run import CellRun, CellRuns
    from nbsocket.socketio.handler_thread import HandlerThread
    from nbsocket.socketio.namespace_core import NamespaceCore
    from nbsocket.socketio.socket import Socket


class ParentCore:
    """Handlers and middleware of all children, and emits to all of them (``choice.Scope``).

    Args:
        matching: A regular expression, or a function ``(name, auth)`` that returns whether a name matches.
        handlers: Where user code runs.
        cells: Tells which cell a registration belongs to.
        registered: Called at every registration.
        make: Creates a child.
        forget: Forgets a child.

    Attributes:
        face: What user code sees of it.
        children: The namespaces that exist now, by name.
        table: The handlers that apply in each of them.

    Raises:
        TypeError: ``matching`` is neither.
    """

    def __init__(
        self,
        matching: re.Pattern[str] | Callable[[str, dict[str, Any]], Any],
        handlers: HandlerThread,
        cells: CellRuns,
        registered: Callable[[], None],
        make: Callable[[str, ParentCore], NamespaceCore],
        forget: Callable[[NamespaceCore], object],
    ) -> None:
        """Begin without children."""
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
        self.children: dict[str, NamespaceCore] = {}
        self.table = HandlerTable()
        self.face = ParentNamespace(self)
        self._make = make
        self._forget = forget
        self._replaced: list[Registration] = []

    # --- children ---------------------------------------------------------------------------

    def is_same(self, other: ParentCore) -> bool:
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

    def child(self, name: str) -> NamespaceCore:
        """Return a new child."""
        self.children[name] = child = self._make(name, self)
        return child

    def emptied(self, child: NamespaceCore) -> None:
        """Forget a child that is empty."""
        if self.children.get(child.name) is child:
            del self.children[child.name]
            self._forget(child)

    # --- handlers ---------------------------------------------------------------------------

    def add(self, registration: Registration) -> None:
        """Register a handler, a listener or a middleware.

        Raises:
            TypeError: It has no parameter for the socket.
        """
        check_takes_socket(registration)
        old = self.table.add(registration)
        for child in list(self.children.values()):
            child.overheard(registration)
        if old is not None and registration.event in CONNECTION_EVENTS:
            self._replaced.append(registration)

    def cell_ended(self, cell: CellRun, *, ok: bool) -> None:
        """Apply the end of a cell run to all children."""
        replaced, self._replaced = self._replaced, []
        if ok:
            self.table.remove_leftovers(cell)
        for child in list(self.children.values()):
            child.settle(replaced, None)

    # --- all of them together ---------------------------------------------------------------

    def select(self, rooms: frozenset[str], excluded: frozenset[str]) -> list[Socket]:
        """Return the sockets in any of ``rooms`` (all, if empty) and in none of ``excluded``."""
        return [
            one for child in list(self.children.values()) for one in child.fanout.select(rooms, excluded)
        ]

    def light_up(self, rooms: frozenset[str], excluded: frozenset[str]) -> list[Socket]:
        """Light up the panes that such sockets belong to; return the sockets."""
        return [
            one for child in list(self.children.values()) for one in child.fanout.light_up(rooms, excluded)
        ]

    def broadcast(
        self,
        event: str,
        args: tuple[Any, ...],
        rooms: frozenset[str],
        excluded: frozenset[str],
        *,
        volatile: bool,
    ) -> None:
        """Emit an event to such sockets."""
        for child in list(self.children.values()):
            child.fanout.broadcast(event, args, rooms, excluded, volatile=volatile)

    def ask(
        self, event: str, args: tuple[Any, ...], rooms: frozenset[str], excluded: frozenset[str]
    ) -> PendingAck:
        """Emit an event that each such socket is to acknowledge."""
        asked = [
            (child.fanout, child.members.select(rooms, excluded)) for child in list(self.children.values())
        ]
        pending = PendingAck(event, [one for _, members in asked for one in members])
        for fanout, members in asked:
            fanout.wait_for_room()
            fanout.ask_these(event, args, members, pending)
        return pending
