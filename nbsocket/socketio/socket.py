"""One client in one namespace, as the server sees it (Socket.IO server API, "Socket")."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from nbsocket.socketio.acks import DEFAULT_ACK_TIMEOUT_S, ask, ask_async
from nbsocket.socketio.broadcast_operator import BroadcastOperator
from nbsocket.socketio.checks import no_options, room_names
from nbsocket.socketio.checks import seconds as checked_seconds
from nbsocket.socketio.choice import Choice
from nbsocket.socketio.event_target import EventTarget, Function
from nbsocket.socketio.handler_table import Hook
from nbsocket.socketio.timed_socket import TimedSocket
from nbsocket.socketio.waiting import value_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbsocket.socketio.acks import PendingAck
    from nbsocket.socketio.event_stream import EventStream
    from nbsocket.socketio.handshake import Handshake
    from nbsocket.socketio.member import Member
    from nbsocket.socketio.namespace import Namespace
    from nbsocket.socketio.session_state import SessionState


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

    def __init__(self, member: Member, earlier: Member | SessionState | None) -> None:
        """Made by the server, never by users."""
        self._member = member
        self.id: str = member.id
        self.data: dict[str, Any] = {} if earlier is None else earlier.data
        self.handshake: Handshake = member.handshake
        self.role: str = member.role
        self.recovered = earlier is not None

    def __repr__(self) -> str:
        """Show id, namespace and state, but no secret."""
        return f"<Socket {self.id} in {self.namespace.name} {self._member.state.value}>"

    # --- state ------------------------------------------------------------------------------

    @property
    def namespace(self) -> Namespace:
        """The namespace.

        Source: Socket.IO server API, ``socket.nsp``.
        """
        return self._member.namespace.face

    @property
    def connected(self) -> bool:
        """Whether the client is connected.

        Source: Socket.IO server API, ``socket.connected``.
        """
        return self._member.connected

    @property
    def rooms(self) -> frozenset[str]:
        """The rooms it is in; its own id is one of them. Empty after its ``disconnecting`` handlers.

        Source: Socket.IO server API, ``socket.rooms``.
        """
        return self._member.rooms

    def join(self, *rooms: str | Iterable[str]) -> None:
        """Join ``rooms``; does nothing for a client that is gone.

        Raises:
            TypeError: A name is not a string.

        Source: Socket.IO server API, ``socket.join(room)``.
        """
        self._member.join(room_names(rooms))

    def leave(self, room: str) -> None:
        """Leave ``room``; does nothing if the client is not in it.

        Raises:
            TypeError: The name is not a string.

        Source: Socket.IO server API, ``socket.leave(room)``.
        """
        self._member.leave(room_names([room]))

    def disconnect(self, close: bool = False) -> None:
        """Disconnect the client from this namespace; it will not come back by itself.

        Args:
            close: Disconnect it from all its namespaces and close the connection.

        Source: Socket.IO server API, ``socket.disconnect(close)``.
        """
        self._member.disconnect(close=close)

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
        self._member.namespace.fanout.emit_to(self._member, event, args)

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
        handlers = self._member.namespace.handlers
        return ask(handlers, event, self._question(event, args), checked_seconds(timeout), [self])[0]

    async def emit_with_ack(
        self, event: str, *args: Any, timeout: float | None = DEFAULT_ACK_TIMEOUT_S, **mistaken: Any
    ) -> Any:
        """Emit ``event``, await this client's acknowledgement and return it; see ``call``.

        Raises:
            AckTimeout: The acknowledgement did not arrive in time, or the client left.
        """
        no_options("emit_with_ack", mistaken)
        question = self._question(event, args)
        return (await ask_async(self._member.namespace.handlers, question, checked_seconds(timeout)))[0]

    def _question(self, event: str, args: tuple[Any, ...]) -> partial[PendingAck]:
        return partial(self._member.namespace.fanout.ask_one, self._member, event, args)

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
        fanout = self._member.namespace.fanout
        return BroadcastOperator(Choice(fanout, rooms=frozenset({self.id}), is_volatile=True))

    # --- waiting ----------------------------------------------------------------------------

    def wait_for(self, event: str, timeout: float | None = None) -> Any:
        """Block until this client emits ``event``; events since the running cell began count.

        Raises:
            TimeoutError: It did not do so within ``timeout`` seconds.
            BlockingCallError: In an ``async def`` handler; await ``next`` there.
        """
        return self._member.namespace.wait_for(event, self, timeout)

    async def next(self, event: str) -> Any:
        """Await ``event`` and return its arguments; see ``wait_for``."""
        return value_of((await self._member.namespace.next(event, self)).args)

    def events(self, event: str, timeout: float | None = None) -> EventStream:
        """Return a stream of this client's events of this name, for ``for`` or ``async for``.

        Args:
            event: Its name.
            timeout: Seconds after which the loop ends; None for never.
        """
        return self._member.namespace.stream(event, self, timeout)

    def _registrar(self) -> Member:
        return self._member
