"""The three doors: who gets in where, and what an answer carries."""

import json
import logging
import secrets

import pytest
from jupyter_server.utils import url_path_join
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from nbsocket.link import proof
from nbsocket.link.messages import (
    Batch,
    Register,
    decode,
    encode,
)
from nbsocket.link.opening import (
    Hello,
    KernelProof,
    Refusal,
    ServerProof,
    Welcome,
    decode_opening,
)
from nbsocket.link.reliable import ReliableEnd

FORBIDDEN = {"code": 4, "message": "Forbidden"}
TEXT = {"Content-Type": "text/plain;charset=UTF-8"}
SANDBOX = "sandbox allow-scripts allow-forms allow-modals"


async def answer_of(coroutine):
    try:
        response = await coroutine
    except HTTPClientError as error:
        response = error.response
    return response


@pytest.fixture
def bare_fetch(http_server_client, jp_base_url):
    """Fetch without Jupyter's token."""

    async def fetch(path, **options):
        options.setdefault("follow_redirects", False)
        return await answer_of(http_server_client.fetch(url_path_join(jp_base_url, path), **options))

    return fetch


@pytest.fixture
def bad_tickets(hub, desk, jp_serverapp):
    office = hub.tickets
    return {
        "none": None,
        "empty": "",
        "rubbish": "rubbish",
        "another channel's": office.mint("other", "guest", desk.endpoint.kernel_id, 60)[0],
        "another kernel's": office.mint("chat", "guest", "kernel-2", 60)[0],
        "expired": _expired(office, desk),
        "Jupyter's token": jp_serverapp.identity_provider.token,
    }


def _expired(office, desk):
    clock, office._clock = office._clock, lambda: 1_000_000_000.0
    value = office.mint("chat", "guest", desk.endpoint.kernel_id, 60)[0]
    office._clock = clock
    return value


@pytest.mark.threat(11, 24)
async def test_every_bad_ticket_gets_the_same_answer_on_every_method(bare_fetch, bad_tickets):
    answers = set()
    for name, value in bad_tickets.items():
        for channel in ("chat", "unknown"):
            for transport in ("polling", "websocket"):
                for method in ("GET", "POST"):
                    query = f"EIO=4&transport={transport}"
                    if value is not None:
                        query += f"&join_token={value}"
                    answer = await bare_fetch(
                        f"nbsocket/{channel}/socket.io/?{query}",
                        method=method,
                        body="40" if method == "POST" else None,
                    )
                    answers.add((answer.code, answer.body))
                    assert json.loads(answer.body) == FORBIDDEN, (name, channel, transport)
    assert answers == {(403, json.dumps(FORBIDDEN).encode())}


async def test_a_websocket_upgrade_with_a_bad_ticket_is_refused(
    http_server, bad_tickets, jp_http_port, jp_base_url
):
    for value in bad_tickets.values():
        address = f"ws://localhost:{jp_http_port}{jp_base_url}nbsocket/chat/socket.io/"
        with pytest.raises(HTTPClientError) as raised:
            await websocket_connect(f"{address}?EIO=4&transport=websocket&join_token={value or ''}")
        assert raised.value.code == 403


@pytest.mark.threat(1)
async def test_a_ticket_in_any_other_place_is_no_ticket(bare_fetch, ticket):
    path = "nbsocket/chat/socket.io/?EIO=4&transport=polling"
    placements = [
        (f"{path}&token={ticket}", {}),
        (path, {"Authorization": f"token {ticket}"}),
        (path, {"Authorization": f"Bearer {ticket}"}),
        (path, {"Cookie": f"join_token={ticket}"}),
        (path, {"X-XSRFToken": ticket}),
    ]
    for address, headers in placements:
        assert (await bare_fetch(address, headers=headers)).code == 403


async def test_a_good_ticket_without_a_kernel_gets_503_until_one_is_attached(bare_fetch, hub, desk, ticket):
    path = f"nbsocket/chat/socket.io/?EIO=4&transport=polling&join_token={ticket}"
    assert (await bare_fetch(path)).code == 200
    desk.endpoint.gone()
    assert (await bare_fetch(path)).code == 503
    type(desk)(hub)
    assert (await bare_fetch(path)).code == 200, "the same ticket holds after a restart"


async def test_a_ticket_opens_nothing_else_in_jupyter(bare_fetch, ticket, jp_serverapp):
    paths = [
        *("api", "api/kernels", "api/sessions", "api/contents", "api/terminals", "api/status"),
        *("files/x", "nbconvert/html/x", "api/config/x", "api/me", "api/shutdown"),
        *("nbsocket/api/channels", "nbsocket/api/channels/chat"),
    ]
    opened = []
    for path in paths:
        for query, headers in [
            (f"?token={ticket}", {}),
            (f"?join_token={ticket}", {}),
            ("", {"Authorization": f"token {ticket}"}),
            ("", {"Cookie": f"username-localhost={ticket}; _xsrf={ticket}"}),
        ]:
            for method in ("GET", "POST"):
                answer = await bare_fetch(
                    path + query,
                    headers=headers,
                    method=method,
                    body="{}" if method == "POST" else None,
                )
                # /api says the version to anyone, as jupyter_server decides.
                if answer.code < 300 and path != "api":
                    opened.append((path, query, answer.code))
    assert opened == []


async def test_the_admin_api_mints_and_revokes(jp_fetch, hub, desk):
    answer = await jp_fetch(
        "nbsocket/api/channels/chat/tickets", method="POST", body=json.dumps({"role": "owner"})
    )
    minted = json.loads(answer.body)
    assert set(minted) == {"value", "id", "role", "expires_at"}
    ticket = hub.tickets.check(minted["value"], "chat")
    assert (ticket.id, ticket.role) == (minted["id"], "owner")
    await jp_fetch("nbsocket/api/channels/chat/tickets", minted["id"], method="DELETE")
    assert hub.tickets.check(minted["value"], "chat") is None


async def test_the_admin_api_lists_channels(jp_fetch, desk):
    listed = json.loads((await jp_fetch("nbsocket/api/channels")).body)["channels"]
    assert [(one["name"], one["notebook"], one["clients"]) for one in listed] == [("chat", "demo.ipynb", 0)]
    one = json.loads((await jp_fetch("nbsocket/api/channels/chat")).body)
    assert {key: one[key] for key in listed[0]} == listed[0]
    assert one["traffic"]["clients_opened"] == 0


@pytest.mark.parametrize("body", ["[]", "{", '{"role": "admin"}', '{"ttl": -1}', '{"role": 1}'])
async def test_the_admin_api_refuses_nonsense(jp_fetch, desk, body):
    answer = await answer_of(jp_fetch("nbsocket/api/channels/chat/tickets", method="POST", body=body))
    assert answer.code == 400


async def test_the_admin_api_is_for_those_who_are_logged_in(bare_fetch, desk):
    for path in ("nbsocket/api/channels", "nbsocket/api/channels/chat"):
        assert (await bare_fetch(path)).code == 403
    answer = await bare_fetch("nbsocket/api/channels/chat/tickets", method="POST", body="{}")
    assert answer.code == 403


@pytest.mark.parametrize(
    "path",
    [
        "nbsocket/chat/",
        "nbsocket/chat/none.js",
        "nbsocket/unknown/",
        "nbsocket/chat/socket.io/socket.io.js",
        "nbsocket/unknown/socket.io/socket.io.js",
        "nbsocket/chat/socket.io/",
        "nbsocket/",
        "nbsocket/UPPER/socket.io/",
        "nbsocket/chat/..%2f..%2fetc%2fpasswd",
        "nbsocket/chat/%00",
    ],
)
async def test_every_public_answer_is_sandboxed_and_sets_no_cookie(bare_fetch, desk, path):
    answer = await bare_fetch(path)
    assert SANDBOX in answer.headers["Content-Security-Policy"]
    assert "allow-same-origin" not in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers


async def test_a_channel_without_a_page_answers_as_an_unknown_one(bare_fetch, desk):
    known, unknown = await bare_fetch("nbsocket/chat/"), await bare_fetch("nbsocket/nobody/")
    assert (known.code, known.body) == (unknown.code, unknown.body) == (404, unknown.body)


async def test_the_bundle_is_the_same_for_every_name(bare_fetch, desk):
    known = await bare_fetch("nbsocket/chat/socket.io/socket.io.js")
    unknown = await bare_fetch("nbsocket/nobody/socket.io/socket.io.js")
    assert known.code == 200
    assert known.body == unknown.body
    assert len(known.body) > 10_000


@pytest.mark.threat(27)
async def test_a_foreign_host_is_refused_everywhere(bare_fetch, desk, ticket):
    for path in (
        f"nbsocket/chat/socket.io/?EIO=4&transport=polling&join_token={ticket}",
        "nbsocket/chat/",
        "nbsocket/link",
    ):
        assert (await bare_fetch(path, headers={"Host": "evil.example"})).code == 403


async def test_a_message_of_a_kernel_with_a_credential_shows_none(bare_fetch, desk, jp_fetch, ticket):
    sent = {
        "Cookie": "session=s",
        "Authorization": "Bearer s",
        "X-XSRFToken": "s",
        "User-Agent": "phone",
        "Referer": f"http://x/?join_token={ticket}",
    }
    query = f"EIO=4&transport=polling&join_token={ticket}&_xsrf=s&token=s&name=zoe"
    answer = await bare_fetch(f"nbsocket/chat/socket.io/?{query}", headers=sent)
    sid = json.loads(answer.body[1:])["sid"]
    await bare_fetch(f"nbsocket/chat/socket.io/?{query}&sid={sid}", method="POST", body="40", headers=TEXT)
    shown = repr(desk.opened()[0].handshake)
    assert ticket not in shown
    assert desk.opened()[0].handshake["query"] == {"EIO": "4", "transport": "polling", "name": "zoe"}
    assert set(desk.opened()[0].handshake["headers"]) & {"cookie", "authorization", "x-xsrftoken"} == set()


@pytest.mark.threat(12)
async def test_a_stolen_sid_is_worthless_with_another_ticket(bare_fetch, hub, desk, ticket):
    path = "nbsocket/chat/socket.io/?EIO=4&transport=polling"
    answer = await bare_fetch(f"{path}&join_token={ticket}")
    sid = json.loads(answer.body[1:])["sid"]
    thief = hub.tickets.mint("chat", "guest", desk.endpoint.kernel_id, 60)[0]
    stolen = f"{path}&join_token={thief}&sid={sid}"
    assert (await bare_fetch(stolen, method="POST", body="40", headers=TEXT)).code == 400
    assert (await bare_fetch(stolen)).code == 400
    assert (
        await bare_fetch(f"{path}&join_token={ticket}&sid={sid}", method="POST", body="40", headers=TEXT)
    ).code == 200


# --- the kernel door ------------------------------------------------------------------------


class FakeKernel:
    """Goes through the opening by hand, so that each step can be done wrong."""

    def __init__(self, port, base_url, kernel_id, key):
        self.url = f"http://localhost:{port}{base_url}"
        self.kernel_id, self.key = kernel_id, key
        self.nonce = secrets.token_bytes(32)
        self.epoch = secrets.token_hex(4)

    async def hello(self, **changes):
        address = self.url.replace("http", "ws", 1) + "nbsocket/link"
        self.socket = await websocket_connect(HTTPRequest(address))
        fields = {
            "oldest": 1,
            "newest": 1,
            "version": "0",
            "kernel_id": self.kernel_id,
            "epoch": self.epoch,
            "nonce": self.nonce,
            "url": self.url,
        }
        await self.socket.write_message(encode(Hello(**{**fields, **changes})), binary=True)
        return await self.read()

    async def read(self):
        data = await self.socket.read_message()
        return None if data is None else decode_opening(data)

    async def prove(self, answer, mac=None):
        fields = (self.kernel_id, self.epoch, self.url, answer.server_id)
        nonces = (self.nonce, answer.nonce)
        assert proof.same(proof.server_proof(self.key, fields, nonces), answer.mac)
        mac = proof.kernel_proof(self.key, fields, nonces) if mac is None else mac
        await self.socket.write_message(encode(KernelProof(mac)), binary=True)
        return await self.read()


@pytest.fixture
def kernel_key(jp_serverapp, monkeypatch):
    """A kernel that the server knows, without starting a process."""
    key = secrets.token_bytes(32)
    (app,) = jp_serverapp.extension_manager.extension_apps["nbsocket"]
    monkeypatch.setattr(app.kernels, "key_of", {"kernel-1": key, "unsigned": b""}.get)
    return key


@pytest.fixture
def fake_kernel(http_server, jp_http_port, jp_base_url, kernel_key):
    return FakeKernel(jp_http_port, jp_base_url, "kernel-1", kernel_key)


async def test_a_kernel_that_proves_itself_is_let_in(fake_kernel, hub):
    welcome = await fake_kernel.prove(await fake_kernel.hello())
    assert isinstance(welcome, Welcome)
    assert not welcome.resumed
    assert welcome.base_url == "/a%40b/"
    end = ReliableEnd()
    end.send(Register(1, "mine", "n.ipynb"))
    await fake_kernel.socket.write_message(end.take(), binary=True)
    batch = decode(await fake_kernel.socket.read_message())
    while not (isinstance(batch, Batch) and batch.messages):
        batch = decode(await fake_kernel.socket.read_message())
    assert (batch.messages[0].request, batch.messages[0].error) == (1, "")
    assert hub.channels["mine"].endpoint.kernel_id == "kernel-1"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kernel_id": "kernel-9"}, "unknown_kernel"),
        ({"kernel_id": "unsigned"}, "unsigned"),
        ({"oldest": 7, "newest": 9}, "version"),
    ],
)
async def test_a_hello_that_cannot_be_served_is_refused_by_name(fake_kernel, changes, code):
    answer = await fake_kernel.hello(**changes)
    assert isinstance(answer, Refusal)
    assert answer.code == code


@pytest.mark.threat(3)
async def test_wrong_truncated_and_reflected_proofs_are_refused(fake_kernel, hub):
    for make in (
        lambda answer: b"",
        lambda answer: secrets.token_bytes(32),
        lambda answer: answer.mac,
        lambda answer: answer.mac[:16],
    ):
        fake_kernel.nonce = secrets.token_bytes(32)
        answer = await fake_kernel.hello()
        assert isinstance(answer, ServerProof)
        refused = await fake_kernel.prove(answer, make(answer))
        assert isinstance(refused, Refusal)
        assert await fake_kernel.read() is None
    assert not hub.channels


@pytest.mark.threat(3)
async def test_a_proof_cannot_be_replayed(fake_kernel):
    first = await fake_kernel.hello()
    nonces = (fake_kernel.nonce, first.nonce)
    fields = (fake_kernel.kernel_id, fake_kernel.epoch, fake_kernel.url, first.server_id)
    recorded = proof.kernel_proof(fake_kernel.key, fields, nonces)
    assert isinstance(await fake_kernel.prove(first), Welcome)
    second = await fake_kernel.hello()
    assert isinstance(await fake_kernel.prove(second, recorded), Refusal)


@pytest.mark.threat(3)
async def test_a_kernel_that_talks_out_of_turn_is_closed(fake_kernel):
    await fake_kernel.hello()
    await fake_kernel.socket.write_message(encode(Batch(1, 0, 0, [])), binary=True)
    assert await fake_kernel.read() is None


@pytest.mark.threat(3)
async def test_a_web_page_cannot_open_the_kernel_link(http_server, jp_http_port, jp_base_url):
    address = f"ws://localhost:{jp_http_port}{jp_base_url}nbsocket/link"
    request = HTTPRequest(address, headers={"Origin": f"http://localhost:{jp_http_port}"})
    with pytest.raises(HTTPClientError) as raised:
        await websocket_connect(request)
    assert raised.value.code == 403


async def test_a_short_nonce_is_refused(fake_kernel):
    assert await fake_kernel.hello(nonce=b"short") is None


FREE = {
    "LinkHandler": {"GET"},
    "WireHandler": set(),
    "JupyterClientBundleHandler": {"GET"},
    "JupyterJoinHandler": {"GET", "POST"},
    "JupyterEngineIOHandler": {"GET", "HEAD", "POST", "DELETE", "PATCH", "PUT", "OPTIONS"},
    "JupyterPageHandler": {"GET"},
    "JupyterUnknownHandler": {"GET"},
    "VersionHandler": {"OPTIONS"},
    "ChannelsHandler": {"OPTIONS"},
    "ChannelHandler": {"OPTIONS"},
    "BenchHandler": {"OPTIONS"},
    "TicketsHandler": {"OPTIONS"},
    "TicketHandler": {"OPTIONS"},
}
"""What Jupyter lets through without a login; each of these handlers has a door of its own, or says nothing."""


@pytest.mark.threat(2)
async def test_no_handler_is_open_by_accident(jp_serverapp):
    app, found = jp_serverapp.web_app, {}
    for rule in [one for group in app.default_router.rules for one in getattr(group.target, "rules", [])]:
        target = rule.target
        if not (isinstance(target, type) and target.__module__.startswith("nbsocket")):
            continue
        assert app._check_handler_auth(str(rule.matcher), target) == []
        methods = {name: getattr(target, name.lower()) for name in target.SUPPORTED_METHODS}
        for name, method in methods.items():
            is_decorated = hasattr(method, "__wrapped__")
            assert is_decorated or method.__name__ == "_unimplemented_method", (target, name)
        found[target.__name__] = {
            name for name, method in methods.items() if getattr(method, "__allow_unauthenticated", False)
        }
    assert found == FREE


@pytest.mark.threat(10)
async def test_session_ids_are_scrubbed_from_the_log(jp_serverapp):
    assert "sid" in jp_serverapp.web_app.settings["extra_log_scrub_param_keys"]


SECRET = "the-value-of-a-secret"


@pytest.mark.threat(41)
@pytest.mark.parametrize("name", ["token", "JOIN_TOKEN", "t%6Fken", "sid"])
@pytest.mark.parametrize(
    "path",
    [
        "nbsocket/api/channels/gone/wire",
        "nbsocket/api/channels/chat/wire",
        "nbsocket/api/channels/gone/bench",
        "nbsocket/api/channels/gone",
        "nbsocket/api/channels/gone/tickets",
        "nbsocket/api/channels/gone/tickets/x",
        "nbsocket/api/channels",
        "nbsocket/api/version",
        "nbsocket/api/nothing",
        "nbsocket/gone/socket.io/",
        "nbsocket/chat/socket.io/",
        "nbsocket/chat/socket.io/socket.io.js",
        "nbsocket/chat/",
        "nbsocket/chat/join",
        "nbsocket/gone/x/y",
        "nbsocket/join",
        "nbsocket/static/nothing.js",
        "nbsocket/link",
    ],
)
async def test_no_route_logs_a_secret_on_any_status(
    jp_fetch, bare_fetch, desk, jp_serverapp, caplog, capfd, path, name
):
    """With and without a login, by every method, whatever comes of it."""
    caplog.set_level("DEBUG")
    for logger in (
        jp_serverapp.log,
        *map(logging.getLogger, ("tornado.access", "tornado.general", "tornado.application")),
    ):
        logger.addHandler(caplog.handler)
        logger.setLevel("DEBUG")
    statuses = set()
    for method in ("GET", "POST", "DELETE", "PUT", "HEAD", "OPTIONS"):
        options = {"method": method, "allow_nonstandard_methods": True}
        address = f"{path}?EIO=4&transport=polling&{name}={SECRET}"
        statuses.add((await bare_fetch(address, **options)).code)
        for headers in ({}, {"Upgrade": "websocket", "Connection": "Upgrade"}):
            answer = await answer_of(
                jp_fetch(path, params={name.replace("%6F", "o"): SECRET}, headers=headers, **options)
            )
            statuses.add(answer.code)
    assert max(statuses) < 500
    said = caplog.text + "".join(capfd.readouterr())
    assert f"/{path}?" in said, "requests are logged"
    assert SECRET not in said
