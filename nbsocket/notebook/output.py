"""Shows what a handler prints, displays or raises under its cell, and in the pane that sent the event.

ipykernel shows output under the request named in the current context. So every cell run gets a context
of its own, created once, and each handler runs in a copy of its cell's context.
"""

from __future__ import annotations

import contextvars
import logging
import sys
import traceback
from typing import TYPE_CHECKING, Any

from nbsocket.socketio.cell_run import handler_cell
from nbsocket.socketio.handler_run import TESTER, UNANSWERED, HandlerRun, handler_run, words_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbsocket.socketio.cell_run import CellRun

log = logging.getLogger("nbsocket")

_PACKAGE = "nbsocket"


class HandlerOutput:
    """Runs calls in the context of a cell and lets panes listen to what they print.

    Args:
        shell: The kernel's shell, or None outside IPython.
    """

    def __init__(self, shell: Any) -> None:
        """Begin without listeners; the standard streams are left alone until there is one."""
        self._shell = shell
        self._context: contextvars.Context | None = None
        self._listeners: dict[str, Callable[[HandlerRun, str, str], None]] = {}
        self._testers: dict[str, Callable[[str, int | None], None]] = {}

    def context_of(self, cell: CellRun | None, run: HandlerRun) -> contextvars.Context:
        """Return a fresh context in which output belongs to ``cell`` and ``run``."""
        base = cell.context if cell is not None else self._context
        if base is None:
            base = contextvars.copy_context()
            base.run(self._enter, cell)
            if cell is not None:
                cell.context = base
            else:
                self._context = base
        if self._listeners:
            self._overhear()
        context = base.copy()
        context.run(handler_run.set, run)
        return context

    def _enter(self, cell: CellRun | None) -> None:
        handler_cell.set(cell)
        # Since ipykernel 7; before that, output of a plain thread appears under the cell that ran last.
        pin = getattr(self._shell, "set_thread_parent", None)
        if cell is not None and cell.parent and pin is not None:
            pin(cell.parent)

    def listen(self, pane_id: str, listener: Callable[[HandlerRun, str, str], None] | None) -> None:
        """Call ``listener(run, kind, text)`` for output caused by a pane's events; None stops that."""
        if listener is None:
            self._listeners.pop(pane_id, None)
        else:
            self._listeners[pane_id] = listener

    def hear_failures(self, key: str, call: Callable[[str, int | None], None] | None) -> None:
        """Call ``call(why, ack_id)`` for each event of a client that is not handled; None stops that."""
        if call is None:
            self._testers.pop(key, None)
        else:
            self._testers[key] = call

    def unanswered(self, event: str, client: Any, ack_id: int | None, why: str) -> None:
        """Report that a client's event will never be acknowledged, and why.

        Args:
            event: Its name.
            client: The socket that sent it.
            ack_id: The id of the requested acknowledgement; None if there was no request.
            why: The reason, as text.
        """
        if ack_id is not None:
            self.tell(HandlerRun(event, client), UNANSWERED, str(ack_id))
        if self._testers:
            call = self._testers.get(client.handshake.query.get(TESTER, ""))
            if call is not None:
                call(why, ack_id)

    def _overhear(self) -> None:
        """Make sure that listeners get what is printed from now on.

        IPython replaces ``write`` of both streams for every cell and restores it afterwards,
        so this is checked before each handler, and our own may be wrapped by IPython's.
        """
        for stream, kind in ((sys.stdout, "stdout"), (sys.stderr, "stderr")):
            if not hasattr(stream.write, "heard_by_nbsocket"):
                stream.write = self._heard(stream.write, kind)  # type: ignore[method-assign]

    def _heard(self, write: Callable[..., Any], kind: str) -> Callable[..., Any]:
        def write_and_tell(text: str, *args: Any, **kwargs: Any) -> Any:
            run = handler_run.get()
            if run is None or run.is_telling:
                return write(text, *args, **kwargs)
            run.is_telling = True
            try:
                self.tell(run, kind, text)
                return write(text, *args, **kwargs)
            finally:
                run.is_telling = False

        write_and_tell.heard_by_nbsocket = True  # type: ignore[attr-defined]
        return write_and_tell

    def tell(self, run: HandlerRun, kind: str, text: str = "") -> None:
        """Tell the pane that sent the event; only an owner's client can be a pane.

        Args:
            run: The handler call.
            kind: ``stdout``, ``stderr``, ``UNANSWERED``, ``ROOMS`` or ``LIT``.
            text: What was written.
        """
        client = run.client
        if client is None or client.role != "owner":
            return
        listener = self._listeners.get(client.handshake.query.get("pane", ""))
        if listener is not None:
            listener(run, kind, text)

    @property
    def has_listeners(self) -> bool:
        """Whether there is any pane."""
        return bool(self._listeners)

    @property
    def has_testers(self) -> bool:
        """Whether any headless client wants to be told of failures."""
        return bool(self._testers)

    def show_exception(self, error: BaseException, what: str) -> None:
        """Print the traceback, starting in the user's code, under the cell of the current context.

        Never raises: neither an exception's own methods nor a user's replacement for ``sys.stderr`` may
        stop the caller.
        """
        try:
            sys.stderr.write(f"{what} raised {type(error).__name__}:\n{_traceback_of(error)}")
            flush = getattr(sys.stderr, "flush", None)
            if flush is not None:
                flush()
        except BaseException as raised:  # noqa: BLE001 - the user's code, whatever it does
            # Without its traceback, since getting that is what failed.
            log.error("nbsocket: %s raised %s; showing it: %s", what, type(error), type(raised))  # noqa: TRY400


def _traceback_of(error: BaseException) -> str:
    frames = None
    try:
        frames = error.__traceback__
        while frames is not None and _is_ours(frames):
            frames = frames.tb_next
        if frames is None and error.__cause__ is None and error.__context__ is None:
            # Raised by us about the call itself: there is no user code to show.
            return "".join(traceback.format_exception_only(type(error), error))
        return "".join(traceback.format_exception(type(error), error, frames))
    except BaseException:  # noqa: BLE001 - the user's code, whatever it does
        shown = "".join(traceback.format_tb(frames))
        return f"{shown}{words_of(error)}\n"


def _is_ours(frame: Any) -> bool:
    module = str(frame.tb_frame.f_globals.get("__name__", ""))
    return module == _PACKAGE or module.startswith(_PACKAGE + ".")
