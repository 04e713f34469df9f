"""How long events take in the kernel."""

from __future__ import annotations

from collections import deque

_KEPT = 1000


class Pace:
    """The latest events' times, from arrival to the end of their handlers; bounded."""

    __slots__ = ("_arrived", "_handled", "_took_s")

    def __init__(self) -> None:
        """Begin without events."""
        self._arrived = 0
        self._handled = 0
        self._took_s: deque[float] = deque(maxlen=_KEPT)

    def arrived(self) -> None:
        """Count an event that waits from now on; the carrier's thread."""
        self._arrived += 1

    def handled(self, took_s: float) -> None:
        """Count an event whose handlers have run; the handler thread."""
        self._handled += 1
        self._took_s.append(took_s)

    def figures(self) -> dict[str, float]:
        """Return the counts, and percentiles in milliseconds."""
        took_s = sorted(self._took_s)
        handled = self._handled
        figures: dict[str, float] = {"handled": handled, "waiting": max(0, self._arrived - handled)}
        for percent in (50, 90, 99):
            at = min(len(took_s) - 1, len(took_s) * percent // 100)
            figures[f"p{percent}_ms"] = round(took_s[at] * 1000, 3) if took_s else 0.0
        return figures
