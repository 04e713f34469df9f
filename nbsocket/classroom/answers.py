"""What a class answered, as plain Python data."""

from __future__ import annotations

from collections import Counter
from typing import Any


class Answers(list[dict[str, Any]]):
    """Answers, the oldest first; each a dict.

    Its keys: ``event``, ``value``, ``person`` (an id, constant while the class is open), ``name``,
    ``at`` (seconds since 1970), ``round`` (the number of what was shown).

    Attributes:
        dropped: How many were dropped, so that one person's many answers leave room for those of others.
    """

    dropped = 0

    def to_frame(self) -> Any:
        """Return them as a pandas DataFrame.

        Raises:
            ImportError: pandas is not installed.
        """
        try:
            import pandas  # noqa: ICN001, PLC0415 - only who asks for it needs it
        except ImportError as error:
            msg = "to_frame() needs pandas: pip install pandas, then restart the kernel."
            raise ImportError(msg) from error
        columns = ["event", "value", "person", "name", "at", "round"]
        return pandas.DataFrame(list(self), columns=columns)

    def latest(self, event: str) -> dict[str, Any]:
        """Return each person's latest value of an event, by person."""
        return {one["person"]: one["value"] for one in self if one["event"] == event}

    def tally(self, event: str) -> Counter[Any]:
        """Return how many chose what; each person's latest answer counts, and each entry of a list."""
        counted: Counter[Any] = Counter()
        for value in self.latest(event).values():
            counted.update(value if isinstance(value, list) else [value])
        return counted
