"""The teacher's side of a class: what the panel shows, and what its buttons do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbsocket.widgets.panel import Panel

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbsocket.carriers.interface import Carrier
    from nbsocket.classroom.classroom import Classroom
    from nbsocket.classroom.people import People
    from nbsocket.classroom.round import Round
    from nbsocket.socketio.handler_thread import HandlerThread
    from nbsocket.socketio.tickets import Ticket

_TELL_EVERY_S = 0.25


class Desk:
    """Keeps a class's panel up to date, and handles its buttons.

    Args:
        classroom: The class.
        people: Who is in it.
        asked: What is asked, and the answers.
        ticket: The ticket behind its code.
        carrier: How the panel's page reaches the gateway.
        handlers: The handler thread, on which the panel is updated.
    """

    def __init__(
        self,
        classroom: Classroom,
        people: People,
        asked: Round,
        ticket: Ticket,
        carrier: Carrier,
        handlers: HandlerThread,
    ) -> None:
        """Begin without a panel: it is created when it is first shown."""
        self._classroom = classroom
        self._people = people
        self._asked = asked
        self._ticket = ticket
        self._carrier = carrier
        self._handlers = handlers
        self._panel: Panel | None = None
        self._is_told = True

    def panel(self, channel: str) -> Panel:
        """Return the panel; the same one each time."""
        if self._panel is None:
            self._panel = Panel(channel, self._carrier, self._said)
        return self._panel

    def changed(self) -> None:
        """Update the panel, a few times a second at most."""
        if self._panel is None or not self._is_told:
            return
        self._is_told = False
        self._handlers.later(_TELL_EVERY_S, self._tell)

    def _tell(self) -> None:
        self._is_told = True
        if self._panel is not None:
            self._panel.tell(self.state())

    def state(self) -> dict[str, Any]:
        """Return what the panel shows, as JSON."""
        classroom, asked = self._classroom, self._asked
        return {
            "title": classroom.title,
            "is_open": classroom.is_open,
            "is_locked": classroom.is_locked,
            "takes": asked.takes,
            "shown": asked.in_words(),
            "answers": len(asked),
            "dropped": asked.dropped,
            "people": [
                {
                    "id": one.id,
                    "name": one.name,
                    "here": one.is_here,
                    "muted": one.is_muted,
                    "latency_ms": round(one.latency_s * 1000) if one.trips_s else None,
                }
                for one in self._people.shown()
            ],
        }

    def _said(self, what: str, who: Any) -> None:
        """Handle a button of the panel."""
        classroom = self._classroom
        acts: dict[str, Callable[[], None]] = {
            "open": classroom.open,
            "stop": classroom.stop,
            "reset": classroom.reset,
            "close": classroom.close,
            "lock": classroom.lock,
            "unlock": lambda: classroom.lock(is_locked=False),
        }
        person = self._people.with_id(who)
        if what == "door" and self._panel is not None:
            self._panel.tell(self.state())
            if classroom.is_open:
                self._panel.tell_door(self._ticket.code)
        elif what in acts:
            acts[what]()
        elif person is not None and what in {"mute", "unmute"}:
            classroom.mute(person, is_muted=what == "mute")
        elif person is not None and what == "remove":
            classroom.remove(person)
