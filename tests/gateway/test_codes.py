import pytest

from nbsocket.gateway.codes import (
    ALPHABET,
    LENGTH,
    LONGEST_WAIT_S,
    LOOKUPS_AT_ONCE,
    LOOKUPS_PER_S,
    MAX_CODES,
    REFILL_S,
    TRIES_PER_ADDRESS,
    BusyError,
    CodeOffice,
    TooManyTriesError,
)
from nbsocket.gateway.tickets import TicketSigner


class Clock:
    now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def tickets(clock):
    return TicketSigner("secret", clock)


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
        assert codes.exchange(typed, "here") == minted


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


@pytest.mark.threat(34)
def test_the_right_code_gets_in_after_any_number_of_wrong_ones(codes, minted, clock):
    """A class shares one address: whoever guesses there must not lock the others out."""
    code = codes.issue(*minted)
    for _ in range(TRIES_PER_ADDRESS):
        assert codes.exchange("wrong", "the classroom's one address") is None
    for _ in range(500):
        with pytest.raises(TooManyTriesError):
            codes.exchange("wrong", "the classroom's one address")
        assert codes.exchange(code, "the classroom's one address") == minted
    assert codes.exchange("wrong", "another") is None
    clock.now += REFILL_S / TRIES_PER_ADDRESS
    assert codes.exchange("wrong", "the classroom's one address") is None
    with pytest.raises(TooManyTriesError):
        codes.exchange("wrong", "the classroom's one address")


@pytest.mark.threat(34)
def test_wrong_codes_from_any_number_of_addresses_lock_nobody_out(codes, minted):
    """Behind ``trust_xheaders`` an address is whatever a client says it is."""
    code = codes.issue(*minted)
    for number in range(20_000):
        assert codes.exchange("wrong", f"address {number}") is None
    assert codes.exchange(code, "a student's") == minted
    assert len(codes._addresses) == 10_000
    # The latest are kept: whoever goes on with one address has used up its tries.
    for _ in range(TRIES_PER_ADDRESS - 1):
        assert codes.exchange("wrong", "address 19999") is None
    with pytest.raises(TooManyTriesError):
        codes.exchange("wrong", "address 19999")


@pytest.mark.threat(34)
def test_all_look_ups_together_have_a_rate(codes, clock, figure):
    """What makes guessing hopeless, from however many addresses: docs/security.md counts on it."""
    began, made, lesson_s = clock.now, 0, 4 * 3600
    while clock.now - began < lesson_s:
        try:
            codes.wait_s()
            made += 1
        except BusyError:
            clock.now += 1.0
    assert made <= LOOKUPS_AT_ONCE + LOOKUPS_PER_S * (lesson_s + LONGEST_WAIT_S) + 2
    codes_there_are = len(ALPHABET) ** LENGTH
    assert codes_there_are / made > 5000
    figure(
        f"{codes_there_are:,} codes, {made:,} look-ups in four hours: 1 in {codes_there_are // made:,} for one code"
    )


@pytest.mark.threat(34)
def test_two_hundred_phones_wait_for_nothing_and_a_flood_waits_its_turn(codes):
    assert [codes.wait_s() for _ in range(200)] == [0.0] * 200
    waits = [codes.wait_s() for _ in range(2000 + 300)]
    with pytest.raises(BusyError):
        [codes.wait_s() for _ in range(500)]
    assert waits == sorted(waits)
    assert 0 < waits[-1] <= LONGEST_WAIT_S


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
