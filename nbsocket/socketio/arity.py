"""How many arguments a handler takes, determined once when it is registered.

As in JavaScript, a handler gets as many of the arguments as it takes;
if it needs more than were sent, an error says so.
"""

from __future__ import annotations

import functools
import inspect
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class Arity(NamedTuple):
    """How many arguments a handler can be called with.

    Args:
        needs: The smallest number.
        takes: The largest number; infinite if there is none.
    """

    needs: int
    takes: float


ANY = Arity(0, inf)
"""For callables that cannot be inspected: they get all arguments."""


def arity_of(function: Callable[..., Any]) -> Arity:
    """Return how many arguments ``function`` takes; of a wrapper, its own signature counts.

    Raises:
        TypeError: It has a keyword-only parameter without a default, so no event can call it.
    """
    try:
        parameters = inspect.signature(function, follow_wrapped=False).parameters.values()
    except (TypeError, ValueError):
        # Some built-in functions have no signature.
        return ANY
    needs = takes = 0
    takes_all = False
    for one in parameters:
        if one.kind in _POSITIONAL:
            takes += 1
            needs += one.default is one.empty
        elif one.kind is one.VAR_POSITIONAL:
            takes_all = True
        elif one.kind is one.KEYWORD_ONLY and one.default is one.empty:
            msg = (
                f"{name_of(function)}() needs the keyword argument {one.name!r}, and events bring "
                f"positional arguments only: give it a default, or leave out the '*' before it."
            )
            raise TypeError(msg)
    return Arity(needs, inf if takes_all else takes)


def refuse_generator(function: Callable[..., Any]) -> None:
    """Refuse a generator function: calling it runs none of its body.

    Raises:
        TypeError: It contains a ``yield``.
    """
    called = _called(function)
    if inspect.isgeneratorfunction(called) or inspect.isasyncgenfunction(called):
        msg = (
            f"{name_of(function)}() contains a yield, so calling it would not run its body. "
            "Use return for the acknowledgement, and socket.emit() to send more than once."
        )
        raise TypeError(msg)


def is_async(function: Callable[..., Any]) -> bool:
    """Whether ``function`` is ``async def``; it may be a method, a partial or an object's ``__call__``."""
    return inspect.iscoroutinefunction(_called(function))


def name_of(function: Callable[..., Any]) -> str:
    """Return the name by which a user knows ``function``."""
    inner = function
    while isinstance(inner, functools.partial):
        inner = inner.func
    return str(getattr(inner, "__name__", None) or type(inner).__name__)


def _called(function: Callable[..., Any]) -> object:
    """Return the function that a call runs: for an object, its ``__call__``."""
    inner = function
    while isinstance(inner, functools.partial):
        inner = inner.func
    if inspect.isroutine(inner) or inspect.isclass(inner):
        return inner
    return getattr(type(inner), "__call__", inner)  # noqa: B004 - the method itself is wanted


def counted(number: int) -> str:
    """Return ``1 argument``, ``2 arguments``."""
    return f"{number} argument" + ("" if number == 1 else "s")
