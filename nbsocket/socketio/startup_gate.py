"""Holds clients back until the cell that creates the server has registered its handlers."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbsocket.socketio.cell_run import CellRun
    from nbsocket.socketio.surroundings import Surroundings
    from nbsocket.socketio.turns import Turn

_QUIET_S = 1.0


class StartupGate:
    """Holds clients back until the cell that creates the server has ended, or the program calls ``run``.

    So no event arrives before its handler. It opens at the latest 1 s after the last registration.

    Args:
        here: The process with its handler thread and cells.
    """

    def __init__(self, here: Surroundings) -> None:
        """Start closed if a cell is running, or if there are no cells to follow."""
        self._handlers = here.handlers
        self._cell = here.cells.running()
        self._lock = threading.Lock()
        is_closed = self._cell is not None or not here.has_cells
        self._held: list[Turn] | None = [] if is_closed else None
        self._registered_at = time.monotonic()
        if is_closed:
            self._handlers.loop.call_soon_threadsafe(self._check)

    def registered(self) -> None:
        """Wait a little longer: the cell is still registering handlers."""
        self._registered_at = time.monotonic()

    def hold(self, turn: Turn) -> None:
        """Hold a new client back until the gate is open."""
        if self._held is None:
            # It never closes again.
            return
        with self._lock:
            if self._held is not None:
                self._handlers.turns.hold(turn)
                self._held.append(turn)

    def cell_ended(self, cell: CellRun) -> None:
        """Open the gate, if it waits for this cell."""
        if cell is self._cell:
            self.open()

    def _check(self) -> None:
        left = self._registered_at + _QUIET_S - time.monotonic()
        if left <= 0:
            self.open()
        elif self._held is not None:
            self._handlers.loop.call_later(left, self._check)

    def open(self) -> None:
        """Open the gate and let everyone in."""
        with self._lock:
            held, self._held = self._held, None
        for turn in held or []:
            self._handlers.release(turn)
