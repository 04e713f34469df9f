"""Who registered a handler: one run of a cell, or of a module's body.

What such a run registers is replaced when it runs again. Outside a notebook there are none.
"""

from __future__ import annotations

import functools
import inspect
import linecache
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context
    from types import CodeType


class CellRun:
    """One run of one cell, or of one module's body.

    Args:
        cell_id: The front end's id of the cell, None if it sends none; for a module, a name of its own.
        number: Counts all runs of all cells in this kernel.
        parent: The Jupyter message that requested the run; output is shown under it.
    """

    __slots__ = ("cell_id", "context", "number", "parent")

    def __init__(self, cell_id: str | None, number: int, parent: dict[str, Any]) -> None:
        """Begin a run."""
        self.cell_id = cell_id
        self.number = number
        self.parent = parent
        self.context: Context | None = None


handler_cell: ContextVar[CellRun | None] = ContextVar("handler_cell", default=None)
"""In a handler: the cell run that registered it, so that what it registers belongs to that run, too."""


NO_CELL = CellRun(None, 0, {})
"""Set as ``handler_cell``: registrations then belong to no cell, so that re-running a cell keeps them."""


class CellRuns(Protocol):
    """Knows which run the calling code belongs to."""

    def running(self) -> CellRun | None:
        """Return the run that the calling code belongs to."""
        ...

    def registering(self, function: Callable[..., Any]) -> CellRun | None:
        """Return the run that a registration of ``function`` made now belongs to."""
        ...


def code_of(function: Callable[..., Any]) -> CodeType | None:
    """Return the code of a function, or of the one it wraps; None for built-ins."""
    inner: Any = function
    while True:
        if isinstance(inner, functools.partial):
            inner = inner.func
        elif inspect.ismethod(inner):
            inner = inner.__func__
        elif hasattr(inner, "__wrapped__"):
            inner = inner.__wrapped__
        else:
            code: CodeType | None = getattr(inner, "__code__", None)
            return code


def is_typed_in(filename: str) -> bool:
    """Whether code of this file name was typed into a cell or a prompt (``linecache`` has no mtime)."""
    if filename.startswith("<"):
        return True
    entry = linecache.cache.get(filename)
    return entry is not None and len(entry) > 1 and entry[1] is None
