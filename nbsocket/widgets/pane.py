"""``io.pane("alice")``: a client beside the cell."""

from __future__ import annotations

import secrets
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets

from nbsocket.link.agreement import ENGINE_IO
from nbsocket.socketio.handler_run import ROOMS
from nbsocket.widgets.saved import SavedWidget, rows_of, table_of, text_of
from nbsocket.widgets.view import LinkedView

if TYPE_CHECKING:
    from nbsocket.carriers.interface import Carrier
    from nbsocket.notebook.output import HandlerOutput
    from nbsocket.socketio.handler_run import HandlerRun
    from nbsocket.socketio.handler_thread import HandlerThread

STATIC = Path(__file__).parent.parent / "static"
_FLUSH_S = 0.1
_MARKS = {"in": "←", "out": "→", "print": "\u203a", "error": "!"}
_KEPT_CHARACTERS = 20_000
_STREAMS = frozenset({"stdout", "stderr"})


ROUTES = ("", "jupyter", "port", "comm")
"""Which way a pane may be told to go: to the Jupyter server, or over its own comm; empty for any."""


class Pane(LinkedView, SavedWidget):
    """A client with a form to emit events, a log of both directions, and the state of its connection."""

    what_it_is = "A pane"
    opens = frozenset({ENGINE_IO})
    _esm = STATIC / "pane.js"
    _css = STATIC / "pane.css"

    channel = traitlets.Unicode(read_only=True, help="The channel that it connects to.").tag(sync=True)
    name = traitlets.Unicode(read_only=True, help="The pane's name.").tag(sync=True)
    pane_id = traitlets.Unicode(
        read_only=True, help="Tells the kernel which socket belongs to this pane; not a secret."
    ).tag(sync=True)
    route = traitlets.Unicode(read_only=True, help="The only route it takes; empty for any.").tag(sync=True)
    weather = traitlets.Dict(read_only=True, help="Its network weather; empty when calm.").tag(sync=True)

    def __init__(
        self,
        channel: str,
        name: str,
        carrier: Carrier,
        handlers: HandlerThread,
        output: HandlerOutput,
        route: str = "",
    ) -> None:
        """Made by ``Server.pane``."""
        if route not in ROUTES:
            msg = f"route={route!r}: must be one of {', '.join(map(repr, ROUTES[1:]))}, or empty for any"
            raise ValueError(msg)
        super().__init__(
            carrier, channel=channel, name=name, pane_id=secrets.token_hex(6), weather={}, route=route
        )
        self._pending: list[dict[str, Any]] = []
        self._pending_characters = 0
        self._is_due = False
        self._lock = threading.Lock()
        self._handlers = handlers
        self._output = output
        output.listen(self.pane_id, self._handler_said)

    def query(self) -> dict[str, str]:
        """Return the pane's id and name, by which handlers and the kernel know its client."""
        return {"pane": self.pane_id, "name": self.name}

    def set_weather(
        self,
        delay: float = 0.0,
        jitter: float = 0.0,
        *,
        direction: str = "both",
        cut_every: float = 0.0,
        seed: int = 1,
    ) -> None:
        """Make this pane's network slow or unreliable from the next packet on; without arguments, calm it.

        Order is kept: a packet never overtakes another one in the same direction.

        Args:
            delay: Seconds by which each packet is delayed.
            jitter: Seconds by which the delay may vary, up or down.
            direction: ``both``, ``out`` (from this client to the server) or ``in``.
            cut_every: Mean seconds between two lost connections; 0 for never.
            seed: The same seed gives the same delays and cuts.

        Raises:
            ValueError: A number is negative or NaN, or there is no such direction.
        """
        if direction not in ("both", "out", "in"):
            msg = f"direction={direction!r}: must be 'both', 'out' or 'in'"
            raise ValueError(msg)
        numbers = {"delay": delay, "jitter": jitter, "cut_every": cut_every, "seed": seed}
        for name, number in numbers.items():
            if not 0 <= number < 1e6:  # noqa: PLR2004 - nor NaN
                msg = f"{name}={number!r}: must be 0 or a positive number"
                raise ValueError(msg)
        weather = {
            "direction": direction,
            "delay_ms": round(delay * 1000),
            "jitter_ms": round(jitter * 1000),
            "cut_every_s": cut_every,
            "seed": int(seed),
        }
        self.set_trait("weather", weather)

    def close(self) -> None:
        """Close the pane, and stop listening to what handlers print."""
        self._output.listen(self.pane_id, None)
        super().close()

    def cut(self) -> None:
        """Break this pane's connection, like a network failure; it reconnects by itself."""
        self.send({"type": "handler_output", "items": [{"kind": "cut", "event": "", "text": ""}]})

    def picture(self, content: dict[str, Any]) -> str:
        """Return the latest rows of its log."""
        rows = [{**row, "": _MARKS.get(str(row.get("kind")), "•")} for row in rows_of(content)]
        state = text_of(content.get("state", ""))
        title = f"<b>Client {text_of(self.name)}</b>, as it was when the notebook was saved: {state}"
        return f"<p>{title}</p>{table_of(['time', '', 'event', 'text'], rows)}"

    def _handler_said(self, run: HandlerRun, kind: str, text: str) -> None:
        """Show what a handler printed for this pane's client; at most ten messages a second."""
        with self._lock:
            if kind == ROOMS:
                # Only the latest counts.
                self._pending = [one for one in self._pending if one["kind"] != ROOMS]
            last = self._pending[-1] if self._pending else None
            if self._pending_characters > _KEPT_CHARACTERS:
                last = last or {}
                last["cut"] = True
                return
            self._pending_characters += len(text)
            if text and last and kind in _STREAMS and last["kind"] == kind and last["event"] == run.event:
                last["text"] += text
            else:
                self._pending.append({"kind": kind, "event": run.event, "text": text})
            if not self._is_due:
                self._is_due = True
                self._handlers.later(_FLUSH_S, self._flush)

    def _flush(self) -> None:
        with self._lock:
            pending, self._pending = self._pending, []
            self._is_due = False
            self._pending_characters = 0
        self.send({"type": "handler_output", "items": pending})
