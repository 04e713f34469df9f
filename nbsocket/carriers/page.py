"""The carrier of a kernel inside the browser: no threads, no port, one loop for everything.

Its clients come over their widgets' comms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbsocket.carriers.in_process import InProcessCarrier
from nbsocket.gateway.config import Limits
from nbsocket.gateway.ticket import Tickets
from nbsocket.link.messages import Deliver

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from nbsocket.link.messages import Reply, Sequenced


class PageCarrier(InProcessCarrier):
    """Carries between this process's servers and their gateway, without ever waiting.

    Args:
        name: The process's name as the holder of a channel.
        loop: The loop that runs everything.
    """

    def __init__(self, name: str, loop: asyncio.AbstractEventLoop) -> None:
        """Open the gateway."""
        super().__init__(name, Limits(), loop)
        self._open_gateway(Tickets(), may_open=False)
        self._waiting: list[asyncio.Future[None]] = []
        self._is_cell_running = False

    def send(self, message: Sequenced) -> None:
        """Send ``message`` after everything sent before; at once while a cell may stop the loop."""
        super().send(message)
        if self._is_cell_running and isinstance(message, Deliver):
            self._finish()
            self._hand_over()

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call ``call`` after ``seconds``; at once if that is now and a cell may stop the loop."""
        if seconds <= 0 and self._is_cell_running:
            call()
        else:
            super().later(seconds, call)

    def hold_tunnels(self, *, on: bool) -> None:
        """Note that a cell begins or has ended: the loop may stand still, and what pages send is late."""
        self._is_cell_running = on
        self._tunnels.hold_clock(on=on)

    def wait_up(self) -> None:
        """It is up."""

    @property
    def writable(self) -> bool:
        """Whether the gateway has room for more; makes some if it can."""
        if not self._has_room:
            self._finish()
        return self._has_room

    def wait_writable(self, timeout_s: float | None = None) -> bool:  # noqa: ARG002 - nothing changes meanwhile
        """Whether the gateway has room for more."""
        return self.writable

    async def drained(self) -> None:
        """Wait until the gateway has room for more."""
        while not self.writable:
            waiting = self._loop.create_future()
            self._waiting.append(waiting)
            await waiting

    def _worked_off(self, size: int) -> None:
        super()._worked_off(size)
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)

    def request(self, kind: type, **fields: Any) -> Reply:
        """Send a request; its reply is there at once."""
        self._finish()
        return self._port.answer(kind(request=0, **fields))

    def _finish(self) -> None:
        """Pass on now what was sent."""
        working = self._working
        if working is not None:
            for _ in working:
                pass
        self._working = None

    def close(self) -> None:
        """Let all clients go."""
        self.closed.set()
        self._port.gone()
