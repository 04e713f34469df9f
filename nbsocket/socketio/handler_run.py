"""One call of one handler, and who is told of it."""

from __future__ import annotations

import contextvars
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from nbsocket.socketio.cell_run import CellRun

UNANSWERED = "unanswered"
"""What a pane is told when an event gets no acknowledgement, ever; the text is the ack's id."""

TESTER = "tester"
"""The query parameter with a headless client's key: random, so that nobody else has it."""

ROOMS = "rooms"
"""What a pane is told when its client joins or leaves a room; the text is a JSON list of their names."""

LIT = "lit"
"""What a pane is told when an emit that is only tried would reach its client."""


class HandlerRun(msgspec.Struct, eq=False):
    """One call of one handler.

    Args:
        event: The event that caused it.
        client: Whose event it was, as a socket; None for what has no client.
        is_async: Whether the handler is ``async def``: then it must not block.
        is_telling: Whether a print of it is just being told to its pane.
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
        return 0 if self.client is None else int(self.client._session)


handler_run: contextvars.ContextVar[HandlerRun | None] = contextvars.ContextVar("handler_run", default=None)


class Output(Protocol):
    """Where what handlers print belongs, and who wants to hear of it."""

    @property
    def has_listeners(self) -> bool:
        """Whether there is any pane."""
        ...

    @property
    def has_testers(self) -> bool:
        """Whether any headless client wants to hear of failures."""
        ...

    def context_of(self, cell: CellRun | None, run: HandlerRun) -> contextvars.Context:
        """Return a fresh context in which output belongs to ``cell`` and ``run``."""
        ...

    def tell(self, run: HandlerRun, kind: str, text: str = "") -> None:
        """Tell the pane whose event it was."""
        ...

    def unanswered(self, event: str, client: Any, ack_id: int | None, why: str) -> None:
        """Say that an event of a client gets no acknowledgement, ever, and why."""
        ...

    def show_exception(self, error: BaseException, what: str) -> None:
        """Print the traceback under the cell of the current context."""
        ...


class Watcher(Protocol):
    """Who is told which handlers run."""

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
    """Return what an exception says, also one whose own text raises."""
    try:
        return f"{type(error).__name__}: {error}"
    except BaseException as raised:  # noqa: BLE001 - the user's code, whatever it does
        return f"{type(error).__name__} (its text raised {type(raised).__name__})"
