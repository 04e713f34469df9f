"""Whether the kernel's side takes more, and how a session waits until it does."""

from __future__ import annotations

import asyncio

from nbsocket.gateway.work import Turnstile
from nbsocket.link.clock import ClockOffset


class FlowControl:
    """What is behind it takes more, or does not; sessions read nothing while it does not."""

    def __init__(self) -> None:
        """Begin ready."""
        self.clock = ClockOffset()
        self.writable = True
        self.turnstile = Turnstile()
        self._writers: list[asyncio.Future[None]] = []

    def set_writable(self, writable: bool) -> None:
        """Say whether more is taken; whoever waits goes on when it is."""
        self.writable = writable
        if writable:
            writers, self._writers = self._writers, []
            for writer in writers:
                if not writer.done():
                    writer.set_result(None)

    def ask_clock(self) -> None:
        """Ask nothing: what is behind it reads the same clock, or is not there."""

    async def wait_writable(self) -> None:
        """Wait until more is taken, or nothing will be any more."""
        while not self.writable:
            writer = asyncio.get_running_loop().create_future()
            self._writers.append(writer)
            await writer
