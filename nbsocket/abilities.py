"""What this Python can do: inside a browser there are neither threads nor processes."""

from __future__ import annotations

import asyncio
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


def can_pause() -> bool:
    """Whether the calling code can be paused while the browser's loop goes on.

    It takes a browser with WebAssembly's JavaScript Promise Integration, and a cell, not a callback.
    """
    try:
        from pyodide.ffi import can_run_sync  # noqa: PLC0415 - only inside a browser
    except ImportError:
        return False
    return bool(can_run_sync())


def pause(seconds: float) -> None:
    """Let the browser's loop go on for some seconds."""
    from pyodide.ffi import run_sync  # noqa: PLC0415 - only inside a browser

    run_sync(asyncio.sleep(seconds))
