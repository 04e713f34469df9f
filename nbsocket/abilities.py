"""What this Python can do: inside a browser there are neither threads nor processes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def has_threads() -> bool:
    """Whether threads can be started; not in Pyodide, where one loop runs everything."""
    return sys.platform != "emscripten"


def in_forked_child(call: Callable[[], None]) -> None:
    """Call ``call`` in each forked child, where there can be any."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=call)
