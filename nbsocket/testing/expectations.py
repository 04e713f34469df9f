"""``expect(...)``: states what should be true, and explains in plain words what is true instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbsocket.testing.client import Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbsocket.testing.event import Event

WITHIN_S = 2.0
_QUIET_S = 0.3
_SHOWN = 6


class Unmet(AssertionError):  # noqa: N818 - reads as what it is
    """An expectation that was not met; its text says what happened instead."""

    def _render_traceback_(self) -> list[str]:
        """Show only the text, without a traceback (called by IPython)."""
        return [str(self)]


class _Anything:
    """Equals everything."""

    def __eq__(self, _: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "anything"


anything = _Anything()
"""Stands for an argument that does not matter."""


class Expectation:
    """A client or a value, and what can be expected of it.

    Args:
        subject: A client, or any value.
        when: The name of the value, or when something is expected of the client.
    """

    def __init__(self, subject: Any, when: str = "") -> None:
        """Keep them."""
        self._subject = subject
        self._when = when

    def to_receive(self, event: str, *args: Any, within: float = WITHIN_S) -> Event:
        """Wait until the client has received ``event`` with these arguments.

        Each received event counts once: expecting it twice means two of them.

        Args:
            event: Its name.
            *args: The expected arguments; ``anything`` for one that does not matter, or a function that
                gets the value and returns whether it is right. Without any, the arguments do not matter.
            within: Seconds to wait.

        Returns:
            The event.

        Raises:
            Unmet: It did not arrive.
        """
        client = self._client()
        found = client.next_event(lambda one: one.name == event and _fits(one.args, args), within)
        if found is not None:
            return found
        wanted = f"{event!r} with {', '.join(map(_shown, args))}" if args else repr(event)
        raise Unmet(
            f"{self._begin()}{client.name} should receive {wanted} within {within:g} s. "
            f"{_instead(client, event)}"
        )

    def not_to_receive(self, event: str, *args: Any, within: float = _QUIET_S) -> None:
        """Wait a moment, and check that the client has not received ``event``.

        Args:
            event: Its name.
            *args: As for ``to_receive``.
            within: Seconds to wait.

        Raises:
            Unmet: It has.
        """
        client = self._client()
        found = client.next_event(lambda one: one.name == event and _fits(one.args, args), within)
        if found is not None:
            raise Unmet(f"{self._begin()}{client.name} should not receive {event!r}, but received {found}.")

    def to_equal(self, wanted: Any) -> None:
        """Check that the value equals ``wanted``.

        Raises:
            Unmet: It is not.
        """
        if self._subject != wanted:
            found = f"{self._subject!r}.{self._hint(wanted)}"
            raise Unmet(f"{self._when or 'This'} should be {wanted!r}, but it is {found}")

    def to_be_near(self, wanted: float, by: float) -> None:
        """Check that the number differs from ``wanted`` by at most ``by``.

        Raises:
            Unmet: It does not.
        """
        if not isinstance(self._subject, (int, float)) or abs(self._subject - wanted) > by:
            found = f"{self._subject!r}.{self._hint(wanted)}"
            raise Unmet(f"{self._when or 'This'} should be {wanted!r} ± {by!r}, but it is {found}")

    def to_be_true(self, why: str) -> None:
        """Check that the value is true.

        Args:
            why: The message if it is not.

        Raises:
            Unmet: It is not.
        """
        if not self._subject:
            raise Unmet(why)

    def to_be_disconnected(self, within: float = WITHIN_S) -> str:
        """Wait until the client's connection is over; return the reason.

        Raises:
            Unmet: It is still connected.
        """
        client = self._client()
        if not client.wait_until(lambda: not client.connected, within):
            raise Unmet(
                f"{client.name} should be disconnected within {within:g} s, but still is connected."
            )
        return client.reason

    def _begin(self) -> str:
        return f"{self._when}, " if self._when else ""

    def _hint(self, wanted: Any) -> str:
        if self._subject is None and wanted is not None:
            return " Is a return missing?"
        if isinstance(wanted, tuple) and self._subject == list(wanted):
            return " (A tuple is several values, a list is one.)"
        return ""

    def _client(self) -> Client:
        if not isinstance(self._subject, Client):
            msg = f"expect() needs a Client for this, not {type(self._subject).__name__}"
            raise TypeError(msg)
        return self._subject


def expect(subject: Any, when: str = "") -> Expectation:
    """State what is expected of a client or of a value.

    Args:
        subject: A ``Client``, or any value.
        when: For the message: the value's name, such as ``"add(2, 3)"``; for a client, when it is expected.

    Examples:
        >>> expect(bob).to_receive("said", "hi")
        >>> expect(alice.call("add", 2, 3)).to_equal(5)
    """
    return Expectation(subject, when)


def _fits(args: tuple[Any, ...], wanted: tuple[Any, ...]) -> bool:
    if not wanted:
        return True
    return len(args) == len(wanted) and all(map(_is_right, args, wanted))


def _is_right(value: Any, wanted: Any) -> bool:
    if callable(wanted) and wanted is not anything:
        function: Callable[[Any], Any] = wanted
        return bool(function(value))
    return bool(value == wanted)


def _shown(wanted: Any) -> str:
    return f"what {wanted.__name__} takes" if callable(wanted) else repr(wanted)


def _instead(client: Client, event: str) -> str:
    if client.failures:
        return f"What went wrong: {client.failures[-1]}."
    if not client.connected:
        return f"It was disconnected in the meantime: {client.reason}."
    same = [one for one in client.received if one.name == event and not one.is_met]
    if same:
        return f"It did receive {same[-1]}; the arguments differ."
    left = [str(one) for one in client.received if not one.is_met][-_SHOWN:]
    if left:
        return f"It received {', '.join(left)} instead."
    return "It received nothing else." if client.received else "It received nothing. Is an emit missing?"
