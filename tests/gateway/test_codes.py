import pytest

from nbsocket.gateway.codes import (
    ALPHABET,
    LENGTH,
    MAX_CODES,
    REFILL_S,
    TRIES_OF_ALL,
    TRIES_PER_ADDRESS,
    CodeOffice,
    TooManyTriesError,
)
from nbsocket.gateway.tickets import TicketOffice


class Clock:
    now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def tickets(clock):
    return TicketOffice("secret", clock)


@pytest.fixture
def codes(tickets, clock):
    return CodeOffice(tickets, clock)


@pytest.fixture
def minted(tickets):
    return tickets.mint("chat", "guest", "kernel", 100)


def test_a_code_is_short_and_can_be_read_aloud(codes, minted):
    code = codes.issue(*minted)
    assert len(code) == LENGTH
    assert set(code) <= set(ALPHABET)
    assert not set("AEIOUY01LS") & set(ALPHABET)


def test_it_is_exchanged_for_its_ticket_however_it_is_typed(codes, minted):
    code = codes.issue(*minted)
    for typed in (code, code.lower(), f" {code[:3]}-{code[3:]} ", f"{code[:2]} {code[2:]}\n"):
        assert codes.exchange(typed, "here") == (*minted, "page")


@pytest.mark.parametrize("typed", ["", "x", "0000000", "BCDFGHJ", "\x00", "ü" * 100])
def test_what_is_no_code_is_refused(codes, minted, typed):
    codes.issue(*minted)
    assert codes.exchange(typed, "here") is None


def test_it_ends_with_its_ticket(codes, minted, tickets, clock):
    code = codes.issue(*minted)
    tickets.revoke(minted[1].id)
    assert codes.exchange(code, "here") is None
    other = tickets.mint("chat", "guest", "kernel", 100)
    code = codes.issue(*other)
    clock.now += 102
    assert codes.exchange(code, "here") is None


def test_wrong_codes_are_counted_by_address_and_right_ones_are_not(codes, minted, clock):
    code = codes.issue(*minted)
    for _ in range(500):
        assert codes.exchange(code, "the classroom's one address") == (*minted, "page")
    for _ in range(TRIES_PER_ADDRESS):
        assert codes.exchange("wrong", "guesser") is None
    for typed in ("wrong", code):
        with pytest.raises(TooManyTriesError):
            codes.exchange(typed, "guesser")
    assert codes.exchange(code, "another") == (*minted, "page")
    clock.now += REFILL_S / TRIES_PER_ADDRESS
    assert codes.exchange("wrong", "guesser") is None
    with pytest.raises(TooManyTriesError):
        codes.exchange("wrong", "guesser")


def test_many_addresses_together_cannot_guess_either(codes, minted):
    codes.issue(*minted)
    for number in range(TRIES_OF_ALL):
        assert codes.exchange("wrong", f"address {number}") is None
    with pytest.raises(TooManyTriesError):
        codes.exchange("wrong", "a fresh address")


def test_memory_is_bounded(codes, tickets, clock):
    first = codes.issue(*tickets.mint("chat", "guest", "kernel", 100))
    for _ in range(MAX_CODES):
        codes.issue(*tickets.mint("chat", "guest", "kernel", 100))
    assert codes.exchange(first, "here") is None
    assert len(codes._codes) == MAX_CODES
    clock.now += 200
    codes.issue(*tickets.mint("chat", "guest", "kernel", 100))
    assert len(codes._codes) == 1


def test_codes_that_are_over_are_forgotten_long_before_there_are_too_many(codes, tickets, clock):
    most = 0
    for _ in range(1000):
        codes.issue(*tickets.mint("chat", "guest", "kernel", 100))
        most = max(most, len(codes._codes))
        clock.now += 10
    assert most <= 100
