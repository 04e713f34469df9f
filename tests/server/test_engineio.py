"""Engine.IO v4 through Jupyter's own server: HTTP, WebSocket, upgrade (Engine.IO protocol)."""

import asyncio
import json

import pytest
from support.waiting import until
from tornado.httpclient import HTTPClientError
from tornado.websocket import websocket_connect

from nbsocket.gateway.engineio_handler import EngineWebSocket
from nbsocket.link.messages import Closed, Trouble
from nbsocket.protocol.engine_packet import SEPARATOR


class Client:
    """A bare Engine.IO client."""

    def __init__(self, jp_fetch, jp_http_port, jp_base_url, ticket):
        self._fetch = jp_fetch
        self._address = f"ws://localhost:{jp_http_port}{jp_base_url}nbsocket/chat/socket.io/"
        self.query = {"EIO": "4", "transport": "polling", "join_token": ticket}

    async def get(self, **query):
        return await self.request("GET", None, **query)

    async def post(self, body, **query):
        return await self.request("POST", body, **query)

    async def request(self, method, body, headers=None, **query):
        params = {key: value for key, value in {**self.query, **query}.items() if value is not None}
        return await self._fetch(
            "nbsocket",
            "chat",
            "socket.io/",
            method=method,
            body=body,
            params=params,
            headers={"Authorization": "", "Content-Type": "text/plain;charset=UTF-8", **(headers or {})},
            allow_nonstandard_methods=True,
        )

    async def handshake(self):
        answer = await self.get()
        first = answer.body.decode().split(SEPARATOR)[0]
        assert first[0] == "0"
        self.query["sid"] = json.loads(first[1:])["sid"]
        return self.query["sid"]

    async def websocket(self, **query):
        params = {**self.query, "transport": "websocket", **query}
        text = "&".join(f"{key}={value}" for key, value in params.items())
        return await websocket_connect(f"{self._address}?{text}")

    async def status(self, coroutine):
        with pytest.raises(HTTPClientError) as raised:
            await coroutine
        answer = raised.value.response
        return raised.value.code, json.loads(answer.body)["code"] if answer.body else None


@pytest.fixture
def client(jp_fetch, jp_http_port, jp_base_url, ticket):
    return Client(jp_fetch, jp_http_port, jp_base_url, ticket)


async def test_a_handshake_by_polling(client, desk):
    answer = await client.get()
    opened = json.loads(answer.body[1:])
    assert opened["upgrades"] == ["websocket"]
    assert opened["pingInterval"] == 25000
    assert opened["maxPayload"] == 10_000
    assert "Set-Cookie" not in answer.headers
    assert desk.received == [], "a kernel hears of a client with its CONNECT"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"EIO": "3"}, 5),
        ({"EIO": None}, 5),
        ({"EIO": "abc"}, 5),
        ({"transport": "abc"}, 0),
        ({"transport": None}, 0),
        ({"transport": "websocket"}, 3),
        ({"sid": "unknown"}, 1),
    ],
)
async def test_bad_parameters_get_the_official_error(client, query, code):
    assert await client.status(client.get(**query)) == (400, code)


async def test_a_handshake_by_post_is_refused(client):
    assert await client.status(client.post("40")) == (400, 2)


async def test_methods_that_mean_nothing_are_refused(client):
    for method in ("PUT", "DELETE", "PATCH", "HEAD"):
        with pytest.raises(HTTPClientError) as raised:
            await client.request(method, "x" if method in ("PUT", "PATCH") else None)
        assert raised.value.code == 400
        with pytest.raises(HTTPClientError) as raised:
            await client.request(method, "x" if method in ("PUT", "PATCH") else None, join_token="x")
        assert raised.value.code == 403


async def test_both_directions_by_polling(client, desk):
    await client.handshake()
    answer = await client.post(SEPARATOR.join(["40", "4hello", "bAQID"]))
    assert answer.body == b"ok"
    assert desk.messages() == ["0", "hello", b"\x01\x02\x03"]
    (opened,) = desk.opened()
    assert opened.handshake["query"] == {"EIO": "4", "transport": "polling"}
    await desk.deliver(["one", b"\x01", "two"], [opened.session])
    assert (await client.get()).body.decode().split(SEPARATOR) == ["4one", "bAQ==", "4two"]


async def test_a_waiting_poll_is_answered_when_something_comes(client, desk, io_loop_future):
    await client.handshake()
    await client.post("40")
    poll = io_loop_future(client.get())
    await until(lambda: next(iter(desk.endpoint.sessions.values())).outbox._poll is not None)
    await desk.deliver(["news"], [desk.opened()[0].session])
    assert (await poll).body == b"4news"


@pytest.fixture
def io_loop_future(jp_asyncio_loop):
    return jp_asyncio_loop.create_task


async def test_a_close_answers_the_poll_with_a_noop(client, desk, io_loop_future):
    await client.handshake()
    await client.post("40")
    poll = io_loop_future(client.get())
    await until(lambda: next(iter(desk.endpoint.sessions.values())).outbox._poll is not None)
    await client.post("1")
    assert (await poll).body == b"6"
    assert await client.status(client.get()) == (400, 1)
    assert desk.received[-1].reason == "transport close"


@pytest.mark.fault(5)
async def test_a_second_poll_closes_the_session(client, desk, io_loop_future, hub):
    await client.handshake()
    poll = io_loop_future(client.get())
    await until(lambda: next(iter(hub.sessions.values())).outbox._poll is not None)
    assert await client.status(client.get()) == (400, 3)
    assert (await poll).body == b"1"
    assert not hub.sessions


@pytest.mark.parametrize("body", ["abc", "", SEPARATOR, "4x" + SEPARATOR + "9", b"4\xff\xfe"])
async def test_a_malformed_body_closes_the_session(client, body, hub):
    await client.handshake()
    assert await client.status(client.post(body)) == (400, 3)
    assert not hub.sessions


@pytest.mark.promise(4)
@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain",
        "TEXT/PLAIN; charset=utf-8",
        "application/x-www-form-urlencoded",
        "application/json",
        "multipart/form-data; boundary=x",
        "image/png",
        "nonsense",
        "",
    ],
)
async def test_whatever_media_type_node_takes_is_read_as_text(client, desk, media_type):
    """As ``curl -d`` and forms send it."""
    await client.handshake()
    answer = await client.request("POST", SEPARATOR.join(["40", "4x"]), {"Content-Type": media_type})
    assert answer.body == b"ok"
    assert desk.messages() == ["0", "x"]


@pytest.mark.promise(4)
@pytest.mark.threat(15)
@pytest.mark.parametrize("media_type", ["application/octet-stream", "Application/Octet-Stream; x=1"])
async def test_a_binary_payload_is_of_an_older_revision_and_closes(client, hub, media_type):
    await client.handshake()
    posted = client.request("POST", "4x", {"Content-Type": media_type})
    assert await client.status(posted) == (400, 3)
    assert not hub.sessions


@pytest.mark.promise(4)
@pytest.mark.parametrize("tag", ['"da39a3ee5e6b4b0d3255bfef95601890afd80709"', "*", 'W/"x", "y"'])
async def test_no_poll_is_answered_with_not_modified(client, desk, tag):
    """Its packets would be lost."""
    await client.handshake()
    await client.post("40")
    for number in range(2):
        await desk.deliver(["the same"], [desk.opened()[0].session])
        answer = await client.request("GET", None, {"If-None-Match": tag})
        assert (answer.code, answer.body) == (200, b"4the same"), number
        assert "Etag" not in answer.headers


@pytest.mark.promise(3)
@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        ("x-class, X-Other", "Content-Type, x-class, X-Other"),
        ("content-type", "Content-Type, content-type"),
        ("", "Content-Type"),
        ("bad name, ok, é,,x(y", "Content-Type, ok"),
    ],
)
async def test_a_preflight_allows_the_headers_that_it_asks_for(client, asked, allowed):
    answer = await client.request("OPTIONS", None, {"Access-Control-Request-Headers": asked})
    assert answer.headers["Access-Control-Allow-Headers"] == allowed
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.threat(15)
@pytest.mark.fault(30)
async def test_a_body_over_the_limit_is_refused(client, desk):
    await client.handshake()
    await client.post("40")
    assert (await client.status(client.post("4" + "x" * 10_000)))[0] == 413
    assert desk.messages() == ["0"]
    assert desk.received[-1].reason == "transport error"


async def test_the_first_message_must_be_a_connect(client, desk, hub):
    await client.handshake()
    await client.post('42["x"]')
    assert not hub.sessions
    assert [type(one) for one in desk.received] == [Trouble]


async def test_a_websocket_talks_both_ways(client, desk):
    socket = await client.websocket()
    assert json.loads((await socket.read_message())[1:])["upgrades"] == []
    await socket.write_message("40")
    await socket.write_message("4hi")
    await socket.write_message(b"\x00\x01", binary=True)
    await until(lambda: len(desk.messages()) == 3)
    assert desk.messages() == ["0", "hi", b"\x00\x01"]
    session = desk.opened()[0].session
    await desk.deliver(["a" * 200, b"\x05"], [session])
    await desk.deliver(["ü" * 70_000], [session])
    assert await socket.read_message() == "4" + "a" * 200
    assert await socket.read_message() == b"\x05"
    assert await socket.read_message() == "4" + "ü" * 70_000
    socket.close()
    await until(lambda: not desk.endpoint.sessions)
    assert desk.received[-1].reason == "transport close"


@pytest.mark.parametrize("message", ["abc", "9", "", "2"])
async def test_a_malformed_packet_closes_the_websocket(client, message, hub):
    socket = await client.websocket()
    await socket.read_message()
    await socket.write_message(message)
    assert await socket.read_message() is None
    await until(lambda: not hub.sessions)


@pytest.mark.fault(30)
async def test_a_message_over_the_limit_closes_the_websocket(client, hub):
    socket = await client.websocket()
    await socket.read_message()
    await socket.write_message("4" + "x" * 10_001)
    assert await socket.read_message() is None
    assert socket.close_code == 1009
    await until(lambda: not hub.sessions)


async def test_an_upgrade_keeps_the_order(client, desk, io_loop_future):
    await client.handshake()
    await client.post("40")
    session = desk.opened()[0].session
    poll = io_loop_future(client.get())
    await until(lambda: desk.endpoint.sessions[session].outbox._poll is not None)
    socket = await client.websocket()
    await socket.write_message("2probe")
    assert await socket.read_message() == "3probe"
    assert (await poll).body == b"6", "the waiting poll is let go"
    await desk.deliver(["while upgrading"], [session])
    await socket.write_message("5")
    assert await socket.read_message() == "4while upgrading"
    await desk.deliver(["afterwards"], [session])
    assert await socket.read_message() == "4afterwards"
    assert await client.status(client.get()) == (400, 3)
    assert await client.status(client.post("4x")) == (400, 3)
    assert await (await client.websocket()).read_message() is None
    await socket.write_message("4still here")
    await until(lambda: "still here" in desk.messages())


async def test_a_lost_probe_leaves_polling_as_it_was(client, desk):
    await client.handshake()
    await client.post("40")
    session = desk.opened()[0].session
    socket = await client.websocket()
    await socket.write_message("2probe")
    await socket.read_message()
    socket.close()
    await until(lambda: desk.endpoint.sessions[session].protocol.state.value == "polling")
    await desk.deliver(["still here"], [session])
    assert (await client.get()).body == b"4still here"


async def test_closing_waits_for_what_was_sent_before(client, desk, hub):
    await client.handshake()
    await client.post("40")
    session = desk.opened()[0].session
    await desk.deliver(["last words"], [session])
    await desk.close(session)
    assert (await client.get()).body == b"4last words"
    assert not hub.sessions


async def test_a_preflight_is_answered(client):
    answer = await client.request("OPTIONS", None)
    assert answer.code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_too_many_clients_of_one_ticket_get_503(client, hub):
    for _ in range(5):
        client.query.pop("sid", None)
        await client.handshake()
        await client.post("40")
    del client.query["sid"]
    assert await client.status(client.get()) == (503, 3)
    assert hub.counters.refused_full == 1


@pytest.mark.fault(5)
async def test_a_poll_whose_connection_is_lost_ends_the_session(client, jp_asyncio_loop, hub):
    await client.handshake()
    (session,) = hub.sessions.values()
    answer = session.outbox.poll()
    session.outbox.poll_lost(answer)
    assert not hub.sessions


@pytest.mark.fault(6)
async def test_a_poll_that_is_reset_while_its_answer_is_written_ends_the_session(
    client, desk, hub, jp_http_port, jp_base_url, caplog
):
    await client.handshake()
    await client.post("40")
    number = desk.opened()[0].session
    await desk.deliver(["x" * 30_000_000], [number])
    reader, writer = await asyncio.open_connection("127.0.0.1", jp_http_port)
    query = "&".join(f"{key}={value}" for key, value in client.query.items())
    writer.write(
        f"GET {jp_base_url}nbsocket/chat/socket.io/?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    )
    await reader.read(1000)
    writer.transport.abort()
    await until(lambda: not hub.sessions)
    assert [one.reason for one in desk.received if isinstance(one, Closed)] == ["transport error"]
    assert "Traceback" not in caplog.text
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.threat(17)
async def test_a_session_that_never_connects_is_closed(client, hub):
    await client.handshake()
    (session,) = hub.sessions.values()
    session.connect_until = 0.0
    session._tick(session._loop.time())
    assert not hub.sessions


@pytest.mark.threat(13)
async def test_an_expired_ticket_cuts_its_clients(client, hub):
    socket = await client.websocket()
    await socket.read_message()
    hub.tickets._clock = lambda: 4_000_000_000.0
    (session,) = hub.sessions.values()
    session._tick(session._loop.time())
    assert await socket.read_message() is None
    assert socket.close_code == 1008


@pytest.mark.threat(13)
async def test_a_revoked_ticket_cuts_its_clients(client, hub, ticket):
    socket = await client.websocket()
    await socket.read_message()
    hub.revoke(hub.tickets.check(ticket, "chat").id)
    assert await socket.read_message() is None
    with pytest.raises(HTTPClientError) as refused:
        await client.websocket()
    assert refused.value.code == 403


async def test_a_client_that_reads_nothing_is_cut_and_the_others_go_on(client, desk, hub, monkeypatch):
    stuck = await client.websocket()
    await stuck.write_message("40")
    reader = await client.websocket()
    await reader.write_message("40")
    await until(lambda: len(desk.opened()) == 2)
    first, second = (opened.session for opened in desk.opened())
    session = desk.endpoint.sessions[first]
    writes, never = EngineWebSocket.write_bytes, asyncio.get_running_loop().create_future()
    monkeypatch.setattr(
        EngineWebSocket,
        "write_bytes",
        lambda self, data: never if self is session.websocket else writes(self, data),
    )
    big = "x" * 1_000_000
    for _ in range(5):
        await desk.deliver([big], [first, second])
    assert session.outbox.queued_bytes > hub.limits.max_pending_bytes
    assert hub.under_pressure
    session.outbox._progress_at -= 10
    hub._check_stalls()
    assert desk.endpoint.channels["chat"].traffic.cut_stalled == 1
    assert not hub.under_pressure
    await reader.read_message()
    assert [len(await reader.read_message()) for _ in range(5)] == [1_000_001] * 5


async def test_volatile_messages_are_dropped_for_who_is_not_ready(client, desk):
    await client.handshake()
    await client.post("40")
    session = desk.opened()[0].session
    await desk.deliver(["may be missed"], [session], volatile=True)
    await desk.deliver(["kept"], [session])
    assert (await client.get()).body == b"4kept"
    assert desk.endpoint.sessions[session].outbox.dropped_count == 1
