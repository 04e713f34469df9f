"""Tables of event handlers that know which cell registered what.

Running a cell again replaces what its earlier run registered, one for one; so does reloading a module.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from nbsocket.socketio.arity import arity_of, counted, is_async, name_of, refuse_generator
from nbsocket.socketio.cell_run import CellRun, code_of, is_typed_in

if TYPE_CHECKING:
    from collections.abc import Callable


CONNECTION_EVENTS = ("connection", "connect")


class Hook(Enum):
    """What can be registered besides handlers of events; not strings, so that no client can emit one."""

    ANY = "on_any listener"
    ANY_OUTGOING = "on_any_outgoing listener"
    MIDDLEWARE = "middleware"
    NAMESPACE_CHECK = "check of dynamic namespaces"


ENDINGS = frozenset({"disconnect", "disconnecting"})
"""Events whose handlers may omit the parameter for the reason."""


@dataclass(slots=True, eq=False)
class Registration:
    """One handler of one event.

    Args:
        event: The event's name, or a ``Hook``.
        function: The function to call.
        cell: The run of a cell, or of a module's body, that registered it; None outside both.
        once: Whether it runs only once.

    Attributes:
        is_async: Whether it is ``async def``.
        gets_socket: Whether the socket comes before the event's arguments.
        needs: The smallest number of arguments it needs.
        takes: The largest number it takes; infinite for any number.

    Raises:
        TypeError: It can never be called.
    """

    event: str | Hook
    function: Callable[..., Any]
    cell: CellRun | None
    once: bool = False
    is_async: bool = field(init=False)
    gets_socket: bool = field(init=False, default=False)
    needs: int = field(init=False)
    takes: float = field(init=False)

    def __post_init__(self) -> None:
        """Inspect the function once, since it is called many times."""
        refuse_generator(self.function)
        self.is_async = is_async(self.function)
        self.needs, self.takes = arity_of(self.function)

    def fitting(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the arguments to call the handler with: as many of ``args`` as it takes.

        Raises:
            TypeError: There are too few, or the handler takes only the socket although there are more.
        """
        count = len(args)
        if count < self.needs:
            sockets = int(self.gets_socket)
            msg = (
                f"{self.description} needs {counted(self.needs - sockets)}, "
                f"and {counted(count - sockets)} came. "
                "Give the parameters that may be missing a default, such as  text=None"
            )
            raise TypeError(msg)
        if self.takes >= count:
            return args
        if self.takes == 1 and self.gets_socket and self.event not in ENDINGS:
            msg = (
                f"{self.description} takes one parameter, which is the socket, "
                f"and {counted(count - 1)} came. "
                f"Write  def {name_of(self.function)}(socket, ...)  with a parameter for each you want."
            )
            raise TypeError(msg)
        return args[: int(self.takes)]

    @property
    def key(self) -> tuple[object, ...]:
        """What a later registration must share, besides the event, to replace this one."""
        if self.cell is not None and self.cell.cell_id is not None:
            return "cell", self.cell.cell_id
        name = str(getattr(self.function, "__qualname__", "") or repr(self.function))
        code = code_of(self.function)
        if code is not None and "<" in name:
            # Lambdas and functions in functions share their names with others.
            return "code", name, code.co_filename, code.co_firstlineno
        return "name", name

    @property
    def source(self) -> tuple[str, str] | None:
        """Module and qualified name of a module's function; None for lambdas and the like."""
        code = code_of(self.function)
        name = str(getattr(self.function, "__qualname__", "<"))
        if code is None or "<" in name or is_typed_in(code.co_filename):
            return None
        return str(getattr(self.function, "__module__", "")), name

    def is_replaced_by(self, new: Registration) -> bool:
        """Whether ``new`` is the same handler, from a later run of its cell or module."""
        if self.key == new.key:
            return self.run_number < new.run_number
        source = self.source
        return (
            source is not None
            and source == new.source
            and code_of(self.function) is not code_of(new.function)
        )

    @property
    def description(self) -> str:
        """How to refer to it in messages to its author."""
        name = name_of(self.function)
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
        """Register ``new``; return the registration of an earlier run that it replaced, if any."""
        with self._lock:
            self.has_hooks = self.has_hooks or isinstance(new.event, Hook)
            listed = self._by_event.get(new.event, [])
            for index, old in enumerate(listed):
                if old.is_replaced_by(new):
                    # A new list: a dispatch in progress keeps using the old one.
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
        """Remove one registration; False if it was already gone."""
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


def check_takes_socket(registration: Registration) -> None:
    """Note that a handler gets the socket; refuse one that could never be called.

    Raises:
        TypeError: It has no parameter for the socket, or needs more arguments than there are.
    """
    registration.gets_socket = True
    needs, takes = registration.needs, registration.takes
    event = registration.event
    only_socket = event in CONNECTION_EVENTS or event is Hook.MIDDLEWARE
    if takes == 0 or (only_socket and needs > 1):
        rest = "" if only_socket else ", ..."
        msg = (
            f"{registration.description} is called with the socket: "
            f"def {name_of(registration.function)}(socket{rest})"
        )
        raise TypeError(msg)
