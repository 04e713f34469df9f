"""What is kept for a client that is away: without I/O, with a clock of the test's own."""

import random

import pytest

from nbsocket.socketio.recovery import MAX_ABSENCE_S, MAX_KEPT_BYTES, Recovery


class FakeSocket:
    def __init__(self, name):
        self.id = name


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def recovery(clock):
    return Recovery(clock)


def offset_of(frames):
    return frames[0].rsplit(',"', 1)[1].removesuffix('"]')


def send(recovery, to, text="x", volatile=False):
    return offset_of(recovery.record([f'2["{text}"]'], to, volatile=volatile))


def texts(missed):
    return [frames[0].split('"')[1] for frames in missed]


def test_an_event_carries_its_offset_as_its_last_argument(recovery):
    assert recovery.record(['2["a",1]', b"x"], [], volatile=False)[0].startswith('2["a",1,"')
    assert recovery.record(['2/n,["a"]'], [], volatile=False)[0].startswith('2/n,["a","')


def test_what_was_missed_comes_again_once_and_in_order(recovery):
    old = FakeSocket("s")
    pid = recovery.begin(old)
    had = send(recovery, ["s"], "one")
    send(recovery, ["s"], "two")
    send(recovery, ["other"], "not mine")
    assert recovery.lost(old, "transport close")
    assert list(recovery.absent) == ["s"]
    send(recovery, ["s", "other"], "three")
    assert recovery.find(pid) is old
    new = FakeSocket("s")
    assert texts(recovery.restore(old, new, had)) == ["two", "three"]
    assert recovery.find(pid) is new
    assert list(recovery.absent) == []


def test_it_works_before_the_first_event_and_more_than_once(recovery):
    old = FakeSocket("s")
    recovery.begin(old)
    for _ in range(3):
        recovery.lost(old, "ping timeout")
        new = FakeSocket("s")
        assert recovery.restore(old, new, None) == []
        old = new
    recovery.lost(old, "ping timeout")
    send(recovery, ["s"], "first")
    new = FakeSocket("s")
    assert texts(recovery.restore(old, new, None)) == ["first"]
    recovery.lost(new, "transport close")
    newer = FakeSocket("s")
    assert texts(recovery.restore(new, newer, None)) == ["first"], "it did not say that it has it"


def test_an_offset_from_elsewhere_counts_as_none(recovery, clock):
    elsewhere = Recovery(clock)
    stranger = FakeSocket("s")
    elsewhere.begin(stranger)
    foreign = [send(elsewhere, ["s"]) for _ in range(5)][-1]
    old = FakeSocket("s")
    recovery.begin(old)
    for number in range(5):
        send(recovery, ["s"], str(number))
    for offset in (foreign, "", "x.5", "5", ".", "²", 7, {}, ["x"], "a." + "9" * 40):
        recovery.lost(old, "transport close")
        new = FakeSocket("s")
        assert texts(recovery.restore(old, new, offset)) == list("01234"), offset
        old = new


def test_an_offset_that_was_never_sent_is_refused(recovery):
    old = FakeSocket("s")
    pid = recovery.begin(old)
    epoch = send(recovery, ["s"]).split(".")[0]
    assert recovery.restore(old, FakeSocket("s"), f"{epoch}.99") is None
    assert recovery.find(pid) is None


def test_more_than_is_kept_is_not_recovered_rather_than_with_a_gap(recovery):
    old = FakeSocket("s")
    pid = recovery.begin(old)
    had = send(recovery, ["s"])
    recovery.lost(old, "transport close")
    for _ in range(20):
        send(recovery, ["s"], "x" * (MAX_KEPT_BYTES // 16))
    assert recovery.restore(old, FakeSocket("s"), had) is None
    assert recovery.find(pid) is None


def test_what_the_client_has_makes_room(recovery):
    old = FakeSocket("s")
    recovery.begin(old)
    for _ in range(10):
        for _ in range(10):
            had = send(recovery, ["s"], "x" * (MAX_KEPT_BYTES // 16))
        recovery.lost(old, "transport close")
        send(recovery, ["s"], "y")
        new = FakeSocket("s")
        assert texts(recovery.restore(old, new, had)) == ["y"]
        old = new


@pytest.mark.fault(35)
def test_after_two_minutes_it_is_forgotten(recovery, clock):
    old = FakeSocket("s")
    pid = recovery.begin(old)
    recovery.lost(old, "transport close")
    clock.now = MAX_ABSENCE_S - 1
    assert recovery.expire() == []
    clock.now = MAX_ABSENCE_S + 1
    assert recovery.expire() == [old]
    assert recovery.find(pid) is None
    assert list(recovery.absent) == []


@pytest.mark.parametrize(
    "reason", ["client namespace disconnect", "server namespace disconnect", "parse error"]
)
def test_who_left_on_purpose_does_not_come_back(recovery, reason):
    old = FakeSocket("s")
    pid = recovery.begin(old)
    assert not recovery.lost(old, reason)
    assert recovery.find(pid) is None


def test_a_volatile_event_is_not_kept_but_moves_the_offset(recovery):
    old = FakeSocket("s")
    recovery.begin(old)
    send(recovery, ["s"], "one")
    had = send(recovery, ["s"], "volatile", volatile=True)
    recovery.lost(old, "transport close")
    send(recovery, ["s"], "volatile", volatile=True)
    send(recovery, ["s"], "two")
    assert texts(recovery.restore(old, FakeSocket("s"), had)) == ["two"]


@pytest.mark.fault(35)
@pytest.mark.parametrize("seed", range(20))
def test_random_histories_have_no_gap_no_double_and_no_disorder(seed, clock):
    """A client that is cut at any point has in the end what was sent, or was told that it has not."""
    chance = random.Random(seed)
    recovery = Recovery(clock)
    socket, has, offset, expected = FakeSocket("s"), [], None, []
    pid = recovery.begin(socket)
    on_the_way, number, connected = [], 0, True
    for _ in range(2000):
        what = chance.random()
        if what < 0.6:
            number += 1
            size = chance.choice((1, 1, 1, 2000, 60_000))
            frames = recovery.record([f'2["{number}{"-" * size}"]'], ["s"], volatile=False)
            expected.append(number)
            if connected:
                on_the_way.append(frames)
        elif what < 0.8 and on_the_way:
            for frames in on_the_way[: chance.randrange(1, len(on_the_way) + 1)]:
                has.append(int(frames[0].split('"')[1].rstrip("-")))
                offset = offset_of(frames)
                on_the_way = on_the_way[1:]
        elif what < 0.9 and connected:
            # The line is cut: what was on the way is lost.
            on_the_way, connected = [], False
            assert recovery.lost(socket, "transport close")
            clock.now += chance.choice((1, 30, 130))
            recovery.expire()
        elif not connected:
            old = recovery.find(pid)
            new = FakeSocket("s")
            missed = None if old is None else recovery.restore(old, new, offset)
            if missed is None:
                # A new session: the client keeps the old offset, as the stock one does.
                has, expected, on_the_way = [], [], []
                pid = recovery.begin(new)
            else:
                on_the_way = list(missed)
            socket, connected = new, True
        assert has == expected[: len(has)]
    if connected:
        has += [int(frames[0].split('"')[1].rstrip("-")) for frames in on_the_way]
        assert has == expected
