"""Round trips to the phones, measured so that a buzzer does not reward the better network."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbsocket.classroom.people import Person

_KEPT = 1000


class RoundTrips:
    """Numbered pings, and how long each person took to send the number back."""

    def __init__(self) -> None:
        """Begin without round trips."""
        self._number = 0
        self._asked_all = 0
        self._sent_at: dict[int, float] = {}

    def begin(self, person: Person | None = None) -> int:
        """Return the number of a round trip that begins now, with one person or with everyone."""
        self._number += 1
        if person is None:
            self._asked_all = self._number
        else:
            person.asked_trip = self._number
        self._sent_at[self._number] = time.monotonic()
        self._sent_at.pop(self._number - _KEPT, None)
        return self._number

    def end(self, person: Person, number: Any) -> None:
        """Handle a number that came back; only the newest that was sent to this person counts, once."""
        newest = max(self._asked_all, person.asked_trip)
        if type(number) is int and number == newest and person.ended_trip != number:
            person.ended_trip = number
            person.trips_s.append(time.monotonic() - self._sent_at[number])
