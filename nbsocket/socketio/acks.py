"""Acknowledgements that the server waits for, from one client or from many."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from threading import Lock
from typing import TYPE_CHECKING, Any

import msgspec

from nbsocket.errors import AckTimeout
from nbsocket.protocol.errors import EncodeError
from nbsocket.socketio.waiting import value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from nbsocket.socketio.handler_run import Output
    from nbsocket.socketio.handler_thread import HandlerThread
    from nbsocket.socketio.member import Member
    from nbsocket.socketio.socket import Socket


DEFAULT_ACK_TIMEOUT_S = 10.0


class PendingAck:
    """The answers to one emit.

    Args:
        event: What was emitted; for messages.
        members: The clients to wait for, in order.
    """

    def __init__(self, event: str, members: Sequence[Member]) -> None:
        """Wait for all of ``members``."""
        self._event = event
        self._members = list(members)
        self._answers: dict[str, Any] = {}
        self._open = {member.id for member in members}
        self._lock = Lock()
        self._done: Future[None] = Future()
        if not self._open:
            self._done.set_result(None)

    def answered(self, socket_id: str, args: list[Any]) -> None:
        """Record a client's answer."""
        with self._lock:
            if socket_id in self._open:
                self._answers[socket_id] = value_of(args)
        self._close(socket_id)

    def gone(self, socket_id: str) -> None:
        """Stop waiting for a client that has left."""
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
            AckTimeout: Not all of them did.
        """

        def wait_some(seconds: float | None) -> bool:
            try:
                self._done.result(seconds)
            except (FutureTimeoutError, TimeoutError):
                return False
            return True

        wait(wait_some)
        return self._results()

    async def wait_async(self, timeout_s: float | None) -> list[Any]:
        """Wait asynchronously until all have answered.

        Raises:
            AckTimeout: Not all of them did.
        """
        await asyncio.wait([asyncio.wrap_future(self._done)], timeout=timeout_s)
        return self._results()

    def _results(self) -> list[Any]:
        with self._lock:
            responses = [self._answers[one.id] for one in self._members if one.id in self._answers]
            missing = [one for one in self._members if one.id not in self._answers]
        if missing:
            for member in missing:
                member.expect_no_ack(self)
            # Panes and headless clients give a name.
            who = ", ".join(one.handshake.query.get("name") or one.id for one in missing[:3])
            msg = f"{len(missing)} of {len(self._members)} did not acknowledge {self._event!r}: {who}"
            raise AckTimeout(msg, responses, [one.socket for one in missing])
        return responses


def ask(
    handlers: HandlerThread,
    event: str,
    begin: Callable[[], PendingAck],
    timeout_s: float | None,
    clients: Collection[Socket],
) -> list[Any]:
    """Begin a question, and block until all have answered.

    Raises:
        AckTimeout: Somebody did not in time.
        BlockingCallError: In an ``async def`` handler, or no answer could arrive meanwhile.
    """
    what = f"call({event!r})"
    instead = f"emit_with_ack({event!r}, …)"
    handlers.blocking(what, instead)
    handlers.in_vain(what, instead, clients)
    pending = begin()
    return pending.wait(lambda wait: handlers.wait(wait, timeout_s, what))


async def ask_async(
    handlers: HandlerThread, begin: Callable[[], PendingAck], timeout_s: float | None
) -> list[Any]:
    """Do the same for code that awaits."""
    with handlers.waiting():
        return await begin().wait_async(timeout_s)


class Failure(msgspec.Struct, gc=False):
    """A handler call that failed.

    Args:
        error: What the handler raised.
        why: Which handler raised what, as text.
    """

    error: BaseException
    why: str


class Answer:
    """The acknowledgement of one event from a client, once its handlers have returned.

    The first result that is not None is sent; if all return None, an empty acknowledgement is sent.
    A handler that raises gives no answer; if all of them raise, the client is told that none will come.

    Args:
        output: Tells the client that no answer will come, and why.
        member: The client that asked.
        event: The event's name.
        ack_id: The id to acknowledge; None if only failures matter.
        count: How many handlers run.
    """

    __slots__ = ("_ack_id", "_event", "_is_answered", "_left", "_member", "_output", "_succeeded", "_why")

    def __init__(self, output: Output, member: Member, event: str, ack_id: int | None, count: int) -> None:
        """Wait for ``count`` handlers."""
        self._output = output
        self._member = member
        self._event = event
        self._ack_id = ack_id
        self._left = count
        self._is_answered = False
        self._succeeded = False
        self._why = ""

    def __call__(self, result: Any, failure: Failure | None) -> None:
        """Take the outcome of one handler."""
        self._left -= 1
        if failure is not None:
            self._why = self._why or failure.why
            if self._left == 0 and not self._is_answered:
                if self._succeeded:
                    self._answer([])
                else:
                    self._output.unanswered(self._event, self._member, self._ack_id, self._why)
        elif result is None:
            self._succeeded = True
            if self._left == 0:
                self._answer([])
        else:
            try:
                self._answer(list(result) if isinstance(result, tuple) else [result])
            except EncodeError:
                # The value cannot be sent: report it like an exception from the handler.
                self._left += 1
                raise

    def _answer(self, args: list[Any]) -> None:
        if self._is_answered:
            return
        if self._ack_id is not None:
            self._member.answer(self._ack_id, args)
        self._is_answered = True
