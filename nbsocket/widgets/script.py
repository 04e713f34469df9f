"""What ``%%client`` shows: browser JavaScript in a sandboxed frame."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import traitlets

from nbsocket.widgets.view import LinkedView

if TYPE_CHECKING:
    from nbsocket.carriers.interface import Carrier

STATIC = Path(__file__).parent.parent / "static"


class Script(LinkedView):
    """A client that runs the learner's own JavaScript, with a console."""

    what_it_is = "%%client"
    _esm = STATIC / "script.js"
    _css = STATIC / "script.css"

    channel = traitlets.Unicode(read_only=True, help="The channel that io() connects to.").tag(sync=True)
    name = traitlets.Unicode(read_only=True, help="The client's name.").tag(sync=True)
    code = traitlets.Unicode(read_only=True, help="The JavaScript.").tag(sync=True)

    def __init__(self, channel: str, name: str, carrier: Carrier, code: str) -> None:
        """Made by ``%%client``."""
        super().__init__(carrier, channel=channel, name=name, code=code)
