import threading
import time
from contextlib import nullcontext

from nbsocket.socketio import event_stream as streams
from nbsocket.socketio import waiting
from nbsocket.socketio.waiting import Arrivals


class Handlers:
    def blocking(self, *_, **__):
        """Nothing blocks here."""

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
    stream = arrivals.stream("big", None, 0.01, Handlers())
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
