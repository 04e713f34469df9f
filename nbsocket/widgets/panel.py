"""The teacher's panel of a class: code, link and QR code, who is here, the controls.

Code and people travel as messages, which are not saved in the notebook; never as traits.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets

from nbsocket.widgets.view import LinkedView

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbsocket.carriers.interface import Carrier

STATIC = Path(__file__).parent.parent / "static"


class Panel(LinkedView):
    """The teacher's panel of a class."""

    what_it_is = "What lets phones in"
    _esm = STATIC / "panel.js"
    _css = STATIC / "panel.css"

    channel = traitlets.Unicode(read_only=True, help="The channel of the class.").tag(sync=True)
    public_url = traitlets.Unicode(
        read_only=True, help="The address of a port for the class only; empty if there is none."
    ).tag(sync=True)

    def __init__(self, channel: str, carrier: Carrier, said: Callable[[str, Any], None]) -> None:
        """Made by a class."""
        super().__init__(carrier, channel=channel, public_url=carrier.public_url)
        self._said = said
        self.on_msg(self._page_said)

    def tell(self, state: dict[str, Any]) -> None:
        """Send every view the state of the class."""
        self.send({"type": "state", **state})

    def tell_door(self, code: str) -> None:
        """Send every view the code."""
        self.send({"type": "door", "code": code})

    def _page_said(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if isinstance(content, dict) and isinstance(content.get("what"), str):
            self._said(content["what"], content.get("who"))
