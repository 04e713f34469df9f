"""Short codes: what a person types, or a link carries in its fragment, in exchange for a ticket.

A code lives as long as its ticket, in this process's memory. Guessing is held up by counting refused tries,
for each address and for all together; a class that joins from one address is not counted.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbsocket.gateway.tickets import Ticket, TicketOffice

ALPHABET = "23456789BCDFGHJKMNPQRTVWXZ"
"""No vowels, so no words; nothing that looks like something else."""

LENGTH = 7
MAX_CODES = 10_000
TRIES_PER_ADDRESS = 10
TRIES_OF_ALL = 300
REFILL_S = 60.0
"""In this many seconds all tries come back, a little at a time."""

_MAX_ADDRESSES = 10_000
_FIRST_SWEEP = 100


class TooManyTriesError(Exception):
    """An address, or all together, tried too many wrong codes."""


@dataclass(slots=True)
class _Bucket:
    """Tries that are left, and when that was counted."""

    left: float
    at: float

    def refill(self, capacity: float, now: float) -> None:
        self.left = min(capacity, self.left + (now - self.at) * capacity / REFILL_S)
        self.at = now


class CodeOffice:
    """Issues codes and exchanges them.

    Args:
        tickets: Says which tickets are over.
        clock: Seconds on a clock that never goes back.
    """

    def __init__(self, tickets: TicketOffice, clock: Callable[[], float]) -> None:
        """Begin without codes."""
        self._tickets = tickets
        self._clock = clock
        self._codes: dict[str, tuple[str, Ticket, str]] = {}
        self._sweep_at = _FIRST_SWEEP
        self._all = _Bucket(TRIES_OF_ALL, clock())
        self._addresses: dict[str, _Bucket] = {}

    def issue(self, value: str, ticket: Ticket, opens: str = "page") -> str:
        """Return a new code for a ticket; when there are too many, the oldest goes.

        Args:
            value: The ticket's value.
            ticket: What it says.
            opens: What the join page is to do with it.
        """
        if len(self._codes) >= self._sweep_at:
            self._sweep()
        if len(self._codes) >= MAX_CODES:
            del self._codes[next(iter(self._codes))]
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        self._codes[code] = value, ticket, opens
        return code

    def _sweep(self) -> None:
        """Forget the codes whose tickets are over; next when there are twice as many as are left."""
        self._codes = {code: one for code, one in self._codes.items() if not self._tickets.is_over(one[1])}
        self._sweep_at = min(MAX_CODES, max(_FIRST_SWEEP, 2 * len(self._codes)))

    def exchange(self, text: str, address: str) -> tuple[str, Ticket, str] | None:
        """Return the ticket's value, what it says, and what it opens; None if there is no such code.

        Args:
            text: What was typed; case, blanks and hyphens do not matter.
            address: Who asks.

        Raises:
            TooManyTriesError: Too many wrong codes came from there, or from everywhere.
        """
        now = self._clock()
        mine = self._addresses.get(address) or _Bucket(TRIES_PER_ADDRESS, now)
        mine.refill(TRIES_PER_ADDRESS, now)
        self._all.refill(TRIES_OF_ALL, now)
        if mine.left < 1 or self._all.left < 1:
            raise TooManyTriesError
        found = self._codes.get("".join(one for one in text.upper() if one in ALPHABET))
        if found is not None and not self._tickets.is_over(found[1]):
            return found
        mine.left -= 1
        self._all.left -= 1
        self._remember(address, mine, now)
        return None

    def _remember(self, address: str, bucket: _Bucket, now: float) -> None:
        if len(self._addresses) >= _MAX_ADDRESSES:
            self._addresses = {
                one: other for one, other in self._addresses.items() if now - other.at < REFILL_S
            }
        if len(self._addresses) < _MAX_ADDRESSES:
            self._addresses[address] = bucket
