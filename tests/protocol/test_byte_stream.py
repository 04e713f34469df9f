"""A byte stream in messages that get lost, doubled and mixed up: all bytes arrive, once and in order."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsocket.protocol import byte_stream
from nbsocket.protocol.byte_stream import ByteStream, Segment
from nbsocket.protocol.errors import ProtocolError


def test_bytes_go_both_ways_and_are_acknowledged():
    page, kernel = ByteStream(), ByteStream()
    page.write(b"hello")
    assert (page.has_more, page.in_flight, page.waiting) == (True, 0, 5)
    assert kernel.receive(page.segment()) == b"hello"
    assert (page.has_more, page.in_flight) == (False, 5)
    kernel.read(5)
    assert kernel.owes == 5
    kernel.write(b"world")
    assert page.receive(kernel.segment()) == b"world"
    assert (page.in_flight, page.waiting, kernel.owes) == (0, 0, 0)


def test_no_more_is_sent_than_there_is_room_for_until_it_is_read():
    page, kernel = ByteStream(window=10), ByteStream(window=10)
    page.write(b"x" * 25)
    assert kernel.receive(page.segment()) == b"x" * 10
    assert not page.has_more
    assert page.segment().data == b""
    kernel.read(4)
    page.receive(kernel.segment())
    assert kernel.receive(page.segment()) == b"x" * 4


def test_a_large_write_is_cut_into_segments(monkeypatch):
    monkeypatch.setattr(byte_stream, "SEGMENT_BYTES", 4)
    page = ByteStream()
    page.write(b"abcdefghij")
    assert [page.segment().data for _ in range(4)] == [b"abcd", b"efgh", b"ij", b""]


def test_what_must_answer_is_sent_again():
    page, kernel = ByteStream(), ByteStream()
    page.write(b"lost")
    page.segment()
    page.write(b"late")
    assert kernel.receive(page.segment()) == b""
    assert kernel.must_answer
    page.receive(kernel.segment())
    assert not kernel.must_answer
    assert kernel.receive(page.segment()) == b"lostlate"


def test_what_came_twice_is_taken_once():
    page, kernel = ByteStream(), ByteStream()
    page.write(b"once")
    segment = page.segment()
    assert [kernel.receive(segment), kernel.receive(segment)] == [b"once", b""]
    page.again()
    page.write(b"more")
    assert kernel.receive(page.segment()) == b"more"


def test_who_sends_again_what_has_arrived_is_told_so():
    """Its acknowledgement was lost; without another, it would wait for ever."""
    page, kernel = ByteStream(), ByteStream()
    page.write(b"hello")
    kernel.receive(page.segment())
    kernel.segment()
    assert not kernel.must_answer
    page.again()
    assert kernel.receive(page.segment()) == b""
    assert kernel.must_answer
    page.receive(kernel.segment())
    assert (page.in_flight, page.waiting, kernel.must_answer) == (0, 0, False)


@pytest.mark.parametrize(
    "segment",
    [
        Segment(0, 0, 0, data=b"x" * 11),
        Segment(10, 0, 0, data=b"x"),
        Segment(-1, 0, 0, data=b"x"),
        Segment(0, 1, 0),
        Segment(0, -1, 0),
    ],
)
def test_more_than_may_be_sent_or_acknowledged_is_refused(segment):
    with pytest.raises(ProtocolError):
        ByteStream(window=10).receive(segment)


def test_a_window_is_positive():
    with pytest.raises(ValueError, match="window=0"):
        ByteStream(window=0)


class Pair:
    """Two ends, what they sent and what they got, and a network between them that chance rules."""

    def __init__(self, window, chance):
        self.chance = chance
        self.ends = [ByteStream(window), ByteStream(window)]
        self.sent = [bytearray(), bytearray()]
        self.got = [bytearray(), bytearray()]
        self.under_way = [[], []]

    def write(self, one):
        data = self.chance.randbytes(self.chance.randrange(40))
        self.sent[one] += data
        self.ends[one].write(data)

    def send(self, one, loss, late):
        if self.chance.random() >= loss:
            self.under_way[one] += [self.ends[one].segment()] * (1 + (self.chance.random() < late))
        if self.chance.random() < late:
            self.chance.shuffle(self.under_way[one])

    def arrive(self, one):
        """What ``one`` sent comes to the other end, some of it."""
        while self.under_way[one] and self.chance.random() < 0.8:
            self.take(one, self.under_way[one].pop(0))

    def take(self, one, segment):
        fresh = self.ends[1 - one].receive(segment)
        self.got[1 - one] += fresh
        self.ends[1 - one].read(len(fresh))

    def settle(self):
        """Send until nobody waits, over a network without faults."""
        while any(end.waiting for end in self.ends):
            for one in (0, 1):
                self.ends[one].again()
                self.take(one, self.ends[one].segment())


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.floats(0, 0.4), st.floats(0, 0.3), st.integers(1, 200))
def test_whatever_is_lost_doubled_or_late_all_bytes_arrive_once_and_in_order(seed, loss, late, window):
    pair = Pair(window, random.Random(seed))
    for step in range(300):
        one = step % 2
        pair.write(one)
        if step % 20 == one:
            pair.ends[one].again()
        pair.send(one, loss, late)
        pair.arrive(one)
    pair.settle()
    assert pair.got == pair.sent[::-1]
