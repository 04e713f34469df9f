"""Tickets: what lets a client in, and nothing else.

A ticket is a value signed with the server's cookie secret (Tornado's signed values are all the crypto),
bound to channel, role, kernel and expiry. The server keeps only the ids it revoked.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tornado.web import create_signed_value, decode_signed_value

if TYPE_CHECKING:
    from collections.abc import Callable

QUERY_NAME = "join_token"
"""The query parameter that carries a ticket on every Engine.IO request."""

OWNER: Final = "owner"
GUEST: Final = "guest"
PAGE: Final = "page"
ROLES = frozenset({OWNER, GUEST})
MAX_TTL_S = 7 * 24 * 3600.0
_PURPOSE = "nbsocket-ticket"
_MAX_LENGTH = 1024
_URL_SAFE = re.compile(r"[A-Za-z0-9_-]+")
_MAX_AGE_DAYS = 366


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a valid ticket says.

    Args:
        id: Its public name.
        channel: Which channel it opens.
        role: ``OWNER`` or ``GUEST``.
        kernel_id: Which kernel's channel.
        expires_at: When it ends, in seconds since the epoch.
        opens: ``PAGE``: all of the channel. Anything else, such as ``class``, is a door of its own:
            the kernel lets nobody past it who does not come as that door wants.
    """

    id: str
    channel: str
    role: str
    kernel_id: str
    expires_at: float
    opens: str = PAGE


class TicketOffice:
    """Mints, checks and revokes tickets.

    Args:
        secret: The server's cookie secret.
        clock: Seconds since the epoch; expiry is a matter of wall-clock time.
    """

    def __init__(self, secret: bytes | str, clock: Callable[[], float] = time.time) -> None:
        """Open an office for one server."""
        self._secret = secret
        self._clock = clock
        self._revoked: dict[str, float] = {}

    def mint(
        self, channel: str, role: str, kernel_id: str, ttl_s: float, opens: str = PAGE
    ) -> tuple[str, Ticket]:
        """Return a new ticket's value and what it says.

        Raises:
            ValueError: The role is unknown or the time to live is not in (0, 7 days].
        """
        if role not in ROLES:
            msg = f"role must be one of {', '.join(sorted(ROLES))}, not {role!r}"
            raise ValueError(msg)
        if not 0 < ttl_s <= MAX_TTL_S:
            msg = f"ttl must be above 0 and at most {MAX_TTL_S:.0f} seconds, not {ttl_s:g}"
            raise ValueError(msg)
        expires_at = float(int(self._clock() + ttl_s) + 1)
        ticket = Ticket(secrets.token_urlsafe(9), channel, role, kernel_id, expires_at, opens)
        body = json.dumps([ticket.id, channel, role, kernel_id, int(expires_at), opens])
        signed = create_signed_value(self._secret, _PURPOSE, body, clock=self._clock)
        return base64.urlsafe_b64encode(signed).decode("ascii").rstrip("="), ticket

    def check(self, value: str, channel: str) -> Ticket | None:
        """Return the ticket if ``value`` is a good one for ``channel``; None whatever is wrong."""
        if len(value) > _MAX_LENGTH or not _URL_SAFE.fullmatch(value):
            return None
        try:
            signed = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
        except (binascii.Error, ValueError):
            return None
        body = decode_signed_value(
            self._secret, _PURPOSE, signed, max_age_days=_MAX_AGE_DAYS, clock=self._clock
        )
        if body is None:
            return None
        ticket = Ticket(*json.loads(body))
        if ticket.channel != channel or self.is_over(ticket):
            return None
        return ticket

    def is_over(self, ticket: Ticket) -> bool:
        """Whether the ticket expired or was revoked."""
        return ticket.expires_at <= self._clock() or ticket.id in self._revoked

    def revoke(self, ticket_id: str) -> None:
        """Make the ticket with this id worthless, for as long as it could live."""
        now = self._clock()
        self._revoked = {key: until for key, until in self._revoked.items() if until > now}
        self._revoked[ticket_id] = now + MAX_TTL_S + 1

    def now(self) -> float:
        """Return the office's wall-clock time."""
        return self._clock()
