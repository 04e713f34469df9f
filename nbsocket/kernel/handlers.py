"""Tables of event handlers that know which cell registered what.

Running a cell again replaces, one for one, what its earlier run registered.
"""

from __future__ import annotations

import inspect
import threading
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbsocket.kernel.cells import CellRun


CONNECTION_EVENTS = ("connection", "connect")


class Hook(Enum):
    """What can be registered that is no event: not a string, so that no client can emit it."""

    ANY = "on_any listener"
    ANY_OUTGOING = "on_any_outgoing listener"
    MIDDLEWARE = "middleware"
    NAMESPACE_CHECK = "check of dynamic namespaces"


@dataclass(slots=True, eq=False)
class Registration:
    """One handler of one event.

    Args:
        event: The event's name, or what it is instead.
        function: What is called.
        cell: The cell run that registered it; None outside cells.
        once: Whether it goes after its first call.
        is_async: Whether it is ``async def``.
    """

    event: str | Hook
    function: Callable[..., Any]
    cell: CellRun | None
    once: bool = False
    is_async: bool = field(init=False)

    def __post_init__(self) -> None:
        """Look once whether it is ``async def``: calls are many."""
        self.is_async = inspect.iscoroutinefunction(self.function)

    @property
    def key(self) -> tuple[str, str]:
        """What a later registration must share to replace this one (beside the event)."""
        if self.cell is not None and self.cell.cell_id is not None:
            return "cell", self.cell.cell_id
        return "name", getattr(self.function, "__qualname__", repr(self.function))

    @property
    def description(self) -> str:
        """What its author would call it."""
        name = function_name(self.function)
        if isinstance(self.event, Hook):
            return f"the {self.event.value} {name}()"
        return f"the handler {name}() of {self.event!r}"

    @property
    def run_number(self) -> int:
        """The number of the cell run; 0 outside cells."""
        return self.cell.number if self.cell is not None else 0


class HandlerTable:
    """The handlers of one emitter: a namespace, or one socket."""

    def __init__(self) -> None:
        """Begin empty."""
        self._by_event: dict[str | Hook, list[Registration]] = {}
        self.has_hooks = False
        self._lock = threading.Lock()

    def add(self, new: Registration) -> Registration | None:
        """Register ``new``; return the registration of an earlier run that it took the place of."""
        with self._lock:
            self.has_hooks = self.has_hooks or isinstance(new.event, Hook)
            listed = self._by_event.get(new.event, [])
            for index, old in enumerate(listed):
                if old.key == new.key and old.run_number < new.run_number:
                    # A new list: a dispatch under way goes on with the one it has.
                    self._by_event[new.event] = [*listed[:index], new, *listed[index + 1 :]]
                    return old
            self._by_event[new.event] = [*listed, new]
            return None

    def of(self, event: str | Hook) -> list[Registration]:
        """Return the handlers of ``event``, in order; the list is never changed afterwards."""
        return self._by_event.get(event, [])

    def remove(self, event: str | Hook | None, function: Callable[..., Any] | None = None) -> None:
        """Remove one handler, all of an event, or (without arguments) all handlers of events."""
        with self._lock:
            if event is None:
                for key in [key for key in self._by_event if not isinstance(key, Hook)]:
                    del self._by_event[key]
            elif function is None:
                self._by_event.pop(event, None)
            else:
                self._keep(event, lambda one: one.function != function)

    def discard(self, registration: Registration) -> bool:
        """Remove one registration; False if it was gone."""
        with self._lock:
            present = registration in self._by_event.get(registration.event, [])
            self._keep(registration.event, lambda one: one is not registration)
            return present

    def remove_leftovers(self, cell: CellRun) -> None:
        """Remove what earlier runs of ``cell`` registered and this run did not replace."""
        if cell.cell_id is None:
            return
        key = ("cell", cell.cell_id)
        with self._lock:
            for event in list(self._by_event):
                self._keep(event, lambda one: one.key != key or one.run_number >= cell.number)

    def _keep(self, event: str | Hook, wanted: Callable[[Registration], bool]) -> None:
        kept = [one for one in self._by_event.get(event, []) if wanted(one)]
        if kept:
            self._by_event[event] = kept
        else:
            self._by_event.pop(event, None)

    def __bool__(self) -> bool:
        """Whether there is any registration."""
        return bool(self._by_event)


def function_name(function: Callable[..., Any]) -> str:
    """Return what a user calls ``function``."""
    return str(getattr(function, "__name__", None) or repr(function))


def check_takes_socket(registration: Registration) -> None:
    """Refuse a handler that could never be called, while its author looks at it.

    Raises:
        TypeError: It has no parameter for the socket, or more than one without a default.
    """
    try:
        signature = inspect.signature(registration.function)
    except (TypeError, ValueError):
        # Some built-in functions do not tell.
        return
    event = registration.event
    only_socket = event in CONNECTION_EVENTS or event is Hook.MIDDLEWARE
    try:
        if only_socket:
            signature.bind(object())
        else:
            signature.bind_partial(object())
    except TypeError:
        rest = "" if only_socket else ", ..."
        msg = (
            f"{registration.description} is called with the socket: "
            f"def {function_name(registration.function)}(socket{rest})"
        )
        raise TypeError(msg) from None
