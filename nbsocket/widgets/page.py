"""What ``io.page`` returns: the page in the notebook, and a way to open it in a tab."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

STATIC = Path(__file__).parent.parent / "static"


class Page(anywidget.AnyWidget):
    """A page of a channel in a sandboxed frame."""

    _esm = STATIC / "page.js"
    _css = STATIC / "page.css"

    channel = traitlets.Unicode(read_only=True, help="The channel that serves it.").tag(sync=True)
    path = traitlets.Unicode(read_only=True, help="Its path below the channel.").tag(sync=True)
    base_url = traitlets.Unicode(read_only=True, help="The Jupyter server's base URL.").tag(sync=True)

    def __init__(self, channel: str, path: str, base_url: str) -> None:
        """Made by ``Server.page``."""
        super().__init__()
        self.set_trait("channel", channel)
        self.set_trait("path", path)
        self.set_trait("base_url", base_url)
