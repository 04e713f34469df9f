"""Choosing recipients, and emitting to them: what ``io``, a namespace and ``io.to(…)`` share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nbsocket.socketio.checks import no_options, room_names
from nbsocket.socketio.checks import seconds as checked_seconds
from nbsocket.socketio.process_bound import ProcessBound

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbsocket.socketio.choice import Choice
    from nbsocket.socketio.socket import Socket


class Emitter(ProcessBound):
    """What can emit to a choice of sockets: the server, a namespace, and every choice made from them."""

    def _choice(self) -> Choice:
        raise NotImplementedError

    def to(self, *rooms: str | Iterable[str]) -> BroadcastOperator:
        """Choose the sockets in any of ``rooms``, each once.

        Args:
            *rooms: Names, or lists of them; a socket's id is a room, too.

        Raises:
            TypeError: A name is not a string.

        Source: Socket.IO server API, ``server.to(room)``.
        """
        choice = self._choice()
        return BroadcastOperator(replace(choice, rooms=choice.rooms | room_names(rooms)))

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
        choice = self._choice()
        return BroadcastOperator(replace(choice, excluded=choice.excluded | room_names(rooms)))

    @property
    def volatile(self) -> BroadcastOperator:
        """Skip clients that are not ready to receive the event.

        Source: Socket.IO server API, ``Flag: 'volatile'``.
        """
        return BroadcastOperator(replace(self._choice(), is_volatile=True))

    def timeout(self, seconds: float) -> BroadcastOperator:
        """Wait ``seconds`` for the acknowledgements of the next ``call`` or ``emit_with_ack``.

        Raises:
            TypeError: ``seconds`` is not a number.

        Source: Socket.IO server API, ``server.timeout(value)``, which counts milliseconds.
        """
        return BroadcastOperator(replace(self._choice(), timeout_s=checked_seconds(seconds, "timeout()")))

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
        self._choice().emit(event, args)

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
        return self._choice_for(timeout).call(event, args)

    async def emit_with_ack(
        self, event: str, *args: Any, timeout: float | None = None, **mistaken: Any
    ) -> list[Any]:
        """Emit ``event`` and await one acknowledgement from every chosen socket; see ``call``.

        Raises:
            AckTimeout: Not every client answered.
        """
        no_options("emit_with_ack", mistaken)
        return await self._choice_for(timeout).call_async(event, args)

    def _choice_for(self, timeout: float | None) -> Choice:
        choice = self._choice()
        return choice if timeout is None else replace(choice, timeout_s=checked_seconds(timeout))

    def fetch_sockets(self) -> list[Socket]:
        """Return the chosen sockets.

        Source: Socket.IO server API, ``server.fetchSockets()``.
        """
        return self._choice().sockets()

    def preview(self) -> list[Socket]:
        """Return the sockets an emit would reach, and light up their panes for 2 s; nothing is sent.

        For example, ``io.to("red").except_("quiet").preview()``.
        """
        return self._choice().preview()

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

    Source: Socket.IO server API, ``server.to(room)``, "Return value".
    """

    _chosen: Choice

    def _choice(self) -> Choice:
        return self._chosen
