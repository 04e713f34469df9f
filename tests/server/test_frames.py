"""A ticket that stands where foreign code reads it: worth one client's place, once, and nothing else."""

import json

import pytest
from jupyter_server.utils import url_path_join
from tornado.httpclient import HTTPClientError
from tornado.websocket import websocket_connect

from nbsocket.gateway.tickets import FRAME_TTL_S

pytestmark = pytest.mark.threat(39)


@pytest.fixture
def mint(jp_fetch, desk):
    """Ask the admin API for a frame's ticket, as the page around it does."""

    async def ask(seat=""):
        body = json.dumps({"opens": "frame", **({"seat": seat} if seat else {})})
        path = ("nbsocket", "api", "channels", "chat", "tickets")
        return json.loads((await jp_fetch(*path, method="POST", body=body)).body)

    return ask


@pytest.fixture
def knock(jp_fetch):
    """Send one request of an Engine.IO client; return the status and the body."""

    async def send(ticket, body=None, **query):
        params = {"EIO": "4", "transport": "polling", "join_token": ticket["value"], **query}
        try:
            answer = await jp_fetch(
                *("nbsocket", "chat", "socket.io/"),
                method="GET" if body is None else "POST",
                body=body,
                params=params,
                headers={"Authorization": "", "Content-Type": "text/plain;charset=UTF-8"},
            )
        except HTTPClientError as error:
            return error.code, ""
        return answer.code, answer.body.decode()

    return send


async def opened(knock, ticket):
    status, body = await knock(ticket)
    assert status == 200
    sid = json.loads(body.split("\x1e")[0][1:])["sid"]
    assert (await knock(ticket, "40", sid=sid))[0] == 200
    return sid


async def test_it_is_one_place_of_a_guest_who_is_not_limited(mint, knock, desk, hub):
    ticket = await mint()
    assert ticket["role"] == "guest"
    await opened(knock, ticket)
    (told,) = desk.opened()
    assert (told.role, told.ticket_id, told.opens) == ("guest", ticket["seat"], "page")
    (session,) = hub.sessions.values()
    assert session.intake._allowance is None
    assert session.intake.charge(1e9) is None


async def test_it_opens_one_session_and_never_another(mint, knock, hub, jp_http_port, jp_base_url):
    ticket = await mint()
    sid = await opened(knock, ticket)
    address = url_path_join(f"ws://localhost:{jp_http_port}", jp_base_url, "nbsocket/chat/socket.io/")
    query = f"?EIO=4&transport=websocket&join_token={ticket['value']}"
    for _ in range(3):
        assert (await knock(ticket))[0] == 403
        with pytest.raises(HTTPClientError) as refused:
            await websocket_connect(address + query)
        assert refused.value.code == 403
    assert len(hub.sessions) == 1, "and the one that is there goes on"
    assert (await knock(ticket, "3", sid=sid))[0] == 200
    hub.sessions[sid].close("transport close")
    assert (await knock(ticket))[0] == 403
    assert hub.counters.refused_ticket == 7


async def test_it_waits_a_minute_for_its_client_whose_session_lasts(mint, knock, hub):
    early, late = await mint(), await mint()
    sid = await opened(knock, early)
    clock = hub.tickets._clock
    hub.tickets._clock = lambda: clock() + FRAME_TTL_S + 1
    assert (await knock(late))[0] == 403
    assert (await knock(early, "3", sid=sid))[0] == 200


async def test_it_mints_lists_and_watches_nothing(mint, jp_fetch):
    ticket = await mint()
    for place in ({"token": ticket["value"]}, {"join_token": ticket["value"]}):
        for path, method in (("tickets", "POST"), ("", "GET"), ("wire", "GET")):
            with pytest.raises(HTTPClientError) as refused:
                await jp_fetch(
                    *("nbsocket", "api", "channels", "chat", path),
                    method=method,
                    body="{}" if method == "POST" else None,
                    params=place,
                    headers={"Authorization": ""},
                    follow_redirects=False,
                )
            assert refused.value.code == 403


async def test_the_next_connection_of_a_frame_has_its_seat(mint, knock, desk):
    first = await mint()
    second = await mint(first["seat"])
    assert second["seat"] == first["seat"]
    assert second["value"] != first["value"]
    await opened(knock, first)
    await opened(knock, second)
    assert {one.ticket_id for one in desk.opened()} == {first["seat"]}


async def test_when_a_frame_is_gone_its_clients_and_tickets_are(mint, knock, hub, jp_fetch):
    used, other = await mint(), await mint()
    unused = await mint(used["seat"])
    await opened(knock, used)
    await opened(knock, other)
    path = ("nbsocket", "api", "channels", "chat", "tickets", used["seat"])
    assert (await jp_fetch(*path, method="DELETE")).code == 204
    assert (await knock(unused))[0] == 403
    assert [one.ticket.seat for one in hub.sessions.values()] == [other["seat"]]


@pytest.mark.parametrize("body", [{"opens": "class"}, {"opens": 1}, {"opens": "frame", "seat": "a b"}])
async def test_what_else_is_asked_for_is_refused(jp_fetch, desk, body):
    with pytest.raises(HTTPClientError) as refused:
        await jp_fetch(
            *("nbsocket", "api", "channels", "chat", "tickets"), method="POST", body=json.dumps(body)
        )
    assert refused.value.code == 400


async def test_what_waits_is_bounded(hub, desk):
    office = hub.tickets
    for _ in range(10_050):
        office.mint_for_frame("chat", "kernel-1")
    assert len(office._frames) == 10_000


async def test_revoking_nothing_revokes_nobody(knock, hub, desk):
    """Tickets that are not a frame's have no seat: its absence is no name for them all."""
    value, ticket = hub.tickets.mint("chat", "guest", "kernel-1", 60)
    await opened(knock, {"value": value})
    hub.revoke("")
    assert not hub.tickets.is_over(ticket)
    assert len(hub.sessions) == 1
