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
    from nbsocket.socketio.parent_namespace import ParentNamespace
    from nbsocket.socketio.socket import Socket

_LIFE = (*CONNECTION_EVENTS, "disconnect", "disconnecting")


class Dispatch:
    """Calls handlers, catch-all listeners and middleware: the socket's own first, then the namespace's.

    Args:
        handlers: Where user code runs.
        parent: The dynamic namespace whose handlers also apply.
    """

    def __init__(self, handlers: HandlerThread, parent: ParentNamespace | None) -> None:
        """Begin without handlers."""
        self.table = HandlerTable()
        self._handlers = handlers
        self._parent = parent

    def of(self, event: str | Hook) -> list[Registration]:
        """Return the registrations that apply here, the parent's first."""
        own = self.table.of(event)
        return own if self._parent is None else self._parent._registrations().of(event) + own

    def tell_outgoing(self, sockets: list[Socket], event: str, args: tuple[Any, ...]) -> None:
        """Call the ``on_any_outgoing`` listeners, once for every recipient."""
        for socket in sockets:
            self._call_hooks(Hook.ANY_OUTGOING, socket, event, args)

    def _call_hooks(self, hook: Hook, socket: Socket, event: str, args: Iterable[Any]) -> None:
        for one in socket._registrations().of(hook):
            self._handlers.call(one, (event, *args), socket)
        for one in self.of(hook):
            self._handlers.call(one, (socket, event, *args), socket)

    def welcome(self, socket: Socket) -> None:
        """Run the connection handlers for a new socket."""
        for event in CONNECTION_EVENTS:
            for registration in self.of(event):
                self.greet(socket, registration)

    def greet(self, socket: Socket, registration: Registration) -> None:
        """Run one connection handler, unless it has already run for this socket."""
        if not socket.connected or not socket._greet(registration):
            return
        if registration.once and not self._discard(registration):
            return
        self._handlers.call(registration, (socket,), socket)

    def receive(self, socket: Socket, packet: Packet) -> None:
        """Process an event: catch-all listeners first, then middleware, then handlers."""
        if not socket.connected:
            return
        event, args = packet.data[0], packet.data[1:]
        own = socket._table
        if not (own.has_hooks or self.table.has_hooks or self._parent is not None):
            self._handle(socket, event, args, packet.ack_id)
            return
        self._call_hooks(Hook.ANY, socket, event, args)
        if own.of(Hook.MIDDLEWARE):
            self._handlers.step(self._ask_middleware(socket, event, args, packet.ack_id))
        else:
            self._handle(socket, event, args, packet.ack_id)

    async def _ask_middleware(
        self, socket: Socket, event: str, args: list[Any], ack_id: int | None
    ) -> None:
        for registration in socket._registrations().of(Hook.MIDDLEWARE):
            # Handlers of "error" get what it raises; without any, it is shown to its author.
            listeners = socket._registrations().of("error")
            expected = (Exception,) if listeners else ()
            failure = (await self._handlers.ask(registration, (event, args), socket, expected)).failure
            if failure is not None:
                for listener in socket._registrations().of("error"):
                    self._handlers.call(listener, (failure.error,), socket)
                self._handlers.output.unanswered(event, socket, ack_id, failure.why)
                return
        self._handle(socket, event, args, ack_id)

    def _handle(self, socket: Socket, event: str, args: list[Any], ack_id: int | None) -> None:
        """Call the handlers of an event: the socket's own first, then the namespace's."""
        own, shared = socket._table.of(event), self.of(event)
        if len(own) == 1 and not shared and not own[0].once:
            # Nearly every event takes this path, and this path is benchmarked.
            self._handlers.call(own[0], tuple(args), socket, self._answer(socket, event, ack_id, 1))
            return
        calls: list[tuple[Registration, tuple[Any, ...]]] = [(one, tuple(args)) for one in own]
        calls += [(one, (socket, *args)) for one in shared if event not in _LIFE]
        if not calls:
            output = self._handlers.output
            output.tell(HandlerRun(event, socket), "stderr", f"No handler is registered for {event!r}.\n")
            output.unanswered(event, socket, ack_id, f"no handler is registered for {event!r}")
        done = self._answer(socket, event, ack_id, len(calls))
        for registration, call_args in calls:
            if registration.once:
                mine = socket._registrations().discard(registration)
                if not mine and not self._discard(registration):
                    continue
            self._handlers.call(registration, call_args, socket, done)

    def _answer(self, socket: Socket, event: str, ack_id: int | None, count: int) -> Answer | None:
        """Return the collector of an event's handler results; None if nobody needs them."""
        output = self._handlers.output
        if ack_id is None and not output.has_testers:
            return None
        return Answer(output, socket, event, ack_id, count)

    def _discard(self, registration: Registration) -> bool:
        """Remove a one-time handler; False if it was already removed."""
        parent = self._parent
        return self.table.discard(registration) or (
            parent is not None and parent._registrations().discard(registration)
        )

    def tell_end(self, event: str, socket: Socket, why: str) -> None:
        """Run the handlers of ``disconnecting`` or ``disconnect``."""
        for registration in socket._registrations().of(event):
            self._handlers.call(registration, (why,), socket)
        for registration in self.of(event):
            self._handlers.call(registration, (socket, why), socket)
