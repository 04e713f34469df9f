"""Every route of the live server, tried with what a stranger may have."""

import json
import re
from dataclasses import replace
from functools import partial

import pytest
from jupyter_server.base.handlers import path_regex
from tornado.httpclient import AsyncHTTPClient, HTTPClientError
from tornado.routing import PathMatches

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
# What a group in a route's pattern may stand for, one after another.
SAMPLES = ("x", "chat", "1", "a/b", "python3", "6cd1f0f4-8c1d-4b8e-9f4b-0a1b2c3d4e5f", ".js", "/x", "")
SANDBOX = "sandbox allow-scripts allow-forms allow-modals"


def paths_of(application):
    """Return an address for each route, made from its pattern."""
    found, without = set(), []
    rules = list(application.wildcard_router.rules)
    for rule in application.default_router.rules:
        rules += getattr(rule.target, "rules", [])
    for rule in rules:
        if isinstance(rule.matcher, PathMatches):
            example = _example(rule.matcher.regex)
            if example is not None and not example.startswith("/"):
                # The rule that takes everything else.
                example = f"/{example}"
            if example is None:
                without.append(rule.matcher.regex.pattern)
            else:
                found.add(example)
    assert without == []
    return sorted(found)


def _example(regex):
    whole = regex.pattern.replace(path_regex, "/x")
    pattern = re.sub(r"\(\?P<[^>]+>|\(\?:", "(", whole.removesuffix("$")).replace("/?", "/")
    for sample in SAMPLES:
        candidate = pattern
        while (
            shorter := re.sub(r"\(([^()]*)\)[?*+]?", partial(_one_of, sample=sample), candidate)
        ) != candidate:
            candidate = shorter
        candidate = re.sub(r"\\(.)", r"\1", candidate)
        if regex.fullmatch(candidate):
            return candidate
    return None


def _one_of(group, sample):
    """Return the first alternative of a group, or the sample for what is no plain text."""
    first = group[1].split("|")[0]
    return sample if re.search(r"[\[\]*+?^]|(?<!\\)\.|\\[dw]", first) else first


def placements(ticket):
    return [
        (f"?token={ticket}", {}),
        (f"?join_token={ticket}", {}),
        ("", {"Authorization": f"token {ticket}"}),
        ("", {"Authorization": f"Bearer {ticket}"}),
        ("", {"Cookie": f"username-localhost={ticket}; join_token={ticket}"}),
        (f"?_xsrf={ticket}", {"X-XSRFToken": ticket, "Cookie": f"_xsrf={ticket}"}),
    ]


async def ask(address, method, headers, body=None):
    options = {"method": method, "headers": headers, "follow_redirects": False, "request_timeout": 20}
    if method in ("POST", "PUT", "PATCH"):
        options["body"] = body or "{}"
    try:
        return await AsyncHTTPClient().fetch(address, **options)
    except HTTPClientError as error:
        # Without a response the connection was closed: that opens nothing either.
        return error.response or error


@pytest.mark.threat(2)
async def test_no_method_and_no_upgrade_is_open_by_accident(
    http_server, jp_http_port, jp_serverapp, desk, figure
):
    free = {
        ("GET", "socket.io.js"): 200,
        ("GET", "join"): 200,
        ("POST", "join"): 403,
        ("OPTIONS", "socket.io/"): 204,
    }
    # Jupyter answers a preflight on all its APIs, with nothing.
    preflights = "/nbsocket/api/"
    opened, tried = [], 0
    ours = [path for path in paths_of(jp_serverapp.web_app) if "/nbsocket" in path]
    assert len(ours) >= 9
    upgrade = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    for path in ours:
        address = f"http://localhost:{jp_http_port}{path}"
        for method in METHODS:
            answer = await ask(address, method, {})
            tried += 1
            wanted = next(
                (code for (one, end), code in free.items() if one == method and path.endswith(end)), None
            )
            if method == "OPTIONS" and preflights in path and not path.endswith("/wire"):
                wanted = 200
                assert answer.body == b""
                assert "Access-Control-Allow-Origin" not in answer.headers
            if (wanted is None and answer.code not in (302, 400, 403, 404, 405)) or (
                wanted is not None and answer.code != wanted
            ):
                opened.append((method, path, answer.code))
        if not path.endswith("/link"):
            answer = await ask(address, "GET", upgrade)
            tried += 1
            if answer.code == 101:
                opened.append(("upgrade", path, answer.code))
    assert opened == []
    figure(f"{tried} requests without a credential to {len(ours)} routes of ours: nothing opened")


@pytest.mark.threat(6)
async def test_a_cookie_raises_nobodys_role(bare_fetch, desk, hub, ticket, jp_serverapp, jp_fetch):
    """The teacher's own login, sent along by the browser, makes a guest no owner and no ticket good."""
    token = jp_serverapp.identity_provider.token
    teacher = [
        {"Authorization": f"token {token}"},
        {"Cookie": "username-localhost=anything; _xsrf=x", "X-XSRFToken": "x"},
    ]
    path = "nbsocket/chat/socket.io/?EIO=4&transport=polling"
    for headers in teacher:
        assert (await bare_fetch(path, headers=headers)).code == 403
        assert (await bare_fetch(f"{path}&token={token}", headers=headers)).code == 403
        answer = await bare_fetch(f"{path}&join_token={ticket}", headers=headers)
        sid = json.loads(answer.body[1:])["sid"]
        text = {"Content-Type": "text/plain", **headers}
        await bare_fetch(f"{path}&join_token={ticket}&sid={sid}", method="POST", body="40", headers=text)
    assert [opened.role for opened in desk.opened()] == ["guest", "guest"]


@pytest.mark.threat(24)
async def test_an_unknown_channel_looks_like_a_bad_ticket(bare_fetch, desk, hub):
    other = hub.tickets.mint("other", "guest", "kernel-9", 60)[0]
    seen = set()
    for channel in ("chat", "nobody", "other-one", "CHAT", "api2"):
        for value in ("", "wrong", other):
            answer = await bare_fetch(
                f"nbsocket/{channel}/socket.io/?EIO=4&transport=polling&join_token={value}"
            )
            headers = {
                name: value for name, value in answer.headers.get_all() if name not in ("Date", "Etag")
            }
            seen.add((answer.code, answer.body, json.dumps(headers, sort_keys=True)))
    assert len(seen) == 1


TRAVERSALS = [
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/etc/passwd",
    "..%5c..%5cwindows%5cwin.ini",
    "....//....//etc/passwd",
    "%2fetc%2fpasswd",
    "%00",
    "index.html%00.js",
    "a/../../secret.txt",
    "%c0%ae%c0%ae/secret.txt",
    "secret.txt",
    "link.txt",
    "C:%5csecret.txt",
    "file:///etc/passwd",
    ".",
    "./",
    "%2e",
]


@pytest.mark.threat(23)
async def test_only_what_was_published_is_served(bare_fetch, desk, tmp_path):
    from nbsocket.link.messages import PageFile

    (tmp_path / "secret.txt").write_text("secret")
    desk.endpoint.channels["chat"].pages["page.html"] = PageFile("text/html", b"hello")
    assert (await bare_fetch("nbsocket/chat/page.html")).body == b"hello"
    for path in TRAVERSALS:
        answer = await bare_fetch(f"nbsocket/chat/{path}")
        assert answer.code == (400 if path.startswith("%c0") else 404), path
        assert b"secret" not in (answer.body or b"")
        assert b"root:" not in (answer.body or b"")


@pytest.mark.threat(8)
async def test_pages_and_errors_are_sandboxed_whatever_their_status(bare_fetch, desk):
    from nbsocket.link.messages import PageFile

    desk.endpoint.channels["chat"].pages[""] = PageFile("text/html", b"<p>hello")
    first = await bare_fetch("nbsocket/chat/")
    answers = [
        first,
        await bare_fetch("nbsocket/chat/", headers={"If-None-Match": first.headers["Etag"]}),
        await bare_fetch("nbsocket/chat/nothing"),
        await bare_fetch("nbsocket/chat/", method="POST", body="x"),
        await bare_fetch("nbsocket/chat/", headers={"Host": "evil.example"}),
        await bare_fetch("nbsocket/chat/socket.io/"),
    ]
    assert [answer.code for answer in answers] == [200, 304, 404, 405, 403, 403]
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert SANDBOX in policy
        assert "allow-same-origin" not in policy


class TestFrames:
    """Who may frame our pages is who may frame Jupyter's."""

    @pytest.fixture(params=["'self'", "'self' https://hub.example", "'none'"])
    def jp_server_config(self, request):
        self.wanted = request.param
        config = {
            "ServerApp": {
                "jpserver_extensions": {"nbsocket": True},
                "allow_unauthenticated_access": False,
                "tornado_settings": {
                    "headers": {
                        "Content-Security-Policy": f"frame-ancestors {request.param}; report-uri /r"
                    }
                },
            }
        }
        self.config = config
        return config

    @pytest.mark.threat(9)
    async def test_frame_ancestors_are_jupyters(self, bare_fetch, desk, jp_server_config, jp_fetch):
        wanted = jp_server_config["ServerApp"]["tornado_settings"]["headers"]["Content-Security-Policy"]
        for path in ("nbsocket/chat/", "nbsocket/join", "nbsocket/chat/socket.io/"):
            policy = (await bare_fetch(path)).headers["Content-Security-Policy"]
            assert wanted.partition(";")[0] in policy
            assert SANDBOX in policy
        admin = await jp_fetch("nbsocket/api/channels")
        assert "frame-ancestors" in admin.headers["Content-Security-Policy"]


class TestWithoutToken:
    """A server whose login is switched off: the public and the kernel door still ask for their own."""

    @pytest.fixture
    def jp_server_config(self):
        return {
            "ServerApp": {"jpserver_extensions": {"nbsocket": True}},
            "IdentityProvider": {"token": ""},
        }

    @pytest.mark.threat(28)
    async def test_tickets_and_proofs_are_still_needed(
        self, bare_fetch, desk, ticket, http_server, jp_http_port, jp_base_url
    ):
        path = "nbsocket/chat/socket.io/?EIO=4&transport=polling"
        assert (await bare_fetch("api/kernels")).code in (200, 403), "as Jupyter decides"
        assert (await bare_fetch(path)).code == 403
        assert (await bare_fetch(f"{path}&join_token=")).code == 403
        assert (await bare_fetch(f"{path}&join_token={ticket}")).code == 200
        from tornado.websocket import websocket_connect

        from nbsocket.link.messages import encode
        from nbsocket.link.opening import Hello, Refusal, decode_opening

        socket = await websocket_connect(f"ws://localhost:{jp_http_port}{jp_base_url}nbsocket/link")
        hello = Hello(1, 1, "0", "no-such-kernel", "e", b"n" * 32, "http://x/")
        await socket.write_message(encode(hello), binary=True)
        assert isinstance(decode_opening(await socket.read_message()), Refusal)


class TestOpenByDefault:
    """The older default of jupyter_server, under which undecorated handlers are open to all."""

    @pytest.fixture
    def jp_server_config(self):
        return {
            "ServerApp": {"jpserver_extensions": {"nbsocket": True}, "allow_unauthenticated_access": True}
        }

    @pytest.mark.threat(2)
    async def test_the_same_doors_are_shut(self, http_server, jp_http_port, jp_serverapp, desk, figure):
        await test_no_method_and_no_upgrade_is_open_by_accident(
            http_server, jp_http_port, jp_serverapp, desk, figure
        )


@pytest.mark.threat(17)
@pytest.mark.timeout(120)
async def test_a_storm_of_handshakes_costs_little_and_tells_the_kernel_nothing(
    bare_fetch, desk, ticket, hub, figure
):
    """Half-open handshakes, none of which ever connects: the oldest go, and no word to the kernel."""
    path = f"nbsocket/chat/socket.io/?EIO=4&transport=polling&join_token={ticket}"
    most = 1000
    hub.limits = replace(hub.limits, max_half_open=most)
    codes = [(await bare_fetch(path)).code for _ in range(most + 1000)]
    assert codes.count(200) == most + 1000, "nobody who only knocks takes the place of one who comes in"
    assert desk.received == []
    assert len(hub.sessions) == most
    assert hub.counters.cut_half_open == 1000
    deadline = {session.connect_until for session in hub.sessions.values()}
    assert all(until < float("inf") for until in deadline), "each is closed after connect_timeout"
    figure(
        f"{most + 1000:,} handshakes with one ticket, none completed: the 1,000 oldest cut, 0 messages to the kernel"
    )


@pytest.mark.threat(1)
@pytest.mark.timeout(400)
async def test_a_ticket_opens_nothing_that_is_not_open_to_all(
    http_server, jp_http_port, jp_serverapp, desk, ticket, figure
):
    """Each route, six placements: the answer is the one that any made-up value gets there."""
    paths = paths_of(jp_serverapp.web_app)
    assert any(path.endswith("/api/kernels") for path in paths)
    opened, tried = [], 0
    for path in paths:
        address = f"http://localhost:{jp_http_port}{path}"
        for method in ("GET", "POST", "DELETE"):
            made_up = placements("x" * len(ticket))
            for (query, headers), (other_query, other_headers) in zip(
                placements(ticket), made_up, strict=True
            ):
                answer = await ask(address + query, method, headers)
                nobody = await ask(address + other_query, method, other_headers)
                tried += 1
                is_door = path.rstrip("/").endswith("/socket.io")
                if answer.code < 300 and answer.code != nobody.code and not is_door:
                    opened.append((method, path, query, answer.code))
    assert opened == []
    figure(f"{tried} requests to {len(paths)} routes, six placements each: 0 successes")
