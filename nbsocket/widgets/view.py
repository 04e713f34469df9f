"""What views have in common that reach their channel through Jupyter: what they say where there is none."""

from __future__ import annotations

import html
from typing import Any

import anywidget
import traitlets


class LinkedView(anywidget.AnyWidget):
    """A view that needs a Jupyter server with nbsocket, since the page reaches the channel through it.

    Where the kernel listens by itself it shows a note in its place, with what goes on working and the call
    that makes a link; the link itself is a secret, and no output holds it.
    """

    base_url = traitlets.Unicode(
        read_only=True, help="The Jupyter server's base URL; empty where there is no server."
    ).tag(sync=True)
    note = traitlets.Unicode(read_only=True, help="What is shown where there is no server.").tag(sync=True)

    what_it_is = "This view"
    """How its note begins."""

    def __init__(self, base_url: str, **traits: Any) -> None:
        """Begin with the traits that do not change."""
        super().__init__()
        traits["base_url"] = base_url
        if not base_url:
            traits["note"] = f"{self.what_it_is} {_WITHOUT_A_SERVER}"
        for name, value in traits.items():
            self.set_trait(name, value)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        if not self.note:
            return super()._repr_mimebundle_(**options)
        text = f'<p style="{_BOX}">{html.escape(self.note)}</p>'
        return {"text/plain": self.note, "text/html": text}, {}


_WITHOUT_A_SERVER = (
    "needs a Jupyter server with nbsocket, and this process has none: it listens by itself. "
    "Handlers, emits and nbsocket.testing.Client work as everywhere, and a browser on this machine can be "
    "a client: io.ticket().link is the address to open in it. To see this view, open the notebook in "
    "JupyterLab or Notebook, started from an environment that has nbsocket."
)
_BOX = "font:13px/1.5 system-ui,sans-serif;border:1px solid #bbb;border-radius:6px;padding:8px;margin:0"
