"""Acknowledgements that the server waits for, from one client or from many."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from threading import Lock
from typing import TYPE_CHECKING, Any

from nbsocket.errors import AckTimeout
from nbsocket.kernel.waiting import value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class PendingAck:
    """The answers to one emit.

    Args:
        event: What was emitted; for messages.
        sockets: Who is asked, in order.
        ack_id: By which number they answer.
    """

    def __init__(self, event: str, sockets: Sequence[Any], ack_id: int) -> None:
        """Wait for all of ``sockets``."""
        self._event = event
        self._ack_id = ack_id
        self._sockets = list(sockets)
        self._answers: dict[str, Any] = {}
        self._open = {socket.id for socket in sockets}
        self._lock = Lock()
        self._done: Future[None] = Future()
        if not self._open:
            self._done.set_result(None)

    def answered(self, socket_id: str, args: list[Any]) -> None:
        """Take an answer."""
        with self._lock:
            if socket_id in self._open:
                self._answers[socket_id] = value_of(args)
        self._close(socket_id)

    def gone(self, socket_id: str) -> None:
        """Wait for this client no longer: it left."""
        self._close(socket_id)

    def _close(self, socket_id: str) -> None:
        with self._lock:
            self._open.discard(socket_id)
            complete = not self._open
        if complete and not self._done.done():
            self._done.set_result(None)

    def wait(self, wait: Callable[[Callable[[float | None], bool]], bool]) -> list[Any]:
        """Block until all have answered.

        Raises:
            AckTimeout: Somebody did not.
        """

        def wait_some(seconds: float | None) -> bool:
            try:
                self._done.result(seconds)
            except (FutureTimeoutError, TimeoutError):
                return False
            return True

        wait(wait_some)
        return self._results()

    async def wait_async(self, timeout_s: float) -> list[Any]:
        """Await until all have answered.

        Raises:
            AckTimeout: Somebody did not.
        """
        await asyncio.wait([asyncio.wrap_future(self._done)], timeout=timeout_s)
        return self._results()

    def _results(self) -> list[Any]:
        with self._lock:
            responses = [self._answers[socket.id] for socket in self._sockets if socket.id in self._answers]
            missing = [socket for socket in self._sockets if socket.id not in self._answers]
        if missing:
            for socket in missing:
                socket._expect_no_ack(self._ack_id)
            # Panes and headless clients say what they are called.
            who = ", ".join(socket.handshake.query.get("name") or socket.id for socket in missing[:3])
            msg = f"{len(missing)} of {len(self._sockets)} did not acknowledge {self._event!r}: {who}"
            raise AckTimeout(msg, responses, missing)
        return responses


class Answer:
    """The acknowledgement of one event from a client, once its handlers have returned.

    The first value that is not None answers; if all return None, an empty acknowledgement does.
    A handler that raises answers nothing.

    Args:
        count: How many handlers run.
        send: Sends the acknowledgement's arguments.
    """

    __slots__ = ("_left", "_send", "_succeeded")

    def __init__(self, count: int, send: Callable[[list[Any]], None]) -> None:
        """Wait for ``count`` handlers."""
        self._left = count
        self._send: Callable[[list[Any]], None] | None = send
        self._succeeded = False

    def __call__(self, result: Any, error: BaseException | None) -> None:
        """Take the result of a handler."""
        self._left -= 1
        self._succeeded = self._succeeded or error is None
        if result is None and (self._left or not self._succeeded):
            return
        send, self._send = self._send, None
        if send is not None:
            send([] if result is None else list(result) if isinstance(result, tuple) else [result])
