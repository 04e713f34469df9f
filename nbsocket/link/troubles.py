"""What goes wrong with clients and would go unseen: counted by kind, and told to the server's author."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TELL_EVERY_S = 10.0

TOO_BIG = "too_big"
"""A message that is larger than ``max_payload``."""

OLD_CLIENT = "old_client"
"""A client of an earlier revision of Engine.IO."""

OTHER_PARSER = "other_parser"
"""A client whose Socket.IO packets are encoded in another way."""

NO_PACKET = "no_packet"
"""A message that is not a Socket.IO packet, or not one that may come now."""

NOT_IN_CLASS = "not_in_class"
"""A client that answers a class and is not in it."""


@dataclass(slots=True)
class _Kind:
    count: int = 0
    untold: int = 0
    latest: str = ""
    told_at: float = float("-inf")


class Troubles:
    """The troubles of one channel; each kind is told once in ten seconds at most."""

    def __init__(self) -> None:
        """Begin without any."""
        self._kinds: dict[str, _Kind] = {}

    def note(self, kind: str, text: str, now: float) -> str:
        """Count one.

        Args:
            kind: One of this module's.
            text: What happened and what to do, in words.
            now: Seconds on a steady clock.

        Returns:
            What to tell the author; empty if one of this kind was told a moment ago.
        """
        one = self._kinds.setdefault(kind, _Kind())
        one.count += 1
        one.latest = text
        if now - one.told_at < TELL_EVERY_S:
            one.untold += 1
            return ""
        more = f" ({one.untold:,} more of this kind before it.)" if one.untold else ""
        one.told_at, one.untold = now, 0
        return text + more

    def figures(self) -> dict[str, Any]:
        """Return ``count`` and ``latest`` text by kind."""
        return {kind: {"count": one.count, "latest": one.latest} for kind, one in self._kinds.items()}
