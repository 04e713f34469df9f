"""What this kernel does, for wire views: when messages arrive, which handlers run, whether a cell is busy.

Nothing is recorded while nobody watches. The carrier's thread reports, so reports continue while a cell or
a handler is busy. Reports are bounded, and whatever does not fit is counted.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, TypeVar

from nbsocket.link.messages import ActivityReport

if TYPE_CHECKING:
    from nbsocket.carriers.interface import Carrier
    from nbsocket.socketio.cell_run import CellRun
    from nbsocket.socketio.handler_run import HandlerRun

_What = TypeVar("_What")
_TELL_EVERY_S = 0.1
_KEPT = 500


class Activity:
    """The activity of one process.

    Args:
        carrier: Sends the reports.
    """

    def __init__(self, carrier: Carrier) -> None:
        """Begin unwatched."""
        self.is_watched = False
        self._carrier = carrier
        self._channels: set[str] = set()
        self._arrived: deque[tuple[int, float]] = deque()
        self._ran: deque[tuple[int, str, float, float]] = deque()
        self._cells: deque[tuple[int, float, float]] = deque()
        self._running: HandlerRun | None = None
        self._cell: tuple[int, float] | None = None
        self._left_out = 0
        self._told: tuple[float, float] = (0.0, 0.0)

    # --- the carrier's thread ---------------------------------------------------------------

    def watch(self, channel: str, *, on: bool) -> None:
        """Start or stop activity reporting for one channel."""
        was_watched = self.is_watched
        if on:
            self._channels.add(channel)
        else:
            self._channels.discard(channel)
        self.is_watched = bool(self._channels)
        self._carrier.on_arrival = self._note_arrival if self.is_watched else None
        self._told = (0.0, 0.0)
        if not self.is_watched:
            for kept in (self._arrived, self._ran, self._cells):
                kept.clear()
        elif not was_watched:
            self._tell()

    def _note_arrival(self, number: int) -> None:
        self._note(self._arrived, (number, time.monotonic()))

    def _note(self, kept: deque[_What], what: _What) -> None:
        if len(kept) < _KEPT:
            kept.append(what)
        else:
            self._left_out += 1

    def _tell(self) -> None:
        if not self.is_watched:
            return
        arrived, ran, cells = _taken(self._arrived), _taken(self._ran), _taken(self._cells)
        running, cell = self._running, self._cell
        # What is still running is reported once, without an end.
        open_now = (running.began if running else 0.0, cell[1] if cell else 0.0)
        if open_now != self._told:
            if running is not None and running.began:
                ran.append((running.session, running.event, running.began, 0.0))
            if cell is not None:
                cells.append((*cell, 0.0))
            self._told = open_now
        left_out, self._left_out = self._left_out, 0
        if arrived or ran or cells or left_out:
            for channel in list(self._channels):
                self._carrier.send(ActivityReport(channel, time.monotonic(), arrived, ran, cells, left_out))
        self._carrier.later(_TELL_EVERY_S, self._tell)

    # --- the handler thread -----------------------------------------------------------------

    def begins(self, run: HandlerRun) -> None:
        """Note that a handler begins to run."""
        run.began = time.monotonic()
        self._running = run

    def ended(self, run: HandlerRun) -> None:
        """Note that a handler has ended."""
        if self._running is run:
            self._running = None
        self._note(self._ran, (run.session, run.event, run.began, time.monotonic()))

    # --- the main thread --------------------------------------------------------------------

    def cell_begins(self, cell: CellRun) -> None:
        """Note that a cell is busy, even if nobody watches yet: somebody may while it runs."""
        self._cell = (cell.number, time.monotonic())

    def cell_ended(self, run: CellRun) -> None:
        """Note that a cell is no longer busy."""
        cell = self._cell
        if cell is None or cell[0] != run.number:
            return
        self._cell = None
        if self.is_watched:
            self._note(self._cells, (*cell, time.monotonic()))


def _taken(kept: deque[_What]) -> list[_What]:
    """Take everything that is there now, while other threads may append."""
    return [kept.popleft() for _ in range(len(kept))]
