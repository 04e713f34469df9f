"""Which cell is running, and what ended: the notebook's own clock.

A registration belongs to the cell run in which it was made. Outside IPython there are no cells.
"""

from __future__ import annotations

import itertools
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context


class CellRun:
    """One run of one cell.

    Args:
        cell_id: The front end's id of the cell; None where it sends none.
        number: Counts all runs of all cells in this kernel.
        parent: The Jupyter message that asked for it; output is shown where it belongs.
    """

    __slots__ = ("cell_id", "context", "number", "parent")

    def __init__(self, cell_id: str | None, number: int, parent: dict[str, Any]) -> None:
        """Begin a run."""
        self.cell_id = cell_id
        self.number = number
        self.parent = parent
        self.context: Context | None = None


handler_cell: ContextVar[CellRun | None] = ContextVar("handler_cell", default=None)
"""In a handler: the cell run that registered it, so that what it registers belongs there, too."""


NO_CELL = CellRun(None, 0, {})
"""Set as ``handler_cell``: what is registered belongs to no cell, so that no cell's next run removes it."""


class Cells:
    """Follows IPython through its cells.

    Args:
        shell: The kernel's InteractiveShell, or None outside IPython.
    """

    def __init__(self, shell: Any) -> None:
        """Begin to follow; the cell that is running now counts."""
        self.shell = shell
        self._numbers = itertools.count(1)
        self._current: CellRun | None = None
        self._on_begin: list[Callable[[CellRun], None]] = []
        self._on_end: list[Callable[[CellRun, bool], None]] = []
        if shell is not None:
            self._begin()
            shell.events.register("pre_run_cell", self._before)
            shell.events.register("post_run_cell", self._after)

    def on_begin(self, call: Callable[[CellRun], None]) -> None:
        """Have ``call(run)`` called when a cell begins."""
        self._on_begin.append(call)

    def on_end(self, call: Callable[[CellRun, bool], None]) -> None:
        """Have ``call(run, succeeded)`` called when a cell ends."""
        self._on_end.append(call)

    def running(self) -> CellRun | None:
        """Return the cell run that the calling code belongs to.

        In a handler it is the run that registered the handler,
        on the main thread the cell that runs now, elsewhere none.
        """
        of_handler = handler_cell.get()
        if of_handler is not None:
            return None if of_handler is NO_CELL else of_handler
        if threading.current_thread() is threading.main_thread():
            return self._current
        return None

    def _begin(self) -> CellRun:
        parent = dict(self.shell.get_parent()) if hasattr(self.shell, "get_parent") else {}
        cell_id = parent.get("metadata", {}).get("cellId")
        run = CellRun(cell_id, next(self._numbers), parent)
        self._current = run
        return run

    def _before(self, _info: Any) -> None:
        run = self._begin()
        for call in self._on_begin:
            call(run)

    def _after(self, result: Any) -> None:
        run, self._current = self._current, None
        if run is None:
            return
        for call in self._on_end:
            call(run, bool(result.success))
