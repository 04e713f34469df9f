"""What ``%%client`` shows: browser JavaScript in a sandboxed frame."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import traitlets

from nbsocket.link.agreement import ENGINE_IO
from nbsocket.notebook.process import newest_server
from nbsocket.widgets.view import LinkedView

if TYPE_CHECKING:
    from nbsocket.carriers.interface import Carrier

STATIC = Path(__file__).parent.parent / "static"


class Script(LinkedView):
    """A client that runs the learner's own JavaScript, with a console."""

    what_it_is = "%%client"
    _esm = STATIC / "script.js"
    _css = STATIC / "script.css"

    opens = frozenset({ENGINE_IO})
    runs_foreign_code = True
    channel = traitlets.Unicode(read_only=True, help="The channel that io() connects to.").tag(sync=True)
    name = traitlets.Unicode(read_only=True, help="The client's name.").tag(sync=True)
    code = traitlets.Unicode(read_only=True, help="The JavaScript.").tag(sync=True)

    def __init__(self, channel: str, name: str, carrier: Carrier, code: str) -> None:
        """Made by ``%%client``."""
        super().__init__(carrier, channel=channel, name=name, code=code)


def client(code: str, name: str = "client", channel: str | None = None) -> Script:
    """Return a sandboxed client that runs JavaScript, to show where there are no cell magics.

    In it, ``io()`` without arguments connects to this notebook's server, as in a cell that begins with
    ``%%client``.

    Args:
        code: The JavaScript.
        name: The client's name.
        channel: The channel of the server; None for the newest.

    Raises:
        NbSocketError: There is no such server.

    Examples:
        >>> nbsocket.client("io().on('news', (text) => console.log(text))", "alice")
    """
    server = newest_server(channel)
    return Script(server.name, str(name), server.channel.carrier, str(code))
