"""What one client sends: how fast a guest is read, and how messages are passed on."""

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
        session: The client's session.

    Attributes:
        is_announced: Whether the kernel knows about the client, which happens with its first message.
        received_count: MESSAGE packets so far; both ends count, so a page can say when it had which one.
        holds: How many waits are in progress during which the client is not read.
    """

    __slots__ = (
        "_allowance",
        "_held_at",
        "_loop",
        "_session",
        "_wait",
        "holds",
        "is_announced",
        "received_count",
    )

    def __init__(self, session: ClientSession) -> None:
        """Begin with nothing received."""
        self._session = session
        self._loop = asyncio.get_running_loop()
        # How much of it may be read; no limit for the notebook's own clients.
        is_limited = session.ticket.is_limited
        self._allowance = Allowance(session.hub.limits, self._loop.time()) if is_limited else None
        self._wait: asyncio.Future[None] | None = None
        self.is_announced = False
        self.received_count = self.holds = 0
        self._held_at = 0.0

    def end(self) -> None:
        """Stop any wait, since the session has ended."""
        if self._wait is not None:
            _settle(self._wait)

    def receive(self, data: str | bytes, number: int = 0) -> Awaitable[None] | None:
        """Process the content of a MESSAGE; read on when the result is done."""
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
        """Pass a message on once it is paid for and gets its turn; read nothing until then."""
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
        """Charge a guest's allowance for what is not a message; read on when the result is done."""
        session = self._session
        if self._allowance is None or not session.is_open:
            return None
        pause_s = self._allowance.take(cost, self._loop.time())
        return self._hold(pause_s) if pause_s else None

    async def _hold(self, pause_s: float) -> None:
        with self._reading_nothing():
            await self._pause(pause_s)

    async def _pause(self, seconds: float) -> None:
        """Wait for ``seconds``, or until the session ends."""
        if seconds:
            waited: asyncio.Future[None] = self._loop.create_future()
            timer = self._loop.call_later(seconds, _settle, waited)
            await self._until(waited)
            timer.cancel()

    async def _until(self, wait: asyncio.Future[None]) -> None:
        """Wait for ``wait``, or until the session ends."""
        session = self._session
        if not session.is_open:
            return
        self._wait = self._loop.create_future()
        await asyncio.wait([wait, self._wait], return_when=asyncio.FIRST_COMPLETED)
        self._wait = None

    @contextlib.contextmanager
    def _reading_nothing(self) -> Iterator[None]:
        """Stop the pong timeout while the client is not read."""
        self.hold()
        try:
            yield
        finally:
            self.release()

    def hold(self) -> None:
        """Let the pong timeout stand still: what the client sends does not reach us now."""
        if not self.holds:
            self._held_at = self._loop.time()
        self.holds += 1

    def release(self) -> None:
        """Let it go on, if nothing else holds it."""
        self.holds -= 1
        if not self.holds:
            session = self._session
            session.protocol.extend(self._loop.time() - max(self._held_at, session.ticked_at))
            session.outbox.excuse()


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
