"""Base class of views that reach their channel through Jupyter, and what they show without it."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from nbsocket.abilities import has_threads
from nbsocket.carriers.bypass import Bypass
from nbsocket.carriers.comm import STREAM, CommRoute
from nbsocket.carriers.tunnel_end import Visit
from nbsocket.link.agreement import ENGINE_IO, GUEST, OWNER, WIRE
from nbsocket.notebook.hosts import this_host
from nbsocket.notebook.process import running_cell
from nbsocket.socketio.tickets import Ticket

if TYPE_CHECKING:
    from nbsocket.carriers.interface import Carrier
    from nbsocket.socketio.cell_run import CellRun

_TICKET_S = 7 * 24 * 3600.0

_shown: dict[Any, tuple[CellRun, list[LinkedView]]] = {}
"""The views that the latest run of each cell created."""


class LinkedView(anywidget.AnyWidget):
    """A view that reaches its channel through the Jupyter server, or over its own comm.

    Where neither does, a note is shown instead, with what still works and the call that creates a link;
    the link itself is a secret and never appears in an output.

    A view whose cell has been run again is closed once it is no longer shown.

    Args:
        carrier: The way to the gateway.
        **traits: The traits that do not change.
    """

    base_url = traitlets.Unicode(
        read_only=True, help="The Jupyter server's base URL; empty if there is no server."
    ).tag(sync=True)
    bypass = traitlets.Unicode(
        read_only=True, help="The BroadcastChannel to a kernel in the same browser; else empty."
    ).tag(sync=True)
    note = traitlets.Unicode(read_only=True, help="What is shown if there is no server.").tag(sync=True)

    what_it_is = "This view"
    """The beginning of its note."""

    opens: frozenset[str] = frozenset()
    """What it opens over its comm (``carriers.tunnel_end.Visit``); empty if it needs a Jupyter server."""

    runs_foreign_code = False
    """Whether its page runs code of somebody else, whose clients are then guests."""

    def __init__(self, carrier: Carrier, **traits: Any) -> None:
        """Begin with the traits that do not change."""
        super().__init__()
        traits["base_url"] = carrier.base_url
        # Now, on the thread of its author's code: others may not tell.
        self._host = this_host()
        self._comm_carrier = carrier
        self._ticket = ""
        self._comm = CommRoute(carrier, self._visit, self._tell_pages)
        if not carrier.base_url and not (self.opens and self._host.shows_widgets):
            traits["note"] = f"{self.what_it_is} {_WITHOUT_A_SERVER if carrier.url else _INSIDE_A_BROWSER}"
        self._past_the_cell = None if has_threads() else Bypass(self._page_said_past)
        if self._past_the_cell is not None:
            traits["bypass"] = self._past_the_cell.name
        for name, value in traits.items():
            self.set_trait(name, value)
        self._elsewhere = _WITH_AN_ADDRESS if carrier.url else ""
        self._views = 0
        self._is_replaced = False
        self.on_msg(self._view_said)
        self._replace()

    def query(self) -> dict[str, str]:
        """Return what handlers find in the query of this view's own client."""
        return {}

    def _own_port(self) -> dict[str, str]:
        """Return the kernel's own port for a page on its machine; what foreign code runs in gets none."""
        carrier = self._comm_carrier
        if not carrier.port_key or ENGINE_IO not in self.opens or self.runs_foreign_code:
            return {}
        if not self._ticket:
            self._ticket = Ticket(carrier, str(self.channel), self._host.role, _TICKET_S).value
        return {"url": carrier.url, "key": carrier.port_key.hex(), "ticket": self._ticket}

    def _visit(self, opens: str, query: dict[str, str]) -> Visit:
        """Return a visit over the comm of this view.

        Raises:
            ValueError: It may not open that.
        """
        role = GUEST if self.runs_foreign_code else self._host.role
        if opens not in self.opens:
            msg = f"{self.what_it_is.lower()} does not open {opens!r}"
            raise ValueError(msg)
        if role != OWNER and WIRE in self.opens:
            msg = (
                f"Visitors of {self._host.name} do not get it: it shows everything that clients send. "
                "Its author sees it where the notebook is written."
            )
            raise ValueError(msg)
        handshake = {"query": {**query, **self.query()}, "headers": {}, "address": "", "url": ""}
        return Visit(str(self.channel), role, f"comm-{self.model_id}", handshake, opens)

    def _tell_pages(self, content: dict[str, Any], buffers: list[bytes]) -> None:
        self.send(content, buffers)

    def _replace(self) -> None:
        """Replace what an earlier run of this cell created."""
        run = running_cell()
        if run is None:
            return
        # Not its type, since traitlets creates one for each widget.
        who = getattr(self, "channel", ""), getattr(self, "name", "")
        place = run.cell_id or (self.what_it_is, *who)
        made, views = _shown.get(place, (run, []))
        if made is not run:
            for view in views:
                view.replaced()
            views = []
        views.append(self)
        _shown[place] = run, views

    def replaced(self) -> None:
        """Close, now or when its last view is gone, since a later run has created another."""
        self._is_replaced = True
        if self._views <= 0:
            self.close()

    def _page_said_past(self, content: dict[str, Any], buffers: list[bytes]) -> None:
        self._view_said(self, content, buffers)

    def _view_said(self, _widget: Any, content: Any, buffers: Any) -> None:
        kind = content.get("type") if isinstance(content, dict) else None
        if kind == STREAM:
            self._comm.receive(content, buffers)
        elif kind == "routes":
            self.send({"type": "routes", **self._own_port()})
        elif kind == "views":
            count = content.get("count")
            self._views = count if isinstance(count, int) else 0
            if self._is_replaced:
                self.replaced()

    def close(self) -> None:
        """Close the view and its layout, and let its clients go."""
        self._comm.close()
        if self._past_the_cell is not None:
            self._past_the_cell.close()
        super().close()
        self.layout.close()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        if self.base_url:
            return super()._repr_mimebundle_(**options)
        note = self.note or f"{self.what_it_is} {_OVER_ITS_COMM}{self._elsewhere}"
        instead = {
            "text/plain": note,
            "text/html": f'<div style="{_BOX}">{html.escape(note)}</div>',
        }
        if self.note:
            return instead, {}
        # What shows widgets shows it; all else shows the note.
        shown = super()._repr_mimebundle_(**options)
        data, metadata = shown if isinstance(shown, tuple) else (shown, {})
        return {**data, **instead}, metadata


_WITHOUT_A_SERVER = (
    "needs a Jupyter server with nbsocket, and this process has none: it listens by itself. "
    "Handlers, emits and nbsocket.testing.Client work as usual, and a browser on this machine can be "
    "a client: io.ticket().link is the address to open in it. To see this view, open the notebook in "
    "JupyterLab or Notebook, started from an environment that has nbsocket."
)
_INSIDE_A_BROWSER = (
    "needs a Jupyter server, and this kernel runs inside the browser. Panes, %%client and the wire view "
    "work here; for all the rest, open the notebook in JupyterLab."
)
_OVER_ITS_COMM = "is a widget, and nothing shows widgets here; JupyterLab, marimo, Voilà and VS Code do."
_WITH_AN_ADDRESS = (
    " Handlers, emits and nbsocket.testing.Client work as usual, and a browser on this machine can be "
    "a client: io.ticket().link is the address to open in it."
)
_BOX = "font:13px/1.5 system-ui,sans-serif;border:1px solid #bbb;border-radius:6px;padding:8px"
