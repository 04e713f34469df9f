"""One namespace: its sockets, rooms, handlers and middleware (Socket.IO server API, "Namespace")."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import threading
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from nbsocket.errors import LinkLostError
from nbsocket.kernel.acks import Answer, PendingAck
from nbsocket.kernel.adapter import RoomsAdapter
from nbsocket.kernel.broadcast import BroadcastOperator, Emitter
from nbsocket.kernel.handlers import HandlerTable, Registration
from nbsocket.kernel.output import UNANSWERED, HandlerRun
from nbsocket.kernel.registering import Registering
from nbsocket.kernel.runtime import function_name
from nbsocket.kernel.socket import Handshake, Socket, reason_of
from nbsocket.kernel.waiting import Arrival, Arrivals, value_of
from nbsocket.link.messages import Deliver
from nbsocket.protocol.socket_packet import Packet, PacketType, encode_packet
from nbsocket.protocol.socket_states import Trigger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from nbsocket.kernel.carrier import Carrier
    from nbsocket.kernel.cells import CellRun, Cells
    from nbsocket.kernel.client import Client
    from nbsocket.kernel.runtime import HandlerThread

_CONNECTION = ("connection", "connect")
_MIDDLEWARE = "middleware"


class ConnectionRefused(Exception):  # noqa: N818 - what a middleware says, in Socket.IO's words
    """Raised by a middleware to refuse a client.

    Args:
        message: What the client's ``connect_error`` says.
        data: A JSON value that goes with it.
    """

    def __init__(self, message: str, data: Any = None) -> None:
        """Say why."""
        super().__init__(message)
        self.message = message
        self.data = data


class Namespace(Emitter, Registering):
    """The sockets that share a name such as ``/`` or ``/admin``.

    Args:
        name: Its name.
        carrier: How to reach clients.
        handlers: Where user code runs.
        cells: Whose registration it is.
        registered: Called at every registration.
        post: Has a job run on the handler thread, in order.
    """

    def __init__(
        self,
        name: str,
        carrier: Carrier,
        handlers: HandlerThread,
        cells: Cells,
        registered: Callable[[], None],
        post: Callable[[Callable[[], Any]], None],
    ) -> None:
        """Made by ``Server.of``."""
        self.name = name
        self.handlers = handlers
        self.cells = cells
        self.registered = registered
        self.arrivals = Arrivals()
        self._carrier = carrier
        self._post = post
        self._lock = threading.RLock()
        self._adapter = RoomsAdapter()
        self._sockets: dict[str, Socket] = {}
        self._table = HandlerTable()
        self._middleware = HandlerTable()
        self._ack_ids = itertools.count()
        self._replaced: list[Registration] = []

    def __repr__(self) -> str:
        """Show its name and how many are here."""
        return f"<Namespace {self.name}, {len(self._sockets)} connected>"

    @property
    def sockets(self) -> Mapping[str, Socket]:
        """The connected sockets by id: a live view that cannot be changed."""
        return MappingProxyType(self._sockets)

    def use(self, middleware: Callable[[Socket], Any]) -> Callable[[Socket], Any]:
        """Have ``middleware(socket)`` asked before a client is accepted; plain or ``async def``.

        It refuses by raising ``ConnectionRefused`` (or anything else).
        Running the cell again replaces it, like a handler.
        """
        self.registered()
        self._middleware.add(Registration(_MIDDLEWARE, middleware, self.cells.running()))
        return middleware

    # --- emitting ---------------------------------------------------------------------------

    def _operator(self) -> BroadcastOperator:
        return BroadcastOperator(self)

    def select(self, rooms: frozenset[str], excluded: frozenset[str]) -> list[Socket]:
        """Return the sockets in any of ``rooms`` (all, if empty) and in none of ``excluded``."""
        with self._lock:
            ids = self._adapter.select(self._sockets, rooms, excluded)
            return [self._sockets[one] for one in ids if one in self._sockets]

    def deliver(
        self,
        frames: list[str | bytes],
        rooms: frozenset[str],
        excluded: frozenset[str],
        *,
        volatile: bool,
    ) -> None:
        """Send one packet to the sockets chosen at this moment."""
        if volatile and not self._carrier.writable:
            return
        self._wait_for_room()
        # Choosing and sending under one lock: nobody joins or leaves in between.
        with self._lock:
            to = [socket.session for socket in self.select(rooms, excluded)]
            if to:
                self._carrier.send(Deliver(frames, to, volatile))

    def deliver_to(self, socket: Socket, frames: list[str | bytes]) -> None:
        """Send one packet to one socket."""
        self._wait_for_room()
        with self._lock:
            if socket.connected:
                self._carrier.send(Deliver(frames, [socket.session]))

    def ask(
        self,
        event: str,
        frames: list[str | bytes],
        ack_id: int,
        rooms: frozenset[str],
        excluded: frozenset[str],
    ) -> PendingAck:
        """Send a packet that every chosen socket answers."""
        self._wait_for_room()
        with self._lock:
            sockets = self.select(rooms, excluded)
            pending = PendingAck(event, sockets)
            for socket in sockets:
                socket.expect_ack(ack_id, pending)
            if sockets:
                self._carrier.send(Deliver(frames, [socket.session for socket in sockets]))
        return pending

    def next_ack_id(self) -> int:
        """Return a number that no other emit in this namespace has."""
        return next(self._ack_ids)

    def _wait_for_room(self) -> None:
        """Slow down an emitter that is faster than the clients read; nothing is lost."""
        if self._carrier.writable:
            return
        self.handlers.blocking("emit", "io.drain()")
        what = "an emit that waits for slower clients"
        if not self.handlers.wait(self._carrier.wait_writable, None, what):
            msg = "The kernel link is closed."
            raise LinkLostError(msg)

    # --- rooms ------------------------------------------------------------------------------

    def join(self, socket: Socket, rooms: Iterable[str]) -> None:
        """Put a connected socket into rooms."""
        with self._lock:
            for room in rooms:
                if not isinstance(room, str):
                    msg = f"a room's name is a string, not {type(room).__name__}"
                    raise TypeError(msg)
                if socket.id in self._sockets:
                    self._adapter.add(socket.id, room)

    def leave(self, socket: Socket, room: str) -> None:
        """Take a socket out of a room."""
        with self._lock:
            self._adapter.remove(socket.id, room)

    def rooms_of(self, socket: Socket) -> frozenset[str]:
        """Return the rooms of a socket."""
        with self._lock:
            return self._adapter.rooms_of(socket.id)

    # --- waiting ----------------------------------------------------------------------------

    def wait_for(self, event: str, timeout: float | None = None) -> Any:
        """Block until any client emits ``event``; events since the running cell began count.

        Args:
            event: Its name.
            timeout: Seconds to wait; None for ever.

        Returns:
            One argument as itself, several as a tuple, none as None.

        Raises:
            TimeoutError: Nobody did in time.
            BlockingCallError: In an ``async def`` handler; await ``next`` there.
        """
        return self.wait_for_arrival(event, None, timeout)

    async def next(self, event: str) -> Any:
        """Do what ``wait_for`` does, for code that awaits."""
        return value_of((await self.next_arrival(event, None)).args)

    def wait_for_arrival(self, event: str, client: Socket | None, timeout_s: float | None) -> Any:
        """Block until ``client`` (or anyone) emits ``event``."""
        what = f"wait_for({event!r})"
        self.handlers.blocking(what, f"next({event!r})")
        arrival = self.arrivals.take(event, client, lambda wait: self.handlers.wait(wait, timeout_s, what))
        if arrival is None:
            who = "the client" if client is not None else "any client"
            msg = f"no {event!r} from {who} within {timeout_s:g} s"
            raise TimeoutError(msg)
        return value_of(arrival.args)

    async def next_arrival(self, event: str, client: Socket | None) -> Arrival:
        """Await an event."""
        return await self.arrivals.future(event, client, asyncio.get_running_loop())

    # --- registering ------------------------------------------------------------------------

    def _add(self, registration: Registration) -> None:
        _check_takes_socket(registration)
        old = self._table.add(registration)
        if old is not None and registration.event in _CONNECTION:
            self._replaced.append(registration)

    def _registrations(self) -> HandlerTable:
        return self._table

    def _wiring(self) -> Namespace:
        return self

    def cell_ended(self, cell: CellRun, *, ok: bool) -> None:
        """Greet connected sockets by replaced connection handlers; drop leftovers if all went well."""
        replaced, self._replaced = self._replaced, []
        if ok:
            self._table.remove_leftovers(cell)
            self._middleware.remove_leftovers(cell)
        for socket in list(self._sockets.values()):
            for registration in replaced:
                self._post(partial(self._greet, socket, registration))
            if ok:
                self._post(partial(socket._registrations().remove_leftovers, cell))

    # --- what clients do, on the handler thread ---------------------------------------------

    def connect(self, client: Client, auth: Any) -> bool:
        """Take a CONNECT: ask the middleware, then accept or refuse."""
        details = client.handshake
        handshake = Handshake(
            headers=dict(details.get("headers", {})),
            query=dict(details.get("query", {})),
            auth=dict(auth or {}),
            address=details.get("address", ""),
            url=details.get("url", ""),
            secure=bool(details.get("secure")),
            xdomain=bool(details.get("xdomain")),
        )
        socket = Socket(self, client, handshake)
        return self._ask_middleware(socket, client, self._middleware.of(_MIDDLEWARE))

    def _ask_middleware(self, socket: Socket, client: Client, left: list[Registration]) -> bool:
        if not left:
            return self._accept(socket, client)

        def done(_: Any, error: BaseException | None) -> bool:
            if error is None:
                return self._ask_middleware(socket, client, left[1:])
            self._refuse(socket, client, error)
            return False

        return self.handlers.call(left[0], (socket,), socket, done, expected=(ConnectionRefused,))

    def _refuse(self, socket: Socket, client: Client, error: BaseException) -> None:
        socket.move(Trigger.REFUSED)
        socket.let_go()
        said: dict[str, Any] = {"message": "Not accepted"}
        if isinstance(error, ConnectionRefused):
            said = {"message": error.message}
            if error.data is not None:
                said["data"] = error.data
        client.send(encode_packet(Packet(PacketType.CONNECT_ERROR, self.name, said)))

    def _accept(self, socket: Socket, client: Client) -> bool:
        with self._lock:
            if not client.is_open or not socket.move(Trigger.ACCEPTED):
                return False
            self._sockets[socket.id] = socket
            self._adapter.add(socket.id, socket.id)
            client.sockets[self.name] = socket
            # Before any handler runs: the answer precedes whatever a handler emits.
            client.send(encode_packet(Packet(PacketType.CONNECT, self.name, {"sid": socket.id})))
        started = False
        for event in _CONNECTION:
            for registration in self._table.of(event):
                started = self._greet(socket, registration) or started
        return started

    def _greet(self, socket: Socket, registration: Registration) -> bool:
        if not socket.connected or not socket.greet(registration):
            return False
        if registration.once and not self._table.discard(registration):
            return False
        return self.handlers.call(registration, (socket,), socket)

    def dispatch(self, socket: Socket, packet: Packet) -> bool:
        """Call the handlers of an event: the socket's own first, then the namespace's."""
        if not socket.connected:
            return False
        event, args = packet.data[0], packet.data[1:]
        own = [(one, tuple(args)) for one in socket._registrations().of(event)]
        shared = [(one, (socket, *args)) for one in self._table.of(event) if event not in _CONNECTION]
        calls = own + shared
        if not calls:
            run, output = HandlerRun(event, socket), self.handlers.output
            output.tell(run, "stderr", f"No handler is registered for {event!r}.\n")
            output.tell(run, UNANSWERED)
        done = None
        if packet.ack_id is not None:
            ack_id = packet.ack_id
            done = Answer(len(calls), lambda values: socket.answer(ack_id, values))
        started = False
        for registration, call_args in calls:
            if registration.once:
                tables = (socket._registrations(), self._table)
                if not any(table.discard(registration) for table in tables):
                    continue
            started = self.handlers.call(registration, call_args, socket, done) or started
        return started

    def left(self, socket: Socket, trigger: Trigger, reason: str | None = None) -> None:
        """Forget a socket that disconnected; its ``disconnect`` handlers run, once."""
        with self._lock:
            if not socket.move(trigger):
                return
            was_here = self._sockets.pop(socket.id, None) is not None
            self._adapter.remove_all(socket.id)
        socket.let_go()
        if was_here:
            why = reason or reason_of(trigger)
            self._post(lambda: self._say_gone(socket, why))

    def _say_gone(self, socket: Socket, why: str) -> bool:
        started = False
        for registration in socket._registrations().of("disconnect"):
            started = self.handlers.call(registration, (why,), socket) or started
        for registration in self._table.of("disconnect"):
            started = self.handlers.call(registration, (socket, why), socket) or started
        return started


def _check_takes_socket(registration: Registration) -> None:
    """Refuse a handler that could never be called, while its author looks at it.

    Raises:
        TypeError: It has no parameter for the socket, or more than one without a default.
    """
    try:
        signature = inspect.signature(registration.function)
    except (TypeError, ValueError):
        # Some built-in functions do not tell.
        return
    name, event = function_name(registration.function), registration.event
    try:
        if event in _CONNECTION:
            signature.bind(object())
        else:
            signature.bind_partial(object())
    except TypeError:
        rest = "" if event in _CONNECTION else ", ..."
        msg = f"the handler {name}() of {event!r} is called with the socket: def {name}(socket{rest})"
        raise TypeError(msg) from None
