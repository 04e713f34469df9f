"""One namespace: its sockets, rooms, handlers and middleware (Socket.IO server API, "Namespace")."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from nbsocket.errors import LinkLostError
from nbsocket.link.messages import Deliver
from nbsocket.protocol.socket_packet import Packet, PacketType, encode_packet
from nbsocket.socketio.acks import PendingAck
from nbsocket.socketio.broadcast_operator import BroadcastOperator, Emitter
from nbsocket.socketio.checks import seconds
from nbsocket.socketio.connect import Admission
from nbsocket.socketio.dispatch import Dispatch
from nbsocket.socketio.event_target import EventTarget
from nbsocket.socketio.handler_run import LIT, ROOMS, HandlerRun
from nbsocket.socketio.handler_table import (
    CONNECTION_EVENTS,
    HandlerTable,
    Hook,
    Registration,
    check_takes_socket,
)
from nbsocket.socketio.members import Members
from nbsocket.socketio.waiting import Arrival, Arrivals, value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from nbsocket.carriers.interface import Carrier
    from nbsocket.socketio.cell_run import CellRun, CellRuns
    from nbsocket.socketio.event_stream import EventStream
    from nbsocket.socketio.handler_thread import HandlerThread
    from nbsocket.socketio.parent_namespace import ParentNamespace
    from nbsocket.socketio.recovery import Frames
    from nbsocket.socketio.socket import Socket


class Namespace(Emitter, EventTarget):
    """The sockets that share a name such as ``/`` or ``/admin``.

    Args:
        name: Its name.
        carrier: How to reach clients.
        handlers: Where user code runs.
        cells: Tells which cell a registration belongs to.
        registered: Called at every registration.
        recovery: Whether clients that reconnect resume where they left off.
        parent: The dynamic namespace that it came from, whose handlers also apply here.
        keeps: Whether clients stay connected while this kernel restarts.

    Source: Socket.IO server API, "Namespace".
    """

    def __init__(
        self,
        name: str,
        carrier: Carrier,
        handlers: HandlerThread,
        cells: CellRuns,
        registered: Callable[[], None],
        recovery: bool = False,
        parent: ParentNamespace | None = None,
        *,
        keeps: bool = False,
    ) -> None:
        """Made by ``Server.of``."""
        self.name = name
        self.handlers = handlers
        self.cells = cells
        self.registered = registered
        self.arrivals = Arrivals(handlers.turns.lock)
        self._carrier = carrier
        self._parent = parent
        self._members = Members(recovery=recovery)
        self._dispatch = Dispatch(handlers, parent)
        self._admission = Admission(self, self._members, self._dispatch, keeps=keeps)
        self._keeps = keeps
        # An acknowledgement meant for an earlier process must not be mistaken for one of ours.
        self._ack_ids = itertools.count(secrets.randbelow(2**40) if keeps else 0)
        self._replaced: list[Registration] = []
        self._added: list[Registration] = []
        self._is_overheard = bool(self._dispatch.of(Hook.ANY_OUTGOING))
        self._is_lasting = False

    def __repr__(self) -> str:
        """Show its name and how many sockets are connected."""
        return f"<Namespace {self.name}, {len(self._members.sockets)} connected>"

    @property
    def sockets(self) -> Mapping[str, Socket]:
        """The connected sockets by id: a live view that cannot be changed."""
        return MappingProxyType(self._members.sockets)

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
        self._registrations().remove(Hook.MIDDLEWARE, middleware)

    # --- emitting ---------------------------------------------------------------------------

    def _operator(self) -> BroadcastOperator:
        return BroadcastOperator(self)

    def _select(self, rooms: frozenset[str], excluded: frozenset[str]) -> list[Socket]:
        """Return the sockets in any of ``rooms`` (all, if empty) and in none of ``excluded``."""
        return self._members.select(rooms, excluded)

    def _broadcast(
        self,
        event: str,
        args: tuple[Any, ...],
        rooms: frozenset[str],
        excluded: frozenset[str],
        *,
        volatile: bool,
    ) -> None:
        """Emit an event to the sockets chosen at this moment."""
        frames = encode_packet(Packet(PacketType.EVENT, self.name, [event, *args]))
        if volatile and not self._carrier.writable:
            return
        self._wait_for_room()
        # Choose and send under one lock, so that nobody joins or leaves in between.
        with self._members.lock:
            self._send_to(self._members.reached(rooms, excluded), frames, event, args, volatile)

    def _emit_to(self, socket: Socket, event: str, args: tuple[Any, ...]) -> None:
        """Emit an event to one socket."""
        frames = encode_packet(Packet(PacketType.EVENT, self.name, [event, *args]))
        self._wait_for_room()
        with self._members.lock:
            self._send_to([socket.id], frames, event, args)

    def _send_event(self, ids: list[str], event: str) -> None:
        """Send an event without arguments; the caller holds the members' lock."""
        frames = encode_packet(Packet(PacketType.EVENT, self.name, [event]))
        self._send_to(ids, frames, event, ())

    def _send_to(
        self,
        ids: list[str],
        frames: Frames,
        event: str,
        args: tuple[Any, ...],
        volatile: bool = False,
    ) -> None:
        members = self._members
        if members.recovery is not None:
            frames = members.recovery.record(frames, ids, volatile=volatile)
        sockets = members.sockets
        to = [sockets[one]._session for one in ids if one in sockets]
        if to:
            self._carrier.send(Deliver(frames, to, volatile))
            if self._is_overheard:
                there = [sockets[one] for one in ids if one in sockets]
                self.handlers.post(partial(self._dispatch.tell_outgoing, there, event, args))

    def _ask(
        self, event: str, args: tuple[Any, ...], rooms: frozenset[str], excluded: frozenset[str]
    ) -> PendingAck:
        """Emit an event that every chosen socket is to acknowledge."""
        self._wait_for_room()
        with self._members.lock:
            sockets = self._select(rooms, excluded)
            pending = PendingAck(event, sockets)
            self._ask_these(event, args, sockets, pending)
        return pending

    def _ask_one(self, socket: Socket, event: str, args: tuple[Any, ...]) -> PendingAck:
        """Emit an event that one socket answers; nobody waits for one that is gone."""
        self._wait_for_room()
        pending = PendingAck(event, [socket])
        with self._members.lock:
            if socket.connected:
                self._ask_these(event, args, [socket], pending)
            else:
                pending.gone(socket.id)
        return pending

    def _ask_these(
        self, event: str, args: tuple[Any, ...], sockets: list[Socket], pending: PendingAck
    ) -> None:
        """Send an event to sockets of this namespace, and expect their acknowledgements."""
        ack_id = next(self._ack_ids)
        frames = encode_packet(Packet(PacketType.EVENT, self.name, [event, *args], ack_id))
        for socket in sockets:
            socket._expect_ack(ack_id, pending)
        if sockets:
            self._carrier.send(Deliver(frames, [socket._session for socket in sockets]))
            if self._is_overheard:
                self.handlers.post(partial(self._dispatch.tell_outgoing, sockets, event, args))

    def _wait_for_room(self) -> None:
        """Block while clients read more slowly than the caller emits; nothing is lost."""
        if self._carrier.writable:
            return
        self.handlers.blocking("emit", "io.drain()")
        what = "an emit that waits for slower clients"
        if not self.handlers.wait_for_room(what):
            msg = "The kernel link is closed."
            raise LinkLostError(msg)

    # --- rooms ------------------------------------------------------------------------------

    def _join(self, socket: Socket, rooms: Iterable[str]) -> None:
        """Put a connected socket into rooms."""
        self._members.join(socket, rooms)
        self._remember(socket)
        self._show_rooms(socket)

    def _leave(self, socket: Socket, room: str) -> None:
        """Take a socket out of a room."""
        self._members.leave(socket, room)
        self._remember(socket)
        self._show_rooms(socket)

    def _remember(self, socket: Socket) -> None:
        if self._keeps:
            self.handlers.post(socket._remember)

    def _show_rooms(self, socket: Socket) -> None:
        """Tell the pane its rooms, if the socket belongs to a pane."""
        output = self.handlers.output
        if output.has_listeners:
            names = sorted(self._rooms_of(socket) - {socket.id})
            output.tell(HandlerRun("", socket), ROOMS, msgspec.json.encode(names).decode())

    def _light_up(self, sockets: list[Socket]) -> None:
        """Light up the panes that these sockets belong to."""
        for socket in sockets:
            self.handlers.output.tell(HandlerRun("", socket), LIT)

    def _rooms_of(self, socket: Socket) -> frozenset[str]:
        """Return the rooms of a socket."""
        return self._members.rooms_of(socket)

    # --- waiting ----------------------------------------------------------------------------

    def wait_for(self, event: str, timeout: float | None = None) -> Any:
        """Block until any client emits ``event``; events since the running cell began count.

        Args:
            event: Its name.
            timeout: Seconds to wait; None for no limit.

        Returns:
            One argument as itself, several as a tuple, none as None.

        Raises:
            TimeoutError: No client did so in time.
            BlockingCallError: In an ``async def`` handler; await ``next`` there.
        """
        return self._wait_for_arrival(event, None, timeout)

    async def next(self, event: str) -> Any:
        """Await ``event`` and return its arguments; see ``wait_for``."""
        return value_of((await self._next_arrival(event, None)).args)

    def events(self, event: str, timeout: float | None = None) -> EventStream:
        """Return a stream of the events of this name, for ``for`` or ``async for``.

        Each iteration yields the socket and a tuple of the arguments.

        Args:
            event: Its name.
            timeout: Seconds after which the loop ends; None for never.
        """
        return self.arrivals.stream(event, None, seconds(timeout), self.handlers)

    def _wait_for_arrival(self, event: str, client: Socket | None, timeout_s: float | None) -> Any:
        """Block until ``client`` (or anyone) emits ``event``."""
        timeout_s = seconds(timeout_s)
        what = f"wait_for({event!r})"
        self.handlers.blocking(what, f"next({event!r})")
        arrival = self.arrivals.take(event, client, lambda wait: self.handlers.wait(wait, timeout_s, what))
        if arrival is None:
            who = "the client" if client is not None else "any client"
            msg = f"no {event!r} from {who} within {timeout_s:g} s"
            raise TimeoutError(msg)
        return value_of(arrival.args)

    async def _next_arrival(self, event: str, client: Socket | None) -> Arrival:
        """Await an event."""
        with self.handlers.waiting():
            return await self.arrivals.future(event, client, asyncio.get_running_loop())

    # --- registering ------------------------------------------------------------------------

    def _add(self, registration: Registration) -> None:
        check_takes_socket(registration)
        old = self._dispatch.table.add(registration)
        self._overheard(registration)
        if registration.event in CONNECTION_EVENTS:
            (self._added if old is None else self._replaced).append(registration)

    def _overheard(self, registration: Registration) -> None:
        """Note a listener for outgoing events, so that it is called from now on."""
        if registration.event is Hook.ANY_OUTGOING:
            self._is_overheard = True

    def _registrations(self) -> HandlerTable:
        return self._dispatch.table

    def _wiring(self) -> Namespace:
        return self

    def _cell_ended(self, cell: CellRun, *, ok: bool) -> None:
        """Run replaced connection handlers for connected sockets; drop leftovers if the cell succeeded."""
        replaced, self._replaced = self._replaced, []
        added, self._added = self._added, []
        if ok:
            self._dispatch.table.remove_leftovers(cell)
        self._settle(replaced, cell if ok else None)
        # Clients taken over from an earlier process came before the handlers of later cells.
        for socket in [one for one in self._members.sockets.values() if one._is_adopted]:
            for registration in added:
                self.handlers.post(partial(self._dispatch.greet, socket, registration))

    def _settle(self, replaced: list[Registration], finished: CellRun | None) -> None:
        """Apply the end of a cell run to every socket."""
        for socket in list(self._members.sockets.values()):
            for registration in replaced:
                self.handlers.post(partial(self._dispatch.greet, socket, registration))
            if finished is not None:
                self.handlers.post(partial(socket._registrations().remove_leftovers, finished))

    # --- what becomes of it -----------------------------------------------------------------

    def _perhaps_empty(self) -> None:
        """Remove a dynamic namespace with its last client, unless it was asked for by name."""
        is_needed = self._is_lasting or not self._members.is_empty or bool(self._dispatch.table)
        if self._parent is not None and not is_needed:
            self._parent.emptied(self)
