"""When an end writes: on its owner's loop, together, and not too often."""

import threading

import pytest

from nbsocket.link.link_end import ACKNOWLEDGE_BYTES, ACKNOWLEDGE_S, LinkEnd
from nbsocket.link.messages import Batch, ClientMessage, decode
from nbsocket.link.opening import LinkError
from nbsocket.link.reliable import size_of


class Loop:
    """Keeps what is to be called until the test says so."""

    def __init__(self):
        self.soon, self.later = [], []

    def call_later(self, seconds, call):
        self.later.append((seconds, call))

    def turn(self):
        due = list(self.soon)
        self.soon.clear()
        for call in due:
            call()

    def pass_time(self):
        due, self.later = self.later, []
        for _, call in due:
            call()


@pytest.fixture
def loop():
    return Loop()


@pytest.fixture
def written():
    return []


@pytest.fixture
def end(loop, written):
    made = LinkEnd(loop.soon.append, loop.call_later, threading.RLock())
    made.connected(written.append, 0, 10**9)
    # As in the handshake: the other end knows the first window.
    made.acknowledgement()
    return made


def texts(written):
    return [[message.data for message in decode(data).messages] for data in written]


def message(text="x"):
    return ClientMessage(1, text)


def test_what_is_sent_together_travels_together(end, loop, written):
    for text in "abc":
        end.send(message(text))
    assert (written, len(loop.soon)) == ([], 1)
    loop.turn()
    end.send(message("d"))
    loop.turn()
    assert texts(written) == [["a", "b", "c"], ["d"]]


def test_without_a_connection_it_waits_for_the_next_one(end, loop, written):
    end.send(message("a"))
    loop.turn()
    end.write = None
    end.send(message("b"))
    loop.turn()
    assert texts(written) == [["a"]]
    again = []
    end.connected(again.append, 0, 10**9)
    end.flush()
    # The other end had nothing of the first, so it comes again.
    assert texts(again) == [["a"], ["b"]]


def test_gathering_waits_a_moment_for_company(end, loop, written):
    end.gather()
    end.send(message("a"))
    loop.turn()
    assert written == []
    end.send(message("b"))
    loop.pass_time()
    assert texts(written) == [["a", "b"]]


def test_releasing_sends_what_was_gathered(end, loop, written):
    end.gather()
    end.send(message("a"))
    loop.turn()
    end.release()
    loop.turn()
    assert texts(written) == [["a"]]
    loop.pass_time()
    assert len(written) == 1


def test_a_little_is_acknowledged_later_and_once(end, loop, written):
    (got,) = end.receive(Batch(1, 0, 0, [message()]))
    end.consumed(size_of(got))
    end.consumed(10)
    loop.turn()
    assert [seconds for seconds, _ in loop.later] == [ACKNOWLEDGE_S]
    loop.pass_time()
    (acknowledged,) = [decode(data) for data in written]
    assert (acknowledged.sequence, acknowledged.received) == (0, 1)
    assert acknowledged.credit == end.credit


def test_much_is_acknowledged_at_once(end, loop, written):
    end.consumed(10)
    loop.turn()
    end.consumed(ACKNOWLEDGE_BYTES)
    loop.turn()
    assert len(written) == 1
    # The timer of the little finds nothing left to say.
    loop.pass_time()
    assert len(written) == 1


def test_what_a_batch_said_already_is_not_said_again(end, loop, written):
    end.consumed(10)
    end.send(message())
    loop.turn()
    loop.pass_time()
    assert len(written) == 1


def test_no_acknowledgement_goes_out_without_a_connection(end, loop, written):
    end.consumed(ACKNOWLEDGE_BYTES)
    end.write = None
    loop.turn()
    assert written == []


def test_closed_it_schedules_nothing(end, loop):
    end.gather()
    end.is_closed = True
    end.send(message())
    end.consumed(ACKNOWLEDGE_BYTES)
    end.release()
    assert (loop.soon, loop.later) == ([], [])


def test_a_batch_out_of_order_is_refused(end):
    with pytest.raises(LinkError):
        end.receive(Batch(2, 0, 0, []))
