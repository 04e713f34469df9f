"""Choosing recipients, and emitting to them: what ``io``, a namespace and ``io.to(…)`` share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from nbsocket.socketio.checks import no_options, room_names
from nbsocket.socketio.checks import seconds as checked_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nbsocket.socketio.acks import PendingAck
    from nbsocket.socketio.handler_thread import HandlerThread
    from nbsocket.socketio.socket import Socket

DEFAULT_ACK_TIMEOUT_S = 10.0


class Scope(Protocol):
    """What a choice of sockets is made from: a namespace, or the parent of several."""

    handlers: HandlerThread

    def _select(self, rooms: frozenset[str], excluded: frozenset[str]) -> list[Socket]: ...

    def _light_up(self, sockets: list[Socket]) -> None: ...

    def _broadcast(
        self,
        event: str,
        args: tuple[Any, ...],
        rooms: frozenset[str],
        excluded: frozenset[str],
        *,
        volatile: bool,
    ) -> None: ...

    def _ask(
        self, event: str, args: tuple[Any, ...], rooms: frozenset[str], excluded: frozenset[str]
    ) -> PendingAck: ...


class Emitter:
    """What can emit to a choice of sockets: the server, a namespace, and every choice made from them."""

    def _operator(self) -> BroadcastOperator:
        raise NotImplementedError

    def to(self, *rooms: str | Iterable[str]) -> BroadcastOperator:
        """Choose the sockets in any of ``rooms``, each once.

        Args:
            *rooms: Names, or lists of them; a socket's id is a room, too.

        Raises:
            TypeError: A name is not a string.

        Source: Socket.IO server API, ``server.to(room)``.
        """
        operator = self._operator()
        return replace(operator, rooms=operator.rooms | room_names(rooms))

    def in_(self, *rooms: str | Iterable[str]) -> BroadcastOperator:
        """Do the same as ``to``.

        Source: Socket.IO server API, ``server.in(room)``.
        """
        return self.to(*rooms)

    def except_(self, *rooms: str | Iterable[str]) -> BroadcastOperator:
        """Leave out the sockets in any of ``rooms`` (a socket's id is a room, too).

        Raises:
            TypeError: A name is not a string.

        Source: Socket.IO server API, ``server.except(rooms)``.
        """
        operator = self._operator()
        return replace(operator, excluded=operator.excluded | room_names(rooms))

    @property
    def volatile(self) -> BroadcastOperator:
        """Skip clients that are not ready to receive the event.

        Source: Socket.IO server API, ``Flag: 'volatile'``.
        """
        return replace(self._operator(), is_volatile=True)

    def timeout(self, seconds: float) -> BroadcastOperator:
        """Wait ``seconds`` for the acknowledgements of the next ``call`` or ``emit_with_ack``.

        Raises:
            TypeError: ``seconds`` is not a number.

        Source: Socket.IO server API, ``server.timeout(value)``, which counts milliseconds.
        """
        return replace(self._operator(), timeout_s=checked_seconds(seconds, "timeout()"))

    def send(self, *args: Any) -> None:
        """Emit the event ``message``.

        Source: Socket.IO server API, ``server.send(...args)``.
        """
        self.emit("message", *args)

    def emit(self, event: str, *args: Any, **mistaken: Any) -> None:
        """Emit ``event`` to every chosen socket, in order, from any thread.

        Args:
            event: Its name.
            *args: JSON values, bytes-like objects, NumPy scalars (as numbers) and arrays (as bytes).
            **mistaken: Not accepted; the error says what to write instead.

        Raises:
            EncodeError: A value cannot be sent; the message names its path.
            BlockingCallError: In an ``async def`` handler, while the server has no room for more.
            LinkLostError: The link is closed for good.
            TypeError: A keyword argument was given.

        Source: Socket.IO server API, ``server.emit(eventName[, ...args])``.
        """
        if mistaken:
            no_options("emit", mistaken)
        self._operator()._emit(event, args)

    def call(self, event: str, *args: Any, timeout: float | None = None, **mistaken: Any) -> list[Any]:
        """Emit ``event`` and wait for one acknowledgement from every chosen socket.

        Args:
            event: Its name.
            *args: What to send.
            timeout: Seconds to wait; 10 unless given here or with ``timeout()``.
            **mistaken: Not accepted; the error says what to write instead.

        Returns:
            One reply per client: one argument as itself, several as a tuple, none as None.

        Raises:
            AckTimeout: Not every client answered; the error has ``responses`` and ``missing``.
            BlockingCallError: In an ``async def`` handler; use ``emit_with_ack`` there.
            EncodeError: A value cannot be sent.

        Source: Socket.IO server API, ``server.emitWithAck(eventName[, ...args])``.
        """
        no_options("call", mistaken)
        operator = self._operator() if timeout is None else self.timeout(timeout)
        return operator._call(event, args)

    async def emit_with_ack(
        self, event: str, *args: Any, timeout: float | None = None, **mistaken: Any
    ) -> list[Any]:
        """Emit ``event`` and await one acknowledgement from every chosen socket; see ``call``.

        Raises:
            AckTimeout: Not every client answered.
        """
        no_options("emit_with_ack", mistaken)
        operator = self._operator() if timeout is None else self.timeout(timeout)
        return await operator._call_async(event, args)

    def fetch_sockets(self) -> list[Socket]:
        """Return the chosen sockets.

        Source: Socket.IO server API, ``server.fetchSockets()``.
        """
        return self._operator()._sockets()

    def preview(self) -> list[Socket]:
        """Return the sockets an emit would reach, and light up their panes for 2 s; nothing is sent.

        For example, ``io.to("red").except_("quiet").preview()``.
        """
        return self._operator()._preview()

    def sockets_join(self, *rooms: str | Iterable[str]) -> None:
        """Make the chosen sockets join ``rooms``.

        Source: Socket.IO server API, ``server.socketsJoin(rooms)``.
        """
        for socket in self.fetch_sockets():
            socket.join(*rooms)

    def sockets_leave(self, *rooms: str | Iterable[str]) -> None:
        """Make the chosen sockets leave ``rooms``.

        Source: Socket.IO server API, ``server.socketsLeave(rooms)``.
        """
        names = room_names(rooms)
        for socket in self.fetch_sockets():
            for room in names:
                socket.leave(room)

    def disconnect_sockets(self, close: bool = False) -> None:
        """Disconnect the chosen sockets; with ``close``, close their connections, too.

        Source: Socket.IO server API, ``server.disconnectSockets([close])``.
        """
        for socket in self.fetch_sockets():
            socket.disconnect(close=close)


@dataclass(frozen=True)
class BroadcastOperator(Emitter):
    """A choice of sockets; every method that narrows it returns a new one.

    Args:
        scope: Where the sockets come from: a namespace, or all children of a parent.
        rooms: Choose sockets in any of these; empty for all.
        excluded: Leave out sockets in any of these.
        is_volatile: Whether clients that are not ready may miss the event.
        timeout_s: How long ``call`` waits, in seconds.
    """

    scope: Scope
    rooms: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()
    is_volatile: bool = False
    timeout_s: float | None = DEFAULT_ACK_TIMEOUT_S

    def _operator(self) -> BroadcastOperator:
        return self

    def _sockets(self) -> list[Socket]:
        return self.scope._select(self.rooms, self.excluded)

    def _preview(self) -> list[Socket]:
        sockets = self._sockets()
        self.scope._light_up(sockets)
        return sockets

    def _emit(self, event: str, args: tuple[Any, ...]) -> None:
        self.scope._broadcast(event, args, self.rooms, self.excluded, volatile=self.is_volatile)

    def _ask(self, event: str, args: tuple[Any, ...]) -> PendingAck:
        return self.scope._ask(event, args, self.rooms, self.excluded)

    def _call(self, event: str, args: tuple[Any, ...]) -> list[Any]:
        return ask(self.scope.handlers, event, partial(self._ask, event, args), self.timeout_s)

    async def _call_async(self, event: str, args: tuple[Any, ...]) -> list[Any]:
        return await ask_async(self.scope.handlers, partial(self._ask, event, args), self.timeout_s)


def ask(
    handlers: HandlerThread, event: str, begin: Callable[[], PendingAck], timeout_s: float | None
) -> list[Any]:
    """Begin a question, and block until all have answered.

    Raises:
        AckTimeout: Somebody did not in time.
        BlockingCallError: In an ``async def`` handler.
    """
    what = f"call({event!r})"
    handlers.blocking(what, f"emit_with_ack({event!r}, …)")
    pending = begin()
    return pending.wait(lambda wait: handlers.wait(wait, timeout_s, what))


async def ask_async(
    handlers: HandlerThread, begin: Callable[[], PendingAck], timeout_s: float | None
) -> list[Any]:
    """Do the same for code that awaits."""
    with handlers.waiting():
        return await begin().wait_async(timeout_s)
