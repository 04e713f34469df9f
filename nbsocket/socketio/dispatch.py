"""Decides which handlers of a namespace run, and in which order. Runs on the handler thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbsocket.socketio.acks import Answer
from nbsocket.socketio.handler_run import HandlerRun
from nbsocket.socketio.handler_table import CONNECTION_EVENTS, HandlerTable, Hook, Registration

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbsocket.protocol.socket_packet import Packet
    from nbsocket.socketio.handler_thread import HandlerThread
    from nbsocket.socketio.member import Member
    from nbsocket.socketio.parent_core import ParentCore

_LIFE = (*CONNECTION_EVENTS, "disconnect", "disconnecting")


class Dispatch:
    """Calls handlers, catch-all listeners and middleware: the socket's own first, then the namespace's.

    Args:
        handlers: Where user code runs.
        parent: The dynamic namespace whose handlers also apply.
    """

    def __init__(self, handlers: HandlerThread, parent: ParentCore | None) -> None:
        """Begin without handlers."""
        self.table = HandlerTable()
        self._handlers = handlers
        self._parent = parent

    def of(self, event: str | Hook) -> list[Registration]:
        """Return the registrations that apply here, the parent's first."""
        own = self.table.of(event)
        return own if self._parent is None else self._parent.table.of(event) + own

    def tell_outgoing(self, members: list[Member], event: str, args: tuple[Any, ...]) -> None:
        """Call the ``on_any_outgoing`` listeners, once for every recipient."""
        for member in members:
            self._call_hooks(Hook.ANY_OUTGOING, member, event, args)

    def _call_hooks(self, hook: Hook, member: Member, event: str, args: Iterable[Any]) -> None:
        for one in member.table.of(hook):
            self._handlers.call(one, (event, *args), member)
        for one in self.of(hook):
            self._handlers.call(one, (member.socket, event, *args), member)

    def welcome(self, member: Member) -> None:
        """Run the connection handlers for a new member."""
        for event in CONNECTION_EVENTS:
            for registration in self.of(event):
                self.greet(member, registration)

    def greet(self, member: Member, registration: Registration) -> None:
        """Run one connection handler, unless it has already run for this member."""
        if not member.connected or not member.greet(registration):
            return
        if registration.once and not self._discard(registration):
            return
        self._handlers.call(registration, (member.socket,), member)

    def receive(self, member: Member, packet: Packet) -> None:
        """Process an event: catch-all listeners first, then middleware, then handlers."""
        if not member.connected:
            return
        event, args = packet.data[0], packet.data[1:]
        own = member.table
        if not (own.has_hooks or self.table.has_hooks or self._parent is not None):
            self._handle(member, event, args, packet.ack_id)
            return
        self._call_hooks(Hook.ANY, member, event, args)
        if own.of(Hook.MIDDLEWARE):
            self._handlers.step(self._ask_middleware(member, event, args, packet.ack_id))
        else:
            self._handle(member, event, args, packet.ack_id)

    async def _ask_middleware(
        self, member: Member, event: str, args: list[Any], ack_id: int | None
    ) -> None:
        for registration in member.table.of(Hook.MIDDLEWARE):
            # Handlers of "error" get what it raises; without any, it is shown to its author.
            listeners = member.table.of("error")
            expected = (Exception,) if listeners else ()
            failure = (await self._handlers.ask(registration, (event, args), member, expected)).failure
            if failure is not None:
                for listener in member.table.of("error"):
                    self._handlers.call(listener, (failure.error,), member)
                self._handlers.output.unanswered(event, member, ack_id, failure.why)
                return
        self._handle(member, event, args, ack_id)

    def _handle(self, member: Member, event: str, args: list[Any], ack_id: int | None) -> None:
        """Call the handlers of an event: the socket's own first, then the namespace's."""
        own, shared = member.table.of(event), self.of(event)
        if len(own) == 1 and not shared and not own[0].once:
            # Nearly every event takes this path, and this path is benchmarked.
            self._handlers.call(own[0], tuple(args), member, self._answer(member, event, ack_id, 1))
            return
        calls: list[tuple[Registration, tuple[Any, ...]]] = [(one, tuple(args)) for one in own]
        calls += [(one, (member.socket, *args)) for one in shared if event not in _LIFE]
        if not calls:
            output = self._handlers.output
            output.tell(HandlerRun(event, member), "stderr", f"No handler is registered for {event!r}.\n")
            output.unanswered(event, member, ack_id, f"no handler is registered for {event!r}")
        done = self._answer(member, event, ack_id, len(calls))
        for registration, call_args in calls:
            if registration.once:
                mine = member.table.discard(registration)
                if not mine and not self._discard(registration):
                    continue
            self._handlers.call(registration, call_args, member, done)

    def _answer(self, member: Member, event: str, ack_id: int | None, count: int) -> Answer | None:
        """Return the collector of an event's handler results; None if nobody needs them."""
        output = self._handlers.output
        if ack_id is None and not output.has_testers:
            return None
        return Answer(output, member, event, ack_id, count)

    def _discard(self, registration: Registration) -> bool:
        """Remove a one-time handler; False if it was already removed."""
        parent = self._parent
        return self.table.discard(registration) or (
            parent is not None and parent.table.discard(registration)
        )

    def tell_end(self, event: str, member: Member, why: str) -> None:
        """Run the handlers of ``disconnecting`` or ``disconnect``."""
        for registration in member.table.of(event):
            self._handlers.call(registration, (why,), member)
        for registration in self.of(event):
            self._handlers.call(registration, (member.socket, why), member)
