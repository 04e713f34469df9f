"""Registering handlers and listeners, alike on the server, a namespace and a socket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

from nbsocket.socketio.cell_run import NO_CELL, handler_cell
from nbsocket.socketio.handler_table import HandlerTable, Hook, Registration
from nbsocket.socketio.process_bound import ProcessBound

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbsocket.socketio.cell_run import CellRuns

Function = TypeVar("Function", bound="Callable[..., Any]")


class Registrar(Protocol):
    """Keeps the handlers of a namespace, of several, or of one socket."""

    @property
    def table(self) -> HandlerTable:
        """What is registered."""
        ...

    @property
    def cells(self) -> CellRuns:
        """Tells which cell a registration belongs to."""
        ...

    def registered(self) -> None:
        """Note that a cell registers something."""
        ...

    def add(self, registration: Registration) -> None:
        """Register a handler, a listener or a middleware."""
        ...


class EventTarget(ProcessBound):
    """An object that handlers can be registered on: the server, a namespace, a socket."""

    def _registrar(self) -> Registrar:
        raise NotImplementedError

    @overload
    def on(self, event: str) -> Callable[[Function], Function]: ...

    @overload
    def on(self, event: str, handler: Function) -> Function: ...

    def on(self, event: str, handler: Function | None = None) -> Any:
        """Register a handler of ``event``, as a decorator or by passing the function.

        On the server or a namespace it is called with ``(socket, *args)``, on a socket with ``(*args)``.
        As in JavaScript, it gets as many of the event's arguments as it takes, all with ``*args``.
        If it needs more than were sent, or has only a socket parameter where arguments were sent, it is
        not called and a message says so; handlers of ``disconnect`` need not take the reason.
        Running the cell again replaces what it registered.
        A plain function and an ``async def`` are both fine. The return value is the acknowledgement:
        None for one without arguments, a tuple for one with several.

        ``connection`` handlers get the socket; those of ``disconnecting`` (still in its rooms) and
        ``disconnect`` get the reason: ``client namespace disconnect``, ``server namespace disconnect``,
        ``transport close``, ``transport error``, ``ping timeout`` or ``parse error``.

        Args:
            event: Its name.
            handler: The function; None to use this as a decorator.

        Raises:
            TypeError: The name is not a string, or the handler can never be called: it contains a
                ``yield``, has no parameter for the socket, or needs a keyword argument.

        Source: Socket.IO server API, ``socket.on(eventName, callback)``, Events "connection",
        "disconnecting", "disconnect".
        """
        return self._register(event, handler, once=False)

    @overload
    def once(self, event: str) -> Callable[[Function], Function]: ...

    @overload
    def once(self, event: str, handler: Function) -> Function: ...

    def once(self, event: str, handler: Function | None = None) -> Any:
        """Register a handler that runs only once.

        Args:
            event: Its name.
            handler: The function; None to use this as a decorator.

        Raises:
            TypeError: The name is not a string, or the handler can never be called.

        Source: Socket.IO server API, ``socket.once(eventName, listener)``.
        """
        return self._register(event, handler, once=True)

    def off(self, event: str | None = None, handler: Callable[..., Any] | None = None) -> None:
        """Remove a handler, all handlers of ``event``, or (without arguments) all handlers.

        Args:
            event: Its name; None for all events.
            handler: The one to remove; None for all of the event.

        Source: Socket.IO server API, ``socket.removeListener``, ``socket.removeAllListeners``.
        """
        self._registrar().table.remove(event, handler)

    def on_any(self, listener: Function) -> Function:
        """Call ``listener`` for every incoming event, before its handlers.

        On a socket it is called with ``(event, *args)``,
        on the server or a namespace with ``(socket, event, *args)``.
        Its return value is ignored. Running the cell again replaces it.

        Args:
            listener: A plain function or an ``async def``.

        Raises:
            TypeError: ``listener`` cannot be called.

        Source: Socket.IO server API, ``socket.onAny(callback)``.
        """
        registered: Function = self._register(Hook.ANY, listener, once=False)
        return registered

    def off_any(self, listener: Callable[..., Any] | None = None) -> None:
        """Remove a listener of ``on_any``, or all of them.

        Source: Socket.IO server API, ``socket.offAny([listener])``.
        """
        self._registrar().table.remove(Hook.ANY, listener)

    def on_any_outgoing(self, listener: Function) -> Function:
        """Call ``listener`` for every event that is emitted to a client, after it was sent.

        It is called as for ``on_any``, once for every recipient, on the handler thread.
        Acknowledgements do not count as events. Running the cell again replaces it.

        Args:
            listener: A plain function or an ``async def``.

        Raises:
            TypeError: ``listener`` cannot be called.

        Source: Socket.IO server API, ``socket.onAnyOutgoing(callback)``.
        """
        registered: Function = self._register(Hook.ANY_OUTGOING, listener, once=False)
        return registered

    def off_any_outgoing(self, listener: Callable[..., Any] | None = None) -> None:
        """Remove a listener of ``on_any_outgoing``, or all of them.

        Source: Socket.IO server API, ``socket.offAnyOutgoing([listener])``.
        """
        self._registrar().table.remove(Hook.ANY_OUTGOING, listener)

    def _register(self, event: str | Hook, handler: Function | None, *, once: bool) -> Any:
        if not isinstance(event, (str, Hook)):
            msg = f'an event\'s name is a string, not {type(event).__name__}: write @io.on("name")'
            raise TypeError(msg)

        def register(function: Function) -> Function:
            if not callable(function):
                msg = f"a handler must be callable, {type(function).__name__} is not"
                raise TypeError(msg)
            registrar = self._registrar()
            if handler_cell.get() is not NO_CELL:
                registrar.registered()
            registrar.add(Registration(event, function, registrar.cells.registering(function), once))
            return function

        return register if handler is None else register(handler)
