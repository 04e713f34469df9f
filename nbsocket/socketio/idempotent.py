"""Handlers that run once per id, however often the event arrives."""

from __future__ import annotations

import asyncio
import functools
import inspect
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    Function = TypeVar("Function", bound=Callable[..., Any])

LONGEST_ID = 200


def idempotent(by: str | Callable[..., str | int], *, keep: int = 10_000) -> Callable[[Function], Function]:
    """Run a handler once for each id; a repeated event gets the same answer as the first time.

    Without an answer, a client cannot know whether its event arrived. If it retries, by itself or with
    socket.io-client's ``retries``, its event may be handled twice: perhaps only the acknowledgement was
    lost. So it sends an id along, such as ``crypto.randomUUID()``.

    >>> @io.on("order")
    ... @nbsocket.idempotent("order_id")
    ... def order(socket, order_id, what):
    ...     orders.append(what)
    ...     return "thank you"

    The handler's result is remembered with the id. If it raised, the event may be tried again. While an
    ``async def`` handler is running, a repeated event waits for the same result. Ids are shared by all
    clients, since a client that reconnects counts as a new one: use ids that cannot be guessed, or let
    ``by`` combine the id with the client's identity.

    Args:
        by: The name of the handler's parameter that is the id, or a function of the handler's arguments
            that returns it.
        keep: How many ids are remembered; beyond that, the oldest are forgotten.

    Returns:
        A decorator for a handler, to put below ``@io.on`` or ``@socket.on``.

    Raises:
        TypeError: The handler has no parameter of this name.
        ValueError: ``keep`` is less than 1.

    Source: Socket.IO's documentation, "Delivery guarantees" ("At least once").
    """
    if keep < 1:
        msg = f"keep={keep!r}: at least one id must be remembered"
        raise ValueError(msg)

    def wrap(handler: Function) -> Function:
        id_of = _id_of(handler, by)
        known = _Known(keep)

        @functools.wraps(handler)
        def once(*args: Any) -> Any:
            return known.run(id_of(*args), lambda: handler(*args))

        @functools.wraps(handler)
        async def once_async(*args: Any) -> Any:
            return await known.run_async(id_of(*args), lambda: handler(*args))

        wrapped: Any = once_async if inspect.iscoroutinefunction(handler) else once
        # The handler's own signature says how many arguments an event needs.
        wrapped.__signature__ = inspect.signature(handler)
        return cast("Function", wrapped)

    return wrap


class _Known:
    """The latest ids and their results."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._results: OrderedDict[str | int, Any] = OrderedDict()
        self._lock = threading.RLock()

    def run(self, key: str | int, handler: Callable[[], Any]) -> Any:
        # Plain handlers run one after another; a call from a cell waits for its turn, too.
        with self._lock:
            if key not in self._results:
                self._note(key, handler())
            return self._results[key]

    async def run_async(self, key: str | int, handler: Callable[[], Any]) -> Any:
        task = self._results.get(key)
        if task is None:
            # A task of its own: the first caller may be gone before it is done.
            task = asyncio.ensure_future(handler())
            task.add_done_callback(functools.partial(self._ended, key))
            self._note(key, task)
        return await asyncio.shield(task)

    def _ended(self, key: str | int, task: asyncio.Future[Any]) -> None:
        if (task.cancelled() or task.exception()) and self._results.get(key) is task:
            del self._results[key]

    def _note(self, key: str | int, result: Any) -> None:
        self._results[key] = result
        if len(self._results) > self._keep:
            self._results.popitem(last=False)


def _id_of(handler: Callable[..., Any], by: str | Callable[..., str | int]) -> Callable[..., str | int]:
    """Return a function that finds the id among a handler's arguments."""
    find: Callable[..., Any]
    if callable(by):
        find, what = by, "what its function returned"
    else:
        parameters = list(inspect.signature(handler).parameters)
        if by not in parameters:
            msg = f"idempotent({by!r}): the handler's parameters are {', '.join(parameters) or 'none'}"
            raise TypeError(msg)
        place = parameters.index(by)
        find, what = (lambda *args: args[place] if place < len(args) else None), f"{by!r}"

    def checked(*args: Any) -> str | int:
        found = find(*args)
        if type(found) is int or (isinstance(found, str) and 0 < len(found) <= LONGEST_ID):
            return found
        shown = f"a text of {len(found)} characters" if isinstance(found, str) else type(found).__name__
        msg = (
            f"idempotent: {what} is {shown}; an id is a number, or a text of 1 to {LONGEST_ID} characters, "
            "such as crypto.randomUUID() in the page."
        )
        raise ValueError(msg)

    return checked
