"""Events as they arrive, for a loop."""

import asyncio
import threading

import pytest
from support.stage import until

from nbsocket.errors import BlockingCallError
from nbsocket.socketio import event_stream


def test_a_loop_gets_each_event_once_and_in_order_whoever_sends(stage):
    alice, socket = stage.guest()
    bob, other = stage.guest()
    stream = stage.server.events("vote", timeout=5)
    alice.emit("vote", "a", 1)
    bob.emit("vote")
    alice.emit("something else")
    got = [next(stream), next(stream)]
    assert got == [(socket, ("a", 1)), (other, ())]


def test_of_one_client(stage):
    alice, socket = stage.guest()
    bob, _ = stage.guest()
    stream = socket.events("vote", timeout=0.05)
    bob.emit("vote", "b")
    alice.emit("vote", "a")
    assert list(stream) == [(socket, ("a",))]


def test_a_loop_begins_with_what_came_since_the_cell_began(stage):
    peer, socket = stage.guest()
    peer.emit("vote", "before")
    until(lambda: stage.is_settled)
    with stage.cell():
        peer.emit("vote", "within")
        until(lambda: stage.is_settled)
        assert list(stage.server.events("vote", timeout=0)) == [(socket, ("within",))]


def test_it_waits_for_the_next(stage):
    peer, socket = stage.guest()
    stream = stage.server.events("vote", timeout=5)
    threading.Timer(0.05, peer.emit, ["vote", 1]).start()
    assert next(stream) == (socket, (1,))


def test_closing_ends_the_loop_wherever_it_waits(stage):
    stream = stage.server.events("vote")
    threading.Timer(0.05, stream.close).start()
    assert list(stream) == []
    assert list(stream) == []


def test_awaiting(stage):
    peer, socket = stage.guest()
    stream = stage.server.events("vote", timeout=5)

    async def two():
        got = []
        async for pair in stream:
            got.append(pair)
            if len(got) == 2:
                stream.close()
        return got

    threading.Timer(0.05, lambda: (peer.emit("vote", 1), peer.emit("vote", 2))).start()
    assert stage.awaited(two()) == [(socket, (1,)), (socket, (2,))]


def test_awaiting_ends_in_time(stage):
    async def everything():
        return [pair async for pair in stage.server.events("vote", timeout=0.02)]

    assert stage.awaited(everything()) == []


def test_a_loop_in_an_async_handler_must_be_an_async_one(stage):
    peer, _ = stage.guest()
    raised = []

    @stage.server.on("go")
    async def go(_socket):
        try:
            for _ in stage.server.events("vote"):
                pass
        except BlockingCallError as error:
            raised.append(str(error))
        async for _, args in stage.server.events("vote"):
            raised.append(args)
            break

    peer.emit("go")
    until(lambda: raised)
    assert "async for … in events('vote')" in raised[0]
    peer.emit("vote", "later")
    until(lambda: raised[1:] == [("later",)])


def test_what_nobody_takes_is_bounded_and_counted(stage, monkeypatch):
    monkeypatch.setattr(event_stream, "KEPT_EVENTS", 3)
    peer, _ = stage.guest()
    stream = stage.server.events("vote", timeout=0.05)
    for number in range(5):
        peer.emit("vote", number)
    until(lambda: stage.is_settled)
    assert [args for _, args in stream] == [(2,), (3,), (4,)]
    assert stream.dropped == 2


def test_a_stream_that_was_left_takes_nothing_any_more(stage):
    peer, _ = stage.guest()
    stream = stage.server.events("vote")
    del stream
    peer.emit("vote", 1)
    assert stage.server.wait_for("vote", timeout=5) == 1


def test_two_streams_get_it_both(stage):
    peer, socket = stage.guest()
    streams = [stage.server.events("vote", timeout=5) for _ in range(2)]
    peer.emit("vote", 1)
    assert [next(one) for one in streams] == [(socket, (1,))] * 2


@pytest.mark.parametrize("timeout", ["1", -1])
def test_seconds_are_looked_at(stage, timeout):
    with pytest.raises((TypeError, ValueError), match="timeout="):
        stage.server.events("vote", timeout=timeout)


def test_a_task_that_is_cancelled_while_it_waits_leaves_the_others_alone(stage):
    peer, socket = stage.guest()
    stream = stage.server.events("vote", timeout=5)

    async def cancelled():
        waiting = asyncio.ensure_future(stream.__anext__())
        await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    stage.awaited(cancelled())
    peer.emit("vote", 1)
    assert next(stream) == (socket, (1,))
