"""The one thread on which handlers run, with its own asyncio loop; without threads, the loop that there is.

Plain handlers run to completion, in order. ``async def`` handlers start in order
and interleave only where they await, as in Node.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any

from nbsocket.abilities import can_pause, in_forked_child, wait_pausing
from nbsocket.errors import BlockingCallError
from nbsocket.socketio.handler_run import HandlerRun, Output, handler_run
from nbsocket.socketio.outcome import Outcome, Reply
from nbsocket.socketio.turns import Turn, Turns

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Coroutine
    from contextlib import AbstractContextManager

    from nbsocket.carriers.interface import Carrier
    from nbsocket.socketio.acks import Failure
    from nbsocket.socketio.handler_run import Watcher
    from nbsocket.socketio.handler_table import Registration
    from nbsocket.socketio.socket import Socket
    from nbsocket.socketio.turns import Entry

_TURN_S = 0.005
_GATHER_S = 0.002
_SHARE_S = 0.0005
_REPORT_BYTES = 64 * 1024
_WARN_AFTER_S = 1.0
# What handlers nearly always return; asking inspect takes longer than many handlers do.
_NOT_AWAITABLE = frozenset({type(None), str, int, float, bool, bytes, list, dict, tuple})


class HandlerThread:
    """Runs jobs in order on a thread of its own.

    Args:
        output: Where handler output is shown.
        carrier: Brings the messages that jobs process, and takes what they send.
        watcher: Records which handlers run.
        loop: The loop to run on where there are no threads; None for a thread with its own.
    """

    def __init__(
        self,
        output: Output,
        carrier: Carrier,
        watcher: Watcher,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """Start the thread."""
        self.output = output
        self.watcher = watcher
        self._carrier = carrier
        carrier.on_messages = self.receive
        self._worked_bytes = 0
        self.turns = Turns()
        self._nobody = Turn()
        # Needs no lock: ``_drain`` looks again after clearing the flag.
        self._scheduled = False
        # Set when a coroutine is started: it begins only in the next iteration of the loop.
        self._has_started = False
        self._tasks: set[asyncio.Task[Any]] = set()
        self._is_child = False
        in_forked_child(self._forked)
        self._is_alone = loop is None
        self.loop = loop or asyncio.new_event_loop()
        self._thread = threading.current_thread()
        if self._is_alone:
            self._thread = threading.Thread(target=self._run, name="nbsocket handlers", daemon=True)
            self._thread.start()

    @property
    def is_current(self) -> bool:
        """Whether the caller is on this thread."""
        return threading.current_thread() is self._thread

    def receive(self, batch: list[Entry]) -> None:
        """Queue a batch of clients' messages; on the carrier's thread."""
        turns = self.turns
        turns.inbox.extend(batch)
        if turns.has_waiters:
            turns.read_ahead()
            self._carrier.consumed(turns.take_passed())
        self._wake()

    def post(self, job: Callable[[], Any], whose: Turn | None = None) -> None:
        """Run ``job`` after everything posted earlier for the same client; any thread.

        Args:
            job: What to run.
            whose: The client; None if the job belongs to no client. Clients get fair turns.
        """
        self.turns.inbox.append((whose or self._nobody, job, 0.0))
        self._wake()

    def release(self, turn: Turn) -> None:
        """Let a held turn continue; any thread."""
        self.turns.release(turn)
        self._wake()

    def waiting(self) -> AbstractContextManager[None]:
        """Read messages as they arrive, even while a handler blocks this thread; any thread."""
        return self.turns.waiting()

    def _wake(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self.loop.call_soon_threadsafe(self._drain)

    def _report(self) -> None:
        """Report how many bytes were processed since the last report."""
        size, self._worked_bytes = self._worked_bytes + self.turns.take_passed(), 0
        if size:
            self._carrier.consumed(size)

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call ``call`` on this thread in some seconds; any thread."""
        self.loop.call_soon_threadsafe(self.loop.call_later, seconds, call)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        while not self.loop.is_closed():
            # Start over if a handler stopped the loop, or its task raised SystemExit through it.
            try:
                self.loop.run_forever()
            except BaseException as error:  # noqa: BLE001 - nothing ends this thread
                self.output.show_exception(error, "nbsocket: a task or a callback of a handler")

    def _forked(self) -> None:
        """In a forked child: what this thread holds, above all its loop, belongs to the parent."""
        self._is_child = True

    def _leave_child(self) -> None:
        """End a forked child that has returned from its handler: the jobs belong to the parent."""
        if self._is_child and self.is_current:
            os._exit(0)

    def _drain(self) -> None:
        turns = self.turns
        if turns.has_several():
            self._carrier.gather()
        is_done = self._work_off(turns)
        self._report()
        self._carrier.release()
        if not is_done:
            # Let new coroutines take their first step, and timers run.
            self.loop.call_soon(self._drain)

    # One loop, not split into functions, since it runs for every event.
    def _work_off(self, turns: Turns) -> bool:  # noqa: C901
        """Work until nothing is left or the event loop must run; return whether nothing is left."""
        now = time.monotonic()
        turn_ends, rest_at = now + _TURN_S, now + _GATHER_S
        while True:
            step = turns.take()
            if step is None:
                self._scheduled = False
                if not turns:
                    return True
                # Posted by a thread that saw the flag still set.
                self._scheduled = True
                continue
            turn, what, arrived_at, size = step
            self._has_started = False
            try:
                if arrived_at:
                    turn.handle(what)
                else:
                    what()
            except BaseException as error:  # noqa: BLE001 - likewise
                # Exceptions of handlers are caught in ``call``.
                self.output.show_exception(error, "nbsocket: internal error in nbsocket: a job")
            began, now = now, time.monotonic()
            if now - began > _SHARE_S:
                turns.next_turn()
            if arrived_at:
                turn.handled(now - arrived_at)
                self._worked_bytes += size
                if self._worked_bytes >= _REPORT_BYTES:
                    self._report()
            if self._has_started or now > turn_ends:
                return False
            if now > rest_at:
                # Send what is ready now, so that its recipients can start on it.
                self._carrier.release()
                self._carrier.gather()
                rest_at = now + _GATHER_S

    def call(
        self,
        registration: Registration,
        args: tuple[Any, ...],
        client: Any,
        done: Callable[[Any, Failure | None], object] | None = None,
        expected: tuple[type[BaseException], ...] = (),
    ) -> None:
        """Call a handler now, on this thread, in its cell's context.

        Whatever it raises is shown to its author and caught here: ``sys.exit()`` must not end this thread.

        Args:
            registration: The handler.
            args: The arguments at hand; it gets as many as it takes.
            client: The member that caused the call.
            done: Called with the result, or with the failure.
            expected: Exceptions that are an answer, not an error to show.
        """
        function = registration.function
        event = registration.event if isinstance(registration.event, str) else registration.event.value
        run = HandlerRun(event, client, registration.is_async)
        if self.watcher.is_watched:
            self.watcher.begins(run)
        context = self.output.context_of(registration.cell, run)
        outcome = Outcome(self.output, context, registration, done, expected)
        try:
            if not registration.needs <= len(args) <= registration.takes:
                args = registration.fitting(args)
            result = context.run(function, *args)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it ends here
            self._leave_child()
            if run.began:
                self.watcher.ended(run)
            outcome.raised(error)
            return
        if self._is_child:
            self._leave_child()
        if run.began and not registration.is_async:
            self.watcher.ended(run)
        if type(result) in _NOT_AWAITABLE or not inspect.isawaitable(result):
            if type(result) not in _NOT_AWAITABLE and _is_generator(result):
                outcome.raised(TypeError("the handler returned a generator, which nobody runs"))
            elif done is not None:
                outcome.returned(result)
            return
        context.run(self.start, self._finish(result, outcome, run))

    async def _finish(self, result: Awaitable[Any], outcome: Outcome, run: HandlerRun) -> None:
        try:
            value = await result
        except BaseException as error:  # noqa: BLE001 - likewise, and also when it is cancelled
            self._leave_child()
            outcome.raised(error)
        else:
            self._leave_child()
            outcome.returned(value)
        if run.began and run.is_async:
            self.watcher.ended(run)
        if run.client is not None:
            run.client.handled()

    def ask(
        self,
        registration: Registration,
        args: tuple[Any, ...],
        client: Any,
        expected: tuple[type[BaseException], ...] = (),
    ) -> Reply:
        """Call a handler like ``call``; await the reply, in a coroutine of ``step``, for its outcome."""
        reply = Reply(self)
        self.call(registration, args, client, reply, expected)
        return reply

    def step(self, coroutine: Coroutine[Reply, None, None]) -> None:
        """Run internal code now, up to a ``Reply`` that is not there yet; resume it once it is.

        Not a task: code that need not wait, which is nearly all of it, runs at once and in order.
        """
        try:
            reply = coroutine.send(None)
        except StopIteration:
            return
        reply.awaited_by = coroutine

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Start a coroutine on this thread's loop, in the caller's context."""
        self._has_started = True
        task = self.loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def in_vain(
        self, what: str, awaitable: str, clients: Collection[Socket], form: str = "await {}"
    ) -> None:
        """Refuse to wait for clients all of whose messages come to the caller's own thread.

        Raises:
            BlockingCallError: It is so.
        """
        here = threading.get_ident()
        if self._is_alone and clients and all(one.handshake.heard_on == here for one in clients):
            msg = (
                f"{what} would wait in vain: what clients send over their widgets' comm arrives here only "
                f"when the cell has ended, or while it awaits. Write  {form.format(awaitable)}  instead."
            )
            raise BlockingCallError(msg)

    def blocking(self, what: str, awaitable: str, form: str = "await {}") -> None:
        """Refuse a blocking call where it would stop everything, and suggest ``form`` with ``awaitable``.

        Raises:
            BlockingCallError: The caller is an ``async def`` handler, or there are no threads.
        """
        if not self._is_alone and not can_pause():
            msg = (
                f"{what} blocks, and this kernel runs inside the browser, where nothing arrives meanwhile. "
                f"Write  {form.format(awaitable)}  instead."
            )
            raise BlockingCallError(msg)
        run = handler_run.get()
        if self.is_current and run is not None and run.is_async:
            msg = (
                f"{what} blocks, and this is an async def handler: it would stop every other handler. "
                f"Write  {form.format(awaitable)}  instead."
            )
            raise BlockingCallError(msg)

    def wait(self, wait: Callable[[float | None], bool], timeout_s: float | None, what: str) -> bool:
        """Wait with ``wait(seconds)`` for something a client sends; on the handler thread, warn after 1 s.

        Raises:
            ForkedProcessError: In a forked child, where nothing ever arrives.
        """
        self._carrier.check_process()
        with self.waiting():
            return self._patiently(wait, timeout_s, what)

    def wait_for_room(self, what: str) -> bool:
        """Wait until clients have caught up; on the handler thread, warn after 1 s."""
        return self._patiently(self._carrier.wait_writable, None, what)

    def _patiently(self, wait: Callable[[float | None], bool], timeout_s: float | None, what: str) -> bool:
        if not self._is_alone:
            return wait_pausing(wait, timeout_s)
        if not self.is_current:
            return wait(timeout_s)
        if timeout_s is not None and timeout_s <= _WARN_AFTER_S:
            return wait(timeout_s)
        if wait(_WARN_AFTER_S):
            return True
        warnings.warn(
            f"{what} in a handler holds up all other handlers; use an async def handler and await.",
            RuntimeWarning,
            stacklevel=5,
        )
        return wait(None if timeout_s is None else timeout_s - _WARN_AFTER_S)


def _is_generator(result: Any) -> bool:
    return inspect.isgenerator(result) or inspect.isasyncgen(result)
