"""Checks of arguments: room names, seconds, and keyword arguments that do not exist here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_MANY = (list, tuple, set, frozenset)
_INSTEAD = {
    "room": "io.to(room).emit(…)",
    "to": "io.to(room).emit(…)",
    "rooms": "io.to(*rooms).emit(…)",
    "namespace": "io.of(namespace).emit(…)",
    "skip_sid": "io.except_(skip_sid).emit(…)",
    "broadcast": "socket.broadcast.emit(…)",
    "include_self": "socket.broadcast.emit(…) for all but the sender",
    "callback": "call(…), which waits for the acknowledgement, or await emit_with_ack(…)",
    "ack": "call(…), which waits for the acknowledgement, or await emit_with_ack(…)",
    "timeout": "call(…, timeout=…), which waits for the acknowledgement",
    "volatile": "io.volatile.emit(…)",
}
"""Keyword arguments of other libraries and older Socket.IO versions, and what to write here instead."""


def room_names(rooms: Iterable[Any]) -> frozenset[str]:
    """Return the names, which may be given one by one or as lists.

    Raises:
        TypeError: A name is not a string.
    """
    names: set[str] = set()
    for one in rooms:
        for name in one if isinstance(one, _MANY) else (one,):
            if not isinstance(name, str):
                msg = f"a room's name is a string, not {type(name).__name__}: {name!r}"
                raise TypeError(msg)
            names.add(name)
    return frozenset(names)


def seconds(value: Any, what: str = "timeout") -> float | None:
    """Return ``value`` if it is a number of seconds, or None, which means no limit.

    Raises:
        TypeError: It is something else.
        ValueError: It is negative, or not a number.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        msg = f"{what}={value!r}: give seconds as a number, such as 1.5, or None"
        raise TypeError(msg)
    if not float(value) >= 0:
        msg = f"{what}={value!r}: seconds are not negative"
        raise ValueError(msg)
    return float(value)


def no_options(call: str, options: dict[str, Any]) -> None:
    """Refuse keyword arguments that ``call`` does not have.

    Raises:
        TypeError: There is one; the message says what to write instead.
    """
    for name in options:
        instead = _INSTEAD.get(name)
        hint = f"write  {instead}" if instead else "what is sent follows the event's name, without keywords"
        msg = f"{call}() has no {name}=; {hint}"
        raise TypeError(msg)
