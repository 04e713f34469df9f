"""What handlers may do and be: whatever one does, the others run; whatever it takes, it gets as it would in JavaScript."""

import asyncio
import contextlib
import copy
import functools
import operator
import pickle
import sys
import threading
import time

import pytest
from support.waiting import soon

import nbsocket
from nbsocket import AckTimeout
from nbsocket.testing import Client, ClientRefused, expect


@pytest.fixture
def io():
    server = nbsocket.Server("handlers", port=0)
    yield server
    server.close()


@pytest.fixture
def other():
    """Another channel, on the same handler thread."""
    server = nbsocket.Server("other", port=0)
    server.on("ping me", lambda socket: "here")
    yield server
    server.close()


# --- whatever a handler does, the others run --------------------------------------------------


class UnprintableError(Exception):
    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__


class UnprintableBase(BaseException):
    def __str__(self):
        raise SystemExit(3)

    __repr__ = __str__


class UnshowableError(Exception):
    def __getattribute__(self, name):
        if name in ("args", "__traceback__", "__cause__", "__context__", "__notes__"):
            raise GeneratorExit
        return super().__getattribute__(name)


def outcome():
    """What ``pytest.fail`` raises: a BaseException."""
    return pytest.fail.Exception("failed")


def stop_loop():
    asyncio.get_event_loop().stop()


def close_loop():
    asyncio.get_event_loop().close()


def cancel_all():
    for task in asyncio.all_tasks(asyncio.get_event_loop()):
        task.cancel()


def exit_by_task():
    async def end():
        raise SystemExit(4)

    # Kept by the loop until it runs; nobody waits for it.
    asyncio.get_event_loop().create_task(end())


def exit_by_callback():
    asyncio.get_event_loop().call_soon(sys.exit)


class Broken:
    def write(self, text):
        raise OSError("no such stream")


def break_stderr():
    before, sys.stderr = sys.stderr, Broken()
    asyncio.get_event_loop().call_later(0.2, setattr, sys, "stderr", before)
    raise ValueError("unheard")


def chain():
    try:
        raise UnprintableError  # noqa: TRY301 - what is tested
    except UnprintableError as error:
        raise UnshowableError from error


def endless():
    endless()


def raiser(make):
    def act():
        raise make()

    return act


ACTS = {
    "Exception": raiser(lambda: ValueError("a value")),
    "GeneratorExit": raiser(GeneratorExit),
    "KeyboardInterrupt": raiser(KeyboardInterrupt),
    "SystemExit": raiser(lambda: SystemExit(1)),
    "sys.exit": sys.exit,
    "CancelledError": raiser(asyncio.CancelledError),
    "StopIteration": raiser(StopIteration),
    "StopAsyncIteration": raiser(StopAsyncIteration),
    "pytest.fail": raiser(outcome),
    "an exception without a text": raiser(UnprintableError),
    "a BaseException whose text exits": raiser(UnprintableBase),
    "an exception that shows nothing": raiser(UnshowableError),
    "a chain of such": chain,
    "loop.stop()": stop_loop,
    "loop.close()": close_loop,
    "cancelling all tasks": cancel_all,
    "a task that exits": exit_by_task,
    "a callback that exits": exit_by_callback,
    "an exception while sys.stderr is broken": break_stderr,
    "RecursionError": endless,
    "MemoryError": raiser(MemoryError),
}
NOT_RAISED = {"loop.stop()", "cancelling all tasks", "a task that exits", "a callback that exits"}
NOT_TOLD = {*NOT_RAISED, "an exception while sys.stderr is broken"}


@pytest.mark.fault(37)
@pytest.mark.parametrize(
    "kind", ["plain", "async", "async, later", "connection", "disconnect", "middleware"]
)
@pytest.mark.parametrize("name", ACTS)
def test_no_handler_stops_another(io, other, name, kind):
    act = ACTS[name]
    ran = []
    io.on("good", lambda socket, value: ran.append(value) or value)

    def plain(socket, *_):
        act()

    async def at_once(socket, *_):
        act()

    async def later(socket, *_):
        await asyncio.sleep(0.01)
        act()

    if kind == "middleware":
        io.use(lambda socket: act() if socket.handshake.query.get("name") == "bad" else None)
    elif kind in ("connection", "disconnect"):
        io.on(kind, lambda socket, *_: act() if socket.handshake.query.get("name") == "bad" else None)
    else:
        io.on("bad", {"plain": plain, "async": at_once, "async, later": later}[kind])
    with Client(io, "good") as good, Client(other, "elsewhere") as elsewhere:
        is_in = kind != "middleware" or name in NOT_RAISED
        refused = contextlib.nullcontext() if is_in else pytest.raises(ClientRefused)
        with refused, Client(io, "bad") as bad:
            bad.emit("bad")
            bad.emit("good", 1)
        if is_in:
            soon(lambda: 1 in ran)
        assert good.call("good", 2) == 2
        assert elsewhere.call("ping me") == "here"
        io.emit("to all", 3)
        assert good.wait_for("to all") == 3
        with Client(io, "newcomer") as newcomer:
            assert newcomer.call("good", 4) == 4


@pytest.mark.fault(37)
@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("name", [one for one in ACTS if one not in NOT_TOLD])
def test_who_asked_is_told_at_once_and_its_author_too(io, name, is_async, capfd):
    act = ACTS[name]

    async def asked_async(socket):
        await asyncio.sleep(0)
        act()

    io.on("ask", asked_async if is_async else lambda socket: act())
    with Client(io, "alice") as alice:
        began = time.monotonic()
        with pytest.raises(AckTimeout, match="ask"):
            alice.call("ask", timeout=30)
        assert time.monotonic() - began < 10
        assert len(alice.failures) == 1
    assert "of 'ask' raised " in capfd.readouterr().err


@pytest.mark.fault(37)
def test_a_coroutine_that_is_cancelled_answers_that_none_comes(io, capfd):
    tasks = []

    @io.on("wait")
    async def wait(socket):
        tasks.append(asyncio.current_task())
        await asyncio.sleep(60)

    @io.on("cancel")
    def cancel(socket):
        tasks[0].cancel()

    with Client(io, "alice") as alice:
        thread = threading.Thread(target=lambda: (soon(lambda: tasks), alice.emit("cancel")))
        thread.start()
        with pytest.raises(AckTimeout, match="CancelledError"):
            alice.call("wait", timeout=30)
        thread.join()
    assert "CancelledError" in capfd.readouterr().err


# --- whatever a handler takes -----------------------------------------------------------------


class Calls:
    def __init__(self):
        self.got = []

    def nothing(self):
        self.got.append(())
        return "ran"

    def one(self, a):
        self.got.append((a,))
        return "ran"

    def two(self, a, b="default"):
        self.got.append((a, b))
        return "ran"

    def all(self, *args):
        self.got.append(args)
        return "ran"

    def __call__(self, a):
        self.got.append((a,))
        return "ran"


def wrapped(function):
    @functools.wraps(function)
    def wrapper(*args, **options):
        return function(*args, **options)

    return wrapper


def shapes(calls):
    """Functions, and what each is called with when an event brings 1, 2, 3."""
    return {
        "method without parameters": (calls.nothing, ()),
        "method with one": (calls.one, (1,)),
        "method with a default": (calls.two, (1, 2)),
        "method with all": (calls.all, (1, 2, 3)),
        "callable object": (calls, (1,)),
        "lambda": (lambda a, b: calls.all(a, b) and "ran", (1, 2)),
        "lambda without parameters": (lambda: calls.all() and "ran", ()),
        "partial": (functools.partial(calls.all, 0), (0, 1, 2, 3)),
        "partial of one": (functools.partial(lambda a, b: calls.all(a, b) and "ran", 0), (0, 1)),
        "partial by keyword": (functools.partial(lambda a, b: calls.all(a, b) and "ran", b=9), (1, 9)),
        "wrapper": (wrapped(calls.all), (1, 2, 3)),
        "built-in": (calls.got.append, None),
        "function with options": (lambda a, *, b=5: calls.all(a, b), (1, 5)),
        "function with any options": (lambda a, **options: calls.all(a), (1,)),
    }


@pytest.mark.fault(38)
@pytest.mark.parametrize("name", shapes(Calls()))
def test_a_sockets_listener_gets_what_it_takes(io, name):
    calls = Calls()
    function, got = shapes(calls)[name]
    io.on("connection", lambda socket: (socket.on("event", function), None)[1])
    io.on("sync", lambda socket: True)
    with Client(io, "alice") as alice:
        if got is None:
            # list.append takes one and does not say so in every Python: it is called, and may raise.
            alice.emit("event", 1)
            alice.call("sync")
            assert calls.got == [1]
        else:
            assert alice.call("event", 1, 2, 3) == "ran"
            assert calls.got == [got]


LEFT = "client namespace disconnect"
ENDINGS = {
    "none": (lambda calls: calls.nothing, ()),
    "the reason": (lambda calls: calls.one, (LEFT,)),
    "more, by default": (lambda calls: calls.two, (LEFT, "default")),
    "all": (lambda calls: calls.all, (LEFT,)),
    "async": (None, ()),
}


@pytest.mark.fault(38)
@pytest.mark.parametrize("event", ["disconnect", "disconnecting"])
@pytest.mark.parametrize("name", ENDINGS)
def test_a_listener_of_the_end_need_not_take_the_reason(io, event, name):
    """``socket.on('disconnect', () => …)``, as every tutorial writes it."""
    calls = Calls()

    async def gone():
        calls.nothing()

    taking, got = ENDINGS[name]
    function = gone if taking is None else taking(calls)
    io.on("connection", lambda socket: (socket.on(event, function), None)[1])
    Client(io, "alice").disconnect()
    soon(lambda: calls.got)
    assert calls.got == [got]


@pytest.mark.fault(38)
@pytest.mark.parametrize("event", ["disconnect", "disconnecting"])
@pytest.mark.parametrize("takes", [1, 2, 3])
def test_a_servers_listener_of_the_end_gets_the_socket_and_the_reason_if_it_wants(io, event, takes):
    got = []
    handlers = {
        1: lambda socket: got.append((socket,)),
        2: lambda socket, why: got.append((socket, why)),
        3: lambda *args: got.append(args),
    }
    io.on(event, handlers[takes])
    Client(io, "alice").disconnect()
    soon(lambda: got)
    assert [[type(socket).__name__, *why] for socket, *why in got] == [["Socket", LEFT][:takes]]


@pytest.mark.fault(38)
@pytest.mark.parametrize(
    ("function", "args", "words"),
    [
        (lambda socket, a, b: None, (1,), ["'event'", "needs 2 arguments", "1 argument came"]),
        (lambda socket, a: None, (), ["'event'", "needs 1 argument", "0 arguments came"]),
        (
            lambda socket: None,
            (1, 2),
            ["'event'", "takes one parameter, which is the socket", "2 arguments came"],
        ),
        (functools.partial(operator.add, 1), (1, 2), ["'event'"]),
    ],
)
def test_what_does_not_fit_is_said_with_event_handler_and_both_counts(io, function, args, words, capfd):
    io.on("event", function)
    io.on("good", lambda socket: "good")
    with Client(io, "alice") as alice:
        with pytest.raises(AckTimeout):
            alice.call("event", *args, timeout=30)
        assert alice.call("good") == "good"
        said = alice.failures[0]
    shown = capfd.readouterr().err
    for one in words:
        assert one in shown + said


@pytest.mark.fault(38)
@pytest.mark.parametrize("close", [False, True])
def test_the_reason_is_the_servers_however_fast_the_client_closes(io, close, monkeypatch):
    """The client hears that it is disconnected, and closes its connection, while ``disconnect`` still runs."""
    why = []
    io.on("disconnect", lambda socket, reason: why.append(reason))
    with Client(io, "alice") as alice:
        socket = io.sockets[alice.id]
        client = socket._member.client
        send = client.send

        def send_and_lose(frames):
            send(frames)
            alice.drop()
            time.sleep(0.3)

        monkeypatch.setattr(type(client), "send", lambda _, frames: send_and_lose(frames))
        socket.disconnect(close=close)
        soon(lambda: why)
    assert why == ["server namespace disconnect"]


# --- generators, other processes --------------------------------------------------------------


def generator(socket):
    yield 1


async def async_generator(socket):
    yield 1


class Generating:
    def __call__(self, socket):
        yield 1

    def method(self, socket):
        yield 1


@pytest.mark.fault(39)
@pytest.mark.parametrize(
    "function",
    [
        generator,
        async_generator,
        Generating(),
        Generating().method,
        functools.partial(generator),
        wrapped(generator),
    ],
    ids=["function", "async", "object", "method", "partial", "wrapper"],
)
@pytest.mark.parametrize("place", ["on", "once", "use", "on_any"])
def test_a_generator_is_refused_or_said(io, function, place, capfd):
    def register():
        if place in ("on", "once"):
            getattr(io, place)("event", function)
        else:
            getattr(io, place)(function)

    if function.__class__.__name__ == "function" and hasattr(function, "__wrapped__"):
        # A wrapper is asked itself: what it returns is looked at when it runs.
        io.on("event", function)
        with Client(io, "alice") as alice, pytest.raises(AckTimeout, match="generator"):
            alice.call("event", timeout=30)
        return
    with pytest.raises(TypeError, match="contains a yield"):
        register()


@pytest.mark.fault(40)
@pytest.mark.parametrize("copied", [pickle.dumps, copy.copy, copy.deepcopy])
def test_nothing_of_a_server_is_pickled_or_copied(io, copied):
    with Client(io, "alice") as alice:
        socket = io.sockets[alice.id]
        for one in (io, io.of("/x"), socket, io.to("room"), socket.broadcast, io.timeout(3)):
            with pytest.raises(TypeError, match=r"cannot be pickled or copied.*process"):
                copied(one)
        if copied is not copy.copy:
            with pytest.raises(TypeError, match="cannot be pickled or copied"):
                copied({"deep": [io]})


# --- one event's failure and another's question -----------------------------------------------


@pytest.mark.fault(41)
def test_one_events_failure_is_not_anothers(io):
    @io.on("bad")
    def bad(socket):
        raise ValueError("bad was bad")

    @io.on("good")
    async def good(socket):
        await asyncio.sleep(0.3)
        return "good"

    with Client(io, "alice") as alice:
        alice.emit("bad")
        assert alice.call("good") == "good"
        for _ in range(5):
            alice.emit("bad")
        assert alice.call("good") == "good"
        with pytest.raises(AckTimeout, match="bad was bad"):
            alice.call("bad")
        assert alice.call("good") == "good"
        assert len(alice.failures) == 7


@pytest.mark.fault(41)
@pytest.mark.parametrize("order", ["bad first", "good first", "good later"])
def test_a_question_has_failed_when_all_its_handlers_have(io, order):
    async def slowly(socket):
        await asyncio.sleep(0.2)
        return "answer"

    def bad(socket):
        raise ValueError("one of two")

    good = slowly if order == "good later" else lambda socket: "answer"
    for one in (good, bad) if order == "good first" else (bad, good):
        io.on("ask", one)
    with Client(io, "alice") as alice:
        assert alice.call("ask") == "answer"


@pytest.mark.fault(41)
def test_two_questions_of_one_name_have_an_answer_each(io):
    @io.on("ask")
    async def ask(socket, number):
        await asyncio.sleep(0.1 * number)
        if number % 2:
            raise ValueError(f"number {number}")
        return number

    results = {}
    with Client(io, "alice") as alice:

        def call(number):
            try:
                results[number] = alice.call("ask", number, timeout=30)
            except AckTimeout as error:
                results[number] = str(error)

        threads = [threading.Thread(target=call, args=(number,)) for number in range(6)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        expect(results[4]).to_equal(4)
    assert [results[number] for number in (0, 2, 4)] == [0, 2, 4]
    for number in (1, 3, 5):
        assert f"number {number}" in results[number]
