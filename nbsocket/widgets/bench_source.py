"""The source of a duplex bench: one function's values, sent every way at once."""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING, Any

from nbsocket.link.messages import Post
from nbsocket.protocol.values import encode
from nbsocket.socketio.cell_run import NO_CELL, handler_cell

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbsocket.carriers.interface import Carrier
    from nbsocket.socketio.handler_thread import HandlerThread
    from nbsocket.socketio.server import SocketServer
    from nbsocket.socketio.socket import Socket

NAMESPACE = "/duplex-bench"
MAX_RATE = 50.0


class Source:
    """Calls a function now and then and sends what it returns.

    The times between two events vary by up to half of their mean: if they were all equal, what
    polling finds would depend on when it began.

    Args:
        server: The server whose clients get the events.
        carrier: How to reach the gateway.
        handlers: The handler thread, on which the function runs.
        function: Gets the event's number, from 1, and returns any value that can be sent.
        rate: Events per second.
        seed: The same seed gives the same times.
    """

    def __init__(
        self,
        server: SocketServer,
        carrier: Carrier,
        handlers: HandlerThread,
        function: Callable[[int], Any],
        rate: float,
        seed: int,
    ) -> None:
        """Prepare; ``start`` begins sending.

        Raises:
            ValueError: The rate is out of bounds.
        """
        if not 0 < rate <= MAX_RATE:
            msg = f"rate={rate!r}: must be above 0 and at most {MAX_RATE:g} events per second"
            raise ValueError(msg)
        self.function = function
        self.rate = rate
        self.sent = 0
        self._server, self._carrier, self._handlers = server, carrier, handlers
        self._random = random.Random(seed)  # noqa: S311 - times, not secrets
        self._lock = threading.Lock()
        self._turn = 0
        token = handler_cell.set(NO_CELL)
        try:
            server.of(NAMESPACE).on("clock", _clock)
        finally:
            handler_cell.reset(token)

        carrier.send(Post(server.name, 0, ""))

    @property
    def is_running(self) -> bool:
        """Whether events are being sent."""
        return self._turn % 2 == 1

    def start(self) -> None:
        """Start sending."""
        with self._lock:
            if self.is_running:
                return
            self._turn += 1
            turn = self._turn
        self._handlers.later(0.0, lambda: self._plan(turn))

    def stop(self) -> None:
        """Stop sending."""
        with self._lock:
            self._turn += self._turn % 2

    def _plan(self, turn: int) -> None:
        pause = self._random.uniform(0.5, 1.5) / self.rate
        self._handlers.later(pause, lambda: self._send(turn))

    def _send(self, turn: int) -> None:
        if turn != self._turn:
            return
        number = self.sent + 1
        try:
            value = self.function(number)
            at_ms = time.time() * 1000
            text, attachments = encode([{"number": number, "at": at_ms, "data": value}])
            if attachments:
                raise TypeError("The bench sends JSON values, and not bytes.")  # noqa: TRY301 - one way out
        except Exception:
            self.stop()
            raise
        self.sent = number
        self._carrier.send(Post(self._server.name, number, text[1:-1]))
        self._server.of(NAMESPACE).emit("event", {"number": number, "at": at_ms, "data": value})
        self._plan(turn)


def _clock(_socket: Socket) -> float:
    return time.time() * 1000
