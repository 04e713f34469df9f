"""One call of one handler, and who is told about it."""

from __future__ import annotations

import contextvars
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from nbsocket.socketio.cell_run import CellRun

UNANSWERED = "unanswered"
"""Tells a pane that an event will never be acknowledged; the text is the acknowledgement's id."""

TESTER = "tester"
"""The query parameter with a headless client's key, which is random so that nobody else has it."""

ROOMS = "rooms"
"""Tells a pane that its client joined or left a room; the text is a JSON list of all its rooms."""

LIT = "lit"
"""Tells a pane that a previewed emit would reach its client."""


class HandlerRun(msgspec.Struct, eq=False):
    """One call of one handler.

    Args:
        event: The event that caused it.
        client: The member (``member.Member``) that sent the event; None if no client did.
        is_async: Whether the handler is ``async def``: then it must not block.
        is_telling: Whether something it prints is being passed to its pane right now.
        began: When it began, while somebody watches; else 0.
    """

    event: str
    client: Any
    is_async: bool = False
    is_telling: bool = False
    began: float = 0.0

    @property
    def session(self) -> int:
        """The client's session; 0 without a client."""
        return 0 if self.client is None else int(self.client.session)


handler_run: contextvars.ContextVar[HandlerRun | None] = contextvars.ContextVar("handler_run", default=None)


class Output(Protocol):
    """Where handler output is shown, and who else wants it."""

    @property
    def has_listeners(self) -> bool:
        """Whether there is any pane."""
        ...

    @property
    def has_testers(self) -> bool:
        """Whether any headless client wants to be told of failures."""
        ...

    def context_of(self, cell: CellRun | None, run: HandlerRun) -> contextvars.Context:
        """Return a fresh context in which output belongs to ``cell`` and ``run``."""
        ...

    def tell(self, run: HandlerRun, kind: str, text: str = "") -> None:
        """Tell the pane that sent the event."""
        ...

    def unanswered(self, event: str, client: Any, ack_id: int | None, why: str) -> None:
        """Report that a client's event will never be acknowledged, and why."""
        ...

    def show_exception(self, error: BaseException, what: str) -> None:
        """Print the traceback under the cell of the current context."""
        ...


class Watcher(Protocol):
    """Records which handlers run."""

    is_watched: bool

    def watch(self, channel: str, *, on: bool) -> None:
        """Start or stop noting what happens, for one channel."""
        ...

    def begins(self, run: HandlerRun) -> None:
        """Note that a handler begins to run."""
        ...

    def ended(self, run: HandlerRun) -> None:
        """Note that a handler has ended."""
        ...


def words_of(error: BaseException) -> str:
    """Return an exception's type and text, even if its ``__str__`` raises."""
    try:
        return f"{type(error).__name__}: {error}"
    except BaseException as raised:  # noqa: BLE001 - the user's code, whatever it does
        return f"{type(error).__name__} (its text raised {type(raised).__name__})"
