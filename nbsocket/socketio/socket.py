"""One client in one namespace, as the server sees it (Socket.IO server API, "Socket")."""

from __future__ import annotations

import secrets
from functools import partial
from typing import TYPE_CHECKING, Any

from nbsocket.protocol import reasons
from nbsocket.protocol.socket_packet import Packet, PacketType, encode_packet
from nbsocket.protocol.socket_states import (
    CONNECTION_TRANSITIONS,
    DISCONNECT_REASONS,
    State,
    Trigger,
)
from nbsocket.socketio.broadcast_operator import DEFAULT_ACK_TIMEOUT_S, BroadcastOperator, ask, ask_async
from nbsocket.socketio.checks import no_options, room_names
from nbsocket.socketio.checks import seconds as checked_seconds
from nbsocket.socketio.event_target import EventTarget, Function
from nbsocket.socketio.handler_table import HandlerTable, Hook, Registration
from nbsocket.socketio.timed_socket import TimedSocket
from nbsocket.socketio.waiting import value_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbsocket.socketio.acks import PendingAck
    from nbsocket.socketio.client import Client
    from nbsocket.socketio.event_stream import EventStream
    from nbsocket.socketio.handshake import Handshake
    from nbsocket.socketio.namespace import Namespace
    from nbsocket.socketio.session_state import SessionState

OWNER = "owner"
_CONNECTED, _ACK = State.CONNECTED, PacketType.ACK


class Socket(EventTarget):
    """One client's connection to one namespace.

    Attributes:
        id: An unguessable id, new for every connection that is not recovered.
            It is also the name of a room of its own.
        data: Whatever handlers want to keep with it.
        handshake: Headers, query and ``auth`` of the client's connection.
        role: ``owner`` or ``guest``, determined by its ticket alone.
        recovered: Whether an earlier connection's state was restored: its id, rooms and data,
            and the events it missed.

    Source: Socket.IO server API, "Socket".
    """

    def __init__(
        self,
        namespace: Namespace,
        client: Client,
        handshake: Handshake,
        earlier: Socket | SessionState | None = None,
    ) -> None:
        """Made by the namespace, never by users."""
        self.id: str = secrets.token_urlsafe(15) if earlier is None else earlier.id
        self.data: dict[str, Any] = {} if earlier is None else earlier.data
        self._pid: str = ""
        if earlier is not None:
            self._pid = earlier._pid if isinstance(earlier, Socket) else earlier.pid
        self.handshake = handshake
        self.role = client.role
        self.recovered = earlier is not None
        self._is_in_rooms = True
        self._is_adopted = False
        self.namespace = namespace
        self._client = client
        # The number of its Engine.IO session: a fan-out asks every socket for it.
        self._session = client.session
        self._table = HandlerTable()
        self._state = State.CONNECTING
        self._acks: dict[int, PendingAck] = {}
        self._greeted_by: set[Registration] = set()

    def __repr__(self) -> str:
        """Show id, namespace and state, but no secret."""
        return f"<Socket {self.id} in {self.namespace.name} {self._state.value}>"

    # --- state ------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether the client is connected.

        Source: Socket.IO server API, ``socket.connected``.
        """
        return self._state is _CONNECTED

    @property
    def rooms(self) -> frozenset[str]:
        """The rooms it is in; its own id is one of them. Empty after its ``disconnecting`` handlers.

        Source: Socket.IO server API, ``socket.rooms``.
        """
        return self.namespace._rooms_of(self) if self._is_in_rooms else frozenset()

    def join(self, *rooms: str | Iterable[str]) -> None:
        """Join ``rooms``; does nothing for a client that is gone.

        Raises:
            TypeError: A name is not a string.

        Source: Socket.IO server API, ``socket.join(room)``.
        """
        self.namespace._join(self, room_names(rooms))

    def leave(self, room: str) -> None:
        """Leave ``room``; does nothing if the client is not in it.

        Raises:
            TypeError: The name is not a string.

        Source: Socket.IO server API, ``socket.leave(room)``.
        """
        for name in room_names([room]):
            self.namespace._leave(self, name)

    def disconnect(self, close: bool = False) -> None:
        """Disconnect the client from this namespace; it will not come back by itself.

        Args:
            close: Disconnect it from all its namespaces and close the connection.

        Source: Socket.IO server API, ``socket.disconnect(close)``.
        """
        for socket in self._client.connected_sockets if close else [self]:
            # Before the client is told: it may close at once, which would then become the reason.
            if socket.connected and socket.namespace._admission.left(socket, Trigger.SERVER_LEFT):
                socket._send(Packet(PacketType.DISCONNECT, socket.namespace.name))
        if close:
            self._client.close()

    def _drop_connection(self) -> None:
        """Close its connection without a DISCONNECT packet; the client may come back."""
        self._client.close(reasons.TRANSPORT_CLOSE)

    def _may_go_on_as(self, client: Client) -> bool:
        """Whether ``client`` may take this socket's place: it has the same ticket, or both are owners."""
        mine = self._client
        return client.role == mine.role and (client.role == OWNER or client.ticket_id == mine.ticket_id)

    def use(self, middleware: Function) -> Function:
        """Call ``middleware(event, args)`` before the handlers of each event from this client.

        It may change the list ``args`` in place. If it raises, the event does not reach its handlers and
        is not acknowledged, and handlers of ``error`` get the exception.
        It may be a plain function or an ``async def``; several run in order.
        While an ``async def`` one awaits, later events may overtake this one.

        Args:
            middleware: Called with the event's name and the list of its arguments.

        Raises:
            TypeError: ``middleware`` is not callable.

        Source: Socket.IO server API, ``socket.use(fn)``.
        """
        registered: Function = self._register(Hook.MIDDLEWARE, middleware, once=False)
        return registered

    def _remember(self) -> None:
        """Let the gateway save what a restarted kernel needs to know about this client."""
        self._client.remember()

    def _handled(self) -> None:
        """Note that an ``async def`` handler of this client has finished."""
        if self.namespace._keeps:
            self._client.remember()

    def _move(self, trigger: Trigger) -> bool:
        """Follow the state table; False if the trigger does not apply in this state."""
        following = CONNECTION_TRANSITIONS[self._state].get(trigger)
        if following is None:
            return False
        self._state = following
        return True

    # --- emitting ---------------------------------------------------------------------------

    def send(self, *args: Any) -> None:
        """Emit the event ``message``.

        Source: Socket.IO server API, ``socket.send([...args])``.
        """
        self.emit("message", *args)

    def timeout(self, seconds: float) -> TimedSocket:
        """Wait ``seconds`` for the acknowledgement of the next ``call`` or ``emit_with_ack``.

        Raises:
            TypeError: ``seconds`` is not a number.

        Source: Socket.IO server API, ``socket.timeout(value)``, which counts milliseconds.
        """
        return TimedSocket(self, checked_seconds(seconds, "timeout()"))

    def emit(self, event: str, *args: Any, **mistaken: Any) -> None:
        """Emit ``event`` to this client, in order, from any thread.

        If the client is gone, nothing happens, as in Socket.IO;
        with recovery on, the event is kept for the client's return.

        Args:
            event: Its name.
            *args: JSON values, bytes-like objects, NumPy scalars (as numbers) and arrays (as bytes).
            **mistaken: Not accepted; the error says what to write instead.

        Raises:
            EncodeError: A value cannot be sent; the message names its path.
            BlockingCallError: In an ``async def`` handler, while the server has no room for more.
            TypeError: A keyword argument was given.

        Source: Socket.IO server API, ``socket.emit(eventName[, ...args])``.
        """
        if mistaken:
            no_options("emit", mistaken)
        self.namespace._emit_to(self, event, args)

    def call(
        self, event: str, *args: Any, timeout: float | None = DEFAULT_ACK_TIMEOUT_S, **mistaken: Any
    ) -> Any:
        """Emit ``event``, wait for this client's acknowledgement and return it.

        Args:
            event: Its name.
            *args: What to send.
            timeout: Seconds to wait; None for no limit.
            **mistaken: Not accepted; the error says what to write instead.

        Returns:
            One argument as itself, several as a tuple, none as None.

        Raises:
            AckTimeout: It did not arrive in time, or the client left.
            BlockingCallError: In an ``async def`` handler; await ``emit_with_ack`` there.
            EncodeError: A value cannot be sent.

        Source: Socket.IO server API, ``socket.emitWithAck(eventName[, ...args])``.
        """
        no_options("call", mistaken)
        question = partial(self.namespace._ask_one, self, event, args)
        return ask(self.namespace.handlers, event, question, checked_seconds(timeout))[0]

    async def emit_with_ack(
        self, event: str, *args: Any, timeout: float | None = DEFAULT_ACK_TIMEOUT_S, **mistaken: Any
    ) -> Any:
        """Emit ``event``, await this client's acknowledgement and return it; see ``call``.

        Raises:
            AckTimeout: The acknowledgement did not arrive in time, or the client left.
        """
        no_options("emit_with_ack", mistaken)
        question = partial(self.namespace._ask_one, self, event, args)
        return (await ask_async(self.namespace.handlers, question, checked_seconds(timeout)))[0]

    def to(self, *rooms: str | Iterable[str]) -> BroadcastOperator:
        """Choose everyone in ``rooms`` except this client.

        Raises:
            TypeError: A name is not a string.

        Source: Socket.IO server API, ``socket.to(room)``.
        """
        return self.broadcast.to(*rooms)

    def in_(self, *rooms: str | Iterable[str]) -> BroadcastOperator:
        """Do the same as ``to``.

        Source: Socket.IO server API, ``socket.in(room)``.
        """
        return self.to(*rooms)

    def except_(self, *rooms: str | Iterable[str]) -> BroadcastOperator:
        """Choose everyone except this client and the sockets in ``rooms``.

        Raises:
            TypeError: A name is not a string.

        Source: Socket.IO server API, ``socket.except(rooms)``.
        """
        return self.broadcast.except_(*rooms)

    @property
    def broadcast(self) -> BroadcastOperator:
        """Choose everyone except this client.

        Source: Socket.IO server API, ``Flag: 'broadcast'``.
        """
        return self.namespace.except_(self.id)

    @property
    def volatile(self) -> BroadcastOperator:
        """Emit to this client only if it is ready.

        Source: Socket.IO server API, ``Flag: 'volatile'``.
        """
        return BroadcastOperator(self.namespace, rooms=frozenset({self.id}), is_volatile=True)

    def _send(self, packet: Packet) -> None:
        self._client.send(encode_packet(packet))

    # --- waiting ----------------------------------------------------------------------------

    def wait_for(self, event: str, timeout: float | None = None) -> Any:
        """Block until this client emits ``event``; events since the running cell began count.

        Raises:
            TimeoutError: It did not do so within ``timeout`` seconds.
            BlockingCallError: In an ``async def`` handler; await ``next`` there.
        """
        return self.namespace._wait_for_arrival(event, self, timeout)

    async def next(self, event: str) -> Any:
        """Await ``event`` and return its arguments; see ``wait_for``."""
        return value_of((await self.namespace._next_arrival(event, self)).args)

    def events(self, event: str, timeout: float | None = None) -> EventStream:
        """Return a stream of this client's events of this name, for ``for`` or ``async for``.

        Args:
            event: Its name.
            timeout: Seconds after which the loop ends; None for never.
        """
        return self.namespace.arrivals.stream(
            event, self, checked_seconds(timeout), self.namespace.handlers
        )

    # --- what the namespace does with it ----------------------------------------------------

    def _add(self, registration: Registration) -> None:
        self._table.add(registration)
        self.namespace._overheard(registration)

    def _registrations(self) -> HandlerTable:
        return self._table

    def _wiring(self) -> Namespace:
        return self.namespace

    def _expect_ack(self, ack_id: int, pending: PendingAck) -> None:
        """Pass the acknowledgement with this id to ``pending`` when it arrives."""
        self._acks[ack_id] = pending

    def _expect_no_ack(self, pending: PendingAck) -> None:
        """Forget an acknowledgement that did not arrive in time."""
        for ack_id in [ack_id for ack_id, one in list(self._acks.items()) if one is pending]:
            self._acks.pop(ack_id, None)

    def _acknowledged(self, ack_id: int, args: list[Any]) -> None:
        """Handle an acknowledgement; ignore one that nobody waits for."""
        pending = self._acks.pop(ack_id, None)
        if pending is not None:
            pending.answered(self.id, args)

    def _answer(self, ack_id: int, args: list[Any]) -> None:
        """Send the acknowledgement of an event."""
        if self.connected:
            self._send(Packet(_ACK, self.namespace.name, args, ack_id))

    def _let_go(self) -> None:
        """Leave the connection, and tell whoever waits for an answer that this client has left."""
        self._client.sockets.pop(self.namespace.name, None)
        acks, self._acks = self._acks, {}
        for pending in acks.values():
            pending.gone(self.id)

    def _greet(self, registration: Registration) -> bool:
        """Note that a connection handler runs for this socket; False if it has run before."""
        if registration in self._greeted_by:
            return False
        self._greeted_by.add(registration)
        return True


def reason_of(trigger: Trigger) -> str:
    """Return the disconnect reason that handlers get."""
    return DISCONNECT_REASONS[trigger]
