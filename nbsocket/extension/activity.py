"""Tells Jupyter that a class is in progress, so that no idle culler shuts it down."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbsocket.extension.kernels import Kernels

_AT_MOST_EVERY_S = 1.0


class Activity:
    """Records traffic on channels as activity of the server and of the kernel.

    Args:
        settings: The web application's settings.
        kernels: Finds kernels.
    """

    def __init__(self, settings: dict[str, Any], kernels: Kernels) -> None:
        """Begin without recorded activity."""
        self._times = settings["last_activity_times"]
        self._kernels = kernels
        self._noted_at = 0.0

    def note(self, kernel_id: str) -> None:
        """Note that a client of this kernel sent something."""
        now = time.monotonic()
        if now - self._noted_at < _AT_MOST_EVERY_S:
            return
        self._noted_at = now
        moment = datetime.now(UTC)
        self._times["nbsocket"] = moment
        kernel = self._kernels.find(kernel_id)
        if kernel is not None:
            kernel.last_activity = moment
