"""An event as a headless client keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Event:
    """An event that a client received.

    Attributes:
        name: The event's name.
        args: Its arguments.
        at: When it arrived, in seconds on ``time.monotonic()``'s clock.
    """

    name: str
    args: tuple[Any, ...]
    at: float
    is_met: bool = field(default=False, repr=False)

    def __str__(self) -> str:
        """Show the event as a call."""
        text = f"{self.name}({', '.join(map(repr, self.args))})"
        return text if len(text) <= 200 else f"{text[:200]}…"  # noqa: PLR2004 - a line or two
