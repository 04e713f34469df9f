"""Tickets as a notebook holds them; the text of a ticket never shows its secret."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nbsocket.errors import LinkLostError
from nbsocket.link.messages import MintTicket, RevokeTicket

if TYPE_CHECKING:
    from nbsocket.carriers.interface import Carrier


class Ticket:
    """A ticket lets a client into one channel.

    Attributes:
        value: The secret, for the ``join_token`` query parameter.
        code: A short code for people, which the join page exchanges for the secret.
        id: Its public name.
        role: ``owner`` or ``guest``.
        expires: When it expires, in UTC.
    """

    def __init__(
        self, carrier: Carrier, channel: str, role: str, ttl_s: float, opens: str = "page"
    ) -> None:
        """Mint it; ``opens`` is what the join page opens with its code: ``page`` or ``class``.

        Raises:
            ValueError: The role is unknown, or the time to live is out of bounds.
            LinkLostError: The Jupyter server does not answer.
        """
        reply = carrier.request(MintTicket, channel=channel, role=role, ttl_s=ttl_s, opens=opens)
        if reply.error == "bad_ticket":
            raise ValueError(reply.message)
        if reply.error:
            msg = f"The Jupyter server has no channel {channel!r}; run the cell that creates it again."
            raise LinkLostError(msg)
        self.value = str(reply.value["value"])
        self.code = str(reply.value.get("code", ""))
        self.id = str(reply.value["id"])
        self.role = str(reply.value["role"])
        self.expires = datetime.fromtimestamp(float(reply.value["expires_at"]), UTC)
        self._carrier = carrier
        self._channel = channel

    @property
    def link(self) -> str:
        """The address of the join page with the code in its fragment, which no server sees.

        It leads to the channel's page as soon as there is one.
        """
        base = (self._carrier.public_url or self._carrier.url).rstrip("/")
        return f"{base}/nbsocket/{self._channel}/join#code={self.code}"

    def revoke(self) -> None:
        """Invalidate the ticket and disconnect the clients that used it."""
        self._carrier.request(RevokeTicket, channel=self._channel, ticket_id=self.id)

    def __repr__(self) -> str:
        """Show everything but the secret."""
        left = max(0, round(self.expires.timestamp() - time.time()))
        return f"<Ticket {self.id} for {self._channel!r} as {self.role}, {left // 60} min left>"
