"""The single thread on which all headless clients of a process read, even while a cell is busy."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from nbsocket.abilities import has_threads

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")
_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


def client_loop() -> asyncio.AbstractEventLoop:
    """Return the loop; its thread starts at the first call and ends with the process.

    Without threads it is the one that there is.
    """
    if not has_threads():
        return asyncio.get_event_loop()
    global _loop  # noqa: PLW0603 - one per process is the point
    with _lock:
        if _loop is None or _loop.is_closed():
            _loop = asyncio.new_event_loop()
            thread = threading.Thread(
                target=_loop.run_forever, name="nbsocket headless clients", daemon=True
            )
            thread.start()
        return _loop


def run(coroutine: Coroutine[Any, Any, T], timeout_s: float) -> T:
    """Run a coroutine on the clients' thread and return its result.

    Raises:
        TimeoutError: It took longer than ``timeout_s``.
    """
    future = asyncio.run_coroutine_threadsafe(coroutine, client_loop())
    try:
        return future.result(timeout_s)
    except TimeoutError:
        future.cancel()
        raise
