"""``on``, ``once`` and ``off``: the same for the server, a namespace and a socket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

from nbsocket.kernel.handlers import HandlerTable, Registration

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbsocket.kernel.namespace import Namespace

Function = TypeVar("Function", bound="Callable[..., Any]")


class Registering:
    """What handlers can be registered on."""

    def _add(self, registration: Registration) -> None:
        raise NotImplementedError

    def _registrations(self) -> HandlerTable:
        raise NotImplementedError

    def _wiring(self) -> Namespace:
        raise NotImplementedError

    @overload
    def on(self, event: str) -> Callable[[Function], Function]: ...

    @overload
    def on(self, event: str, handler: Function) -> Function: ...

    def on(self, event: str, handler: Function | None = None) -> Any:
        """Register a handler of ``event``: as a decorator, or with the function given.

        Running the cell again replaces what it registered.
        A plain function and an ``async def`` are both fine; the return value is the acknowledgement.
        """
        return self._register(event, handler, once=False)

    @overload
    def once(self, event: str) -> Callable[[Function], Function]: ...

    @overload
    def once(self, event: str, handler: Function) -> Function: ...

    def once(self, event: str, handler: Function | None = None) -> Any:
        """Register a handler that goes after its first call."""
        return self._register(event, handler, once=True)

    def off(self, event: str | None = None, handler: Callable[..., Any] | None = None) -> None:
        """Remove a handler, all handlers of ``event``, or (without arguments) all."""
        self._registrations().remove(event, handler)

    def _register(self, event: str, handler: Function | None, *, once: bool) -> Any:
        if not isinstance(event, str):
            msg = f'an event\'s name is a string, not {type(event).__name__}: write @io.on("name")'
            raise TypeError(msg)

        def register(function: Function) -> Function:
            if not callable(function):
                msg = f"a handler must be callable, {type(function).__name__} is not"
                raise TypeError(msg)
            wiring = self._wiring()
            wiring.registered()
            self._add(Registration(event, function, wiring.cells.running(), once))
            return function

        return register if handler is None else register(handler)
