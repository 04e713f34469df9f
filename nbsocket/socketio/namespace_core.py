"""What a namespace is made of: members, handlers, the way in and the way out; behind ``Namespace``."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from nbsocket.socketio.checks import seconds
from nbsocket.socketio.connect import Admission
from nbsocket.socketio.dispatch import Dispatch
from nbsocket.socketio.event_stream import EventStream
from nbsocket.socketio.fanout import Fanout
from nbsocket.socketio.handler_run import ROOMS, HandlerRun
from nbsocket.socketio.handler_table import (
    CONNECTION_EVENTS,
    HandlerTable,
    Hook,
    Registration,
    check_takes_socket,
)
from nbsocket.socketio.members import Members
from nbsocket.socketio.namespace import Namespace
from nbsocket.socketio.waiting import Arrival, Arrivals, value_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbsocket.carriers.interface import Carrier
    from nbsocket.socketio.cell_run import CellRun, CellRuns
    from nbsocket.socketio.handler_thread import HandlerThread
    from nbsocket.socketio.member import Member
    from nbsocket.socketio.parent_core import ParentCore
    from nbsocket.socketio.socket import Socket


class NamespaceCore:
    """One namespace.

    Args:
        name: Its name.
        carrier: How to reach clients.
        handlers: Where user code runs.
        cells: Tells which cell a registration belongs to.
        registered: Called at every registration.
        recovery: Whether clients that reconnect resume where they left off.
        parent: The dynamic namespace that it came from, whose handlers also apply here.
        keeps: Whether clients stay connected while this kernel restarts.

    Attributes:
        face: What user code sees of it.
        members: Who is in it.
        dispatch: Calls its handlers.
        fanout: Emits to its members.
        admission: Lets clients in and out.
        arrivals: The events that a cell may wait for.
        is_lasting: Whether it was asked for by name, so that it stays when it is empty.
    """

    def __init__(
        self,
        name: str,
        carrier: Carrier,
        handlers: HandlerThread,
        cells: CellRuns,
        registered: Callable[[], None],
        recovery: bool = False,
        parent: ParentCore | None = None,
        *,
        keeps: bool = False,
    ) -> None:
        """Begin without members."""
        self.name = name
        self.handlers = handlers
        self.cells = cells
        self.registered = registered
        self.keeps = keeps
        self.is_lasting = False
        self.members = Members(recovery=recovery)
        self.arrivals = Arrivals(handlers.turns.lock)
        self.dispatch = Dispatch(handlers, parent)
        self.fanout = Fanout(name, carrier, handlers, self.members, self.dispatch, keeps=keeps)
        self.admission = Admission(self, self.members, self.dispatch, keeps=keeps)
        self.face = Namespace(self)
        self._parent = parent
        self._replaced: list[Registration] = []
        self._added: list[Registration] = []

    # --- handlers ---------------------------------------------------------------------------

    @property
    def table(self) -> HandlerTable:
        """What is registered."""
        return self.dispatch.table

    def add(self, registration: Registration) -> None:
        """Register a handler, a listener or a middleware.

        Raises:
            TypeError: It has no parameter for the socket.
        """
        check_takes_socket(registration)
        old = self.table.add(registration)
        self.overheard(registration)
        if registration.event in CONNECTION_EVENTS:
            (self._added if old is None else self._replaced).append(registration)

    def overheard(self, registration: Registration) -> None:
        """Note a listener for outgoing events, so that it is called from now on."""
        if registration.event is Hook.ANY_OUTGOING:
            self.fanout.is_overheard = True

    def cell_ended(self, cell: CellRun, *, ok: bool) -> None:
        """Run replaced connection handlers for everyone; drop leftovers if the cell succeeded."""
        self.arrivals.cell_ended()
        replaced, self._replaced = self._replaced, []
        added, self._added = self._added, []
        if ok:
            self.table.remove_leftovers(cell)
        self.settle(replaced, cell if ok else None)
        # Clients taken over from an earlier process came before the handlers of later cells.
        for member in [one for one in self.members.by_id.values() if one.is_adopted]:
            for registration in added:
                self.handlers.post(partial(self.dispatch.greet, member, registration))

    def settle(self, replaced: list[Registration], finished: CellRun | None) -> None:
        """Apply the end of a cell run to every member."""
        for member in list(self.members.by_id.values()):
            for registration in replaced:
                self.handlers.post(partial(self.dispatch.greet, member, registration))
            if finished is not None:
                self.handlers.post(partial(member.table.remove_leftovers, finished))

    # --- members ----------------------------------------------------------------------------

    def rooms_changed(self, member: Member) -> None:
        """Save a member's rooms for the kernel's next process; show them if it belongs to a pane."""
        self.remember(member)
        output = self.handlers.output
        if output.has_listeners:
            names = sorted(self.members.rooms_of(member) - {member.id})
            output.tell(HandlerRun("", member), ROOMS, msgspec.json.encode(names).decode())

    def remember(self, member: Member) -> None:
        """Let the gateway save what the kernel's next process needs to know about a client."""
        if self.keeps:
            self.handlers.post(member.client.remember)

    def perhaps_empty(self) -> None:
        """Remove a dynamic namespace with its last client, unless it was asked for by name."""
        is_needed = self.is_lasting or not self.members.is_empty or bool(self.table)
        if self._parent is not None and not is_needed:
            self._parent.emptied(self)

    # --- waiting ----------------------------------------------------------------------------

    def wait_for(self, event: str, sender: Socket | None, timeout_s: float | None) -> Any:
        """Block until ``sender`` (or anyone) emits ``event``; see ``Namespace.wait_for``."""
        timeout_s = seconds(timeout_s)
        what = f"wait_for({event!r})"
        instead = f"{'io' if sender is None else 'socket'}.next({event!r})"
        self.handlers.blocking(what, instead)
        arrival = self.arrivals.take(event, sender, lambda wait: self.handlers.wait(wait, 0.0, what))
        if arrival is None:
            self.handlers.in_vain(what, instead, self._senders(sender))
            arrival = self.arrivals.take(
                event, sender, lambda wait: self.handlers.wait(wait, timeout_s, what)
            )
        if arrival is None:
            who = "the client" if sender is not None else "any client"
            msg = f"no {event!r} from {who} within {timeout_s:g} s"
            raise TimeoutError(msg)
        return value_of(arrival.args)

    def _senders(self, sender: Socket | None) -> list[Socket]:
        return [sender] if sender is not None else self.fanout.select(frozenset(), frozenset())

    async def next(self, event: str, sender: Socket | None) -> Arrival:
        """Await an event."""
        with self.handlers.waiting():
            return await self.arrivals.future(event, sender, asyncio.get_running_loop())

    def stream(self, event: str, sender: Socket | None, timeout: float | None) -> EventStream:
        """Return a stream of the events of this name."""
        senders = partial(self._senders, sender)
        return self.arrivals.feed(EventStream(event, sender, seconds(timeout), self.handlers, senders))
