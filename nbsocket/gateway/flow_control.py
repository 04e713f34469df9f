"""Whether the kernel's side accepts more, and how a session waits until it does."""

from __future__ import annotations

import asyncio

from nbsocket.gateway.work import Turnstile
from nbsocket.link.clock import ClockOffset


class FlowControl:
    """Tells whether the kernel's side accepts more; while it does not, sessions read nothing."""

    def __init__(self) -> None:
        """Begin writable."""
        self.clock = ClockOffset()
        self.writable = True
        self.turnstile = Turnstile()
        self._writers: list[asyncio.Future[None]] = []

    def set_writable(self, writable: bool) -> None:
        """Set whether more is accepted; if so, wake those who wait."""
        self.writable = writable
        if writable:
            writers, self._writers = self._writers, []
            for writer in writers:
                if not writer.done():
                    writer.set_result(None)

    def ask_clock(self) -> None:
        """Do nothing: the kernel's side has the same clock, or is not there."""

    async def wait_writable(self) -> None:
        """Wait until more is accepted, or never will be again."""
        while not self.writable:
            writer = asyncio.get_running_loop().create_future()
            self._writers.append(writer)
            await writer
