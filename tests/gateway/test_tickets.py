import base64
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsocket.gateway.tickets import TicketSigner
from nbsocket.link.agreement import GUEST, OWNER


class Clock:
    now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def office(clock):
    return TicketSigner(b"secret", clock)


def test_a_ticket_says_what_it_was_minted_for(office):
    value, ticket = office.mint("chat", GUEST, "kernel-1", 60)
    assert office.check(value, "chat") == ticket
    assert (ticket.channel, ticket.role, ticket.kernel_id) == ("chat", GUEST, "kernel-1")
    assert set(value) <= set(string.ascii_letters + string.digits + "._~-")


def test_it_opens_one_channel(office):
    value, _ = office.mint("chat", GUEST, "kernel-1", 60)
    assert office.check(value, "other") is None


@pytest.mark.threat(11)
@pytest.mark.fault(26)
def test_it_expires(office, clock):
    value, ticket = office.mint("chat", GUEST, "kernel-1", 60)
    clock.now += 59
    assert office.check(value, "chat") == ticket
    clock.now += 3
    assert office.check(value, "chat") is None


def test_it_can_be_revoked_for_good(office, clock):
    value, ticket = office.mint("chat", GUEST, "kernel-1", 7 * 24 * 3600)
    office.revoke(ticket.id)
    for _ in range(7):
        assert office.check(value, "chat") is None
        clock.now += 24 * 3600
        office.revoke("another")


def test_another_servers_ticket_is_worthless(office, clock):
    value, _ = TicketSigner(b"other secret", clock).mint("chat", OWNER, "kernel-1", 60)
    assert office.check(value, "chat") is None


@pytest.mark.parametrize(("role", "ttl"), [("admin", 60), ("guest", 0), ("guest", -1), ("guest", 1e9)])
def test_what_cannot_be_minted(office, role, ttl):
    with pytest.raises(ValueError, match=r"role|ttl"):
        office.mint("chat", role, "kernel-1", ttl)


@given(st.text(max_size=50) | st.binary(max_size=50).map(lambda b: b.decode("latin-1")))
def test_any_other_text_is_refused(text):
    assert TicketSigner(b"secret").check(text, "chat") is None


@pytest.mark.threat(11)
@given(st.integers(0, 400), st.sampled_from(string.ascii_letters + string.digits + "-_"))
def test_a_changed_ticket_is_refused_or_is_the_same_bytes(index, character):
    office = TicketSigner(b"secret")
    value, ticket = office.mint("chat", GUEST, "kernel-1", 60)
    index %= len(value)
    changed = value[:index] + character + value[index + 1 :]
    is_the_same = base64.urlsafe_b64decode(padded(changed)) == base64.urlsafe_b64decode(padded(value))
    assert office.check(changed, "chat") == (ticket if is_the_same else None)
    assert office.check(changed + "x", "other") is None


def padded(value):
    return value + "=" * (-len(value) % 4)
