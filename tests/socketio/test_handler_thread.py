"""The thread on which handlers run."""

import asyncio
import sys
import threading
import time
import warnings

import pytest
from support.stage import until

from nbsocket.socketio import handler_thread
from nbsocket.socketio.handler_table import Registration


def test_handlers_run_on_it_and_nowhere_else(stage):
    ran = []
    stage.server.on("e", lambda _: ran.append(stage.handlers.is_current))
    peer, _ = stage.guest()
    peer.ask("e")
    assert (ran, stage.handlers.is_current) == ([True], False)


def test_jobs_run_in_order(stage):
    done = []
    for number in range(100):
        stage.handlers.post(lambda number=number: done.append(number))
    stage.settle()
    assert done == list(range(100))


def test_a_job_that_raises_stops_no_other(stage, capfd):
    done = []
    stage.handlers.post(lambda: 1 / 0)
    stage.handlers.post(sys.exit)
    stage.handlers.post(lambda: done.append(1))
    stage.settle()
    assert done == [1]
    assert capfd.readouterr().err.count("internal error in nbsocket") == 2


@pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt, asyncio.CancelledError])
@pytest.mark.parametrize("is_async", [False, True])
def test_whatever_a_handler_raises_the_next_one_runs(stage, error, is_async, capfd):
    def fail(_socket):
        raise error("no")

    async def fail_async(_socket):
        await asyncio.sleep(0)
        raise error("no")

    stage.server.on("fail", fail_async if is_async else fail)
    stage.server.on("ok", lambda _: "yes")
    peer, _ = stage.guest()
    peer.emit("fail")
    assert peer.ask("ok") == ["yes"]
    until(lambda: error.__name__ in capfd.readouterr().err)


def test_a_handler_that_stops_the_loop_stops_nothing(stage):
    stage.server.on("stop", lambda _: asyncio.get_event_loop_policy().get_event_loop().stop())
    stage.server.on("ok", lambda _: "yes")
    peer, _ = stage.guest()
    peer.emit("stop")
    assert peer.ask("ok") == ["yes"]


def test_async_handlers_start_in_order_and_interleave_where_they_await(stage):
    said = []

    @stage.server.on("e")
    async def handle(_socket, name):
        said.append(f"{name} begins")
        await asyncio.sleep(0.01 if name == "a" else 0)
        said.append(f"{name} ends")

    peer, _ = stage.guest()
    peer.emit("e", "a")
    peer.emit("e", "b")
    until(lambda: len(said) == 4)
    assert said == ["a begins", "b begins", "b ends", "a ends"]


def test_what_a_plain_handler_returns_is_awaited_if_it_can_be(stage):
    async def answer():
        return 5

    stage.server.on("e", lambda _: answer())
    peer, _ = stage.guest()
    assert peer.ask("e") == [5]


@pytest.mark.parametrize("made", [lambda: (x for x in "ab"), lambda: (x async for x in agen())])
def test_a_generator_that_is_returned_is_told(stage, made, capfd):
    stage.server.on("e", lambda _: made())
    peer, _ = stage.guest()
    peer.emit("e")
    until(lambda: "returned a generator, which nobody runs" in capfd.readouterr().err)


async def agen():
    yield


def test_later_is_on_the_thread(stage):
    done = []
    began = time.monotonic()
    stage.handlers.later(0.02, lambda: done.append((stage.handlers.is_current, time.monotonic() - began)))
    ((is_current, took_s),) = until(lambda: done)
    assert is_current
    assert took_s >= 0.02


def test_an_exception_in_a_task_of_a_user_does_not_end_the_thread(stage, capfd):
    @stage.server.on("e")
    async def handle(_socket):
        asyncio.get_running_loop().call_soon(sys.exit)

    stage.server.on("ok", lambda _: "yes")
    peer, _ = stage.guest()
    peer.emit("e")
    assert peer.ask("ok") == ["yes"]
    until(lambda: "a task or a callback of a handler" in capfd.readouterr().err)


def test_a_plain_handler_that_waits_long_is_warned(stage, monkeypatch):
    monkeypatch.setattr(handler_thread, "_WARN_AFTER_S", 0.01)
    peer, _ = stage.guest()
    caught = []

    @stage.server.on("e")
    def handle(socket):
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                socket.call("q", timeout=0.05)
            except TimeoutError:
                caught.extend(str(one.message) for one in warned)

    peer.emit("e")
    until(lambda: caught)
    assert caught == [
        "call('q') in a handler holds up all other handlers; use an async def handler and await."
    ]


@pytest.mark.parametrize("timeout_s", [0.005, 60.0])
def test_a_short_wait_is_not(stage, monkeypatch, timeout_s):
    monkeypatch.setattr(handler_thread, "_WARN_AFTER_S", 0.01 if timeout_s < 1 else 5.0)
    peer, _ = stage.guest()
    answers = []

    @stage.server.on("e")
    def handle(socket):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                answers.append(socket.call("q", timeout=timeout_s))
            except TimeoutError:
                answers.append("in vain")

    peer.emit("e")
    if timeout_s > 1:
        until(lambda: ["q"] in peer.events)
        peer.answer("yes")
    until(lambda: answers)
    assert answers == (["yes"] if timeout_s > 1 else ["in vain"])


def test_an_emit_waits_while_there_is_no_room_and_loses_nothing(stage):
    peer, socket = stage.guest()
    stage.carrier.writable = False
    emitting = threading.Thread(target=lambda: [socket.emit("e", number) for number in range(3)])
    emitting.start()
    with stage.carrier._changed:
        assert peer.events == []
        stage.carrier.writable = True
        stage.carrier._changed.notify_all()
    emitting.join(5)
    assert peer.events == [["e", 0], ["e", 1], ["e", 2]]


def test_who_watches_is_told_when_handlers_begin_and_end(stage):
    noted = []

    class Watcher:
        is_watched = True

        def begins(self, run):
            run.began = 1.0
            noted.append(("begins", run.event))

        def ended(self, run):
            noted.append(("ended", run.event))

    stage.handlers.watcher = Watcher()

    @stage.server.on("slow")
    async def slow(_socket):
        await asyncio.sleep(0.01)

    stage.server.on("plain", lambda _: None)
    stage.server.on("broken", lambda _: 1 / 0)
    stage.server.on("awaited", lambda _: asyncio.sleep(0.005))
    peer, _ = stage.guest()
    for event in ("slow", "plain", "broken", "awaited"):
        peer.emit(event)
    until(lambda: ("ended", "slow") in noted)
    assert [one for one in noted if one[0] == "begins"] == [
        ("begins", one) for one in ("slow", "plain", "broken", "awaited")
    ]
    # A plain handler has ended when it returns, whatever it returns.
    assert sorted(one for one in noted if one[0] == "ended") == [
        ("ended", one) for one in ("awaited", "broken", "plain", "slow")
    ]


def test_a_coroutine_is_stepped_at_once_and_goes_on_when_its_reply_comes(stage):
    said = []

    async def slow():
        await asyncio.sleep(0.01)
        return "slow"

    async def ask():
        for function in (lambda: "quick", slow):
            reply = await stage.handlers.ask(Registration("e", function, None), (), None)
            said.append(reply.value)
        said.append(
            (await stage.handlers.ask(Registration("e", lambda: 1 / 0, None), (), None)).failure.why
        )

    stage.on_thread(lambda: (stage.handlers.step(ask()), said.append("returned")))
    until(lambda: len(said) == 4)
    assert said[:3] == ["quick", "returned", "slow"]
    assert "ZeroDivisionError" in said[3]


def test_a_chatty_client_lets_the_loop_have_its_turn(stage, monkeypatch):
    monkeypatch.setattr(handler_thread, "_TURN_S", 0.001)
    monkeypatch.setattr(handler_thread, "_GATHER_S", 0.0005)
    monkeypatch.setattr(handler_thread, "_REPORT_BYTES", 100)
    timers = []
    stage.server.on("e", lambda _: time.sleep(0.0002))
    peer, _ = stage.guest()
    batch = [one for _ in range(100) for one in peer.messages(2, ["e"])]
    stage.handlers.later(0.002, lambda: timers.append(stage.server.channel.figures()["waiting"]))
    stage.carrier.give(*batch)
    until(lambda: stage.is_settled)
    assert timers
    assert timers[0] > 0
