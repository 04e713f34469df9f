"""What the doctor found, and how it is shown."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from nbsocket._version import __version__

GOOD, NOTE, FAULT = "ok", "note", "fault"
_MARKS = {GOOD: "✓", NOTE: "•", FAULT: "✗"}

START = "jupyter lab"
ENABLE = "jupyter server extension enable nbsocket"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check.

    Attributes:
        state: ``ok``, ``note`` or ``fault``.
        what: What was found, in a sentence.
        fix: The line that fixes it; empty if there is nothing to fix.
    """

    state: str
    what: str
    fix: str = ""

    def __str__(self) -> str:
        """Show the finding on one line, and its fix on another."""
        line = f"{_MARKS[self.state]} {self.what}"
        return f"{line}\n    → {self.fix}" if self.fix else line


class Report:
    """What the doctor found.

    Attributes:
        findings: The findings, in the order of the checks.
    """

    def __init__(self, findings: list[Finding]) -> None:
        """Keep them."""
        self.findings = findings

    @property
    def faults(self) -> list[Finding]:
        """What keeps nbsocket from working."""
        return [one for one in self.findings if one.state == FAULT]

    @property
    def is_well(self) -> bool:
        """Whether nothing keeps nbsocket from working."""
        return not self.faults

    def __str__(self) -> str:
        """Show all findings, and a summary."""
        count = len(self.faults)
        begin = f"nbsocket {__version__}, Python {sys.version.split()[0]}"
        end = f"{count} to fix, the first one first." if count else "Nothing keeps nbsocket from working."
        return "\n".join([begin, *map(str, self.findings), end])

    __repr__ = __str__


def numbers(version: str) -> tuple[int, ...]:
    """Return the first two numbers of a version, to compare it."""
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
