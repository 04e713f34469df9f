"""What the phones are asked now, and what was answered. Knows nothing of sockets or threads."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from nbsocket.classroom.answers import Answers
from nbsocket.classroom.blocks import Block

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from nbsocket.classroom.people import Person

MAX_ANSWERS = 200_000
MAX_ANSWERS_A_PERSON = 5_000
LATE_S = 0.5
"""How long after the time limit an answer is still accepted, since it may be in transit."""


class Round:
    """The blocks that are shown, whether answers are taken, and all answers."""

    def __init__(self) -> None:
        """Ask nothing."""
        self._lock = threading.Lock()
        self._shown: list[Block] = []
        self._by_event: dict[str, Block] = {}
        self._answers = Answers()
        self._counts: Counter[str] = Counter()
        # For this round, updated with each answer: by event, each person's latest, and how many chose what.
        self._latest: dict[str, dict[str, Any]] = {}
        self._tallies: dict[str, Counter[Any]] = {}
        self._round = 0
        self._takes = False
        self._until: float | None = None

    @property
    def events(self) -> set[str]:
        """The events that carry answers to what is shown."""
        return set(self._by_event)

    @property
    def takes(self) -> bool:
        """Whether answers are accepted."""
        return self._takes

    @property
    def round(self) -> int:
        """How many times something new was asked."""
        return self._round

    @property
    def dropped(self) -> int:
        """How many answers were dropped to make room."""
        return self._answers.dropped

    @property
    def answers(self) -> Answers:
        """All answers, the oldest first; a copy."""
        with self._lock:
            copy = Answers(self._answers)
            copy.dropped = self._answers.dropped
            return copy

    def __len__(self) -> int:
        """Return the number of answers."""
        return len(self._answers)

    def show(self, blocks: Sequence[Block], seconds: float | None) -> None:
        """Ask this instead of what was asked; the same questions without a new limit keep the round.

        Raises:
            TypeError: Something is not a block.
            ValueError: Two blocks emit the same event.
        """
        for block in blocks:
            if not isinstance(block, Block):
                msg = f"show() takes blocks such as choices(...), not {type(block).__name__}"
                raise TypeError(msg)
        by_event = {block.event: block for block in blocks if block.event}
        if len(by_event) != sum(bool(block.event) for block in blocks):
            msg = "Two blocks emit the same event; give each its own."
            raise ValueError(msg)
        with self._lock:
            asked, before = ([one.question for one in shown] for shown in (blocks, self._shown))
            if asked != before or seconds is not None:
                self._next_round()
            self._shown, self._by_event = list(blocks), by_event
            self._takes = True
            self._until = None if seconds is None else time.monotonic() + seconds

    def stop(self) -> None:
        """Take no more answers."""
        self._takes = False

    def open(self) -> None:
        """Take answers again, without a time limit."""
        self._takes, self._until = True, None

    def reset(self) -> None:
        """Forget all answers and ask again."""
        with self._lock:
            self._answers = Answers()
            self._counts.clear()
            self._next_round()

    def _next_round(self) -> None:
        self._round += 1
        self._latest, self._tallies = {}, {}

    def ends_in_s(self) -> float | None:
        """Return the seconds until answers are no longer accepted; None without a limit."""
        return None if self._until is None else max(0.0, self._until - time.monotonic()) + LATE_S

    def has_run_out(self) -> bool:
        """Stop if the time is up; return whether this call did it."""
        if self._until is None or not self._takes or time.monotonic() < self._until:
            return False
        self._takes = False
        return True

    def accept(self, event: str, args: list[Any], person: Person) -> Any:
        """Record an answer and return it in the form that handlers get.

        Raises:
            ValueError: It is not accepted; the message is for the sender.
        """
        block = self._by_event.get(event)
        late = self._until is not None and time.monotonic() > self._until + LATE_S
        if block is None or not self._takes or late:
            raise ValueError("This is not open now.")
        if person.is_muted:
            raise ValueError("The teacher has muted you.")
        value = block.accept(args)
        with self._lock:
            self._make_room(person.id)
            answer = {
                "event": event,
                "value": value,
                "person": person.id,
                "name": person.name,
                "at": time.time(),
                "round": self._round,
            }
            self._answers.append(answer)
            self._counts[person.id] += 1
            person.answer_count += 1
            self._count(event, person.id, value)
        return value

    def _make_room(self, person_id: str) -> None:
        """Make room by forgetting the older half of this person's answers, or of the one with the most."""
        if self._counts[person_id] >= MAX_ANSWERS_A_PERSON:
            self._forget_half_of(person_id)
        if len(self._answers) >= MAX_ANSWERS:
            self._forget_half_of(self._counts.most_common(1)[0][0])

    def _forget_half_of(self, person_id: str) -> None:
        left = size = (self._counts[person_id] + 1) // 2
        kept = Answers()
        for one in self._answers:
            if left and one["person"] == person_id:
                left -= 1
            else:
                kept.append(one)
        kept.dropped = self._answers.dropped + size
        self._answers = kept
        self._counts[person_id] -= size

    def _count(self, event: str, person_id: str, value: Any) -> None:
        """Replace a person's previous answer in the figures of this round."""
        latest = self._latest.setdefault(event, {})
        before, latest[person_id] = latest.get(person_id), value
        if isinstance(value, dict):
            # A stroke: there is nothing to count.
            return
        tally = self._tallies.setdefault(event, Counter())
        for one in _entries(before):
            tally[one] -= 1
            if not tally[one]:
                del tally[one]
        tally.update(_entries(value))

    def tally(self, event: str) -> Counter[Any]:
        """Return how many chose what since it was shown; each person's latest answer counts."""
        with self._lock:
            return Counter(self._tallies.get(event, ()))

    def options_of(self, chosen: Collection[Any]) -> list[str]:
        """Return all options, in order, of the ``choices`` block that these come from; [] if there is none.

        If nothing is chosen yet, that is the only such block on the phones.
        """
        offered = [block.shown["options"] for block in self._shown if "options" in block.shown]
        found = [options for options in offered if all(one in options for one in chosen)]
        return found[0] if found and (chosen or len(found) == 1) else []

    def answered_by(self, person: Person) -> dict[str, Any]:
        """Return this person's latest answers to what is shown, by event."""
        with self._lock:
            found = {event: latest.get(person.id) for event, latest in self._latest.items()}
        return {event: value for event, value in found.items() if value is not None}

    def told(self) -> dict[str, Any]:
        """Return the round as it is sent to the phones."""
        left = None if self._until is None else max(0.0, self._until - time.monotonic())
        return {
            "round": self._round,
            "blocks": [block.shown for block in self._shown],
            "takes": self._takes,
            "left_s": left,
        }

    def in_words(self) -> list[str]:
        """Return the title of each block that is shown."""
        return [block.title for block in self._shown]


def _entries(value: Any) -> list[Any]:
    """Return what counts in an answer: each entry of a list, or the value itself."""
    return value if isinstance(value, list) else [] if value is None else [value]
