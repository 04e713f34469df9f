"""What ``%%client`` shows: browser JavaScript in a sandboxed frame."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

STATIC = Path(__file__).parent.parent / "static"


class Script(anywidget.AnyWidget):
    """A client that runs the learner's own JavaScript, its console beside it."""

    _esm = STATIC / "script.js"
    _css = STATIC / "script.css"

    channel = traitlets.Unicode(help="The channel that io() connects to.").tag(sync=True)
    name = traitlets.Unicode(help="What the client is called.").tag(sync=True)
    base_url = traitlets.Unicode(help="The Jupyter server's base URL.").tag(sync=True)
    code = traitlets.Unicode(help="The JavaScript.").tag(sync=True)
