"""Signed tickets: only a ticket lets a client in.

A ticket is a value signed with the server's cookie secret (Tornado's signed values are all the crypto),
bound to channel, role, kernel and expiry. The server keeps only the ids of revoked tickets, and those of
frame tickets that have not been used yet.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import secrets
import time
from typing import TYPE_CHECKING

from tornado.web import create_signed_value, decode_signed_value

from nbsocket.gateway.ticket import FRAME, MAX_TTL_S, PAGE, Ticket, Tickets
from nbsocket.link.agreement import GUEST, OWNER

if TYPE_CHECKING:
    from collections.abc import Callable

ROLES = frozenset({OWNER, GUEST})
FRAME_TTL_S = 60.0
"""How long a frame ticket may be used."""

_MAX_FRAMES = 10_000
_PURPOSE = "nbsocket-ticket"
_MAX_LENGTH = 1024
_URL_SAFE = re.compile(r"[A-Za-z0-9_-]+")
_MAX_AGE_DAYS = 366


class TicketSigner(Tickets):
    """Mints, checks and revokes tickets.

    Args:
        secret: The server's cookie secret.
        clock: Seconds since the epoch, since tickets expire by wall-clock time.
    """

    def __init__(self, secret: bytes | str, clock: Callable[[], float] = time.time) -> None:
        """Begin without revoked tickets."""
        super().__init__(clock)
        self._secret = secret
        # By id: until when an unused frame ticket is valid.
        self._frames: dict[str, float] = {}

    def mint(
        self, channel: str, role: str, kernel_id: str, ttl_s: float, opens: str = PAGE
    ) -> tuple[str, Ticket]:
        """Return a new ticket's value and content.

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
        return self._signed(ticket), ticket

    def mint_for_frame(self, channel: str, kernel_id: str, seat: str = "") -> tuple[str, Ticket]:
        """Return a ticket for one session of a guest whose rate is not limited.

        Reading it later gains nothing: it opens one session within a minute, and none after that.

        Args:
            channel: The channel that it opens.
            kernel_id: The kernel that holds the channel.
            seat: The seat of the frame's earlier tickets; empty for a new one. Revoking it ends them all.
        """
        now = self._clock()
        expires_at = float(int(now + MAX_TTL_S) + 1)
        one = secrets.token_urlsafe(9)
        ticket = Ticket(one, channel, GUEST, kernel_id, expires_at, FRAME, seat or secrets.token_urlsafe(9))
        self._frames = {key: until for key, until in self._frames.items() if until > now}
        if len(self._frames) >= _MAX_FRAMES:
            del self._frames[next(iter(self._frames))]
        self._frames[ticket.id] = now + FRAME_TTL_S
        return self._signed(ticket), ticket

    def _signed(self, ticket: Ticket) -> str:
        body = json.dumps(
            [
                *(ticket.id, ticket.channel, ticket.role, ticket.kernel_id),
                *(int(ticket.expires_at), ticket.opens, ticket.seat),
            ]
        )
        signed = create_signed_value(self._secret, _PURPOSE, body, clock=self._clock)
        return base64.urlsafe_b64encode(signed).decode("ascii").rstrip("=")

    def begins(self, ticket: Ticket) -> bool:
        """Whether a session may begin with a valid ticket; this uses up a frame ticket."""
        return ticket.opens != FRAME or self._frames.pop(ticket.id, 0.0) > self._clock()

    def check(self, value: str, channel: str) -> Ticket | None:
        """Return the ticket if ``value`` is valid for ``channel``, else None."""
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
