import threading
import time
from contextlib import nullcontext

import pytest

from nbsocket.errors import BlockingCallError
from nbsocket.protocol.socket_packet import PacketType
from nbsocket.socketio import event_stream as streams
from nbsocket.socketio import waiting
from nbsocket.socketio.waiting import Arrivals


class Handlers:
    def blocking(self, *_, **__):
        """Nothing blocks here."""

    def in_vain(self, *_):
        """Nobody's messages come to the caller's thread."""

    def wait(self, wait, timeout_s, _what):
        return wait(timeout_s)

    def waiting(self):
        return nullcontext()


def take(arrivals, event):
    found = arrivals.take(event, None, lambda wait: wait(0))
    return None if found is None else found.args


def test_what_nobody_waits_for_is_bounded_in_bytes(monkeypatch):
    monkeypatch.setattr(waiting, "_KEPT_BYTES", 1000)
    arrivals = Arrivals(threading.RLock())
    for number in range(100):
        arrivals.note(None, ["big", number], 300, time.monotonic())
    assert [take(arrivals, "big") for _ in range(4)] == [[97], [98], [99], None]
    arrivals.note(None, ["huge", "one is kept in any case"], 5000, time.monotonic())
    assert take(arrivals, "huge") == ["one is kept in any case"]


def test_what_a_loop_has_not_taken_is_bounded_in_bytes_and_counted(monkeypatch):
    monkeypatch.setattr(streams, "KEPT_BYTES", 1000)
    arrivals = Arrivals(threading.RLock())
    stream = arrivals.feed(streams.EventStream("big", None, 0.01, Handlers(), list))
    for number in range(10):
        arrivals.note(None, ["big", number], 300, time.monotonic())
    assert [args for _, args in stream] == [(7,), (8,), (9,)]
    assert stream.dropped == 7


def test_what_came_before_a_cell_is_none_of_its_events_though_it_is_read_later():
    arrivals = Arrivals(threading.RLock())
    came = time.monotonic()
    arrivals.cell_begins()
    arrivals.note(None, ["late"], 10, came - 1)
    arrivals.note(None, ["in time"], 10, time.monotonic())
    assert take(arrivals, "late") is None
    assert take(arrivals, "in time") == []


def test_between_cells_only_the_latest_are_kept(monkeypatch):
    monkeypatch.setattr(waiting, "_KEPT_BETWEEN_CELLS", 3)
    arrivals = Arrivals(threading.RLock())
    for number in range(10):
        arrivals.note(None, ["vote", number], 10, time.monotonic())
    assert take(arrivals, "vote") == [0]
    arrivals.cell_ended()
    assert [take(arrivals, "vote") for _ in range(4)] == [[7], [8], [9], None]
    for number in range(10):
        arrivals.note(None, ["vote", number], 10, time.monotonic())
    assert [take(arrivals, "vote") for _ in range(4)] == [[7], [8], [9], None]


def over_a_comm(stage, thread):
    """A client whose messages come to a thread."""
    handshake = {"query": {}, "headers": {}, "address": "", "heard_on": thread}
    peer = stage.peer(handshake=handshake)
    return peer, peer.connect()


def test_who_waits_on_the_thread_that_would_hear_it_is_told_at_once(stage):
    peer, socket = over_a_comm(stage, threading.get_ident())
    server = stage.server
    for call, instead in {
        lambda: server.wait_for("vote", timeout=5): "await io.next('vote')",
        lambda: socket.wait_for("vote", timeout=5): "await socket.next('vote')",
        lambda: next(server.events("vote", timeout=5)): "async for … in events('vote')",
        lambda: server.call("ask"): "await emit_with_ack('ask', …)",
        lambda: socket.call("ask"): "await emit_with_ack('ask', …)",
    }.items():
        with pytest.raises(BlockingCallError, match="would wait in vain") as raised:
            call()
        assert instead in str(raised.value)
    assert peer.events == [], "nothing was asked"


def test_what_is_there_already_is_returned_all_the_same(stage):
    peer, _ = over_a_comm(stage, threading.get_ident())
    peer.send(PacketType.EVENT, ["vote", 3])
    stage.settle()
    assert stage.server.wait_for("vote", timeout=5) == 3


@pytest.mark.parametrize("thread", [0, 1])
def test_one_client_that_is_heard_elsewhere_is_enough_to_wait_for(stage, thread):
    over_a_comm(stage, threading.get_ident())
    other, _ = over_a_comm(stage, thread)
    threading.Timer(0.1, lambda: other.send(PacketType.EVENT, ["vote", 4])).start()
    assert stage.server.wait_for("vote", timeout=5) == 4
