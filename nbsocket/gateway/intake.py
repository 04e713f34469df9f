"""What one client sends: at what pace a guest is read, and how it is passed on."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from nbsocket.gateway.work import SMALL_BYTES, Allowance, cost_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

    from nbsocket.gateway.client_session import ClientSession


class Intake:
    """The messages of one client, on their way to the kernel.

    Args:
        session: Whose.

    Attributes:
        is_announced: Whether the kernel has been told of the client: by its first message.
        received_count: MESSAGE packets so far: both ends count alike, so a page can say when it had which.
        holds: How many waits there are in which the client is not read.
    """

    __slots__ = ("_allowance", "_loop", "_session", "_wait", "holds", "is_announced", "received_count")

    def __init__(self, session: ClientSession) -> None:
        """Begin with nothing received."""
        self._session = session
        self._loop = asyncio.get_running_loop()
        # What it may have read; without bounds for the notebook's own.
        is_limited = session.ticket.is_limited
        self._allowance = Allowance(session.hub.limits, self._loop.time()) if is_limited else None
        self._wait: asyncio.Future[None] | None = None
        self.is_announced = False
        self.received_count = self.holds = 0

    def end(self) -> None:
        """Let go of whatever waits: the session has ended."""
        if self._wait is not None:
            _settle(self._wait)

    def receive(self, data: str | bytes, number: int = 0) -> Awaitable[None] | None:
        """Take the content of a MESSAGE; read on when the result is done."""
        session = self._session
        if not session.is_open:
            return None
        self.received_count += 1
        if not self.is_announced and data[:1] != "0":
            session.begins_wrong(data)
            return None
        allowance = self._allowance
        if allowance is None:
            self._pass_on(data, number)
            return None if session.channel.endpoint.writable else self._hold_until_writable()
        cost = 1.0 if len(data) <= SMALL_BYTES else cost_of(data)
        pause_s = allowance.take(cost, self._loop.time())
        turn = None if pause_s else session.channel.endpoint.turnstile.enter(allowance, cost)
        if pause_s or turn is not None:
            return self._pass_on_later(data, number, cost, pause_s, turn)
        self._pass_on(data, number)
        return None if session.channel.endpoint.writable else self._hold_until_writable()

    def _pass_on(self, data: str | bytes, number: int) -> None:
        session = self._session
        if not self.is_announced:
            self.is_announced = True
            session.connect_until = float("inf")
            if not session.hub.announce(session):
                session.cut()
                return
        session.hub.to_kernel(session, data, number)

    async def _pass_on_later(
        self, data: str | bytes, number: int, cost: float, pause_s: float, turn: asyncio.Future[None] | None
    ) -> None:
        """Pass a message on once it is paid for and has its turn; read nothing meanwhile."""
        session = self._session
        with self._reading_nothing():
            await self._pause(pause_s)
            turnstile = session.channel.endpoint.turnstile
            if turn is None and session.is_open and self._allowance is not None:
                turn = turnstile.enter(self._allowance, cost)
            if turn is not None:
                await self._until(turn)
            if session.is_open:
                turnstile.sent(cost)
                self._pass_on(data, number)
                await session.channel.endpoint.wait_writable()
                return
            session.channel.traffic.dropped_at_close += 1
            if turn is None or not turn.cancel():
                turnstile.gave_up(cost)

    async def _hold_until_writable(self) -> None:
        session = self._session
        with self._reading_nothing():
            await session.channel.endpoint.wait_writable()

    def charge(self, cost: float) -> Awaitable[None] | None:
        """Take what is not a message off a guest's allowance; read on when the result is done."""
        session = self._session
        if self._allowance is None or not session.is_open:
            return None
        pause_s = self._allowance.take(cost, self._loop.time())
        return self._hold(pause_s) if pause_s else None

    async def _hold(self, pause_s: float) -> None:
        with self._reading_nothing():
            await self._pause(pause_s)

    async def _pause(self, seconds: float) -> None:
        """Wait so long, or until the session ends."""
        if seconds:
            waited: asyncio.Future[None] = self._loop.create_future()
            timer = self._loop.call_later(seconds, _settle, waited)
            await self._until(waited)
            timer.cancel()

    async def _until(self, wait: asyncio.Future[None]) -> None:
        """Wait for this, or until the session ends: what is held meanwhile is let go of."""
        session = self._session
        if not session.is_open:
            return
        self._wait = self._loop.create_future()
        await asyncio.wait([wait, self._wait], return_when=asyncio.FIRST_COMPLETED)
        self._wait = None

    @contextlib.contextmanager
    def _reading_nothing(self) -> Iterator[None]:
        """Let the pong clock stand still."""
        session = self._session
        began = self._loop.time()
        self.holds += 1
        try:
            yield
        finally:
            self.holds -= 1
        session.protocol.extend(self._loop.time() - max(began, session.ticked_at))


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
