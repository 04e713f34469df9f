"""Problems with clients that would go unnoticed: counted by kind, and reported to the server's author."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TELL_EVERY_S = 10.0

TOO_BIG = "too_big"
"""A message that is larger than ``max_payload``."""

OLD_CLIENT = "old_client"
"""A client of an earlier revision of Engine.IO."""

OTHER_PARSER = "other_parser"
"""A client that encodes Socket.IO packets with another parser."""

NO_PACKET = "no_packet"
"""A message that is not a Socket.IO packet, or not one that is allowed at that point."""

NOT_IN_CLASS = "not_in_class"
"""A client that answers a class's questions without being in it."""


@dataclass(slots=True)
class _Kind:
    count: int = 0
    untold: int = 0
    latest: str = ""
    told_at: float = float("-inf")


class Troubles:
    """The problems of one channel; each kind is reported at most every ten seconds."""

    def __init__(self) -> None:
        """Begin without problems."""
        self._kinds: dict[str, _Kind] = {}

    def note(self, kind: str, text: str, now: float) -> str:
        """Count a problem.

        Args:
            kind: One of this module's constants.
            text: What happened and what to do.
            now: Seconds on a monotonic clock.

        Returns:
            What to tell the author; empty if one of this kind was reported a moment ago.
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
