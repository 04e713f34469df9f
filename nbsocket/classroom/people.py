"""Who is in the class: by a key that a phone keeps, so that a reload is no newcomer."""

from __future__ import annotations

import secrets
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbsocket.classroom.blocks import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbsocket.kernel.socket import Socket

MAX_PEOPLE = 2000
MAX_NAME = 30
MAX_LATENCY_S = 1.0
"""More is not taken off a buzz: a phone that answers late on purpose must not win by it."""

_KEPT_TRIPS = 8


@dataclass(slots=True, eq=False)
class Person:
    """One person.

    Attributes:
        id: A short public name, the same while the class is open.
        name: What the person is called, or ``guest 7``.
        is_muted: Whether answers are not taken.
        is_removed: Whether the person was sent away.
    """

    id: str
    name: str
    key: str = field(repr=False)
    is_muted: bool = False
    is_removed: bool = False
    sockets: set[Socket] = field(default_factory=set, repr=False)
    trips_s: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT_TRIPS), repr=False)

    @property
    def is_here(self) -> bool:
        """Whether a page of this person is connected."""
        return bool(self.sockets)

    @property
    def latency_s(self) -> float:
        """Seconds from this phone to the kernel: half the shortest of the latest round trips."""
        return min(MAX_LATENCY_S, min(self.trips_s, default=0.0) / 2)


class People:
    """Everybody who ever came in."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._by_key: dict[str, Person] = {}
        self._by_id: dict[str, Person] = {}

    def __iter__(self) -> Iterator[Person]:
        """Go through all who were not removed, in the order in which they came."""
        return iter([one for one in list(self._by_id.values()) if not one.is_removed])

    def __len__(self) -> int:
        """Count all who ever came."""
        return len(self._by_id)

    def with_key(self, key: object) -> Person | None:
        """Return who has this key."""
        return self._by_key.get(key) if isinstance(key, str) else None

    def with_id(self, person_id: object) -> Person | None:
        """Return who has this id."""
        return self._by_id.get(person_id) if isinstance(person_id, str) else None

    def add(self, name: object) -> Person:
        """Let somebody in under a name; an empty one, or none, becomes ``guest 7``.

        A name that is taken gets a number: two people are two people.
        """
        number = len(self._by_id) + 1
        wanted = (clean(name, MAX_NAME) if isinstance(name, str) else "") or f"guest {number}"
        taken = {one.name for one in self._by_id.values()}
        given, count = wanted, 2
        while given in taken:
            given = f"{wanted} ({count})"
            count += 1
        person = Person(f"p{number}", given, secrets.token_urlsafe(12))
        self._by_key[person.key] = self._by_id[person.id] = person
        return person

    def find(self, who: str | Person) -> Person:
        """Return a person by id or by name.

        Raises:
            KeyError: Nobody is called so.
        """
        if isinstance(who, Person):
            return who
        found = self._by_id.get(who) or next((one for one in self if one.name == who), None)
        if found is None:
            msg = f"nobody in the class is called {who!r}"
            raise KeyError(msg)
        return found
