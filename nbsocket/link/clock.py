"""How far another process's clock is ahead of ours (as in NTP, RFC 5905, section 8)."""

from __future__ import annotations

from collections import deque

_KEPT = 8


class ClockOffset:
    """The best of the latest estimates: the one with the shortest round trip.

    Both clocks are monotonic; on one machine they are usually the same.
    """

    __slots__ = ("_samples",)

    def __init__(self) -> None:
        """Begin without an estimate: the clocks count as equal."""
        self._samples: deque[tuple[float, float]] = deque(maxlen=_KEPT)

    def note(self, asked_at: float, answered_at: float, now: float) -> None:
        """Add a measurement.

        Args:
            asked_at: When we asked, on our clock, in seconds.
            answered_at: When the other answered, on its clock.
            now: When the answer arrived, on our clock.
        """
        self._samples.append((now - asked_at, answered_at - (asked_at + now) / 2))

    @property
    def ahead_s(self) -> float:
        """How many seconds the other clock is ahead.

        A value that cannot be distinguished from 0 becomes 0: it is most likely the same clock.
        """
        round_trip_s, ahead_s = min(self._samples, default=(0.0, 0.0))
        return 0.0 if abs(ahead_s) <= round_trip_s / 2 else ahead_s

    @property
    def error_s(self) -> float | None:
        """How far ``ahead_s`` may be off; None while nothing is known.

        Half a round trip, or up to a whole one if 0 was chosen.
        """
        if not self._samples:
            return None
        round_trip_s, ahead_s = min(self._samples)
        return round_trip_s / 2 + (abs(ahead_s) if self.ahead_s == 0 else 0)
