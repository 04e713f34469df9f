"""Tickets in an author's hands."""

import time
from datetime import UTC, datetime

import pytest

from nbsocket.link.messages import MintTicket, RevokeTicket

VALUE = {"value": "s3cret", "code": "ABC-DEF", "id": "t1", "role": "guest"}


@pytest.fixture
def ticket(stage):
    stage.carrier.url = "http://127.0.0.1:8888/"
    stage.carrier.answers |= {
        MintTicket: {"value": {**VALUE, "expires_at": time.time() + 601}},
        RevokeTicket: {},
    }
    return stage.server.ticket(ttl=600)


def test_it_is_asked_for_and_what_it_is_comes_back(stage, ticket):
    (asked,) = [one for one in stage.carrier.sent if isinstance(one, MintTicket)]
    assert (asked.channel, asked.role, asked.ttl_s, asked.opens) == ("stage", "guest", 600, "page")
    assert (ticket.value, ticket.code, ticket.id, ticket.role) == ("s3cret", "ABC-DEF", "t1", "guest")
    assert 600 <= (ticket.expires - datetime.now(UTC)).total_seconds() <= 601


def test_shown_it_keeps_its_secret(ticket):
    assert repr(ticket) == "<Ticket t1 for 'stage' as guest, 10 min left>"
    assert "s3cret" not in f"{ticket} {ticket!r}"


def test_its_link_is_where_phones_can_come_in(stage, ticket):
    assert ticket.link == "http://127.0.0.1:8888/nbsocket/stage/join#code=ABC-DEF"
    stage.carrier.public_url = "http://192.0.2.1:9000/a/"
    assert ticket.link == "http://192.0.2.1:9000/a/nbsocket/stage/join#code=ABC-DEF"


def test_it_can_be_revoked(stage, ticket):
    ticket.revoke()
    (revoked,) = [one for one in stage.carrier.sent if isinstance(one, RevokeTicket)]
    assert (revoked.channel, revoked.ticket_id) == ("stage", "t1")


def test_what_the_gateway_does_not_allow_is_told(stage):
    stage.carrier.answers[MintTicket] = {"error": "bad_ticket", "message": "the role is owner or guest"}
    with pytest.raises(ValueError, match="the role is owner or guest"):
        stage.server.ticket(role="king")
