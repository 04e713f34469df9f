"""The wire view's route: who may watch, and that what is told is what went over the wire."""

import base64
import json

import pytest
from server.test_engineio import Client
from support.waiting import until
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from nbsocket.gateway.websocket_connection import accept_key
from nbsocket.link.messages import (
    ActivityReport,
    ClientMessage,
    Deliver,
    Watch,
)
from nbsocket.protocol.websocket import server_frame


class View:
    """One who watches."""

    def __init__(self, connection):
        self.connection = connection
        self.items = []
        self.batches = []

    async def read(self):
        said = json.loads(await self.connection.read_message())
        self.batches.append(said)
        self.items += said.get("items", [])
        return said

    async def packets(self, count):
        while len(found := [one for one in self.items if one["type"] == "packet"]) < count:
            await self.read()
        return found


@pytest.fixture
def client(jp_fetch, jp_http_port, jp_base_url, ticket):
    return Client(jp_fetch, jp_http_port, jp_base_url, ticket)


@pytest.fixture
def watch(jp_fetch, jp_http_port, jp_base_url, jp_auth_header, desk):
    async def open_view(**headers):
        url = f"ws://127.0.0.1:{jp_http_port}{jp_base_url}nbsocket/api/channels/chat/wire"
        given = {**jp_auth_header, **headers}
        connection = await websocket_connect(
            HTTPRequest(url, headers={name: value for name, value in given.items() if value})
        )
        view = View(connection)
        view.hello = await view.read()
        return view

    return open_view


def raw(packet):
    return base64.b64decode(packet["raw"])


@pytest.mark.threat(2)
@pytest.mark.parametrize("headers", [{"Authorization": ""}, {"Authorization": "token wrong"}])
async def test_only_the_owner_may_watch(watch, headers):
    with pytest.raises(HTTPClientError) as refused:
        await watch(**headers)
    assert refused.value.code == 403


@pytest.mark.threat(5)
async def test_a_foreign_page_cannot_watch_with_the_owners_cookie(watch, jp_fetch, jp_http_port):
    answer = await jp_fetch("api", "status")
    cookies = "; ".join(one.split(";")[0] for one in answer.headers.get_list("Set-Cookie"))
    own = {"Authorization": "", "Cookie": cookies}
    assert (await watch(**own, Origin=f"http://127.0.0.1:{jp_http_port}")).hello["type"] == "hello"
    with pytest.raises(HTTPClientError) as refused:
        await watch(**own, Origin="https://evil.example")
    assert refused.value.code == 403


@pytest.mark.threat(11)
async def test_a_ticket_opens_no_wire_view(jp_fetch, jp_http_port, jp_base_url, ticket):
    url = f"ws://127.0.0.1:{jp_http_port}{jp_base_url}nbsocket/api/channels/chat/wire?join_token={ticket}"
    with pytest.raises(HTTPClientError) as refused:
        await websocket_connect(url)
    assert refused.value.code == 403


async def test_a_channel_that_is_not_there(jp_fetch, jp_http_port, jp_base_url, jp_auth_header):
    url = f"ws://127.0.0.1:{jp_http_port}{jp_base_url}nbsocket/api/channels/other/wire"
    with pytest.raises(HTTPClientError) as refused:
        await websocket_connect(HTTPRequest(url, headers=jp_auth_header))
    assert refused.value.code == 404


async def test_what_is_told_is_what_went_over_the_wire(watch, client, desk, ticket):
    view = await watch()
    assert view.hello["type"] == "hello"
    socket = await client.websocket(pane="p1")
    opened = await socket.read_message()
    # A mask of our own, so that its bytes are known.
    stream = socket.protocol.stream
    frame = b"\x81\x82\x11\x22\x33\x44" + bytes([ord("4") ^ 0x11, ord("0") ^ 0x22])
    await stream.write(frame)
    await until(desk.opened)
    session = desk.opened()[0].session
    await desk.deliver(['2["told","ä"]'], [session])
    found = await view.packets(3)
    opening, connect, told = found
    assert raw(opening) == server_frame(opened)
    assert opening["direction"] == "out"
    assert opening["index"] == 0
    assert (connect["direction"], connect["index"], raw(connect)) == ("in", 1, frame)
    assert (told["direction"], told["index"], raw(told)) == ("out", 1, server_frame('42["told","ä"]'))
    assert connect["at"] <= told["at"]
    came = next(one for one in view.items if one["type"] == "came")
    assert (came["session"], came["pane"]) == (session, "p1")
    http = next(one for one in view.items if one["type"] == "http")
    assert (http["status"], http["method"]) == (101, "GET")
    assert http["headers"]["Upgrade"] == "websocket"
    assert http["headers"]["Sec-WebSocket-Accept"] == accept_key(http["headers"]["Sec-WebSocket-Key"])
    assert ticket not in json.dumps(view.batches)


async def test_fragments_are_told_as_the_frames_they_were(watch, client):
    view = await watch()
    socket = await client.websocket()
    await socket.read_message()
    whole = b"\x01\x81\0\0\0\x004" + b"\x80\x81\0\0\0\x000"
    await socket.protocol.stream.write(whole)
    _, connect = await view.packets(2)
    assert raw(connect) == whole


async def test_polling_is_told_with_its_requests(watch, client, ticket):
    view = await watch()
    sid = await client.handshake()
    await client.post("40")
    _, connect = await view.packets(2)
    assert (raw(connect), connect["transport"], connect["direction"]) == (b"40", "polling", "in")
    while len([one for one in view.items if one["type"] == "http"]) < 2:
        await view.read()
    urls = [one["url"] for one in view.items if one["type"] == "http"]
    assert "join_token=…" in urls[0]
    assert "sid=…" in urls[1]
    text = json.dumps([one for one in view.items if one["type"] == "http"])
    assert sid not in text
    assert ticket not in text


async def test_a_flood_is_told_in_part_and_counted_whole(watch, client, desk):
    view = await watch()
    socket = await client.websocket()
    await socket.write_message("40")
    await until(desk.opened)
    session = desk.opened()[0].session
    while not any(one["type"] == "packet" and one["index"] for one in view.items):
        await view.read()
    for number in range(1000):
        await desk.deliver([f'2["n",{number}]'], [session])
    while (last := await view.read())["type"] != "batch" or last["seen"] < 1002:
        pass
    told = [one for one in view.items if one["type"] == "packet"]
    assert last["seen"] == 1002
    assert last["told"] == len(told)
    assert 200 <= len(told) < 1000


async def test_the_kernel_is_asked_only_while_somebody_watches(watch, client, desk, hub):
    channel = hub.channels["chat"]
    assert channel.wire is None
    view = await watch()
    second = await watch()
    socket = await client.websocket()
    await socket.write_message("40")
    await until(desk.messages)
    (message,) = [one for one in desk.received if isinstance(one, ClientMessage)]
    _, told = await view.packets(2)
    assert message.number == told["number"]
    await desk.endpoint.receive(
        [ActivityReport("chat", 5.0, [(message.number, 4.5)], [(1, "echo", 4.6, 4.7)], [(1, 4.0, 0.0)])]
    )
    while not (kernel := [one for one in view.items if one["type"] == "kernel"]):
        await view.read()
    (one,) = kernel
    assert one["arrived"][0][0] == message.number
    assert one["ran"][0][:2] == [1, "echo"]
    assert one["ran"][0][3] - one["ran"][0][2] == pytest.approx(100)
    assert one["cells"][0][2] == 0
    view.connection.close()
    second.connection.close()
    await until(lambda: channel.wire is None)
    assert [(one.on) for one in desk.received if isinstance(one, Watch)] == [True, False]
    assert [session.websocket._reader.kept_frames for session in channel.sessions] == [None]


async def test_the_time_is_told(watch):
    view = await watch()
    await view.connection.write_message('{"asked": 12.5}')
    said = await view.read()
    assert said["type"] == "clock"
    assert said["asked"] == 12.5
    await view.connection.write_message("nonsense")
    assert await view.connection.read_message() is None


async def test_when_the_channel_goes_the_view_is_told_to_come_back(watch, hub):
    view = await watch()
    hub.detach(hub.channels["chat"])
    assert await view.connection.read_message() is None
    assert view.connection.close_code == 1012


def test_events_of_a_kernel_have_its_time_and_stay_single(desk):
    """While somebody watches, bursts are not joined: each has its own time."""
    bursts = []
    for at in (1.0, 2.0):
        desk.endpoint._add(bursts, Deliver(["x"], [1], False, at))
    assert [burst.at for burst, _ in bursts] == [1.0, 2.0]
