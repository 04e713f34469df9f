"""The widget that ``io.page`` returns: the page in the notebook, and a way to open it in a tab."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets

from nbsocket.link.agreement import ENGINE_IO
from nbsocket.widgets.view import LinkedView

if TYPE_CHECKING:
    from nbsocket.carriers.interface import Carrier
    from nbsocket.link.messages import PageFile

STATIC = Path(__file__).parent.parent / "static"


class Page(LinkedView):
    """A page of a channel in a sandboxed frame."""

    what_it_is = "This view of the page"
    _esm = STATIC / "page.js"
    _css = STATIC / "page.css"

    opens = frozenset({ENGINE_IO})
    runs_foreign_code = True
    channel = traitlets.Unicode(read_only=True, help="The channel that serves it.").tag(sync=True)
    path = traitlets.Unicode(read_only=True, help="Its path below the channel.").tag(sync=True)

    def __init__(self, channel: str, path: str, carrier: Carrier, files: dict[str, PageFile]) -> None:
        """Made by ``Server.page``."""
        self._files = files
        super().__init__(carrier, channel=channel, path=path)

    def _view_said(self, widget: Any, content: Any, buffers: Any) -> None:
        super()._view_said(widget, content, buffers)
        if isinstance(content, dict) and content.get("type") == "page":
            # Base64, since some hosts lose buffers.
            files = {
                name: {"type": file.content_type, "base64": base64.b64encode(file.body).decode()}
                for name, file in self._files.items()
            }
            self.send({"type": "page", "files": files})
