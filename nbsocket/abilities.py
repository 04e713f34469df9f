"""What this Python can do: inside a browser there are neither threads nor processes."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_LOOK_EVERY_S = 0.005


def has_threads() -> bool:
    """Whether threads can be started; not in Pyodide, where one loop runs everything."""
    return sys.platform != "emscripten"


def in_forked_child(call: Callable[[], None]) -> None:
    """Call ``call`` in each forked child, where there can be any."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=call)


def can_pause() -> bool:
    """Whether the calling code can be paused while the browser's loop goes on.

    It takes a browser with WebAssembly's JavaScript Promise Integration, and a cell, not a callback.
    """
    try:
        from pyodide.ffi import can_run_sync  # noqa: PLC0415 - only inside a browser
    except ImportError:
        return False
    return bool(can_run_sync())


def wait_pausing(wait: Callable[[float], bool], timeout_s: float | None) -> bool:
    """Pause the calling code until ``wait(0.0)`` is true; False on time-out. Needs ``can_pause``."""
    from pyodide.ffi import run_sync  # noqa: PLC0415 - only inside a browser

    ends = None if timeout_s is None else time.monotonic() + timeout_s
    while not wait(0.0):
        if ends is not None and time.monotonic() >= ends:
            return False
        run_sync(asyncio.sleep(_LOOK_EVERY_S))
    return True
