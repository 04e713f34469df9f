"""A token bucket: so many at once, and so many a second in the long run."""

from __future__ import annotations


class TokenBucket:
    """Tokens that come back at a steady rate, up to a limit. Begins full.

    Args:
        rate: Tokens per second.
        burst: The most that it holds.
        now: Seconds on a steady clock.
    """

    __slots__ = ("_at", "_burst", "_left", "_rate")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        """Begin full."""
        self._rate = rate
        self._burst = self._left = float(burst)
        self._at = now

    def left(self, now: float) -> float:
        """Return how many tokens there are; negative if more were taken than there were."""
        left = self._left + (now - self._at) * self._rate
        # Without ``min``, which is a call, since this runs for every event.
        self._left = left if left < self._burst else self._burst  # noqa: FURB136
        self._at = now
        return self._left

    def take(self, cost: float, now: float) -> float:
        """Take tokens, also more than there are; return how many seconds until they are paid for."""
        self._left = left = self.left(now) - cost
        return -left / self._rate if left < 0 else 0.0
