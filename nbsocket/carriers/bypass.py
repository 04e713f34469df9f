"""A way from a page to a kernel in the same browser, past the cell that runs.

There, a widget's comm messages to the kernel wait until the cell has ended, even while it awaits.
What comes over a BroadcastChannel does not.
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Bypass:
    """One widget's channel; its pages find it by ``name``.

    Args:
        call: Gets the content and the buffers of each message.
    """

    def __init__(self, call: Callable[[dict[str, Any], list[bytes]], None]) -> None:
        """Begin to listen; nothing comes where there are no such channels."""
        self.name = ""
        self._call = call
        try:
            from js import BroadcastChannel  # noqa: PLC0415 - only inside a browser
            from pyodide.ffi import create_proxy  # noqa: PLC0415 - likewise

            name = f"nbsocket-{secrets.token_urlsafe(16)}"
            self._channel = BroadcastChannel.new(name)
        except (ImportError, AttributeError):
            return
        self.name = name
        self._arrived_proxy = create_proxy(self._arrived)
        self._channel.onmessage = self._arrived_proxy

    def _arrived(self, event: Any) -> None:
        # As text: on the way to Python, values would lose their types.
        content = json.loads(event.data.text)
        self._call(content, [one.to_bytes() for one in event.data.buffers])

    def close(self) -> None:
        """Stop listening."""
        if self.name:
            self.name = ""
            self._channel.close()
            self._arrived_proxy.destroy()
