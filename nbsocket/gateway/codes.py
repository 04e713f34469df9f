"""Short codes: typed in by people or carried in a link's fragment, and exchanged for a ticket.

A code is valid as long as its ticket, in this process's memory. It is looked up first, so the right code
always works, however many wrong ones came from the same address, which a whole class may share. Guessing
is hopeless because all look-ups on a server share one rate limit (docs/security.md has the arithmetic).
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from nbsocket.gateway.token_bucket import TokenBucket
from nbsocket.protocol.errors import NbSocketError

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbsocket.gateway.ticket import Ticket, Tickets

ALPHABET = "23456789BCDFGHJKMNPQRTVWXZ"
"""No vowels, so no words; no characters that are easily confused."""

LENGTH = 7
MAX_CODES = 10_000
TRIES_PER_ADDRESS = 10
REFILL_S = 60.0
"""An address regains all its tries within this many seconds, a little at a time."""

LOOKUPS_PER_S = 100.0
LOOKUPS_AT_ONCE = 2000
LONGEST_WAIT_S = 5.0
"""How long a look-up may wait for its turn; beyond that, look-ups are refused."""

_MAX_ADDRESSES = 10_000
_FIRST_SWEEP = 100


class TooManyTriesError(NbSocketError):
    """An address tried too many wrong codes, and this one is wrong, too."""


class BusyError(NbSocketError):
    """So many codes are being looked up that this one would wait too long."""


class CodeOffice:
    """Issues codes and exchanges them.

    Args:
        tickets: Knows which tickets are over.
        clock: Seconds on a clock that never goes back.
    """

    def __init__(self, tickets: Tickets, clock: Callable[[], float]) -> None:
        """Begin without codes."""
        self._tickets = tickets
        self._clock = clock
        self._codes: dict[str, tuple[str, Ticket]] = {}
        self._sweep_at = _FIRST_SWEEP
        self._lookups = TokenBucket(LOOKUPS_PER_S, LOOKUPS_AT_ONCE, clock())
        self._addresses: dict[str, TokenBucket] = {}

    def issue(self, value: str, ticket: Ticket) -> str:
        """Return a new code for a ticket; if there are too many codes, forget the oldest.

        Args:
            value: The ticket's value.
            ticket: The ticket's content.
        """
        if len(self._codes) >= self._sweep_at:
            self._sweep()
        if len(self._codes) >= MAX_CODES:
            del self._codes[next(iter(self._codes))]
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        self._codes[code] = value, ticket
        return code

    def _sweep(self) -> None:
        """Forget the codes of tickets that are over; repeat when the remaining number has doubled."""
        self._codes = {code: one for code, one in self._codes.items() if not self._tickets.is_over(one[1])}
        self._sweep_at = min(MAX_CODES, max(_FIRST_SWEEP, 2 * len(self._codes)))

    def wait_s(self) -> float:
        """Return how many seconds a look-up must wait for its turn, and count it.

        Raises:
            BusyError: It would have to wait too long.
        """
        now = self._clock()
        if self._lookups.left(now) < -LONGEST_WAIT_S * LOOKUPS_PER_S:
            raise BusyError
        return self._lookups.take(1, now)

    def exchange(self, text: str, address: str) -> tuple[str, Ticket] | None:
        """Return the ticket's value and content; None if there is no such code.

        Args:
            text: What was typed; case, blanks and hyphens do not matter.
            address: The address of the person.

        Raises:
            TooManyTriesError: The code is wrong, and too many before it from this address were, too.
        """
        found = self._codes.get("".join(one for one in text.upper() if one in ALPHABET))
        if found is not None and not self._tickets.is_over(found[1]):
            return found
        now = self._clock()
        mine = self._addresses.get(address) or TokenBucket(
            TRIES_PER_ADDRESS / REFILL_S, TRIES_PER_ADDRESS, now
        )
        if mine.left(now) < 1:
            raise TooManyTriesError
        mine.take(1, now)
        self._remember(address, mine)
        return None

    def _remember(self, address: str, bucket: TokenBucket) -> None:
        """Keep an address's bucket as the latest; forget the one that was used least recently."""
        addresses = self._addresses
        addresses.pop(address, None)
        if len(addresses) >= _MAX_ADDRESSES:
            del addresses[next(iter(addresses))]
        addresses[address] = bucket
