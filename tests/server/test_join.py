"""The join page and the exchange of a short code, through Jupyter's own server."""

import json
import re

import pytest
from jupyter_server.utils import url_path_join
from tornado.httpclient import HTTPClientError

SANDBOX = "sandbox allow-scripts allow-forms allow-modals"


@pytest.fixture
def bare_fetch(http_server_client, jp_base_url):
    async def fetch(path, **options):
        try:
            return await http_server_client.fetch(url_path_join(jp_base_url, path), **options)
        except HTTPClientError as error:
            return error.response

    return fetch


@pytest.fixture
def code(hub, desk):
    value, ticket = hub.tickets.mint("chat", "guest", desk.endpoint.kernel_id, 60)
    return hub.codes.issue(value, ticket), value, ticket


async def test_the_page_is_the_same_for_every_name_and_sandboxed(bare_fetch, desk):
    pages = [
        await bare_fetch(path) for path in ("nbsocket/join", "nbsocket/chat/join", "nbsocket/unknown/join")
    ]
    assert len({page.body for page in pages}) == 1
    assert b'<div id="app">' in pages[0].body
    for page in pages:
        assert page.code == 200
        assert page.headers["Content-Security-Policy"].endswith(SANDBOX)
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in page.headers
    loads = re.findall(rb"""(?:src|href)\s*=\s*["'](?!data:)|url\(|@import|import\(""", pages[0].body)
    assert loads == [], "a classroom may be offline"


async def test_a_code_is_exchanged_for_a_ticket_that_opens_the_channel(bare_fetch, code):
    short, value, ticket = code
    answer = await bare_fetch("nbsocket/join", method="POST", body=short.lower())
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert json.loads(answer.body) == {
        "channel": "chat",
        "value": value,
        "role": "guest",
        "expires_at": ticket.expires_at,
        "opens": "page",
    }
    path = f"nbsocket/chat/socket.io/?EIO=4&transport=polling&join_token={value}"
    assert (await bare_fetch(path)).code == 200


async def test_a_wrong_a_revoked_and_too_many_codes(bare_fetch, code, hub):
    short, _, ticket = code
    answer = await bare_fetch("nbsocket/join", method="POST", body="WRONG")
    assert (answer.code, json.loads(answer.body)["message"]) == (
        403,
        "This code is invalid or has expired. Check it and try again.",
    )
    hub.revoke(ticket.id)
    assert (await bare_fetch("nbsocket/join", method="POST", body=short)).body == answer.body
    for _ in range(8):
        await bare_fetch("nbsocket/join", method="POST", body="WRONG")
    answer = await bare_fetch("nbsocket/join", method="POST", body="WRONG")
    assert (answer.code, answer.headers["Retry-After"]) == (429, "60")
    assert hub.counters.refused_code == 11


async def test_a_long_body_is_refused(bare_fetch, code):
    for size, status in ((256, 403), (257, 400), (5000, 400)):
        answer = await bare_fetch("nbsocket/join", method="POST", body="x" * size)
        assert answer.code == status, size


async def test_other_methods_are_refused(bare_fetch):
    for method in ("PUT", "DELETE", "PATCH", "HEAD"):
        answer = await bare_fetch("nbsocket/join", method=method, allow_nonstandard_methods=True)
        assert answer.code == 405
