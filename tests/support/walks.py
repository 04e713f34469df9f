"""Follows one message through the package, by what functions are called with it."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType

_ONLY_COMPUTES = ("nbsocket.protocol.", "nbsocket.link.")
"""Rooms without I/O: what they do with a message belongs to whoever calls them."""


class Walk:
    """The objects of nbsocket that were handed one message, in order, each by the method that took it.

    What one object does with it without another in between is one hop.

    Threads must begin after this was made, or be the one that made it.

    Args:
        marker: Stands in the message and nowhere else.
    """

    def __init__(self, marker: str) -> None:
        self.marker = marker
        self.hops: list[str] = []
        self._at: object = None
        self.is_followed = False
        threading.setprofile(self._called)
        sys.setprofile(self._called)

    def end(self) -> None:
        """Look no more."""
        self.is_followed = False
        threading.setprofile(None)
        sys.setprofile(None)

    def _called(self, frame: FrameType, event: str, _: Any) -> None:
        if event != "call" or not self.is_followed:
            return
        module = frame.f_globals.get("__name__", "")
        if not module.startswith("nbsocket.") or module.startswith(_ONLY_COMPUTES):
            return
        code = frame.f_code
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 4)]
        if "<" in code.co_qualname.rpartition(".")[2] or not any(
            name != "self" and self._holds(frame.f_locals.get(name)) for name in names
        ):
            return
        hop = f"{module.removeprefix('nbsocket.')}.{code.co_qualname}"
        whose = frame.f_locals.get("self")
        is_same = self.hops and hop.rpartition(".")[0] == self.hops[-1].rpartition(".")[0]
        if whose is None and is_same:
            # A function of a class, without an object.
            return
        if whose is None or whose is not self._at:
            self.hops.append(hop)
        self._at = whose

    def _holds(self, value: Any) -> bool:
        """Whether a message, or a batch or a task with one, is in here."""
        found = getattr(value, "messages", value)
        if hasattr(value, "result") and callable(value.result) and value.done():
            found = value.result()
        return self.marker in repr(found)
