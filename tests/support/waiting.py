"""Waiting for a state, not for a time."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


async def until(
    condition: Callable[[], Any], timeout: float = 60.0, why: str = "the condition never held"
) -> Any:
    """Let the loop run until ``condition()`` holds; return what it returned.

    Raises:
        AssertionError: It did not in time; ``why`` is its text.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + timeout
    while not (found := condition()):
        assert loop.time() < end, why
        await asyncio.sleep(0.005)
    return found


def soon(condition: Callable[[], Any], timeout: float = 60.0, why: str = "the condition never held") -> Any:
    """Block until ``condition()`` holds; return what it returned.

    Raises:
        AssertionError: It did not in time; ``why`` is its text.
    """
    end = time.monotonic() + timeout
    while not (found := condition()):
        assert time.monotonic() < end, why
        time.sleep(0.005)
    return found
