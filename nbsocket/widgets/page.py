"""The widget that ``io.page`` returns: the page in the notebook, and a way to open it in a tab."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import traitlets

from nbsocket.widgets.view import LinkedView

if TYPE_CHECKING:
    from nbsocket.carriers.interface import Carrier

STATIC = Path(__file__).parent.parent / "static"


class Page(LinkedView):
    """A page of a channel in a sandboxed frame."""

    what_it_is = "This view of the page"
    _esm = STATIC / "page.js"
    _css = STATIC / "page.css"

    channel = traitlets.Unicode(read_only=True, help="The channel that serves it.").tag(sync=True)
    path = traitlets.Unicode(read_only=True, help="Its path below the channel.").tag(sync=True)

    def __init__(self, channel: str, path: str, carrier: Carrier) -> None:
        """Made by ``Server.page``."""
        super().__init__(carrier, channel=channel, path=path)
