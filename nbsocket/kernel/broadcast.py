"""Choosing recipients, and emitting to them: what ``io``, a namespace and ``io.to(…)`` share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbsocket.kernel.acks import PendingAck
    from nbsocket.kernel.namespace import Namespace
    from nbsocket.kernel.socket import Socket

DEFAULT_ACK_TIMEOUT_S = 10.0


class Emitter:
    """What can emit to a choice of sockets: the server, a namespace, and every choice made of them."""

    def _operator(self) -> BroadcastOperator:
        raise NotImplementedError

    def to(self, *rooms: str) -> BroadcastOperator:
        """Choose the sockets in any of ``rooms``; each is chosen once.

        Args:
            *rooms: Names; a socket's id is a room, too.

        Raises:
            TypeError: A name is no string.

        Source: Socket.IO server API, ``server.to(room)``.
        """
        operator = self._operator()
        return replace(operator, rooms=operator.rooms | _names(rooms))

    def in_(self, *rooms: str) -> BroadcastOperator:
        """Do the same as ``to``.

        Source: Socket.IO server API, ``server.in(room)``.
        """
        return self.to(*rooms)

    def except_(self, *rooms: str) -> BroadcastOperator:
        """Leave out the sockets in any of ``rooms`` (a socket's id is a room, too).

        Raises:
            TypeError: A name is no string.

        Source: Socket.IO server API, ``server.except(rooms)``.
        """
        operator = self._operator()
        return replace(operator, excluded=operator.excluded | _names(rooms))

    @property
    def volatile(self) -> BroadcastOperator:
        """Let a client that is not ready miss the event.

        Source: Socket.IO server API, ``Flag: 'volatile'``.
        """
        return replace(self._operator(), is_volatile=True)

    def timeout(self, seconds: float) -> BroadcastOperator:
        """Wait ``seconds`` for the acknowledgements of the next ``call`` or ``emit_with_ack``.

        Source: Socket.IO server API, ``server.timeout(value)``, which counts milliseconds.
        """
        return replace(self._operator(), timeout_s=seconds)

    def emit(self, event: str, *args: Any) -> None:
        """Emit ``event`` to every chosen socket, in order, from any thread.

        Args:
            event: Its name.
            *args: JSON values, bytes-likes, NumPy scalars (as numbers) and arrays (as bytes).

        Raises:
            EncodeError: A value cannot be sent; the message names its path.
            BlockingCallError: In an ``async def`` handler, while the server has no room for more.
            LinkLostError: The link is closed for good.

        Source: Socket.IO server API, ``server.emit(eventName[, ...args])``.
        """
        self._operator()._emit(event, args)

    def call(self, event: str, *args: Any) -> list[Any]:
        """Emit ``event`` and wait for one acknowledgement from every chosen socket.

        Returns:
            One reply per client: one argument as itself, several as a tuple, none as None.

        Raises:
            AckTimeout: Somebody did not answer; it has ``responses`` and ``missing``.
            BlockingCallError: In an ``async def`` handler; use ``emit_with_ack`` there.
            EncodeError: A value cannot be sent.

        Source: Socket.IO server API, ``server.emitWithAck(eventName[, ...args])``.
        """
        return self._operator()._call(event, args)

    async def emit_with_ack(self, event: str, *args: Any) -> list[Any]:
        """Do what ``call`` does, for code that awaits.

        Raises:
            AckTimeout: Somebody did not answer.
        """
        return await self._operator()._call_async(event, args)

    def fetch_sockets(self) -> list[Socket]:
        """Return the chosen sockets.

        Source: Socket.IO server API, ``server.fetchSockets()``.
        """
        return self._operator()._sockets()

    def preview(self) -> list[Socket]:
        """Return who an emit would reach now, and light up their panes for two seconds. Nothing is sent.

        As in ``io.to("red").except_("quiet").preview()``.
        """
        return self._operator()._preview()

    def sockets_join(self, *rooms: str) -> None:
        """Make the chosen sockets join ``rooms``.

        Source: Socket.IO server API, ``server.socketsJoin(rooms)``.
        """
        for socket in self.fetch_sockets():
            socket.join(*rooms)

    def sockets_leave(self, *rooms: str) -> None:
        """Make the chosen sockets leave ``rooms``.

        Source: Socket.IO server API, ``server.socketsLeave(rooms)``.
        """
        for socket in self.fetch_sockets():
            for room in rooms:
                socket.leave(room)

    def disconnect_sockets(self, close: bool = False) -> None:
        """Disconnect the chosen sockets; with ``close`` their connections, too.

        Source: Socket.IO server API, ``server.disconnectSockets([close])``.
        """
        for socket in self.fetch_sockets():
            socket.disconnect(close=close)


@dataclass(frozen=True)
class BroadcastOperator(Emitter):
    """A choice of sockets; every method that narrows it returns a new one.

    Args:
        namespace: Whose sockets.
        rooms: In any of these; empty for all.
        excluded: In none of these.
        is_volatile: Whether a client that is not ready may miss it.
        timeout_s: How long ``call`` waits, in seconds.
    """

    namespace: Namespace
    rooms: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()
    is_volatile: bool = False
    timeout_s: float = DEFAULT_ACK_TIMEOUT_S

    def _operator(self) -> BroadcastOperator:
        return self

    def _sockets(self) -> list[Socket]:
        return self.namespace._select(self.rooms, self.excluded)

    def _preview(self) -> list[Socket]:
        sockets = self._sockets()
        self.namespace._light_up(sockets)
        return sockets

    def _emit(self, event: str, args: tuple[Any, ...]) -> None:
        self.namespace._broadcast(event, args, self.rooms, self.excluded, volatile=self.is_volatile)

    def _ask(self, event: str, args: tuple[Any, ...]) -> PendingAck:
        return self.namespace._ask(event, args, self.rooms, self.excluded)

    def _call(self, event: str, args: tuple[Any, ...]) -> list[Any]:
        handlers = self.namespace.handlers
        what = f"call({event!r})"
        handlers.blocking(what, f"emit_with_ack({event!r}, …)")
        pending = self._ask(event, args)
        return pending.wait(lambda wait: handlers.wait(wait, self.timeout_s, what))

    async def _call_async(self, event: str, args: tuple[Any, ...]) -> list[Any]:
        return await self._ask(event, args).wait_async(self.timeout_s)


def _names(rooms: Iterable[str]) -> frozenset[str]:
    names = frozenset(rooms)
    for name in names:
        if not isinstance(name, str):
            msg = f"a room's name is a string, not {type(name).__name__}"
            raise TypeError(msg)
    return names
