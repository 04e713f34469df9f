"""What a phone can show: a few kinds of blocks, each with the answers that it accepts.

What a phone sends is checked here before any handler sees it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbsocket.classroom.names import clean
from nbsocket.widgets.board import stroke_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

MAX_TEXT = 500
MAX_OPTIONS = 50
MAX_ITEMS = 200


class Block:
    """One thing on the phones, made by one of the functions below.

    Attributes:
        kind: The name of that function.
        event: The event that it emits; empty if it takes no answer.
        shown: What is sent to the phones.
    """

    def __init__(
        self, kind: str, event: str, shown: Mapping[str, Any], check: Callable[[Any], Any] | None
    ) -> None:
        """Made by the functions below.

        Raises:
            ValueError: The event's name is reserved for the classroom, or missing.
        """
        if check is not None and (not event or not isinstance(event, str) or event.startswith("class:")):
            msg = f"{event!r} is not an event for a block: any name that does not begin with 'class:'"
            raise ValueError(msg)
        self.kind = kind
        self.event = event
        self.shown = {"kind": kind, "event": event, **shown}
        self._check = check

    def __repr__(self) -> str:
        """Show what it is."""
        return f"<{self.kind} {self.event!r}>" if self.event else f"<{self.kind}>"

    @property
    def question(self) -> dict[str, Any]:
        """What identifies the question; not the rows of a list, so that a growing list is asked once."""
        return {name: value for name, value in self.shown.items() if name != "rows"}

    @property
    def title(self) -> str:
        """How a teacher recognises it: by its question, or else its event."""
        return str(self.shown.get("label") or self.event or self.kind)

    def accept(self, args: list[Any]) -> Any:
        """Return the answer in the form that handlers get.

        Raises:
            ValueError: It is not a valid answer to this block; the message is for the sender.
        """
        if self._check is None or len(args) != 1:
            raise ValueError("This takes one answer.")
        return self._check(args[0])


def say(text: str) -> Block:
    """Show a text; it takes no answer.

    Args:
        text: What to show.
    """
    return Block("say", "", {"label": str(text)}, None)


def choices(event: str, options: Iterable[str], label: str = "", *, many: bool = False) -> Block:
    """Let each person choose; handlers get the option, or with ``many`` a list of options.

    Answering again changes the answer.

    Args:
        event: The event that carries the choice.
        options: The options, at least two, all different.
        label: The question.
        many: Whether several may be chosen.

    Raises:
        ValueError: There are fewer than two options, more than fifty, or two alike.
    """
    known = [str(one) for one in options]
    if not 2 <= len(known) <= MAX_OPTIONS or len(set(known)) != len(known):  # noqa: PLR2004 - a choice
        msg = f"choices() takes 2 to {MAX_OPTIONS} options, all different"
        raise ValueError(msg)

    def check(value: Any) -> Any:
        chosen = value if many else [value]
        if not isinstance(chosen, list) or len(chosen) > len(known):
            raise ValueError("Choose one of the options.")
        if any(one not in known for one in chosen if isinstance(one, str)) or not all(
            isinstance(one, str) for one in chosen
        ):
            raise ValueError("Choose one of the options.")
        return [one for one in known if one in chosen] if many else value

    return Block("choices", event, {"label": str(label), "options": known, "many": many}, check)


def text(event: str, label: str = "", *, most: int = 80) -> Block:
    """Let each person send texts, as many as they like; handlers get the text.

    Args:
        event: The event that carries it.
        label: The question.
        most: The maximum length of a text, at most 500 characters.

    Raises:
        ValueError: ``most`` is out of bounds.
    """
    if not 1 <= most <= MAX_TEXT:
        msg = f"most={most}: must be 1 to {MAX_TEXT} characters"
        raise ValueError(msg)

    def check(value: Any) -> str:
        cleaned = clean(value, most)
        if not cleaned:
            raise ValueError("Write something first.")
        return cleaned

    return Block("text", event, {"label": str(label), "most": most}, check)


def button(event: str, label: str) -> Block:
    """Show a big button; handlers get how often this person pressed it, as counted by the phone.

    Args:
        event: The event that a press emits.
        label: The button's text.
    """

    def check(value: Any) -> int:
        return value if _is_count(value) else 0

    return Block("button", event, {"label": str(label)}, check)


def toggle(event: str, label: str) -> Block:
    """Show a button that stays down, such as a raised hand; handlers get True or False.

    Args:
        event: The event that it emits.
        label: The button's text.
    """

    def check(value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError("This is either on or off.")  # noqa: TRY004 - shown to the sender
        return value

    return Block("toggle", event, {"label": str(label)}, check)


def items(event: str, rows: Iterable[tuple[Any, str, int]], label: str = "") -> Block:
    """Show a list in which each row can be voted up; handlers get the row's key.

    Args:
        event: The event that a vote emits.
        rows: Key (a string or a number), text and votes so far of each row, 200 at most.
        label: The heading.

    Raises:
        ValueError: There are too many rows, or a key is neither string nor number.
    """
    listed = [(key, str(words), int(votes)) for key, words, votes in rows]
    if len(listed) > MAX_ITEMS or not all(isinstance(key, (str, int)) for key, _, _ in listed):
        msg = f"items() takes {MAX_ITEMS} rows at most; each has a string or a number as its key"
        raise ValueError(msg)
    keys = [key for key, _, _ in listed]

    def check(value: Any) -> Any:
        if not isinstance(value, (str, int)) or value not in keys:
            raise ValueError("This is no longer in the list.")
        return value

    shown = [{"key": key, "text": words, "votes": votes} for key, words, votes in listed]
    return Block("items", event, {"label": str(label), "rows": shown}, check)


def wall(event: str, label: str = "") -> Block:
    """Show a canvas on which everyone draws; handlers get a stroke.

    A stroke is ``{"color": 0 to 7, "points": [[x, y], ...]}``, x and y from 0 to 1.

    Args:
        event: The event that a stroke emits.
        label: The heading.
    """
    return Block("wall", event, {"label": str(label)}, stroke_of)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31
