"""A ticket that can show itself as a QR code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbsocket.socketio import tickets

if TYPE_CHECKING:
    from nbsocket.widgets.panel import Panel


class Ticket(tickets.Ticket):
    """A ticket lets a client into one channel.

    Attributes:
        value: The secret, for the ``join_token`` query parameter.
        code: A short code for people, which the join page exchanges for the secret.
        id: Its public name.
        role: ``owner`` or ``guest``.
        expires: When it expires, in UTC.
    """

    @property
    def qr(self) -> Panel:
        """A QR code of the link, with the code to type; drawn in the browser, never saved in a notebook."""
        from nbsocket.widgets.panel import Panel  # noqa: PLC0415 - widgets load when first used

        def asked(what: str, _who: object) -> None:
            if what == "door":
                shown.tell_door(self.code)

        shown = Panel(self._channel, self._carrier, asked)
        return shown
