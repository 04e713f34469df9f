"""How long events take in the kernel."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_KEPT = 1000


class LatencyStats:
    """The latest events' times, from arrival to the end of their handlers; bounded."""

    __slots__ = ("_took_s", "handled")

    def __init__(self) -> None:
        """Begin without events."""
        # Incremented directly, and only by the handler thread.
        self.handled = 0
        self._took_s: deque[float] = deque(maxlen=_KEPT)

    @property
    def note(self) -> Callable[[float], None]:
        """Record how many seconds an event took."""
        return self._took_s.append

    def figures(self) -> dict[str, float]:
        """Return the count, and percentiles in milliseconds."""
        took_s = sorted(self._took_s)
        figures: dict[str, float] = {"handled": self.handled}
        for percent in (50, 90, 99):
            at = min(len(took_s) - 1, len(took_s) * percent // 100)
            figures[f"p{percent}_ms"] = round(took_s[at] * 1000, 3) if took_s else 0.0
        return figures
