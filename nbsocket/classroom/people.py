"""Who is in the class, identified by a key that a phone keeps, so that a reload is not a newcomer."""

from __future__ import annotations

import itertools
import secrets
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbsocket.classroom.names import clean, looks_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbsocket.socketio.socket import Socket

MAX_PEOPLE = 2000
"""How many people may be here at the same time; those who have left do not count."""

MAX_KEPT = 20_000
"""How many names and keys are kept; beyond that, those who left first and answered nothing go first."""

MAX_SHOWN_GONE = 200
MAX_NAME = 30
MAX_LATENCY_S = 1.0
"""The most that is subtracted from a buzz, so that a phone cannot win by answering late on purpose."""

_KEPT_TRIPS = 8


@dataclass(slots=True, eq=False)
class Person:
    """One person.

    Attributes:
        id: A short public name, the same while the class is open.
        name: The person's name, or ``guest 7``.
        is_muted: Whether the person's answers are ignored.
        is_removed: Whether the person was sent away.
    """

    id: str
    name: str
    key: str = field(repr=False)
    is_muted: bool = False
    is_removed: bool = False
    answer_count: int = field(default=0, repr=False)
    asked_trip: int = field(default=0, repr=False)
    ended_trip: int = field(default=0, repr=False)
    sockets: set[Socket] = field(default_factory=set, repr=False)
    trips_s: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT_TRIPS), repr=False)

    @property
    def is_here(self) -> bool:
        """Whether a page of this person is connected."""
        return bool(self.sockets)

    @property
    def latency_s(self) -> float:
        """Latency from this phone to the kernel in seconds: half the shortest of the latest round trips."""
        return min(MAX_LATENCY_S, min(self.trips_s, default=0.0) / 2)


class People:
    """Everyone who joined."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._by_key: dict[str, Person] = {}
        self._by_id: dict[str, Person] = {}
        # The looks of all kept names, and how often each was requested again.
        self._taken: set[str] = set()
        self._doubles: Counter[str] = Counter()
        self._here: dict[str, Person] = {}
        # Those who left, the longest gone first.
        self._gone: dict[str, Person] = {}
        self._numbers = itertools.count(1)

    def __iter__(self) -> Iterator[Person]:
        """Iterate over everyone who was not removed, in the order in which they joined."""
        return iter([one for one in list(self._by_id.values()) if not one.is_removed])

    def __len__(self) -> int:
        """Return how many people are known."""
        return len(self._by_id)

    @property
    def are_here(self) -> int:
        """How many are here now."""
        return len(self._here)

    def shown(self) -> list[Person]:
        """Return who is here and who left most recently, in the order in which they joined."""
        gone = list(self._gone)[-MAX_SHOWN_GONE:]
        names = {*self._here, *gone}
        return [one for one in self if one.id in names]

    def came(self, person: Person, socket: Socket) -> None:
        """Note that a page of a person has connected."""
        person.sockets.add(socket)
        self._gone.pop(person.id, None)
        self._here[person.id] = person

    def left(self, person: Person, socket: Socket) -> None:
        """Note that a page of a person has disconnected."""
        person.sockets.discard(socket)
        if not person.sockets and self._here.pop(person.id, None) is not None:
            self._gone[person.id] = person

    def with_key(self, key: object) -> Person | None:
        """Return the person with this key."""
        return self._by_key.get(key) if isinstance(key, str) else None

    def with_id(self, person_id: object) -> Person | None:
        """Return the person with this id."""
        return self._by_id.get(person_id) if isinstance(person_id, str) else None

    def add(self, name: object) -> Person:
        """Add a person with a name; an empty or missing one becomes ``guest 7``.

        A name that is taken gets a number, so that two people stay distinguishable.
        """
        if len(self._by_id) >= MAX_KEPT:
            self._forget_some()
        number = next(self._numbers)
        wanted = (clean(name, MAX_NAME) if isinstance(name, str) else "") or f"guest {number}"
        person = Person(f"p{number}", self._free(wanted), secrets.token_urlsafe(12))
        self._by_key[person.key] = self._by_id[person.id] = person
        # Not here until a page of theirs connects.
        self._gone[person.id] = person
        return person

    def _free(self, wanted: str) -> str:
        """Return the name, with a number if another one looks the same."""
        given, looks = wanted, looks_of(wanted)
        while looks_of(given) in self._taken:
            self._doubles[looks] += 1
            given = f"{wanted} ({self._doubles[looks] + 1})"
        self._taken.add(looks_of(given))
        return given

    def _forget_some(self) -> None:
        """Forget a tenth of those who left, first those who answered nothing."""
        gone = sorted(self._gone.values(), key=lambda one: bool(one.answer_count or one.is_removed))
        for one in gone[: MAX_KEPT // 10]:
            for kept, key in ((self._by_key, one.key), (self._by_id, one.id), (self._gone, one.id)):
                kept.pop(key, None)
            self._taken.discard(looks_of(one.name))
        # Newcomers are numbered from the start again, skipping the names that are kept.
        self._doubles.clear()

    def find(self, who: str | Person) -> Person:
        """Return a person by id or by name.

        Raises:
            KeyError: There is no such person.
        """
        if isinstance(who, Person):
            return who
        found = self._by_id.get(who) or next((one for one in self if one.name == who), None)
        if found is None:
            msg = f"nobody in the class is called {who!r}"
            raise KeyError(msg)
        return found
