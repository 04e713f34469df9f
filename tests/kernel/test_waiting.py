from nbsocket.socketio import event_stream as streams
from nbsocket.socketio import waiting
from nbsocket.socketio.waiting import Arrival, Arrivals


class Handlers:
    def blocking(self, *_, **__):
        """Nothing blocks here."""

    def wait(self, wait, timeout_s, _what):
        return wait(timeout_s)


def take(arrivals, event):
    found = arrivals.take(event, None, lambda wait: wait(0))
    return None if found is None else found.args


def test_what_nobody_waits_for_is_bounded_in_bytes(monkeypatch):
    monkeypatch.setattr(waiting, "_KEPT_BYTES", 1000)
    arrivals = Arrivals()
    for number in range(100):
        arrivals.note(Arrival(None, ["big", number], size_bytes=300))
    assert [take(arrivals, "big") for _ in range(4)] == [[97], [98], [99], None]
    arrivals.note(Arrival(None, ["huge", "one is kept in any case"], size_bytes=5000))
    assert take(arrivals, "huge") == ["one is kept in any case"]


def test_what_a_loop_has_not_taken_is_bounded_in_bytes_and_counted(monkeypatch):
    monkeypatch.setattr(streams, "KEPT_BYTES", 1000)
    arrivals = Arrivals()
    stream = arrivals.stream("big", None, 0.01, Handlers())
    for number in range(10):
        arrivals.note(Arrival(None, ["big", number], size_bytes=300))
    assert [args for _, args in stream] == [(7,), (8,), (9,)]
    assert stream.dropped == 7
