"""What a ticket says, and which tickets are over."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nbsocket.link.agreement import GUEST

if TYPE_CHECKING:
    from collections.abc import Callable

QUERY_NAME = "join_token"
"""The query parameter that carries a ticket on every Engine.IO request."""

PAGE: Final = "page"
FRAME: Final = "frame"
"""For a ticket that foreign code may read: it opens one session, soon, and nothing after that."""

MAX_TTL_S = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Ticket:
    """The content of a valid ticket.

    Args:
        id: Its public name.
        channel: The channel that it opens.
        role: ``OWNER`` or ``GUEST``.
        kernel_id: The kernel that holds the channel.
        expires_at: When it expires, in seconds since the epoch.
        opens: ``PAGE``: the whole channel. ``FRAME``: a page, once. Anything else, such as ``class``, is a
            door of its own: the kernel admits only clients that meet its conditions.
        seat: For a frame ticket, the frame; to the kernel, all its clients are the same one.
    """

    id: str
    channel: str
    role: str
    kernel_id: str
    expires_at: float
    opens: str = PAGE
    seat: str = ""

    @property
    def is_limited(self) -> bool:
        """Whether its clients are read at a guest's rate; the notebook's own pages are not limited."""
        return self.role == GUEST and self.opens != FRAME


class Tickets:
    """The tickets of a gateway that has no address: it mints none.

    Args:
        clock: Seconds since the epoch, since tickets expire by wall-clock time.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """Begin without revoked tickets."""
        self._clock = clock
        self._revoked: dict[str, float] = {}

    def mint(
        self,
        channel: str,  # noqa: ARG002 - like all others: for gateways with an address
        role: str,  # noqa: ARG002
        kernel_id: str,  # noqa: ARG002
        ttl_s: float,  # noqa: ARG002
        opens: str = PAGE,  # noqa: ARG002
    ) -> tuple[str, Ticket]:
        """Return a new ticket's value and content.

        Raises:
            ValueError: The role is unknown or the time to live is not in (0, 7 days]; here always.
        """
        msg = (
            "There is no address that a ticket could open: this kernel runs inside the browser. "
            "Its clients are the panes and client cells of this notebook."
        )
        raise ValueError(msg)

    def mint_for_frame(self, channel: str, kernel_id: str, seat: str = "") -> tuple[str, Ticket]:
        """Return a ticket for one session of a guest whose rate is not limited.

        Raises:
            ValueError: Here always.
        """
        return self.mint(channel, GUEST, kernel_id, 0.0, seat)

    def check(self, value: str, channel: str) -> Ticket | None:  # noqa: ARG002 - here none is
        """Return the ticket if ``value`` is valid for ``channel``, else None."""
        return None

    def begins(self, ticket: Ticket) -> bool:
        """Whether a session may begin with a valid ticket."""
        return ticket.opens != FRAME

    def is_over(self, ticket: Ticket) -> bool:
        """Whether the ticket expired or was revoked."""
        return (
            ticket.expires_at <= self._clock() or ticket.id in self._revoked or ticket.seat in self._revoked
        )

    def revoke(self, ticket_id: str) -> None:
        """Revoke the ticket with this id, or all of this seat, for as long as they could be valid."""
        now = self._clock()
        self._revoked = {key: until for key, until in self._revoked.items() if until > now}
        self._revoked[ticket_id] = now + MAX_TTL_S + 1

    def now(self) -> float:
        """Return the wall-clock time."""
        return self._clock()
