"""Tables of event handlers that know which cell registered what.

Running a cell again replaces, one for one, what its earlier run registered.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nbsocket.kernel.cells import CellRun


@dataclass(slots=True, eq=False)
class Registration:
    """One handler of one event.

    Args:
        event: The event's name.
        function: What is called.
        cell: The cell run that registered it; None outside cells.
        once: Whether it goes after its first call.
    """

    event: str
    function: Callable[..., Any]
    cell: CellRun | None
    once: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """What a later registration must share to replace this one (beside the event)."""
        if self.cell is not None and self.cell.cell_id is not None:
            return "cell", self.cell.cell_id
        return "name", getattr(self.function, "__qualname__", repr(self.function))

    @property
    def run_number(self) -> int:
        """The number of the cell run; 0 outside cells."""
        return self.cell.number if self.cell is not None else 0


class HandlerTable:
    """The handlers of one emitter: a namespace, or one socket."""

    def __init__(self) -> None:
        """Begin empty."""
        self._by_event: dict[str, list[Registration]] = {}
        self._lock = threading.Lock()

    def add(self, new: Registration) -> Registration | None:
        """Register ``new``; return the registration of an earlier run that it took the place of."""
        with self._lock:
            listed = self._by_event.get(new.event, [])
            for index, old in enumerate(listed):
                if old.key == new.key and old.run_number < new.run_number:
                    # A new list: a dispatch under way goes on with the one it has.
                    self._by_event[new.event] = [*listed[:index], new, *listed[index + 1 :]]
                    return old
            self._by_event[new.event] = [*listed, new]
            return None

    def of(self, event: str) -> list[Registration]:
        """Return the handlers of ``event``, in order; the list is never changed afterwards."""
        return self._by_event.get(event, [])

    def remove(self, event: str | None, function: Callable[..., Any] | None = None) -> None:
        """Remove one handler, all of an event, or (without arguments) all."""
        with self._lock:
            if event is None:
                self._by_event.clear()
            elif function is None:
                self._by_event.pop(event, None)
            else:
                self._keep(event, lambda one: one.function is not function)

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

    def _keep(self, event: str, wanted: Callable[[Registration], bool]) -> None:
        kept = [one for one in self._by_event.get(event, []) if wanted(one)]
        if kept:
            self._by_event[event] = kept
        else:
            self._by_event.pop(event, None)

    def __iter__(self) -> Iterator[Registration]:
        """Go through all registrations."""
        for listed in list(self._by_event.values()):
            yield from listed
