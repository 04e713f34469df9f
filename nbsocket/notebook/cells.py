"""Which cell is running, and which has ended.

A registration belongs to the cell run in which it was made. What a module's body registers belongs to that
run of the body instead: importing the module again does nothing, reloading it replaces its handlers.
Outside IPython there are no cells.
"""

from __future__ import annotations

import inspect
import itertools
import threading
from typing import TYPE_CHECKING, Any

from nbsocket.socketio.cell_run import NO_CELL, CellRun, code_of, handler_cell, is_typed_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType

_BODY = "<module>"
"""What Python calls the code of a module's body."""


class Cells:
    """Follows IPython through its cells.

    Args:
        shell: The kernel's InteractiveShell, or None outside IPython.
    """

    def __init__(self, shell: Any) -> None:
        """Start following cells, including the one that is running now."""
        self.shell = shell
        self._numbers = itertools.count(1)
        self._current: CellRun | None = None
        self._on_begin: list[Callable[[CellRun], None]] = []
        self._on_end: list[Callable[[CellRun, bool], None]] = []
        # The latest run of each module's body. Executed again, it has new code (a reload) or new globals
        # (Bokeh and Panel run a file anew for each visitor).
        self._bodies: dict[str, tuple[CodeType, dict[str, Any], CellRun]] = {}
        self._new_bodies: list[CellRun] = []
        if shell is not None:
            self._begin()
            shell.events.register("pre_run_cell", self._before)
            shell.events.register("post_run_cell", self._after)

    def on_begin(self, call: Callable[[CellRun], None]) -> None:
        """Call ``call(run)`` whenever a cell begins."""
        self._on_begin.append(call)

    def on_end(self, call: Callable[[CellRun, bool], None]) -> None:
        """Call ``call(run, succeeded)`` whenever a cell ends."""
        self._on_end.append(call)

    def running(self) -> CellRun | None:
        """Return the cell run that the calling code belongs to.

        In a handler, that is the run that registered the handler;
        on the main thread, the cell that runs now; elsewhere, None.
        """
        of_handler = handler_cell.get()
        if of_handler is not None:
            return None if of_handler is NO_CELL else of_handler
        if threading.current_thread() is threading.main_thread():
            return self._current
        return None

    def registering(self, function: Callable[..., Any]) -> CellRun | None:
        """Return the run that a registration of ``function`` made now belongs to."""
        body = _running_body(function)
        if body is None or handler_cell.get() is NO_CELL:
            return self.running()
        place, code, names = f"module {body.f_code.co_filename}", body.f_code, body.f_globals
        latest = self._bodies.get(place)
        if latest is not None and latest[0] is code and latest[1] is names:
            return latest[2]
        cell = self.running()
        run = CellRun(place, next(self._numbers), cell.parent if cell is not None else {})
        self._bodies[place] = code, names, run
        self._new_bodies.append(run)
        return run

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
        bodies, self._new_bodies = self._new_bodies, []
        for call in self._on_end:
            for one in (*bodies, run):
                call(one, bool(result.success))


def _running_body(function: Callable[..., Any]) -> FrameType | None:
    """Return the frame of the module body that is running now and defines ``function``, if any."""
    code = code_of(function)
    if code is None or is_typed_in(code.co_filename):
        return None
    frame = inspect.currentframe()
    while frame is not None:
        here = frame.f_code
        if here.co_name == _BODY and here.co_filename == code.co_filename:
            return frame
        if is_typed_in(here.co_filename):
            return None
        frame = frame.f_back
    return None
