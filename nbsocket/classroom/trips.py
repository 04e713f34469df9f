"""Round trips to the phones: so that a buzzer does not reward the better network."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbsocket.classroom.people import Person

_KEPT = 1000


class RoundTrips:
    """Numbered questions, and how long each person took to send the number back."""

    def __init__(self) -> None:
        """Begin with none."""
        self._number = 0
        self._sent_at: dict[int, float] = {}

    def begin(self) -> int:
        """Return the number of a round trip that begins now."""
        self._number += 1
        self._sent_at[self._number] = time.monotonic()
        self._sent_at.pop(self._number - _KEPT, None)
        return self._number

    def end(self, person: Person, number: Any) -> None:
        """Take a number that came back; one that was never sent says nothing."""
        sent = self._sent_at.get(number) if isinstance(number, int) else None
        if sent is not None:
            person.trips_s.append(time.monotonic() - sent)
