"""How the call of a handler came out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from nbsocket.protocol.errors import EncodeError
from nbsocket.socketio.acks import Failure
from nbsocket.socketio.handler_run import Output, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator
    from contextvars import Context

    from nbsocket.socketio.handler_table import Registration
    from nbsocket.socketio.handler_thread import HandlerThread


class Reply:
    """The outcome of a handler called with ``ask``: its result, or how it failed.

    Args:
        handlers: Resumes the coroutine that awaits it.
    """

    __slots__ = ("_handlers", "_is_there", "awaited_by", "failure", "value")

    def __init__(self, handlers: HandlerThread) -> None:
        """Begin without an outcome."""
        self._handlers = handlers
        self._is_there = False
        self.value: Any = None
        self.failure: Failure | None = None
        self.awaited_by: Coroutine[Reply, None, None] | None = None

    def __call__(self, value: Any, failure: Failure | None) -> None:
        """Take the outcome, and resume whoever awaits it."""
        self.value, self.failure, self._is_there = value, failure, True
        if self.awaited_by is not None:
            self._handlers.step(self.awaited_by)

    def __await__(self) -> Generator[Reply, None, Reply]:
        """Wait for the outcome."""
        if not self._is_there:
            yield self
        return self


class Outcome(msgspec.Struct, eq=False):
    """The outcome of one handler call: an answer, or an error that is shown to the handler's author.

    Args:
        output: Where errors are shown.
        context: The cell's context, in which the handler runs.
        registration: The handler.
        done: Called with the result.
        expected: Exceptions that are an answer, not an error.
    """

    output: Output
    context: Context
    registration: Registration
    done: Callable[[Any, Failure | None], object] | None
    expected: tuple[type[BaseException], ...]

    def returned(self, value: Any) -> None:
        """Pass on what the handler returned."""
        if self.done is None:
            return
        try:
            self.done(value, None)
        except EncodeError as error:
            # It cannot be sent: nothing is acknowledged.
            self.raised(error)

    def raised(self, error: BaseException) -> None:
        """Show what the handler raised, and pass it on."""
        what = self.registration.description
        if not isinstance(error, self.expected):
            self.context.run(self.output.show_exception, error, f"nbsocket: {what}")
        if self.done is not None:
            self.done(None, Failure(error, f"{what} raised {words_of(error)}"))
