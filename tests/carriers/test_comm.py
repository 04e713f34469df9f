"""Clients over a widget's comm: a real gateway and real handlers, a page of the test's own, and bad networks between."""

import json
import time

import pytest
from support.comm_page import CommPage, Network
from support.waiting import soon as until

import nbsocket
from nbsocket.carriers import comm
from nbsocket.link.agreement import WIRE
from nbsocket.notebook.process import process

MANY = 3000


@pytest.fixture
def io(request):
    server = nbsocket.Server("over-comm", port=0, **getattr(request, "param", {}))
    server.on("echo", lambda _, *args: args)
    server.channel.let_in()
    yield server
    process().close()


@pytest.fixture
def page(io):
    return CommPage(io.channel.carrier, io.name)


def ask(socket, ack_id, *args):
    socket.send("42" + f"{ack_id}" + json.dumps(["echo", *args]))
    until(lambda: any(one.startswith(f"3{ack_id}[") for one in socket.events))


def test_events_and_answers_go_both_ways(io, page):
    socket = page.open(color="red").connect()
    (client,) = io.sockets.values()
    assert (client.role, client.handshake.query) == ("owner", {"color": "red", "name": "alice"})
    ask(socket, 1, "hi", None)
    assert '31["hi",null]' in socket.events
    client.emit("welcome", 1)
    until(lambda: '2["welcome",1]' in socket.events)
    assert io.stats()["sessions"][0]["transport"] == "comm"


def test_bytes_go_both_ways(io, page):
    socket = page.open().connect()
    data = bytes(range(256)) * 1000
    socket.send('451-7["echo",{"_placeholder":true,"num":0}]', data)
    until(lambda: data in socket.messages)


@pytest.mark.threat(45)
def test_the_role_is_the_hosts_whatever_the_page_says(io):
    CommPage(io.channel.carrier, io.name, role="guest").open(role="owner").connect()
    assert [client.role for client in io.sockets.values()] == ["guest"]


@pytest.mark.fault(42)
@pytest.mark.parametrize(
    "network", [Network(), Network(loss=0.1), Network(buffers="lost"), Network(buffers="fatal")]
)
def test_whatever_the_network_does_all_arrive_once_and_in_order(io, network, monkeypatch):
    monkeypatch.setattr(comm, "_AGAIN_S", 0.05)
    socket = CommPage(io.channel.carrier, io.name, network=network).open()
    got = []
    io.on("number", lambda _, number: got.append(number))
    socket.send("40")

    def are_all_here():
        socket.again()
        return len(got) == MANY and len(socket.events) >= MANY

    for number in range(MANY):
        socket.send(f'42["number",{number}]')
    until(lambda: io.sockets or socket.again())
    for number in range(MANY):
        io.emit("number", number)
    until(are_all_here)
    assert got == list(range(MANY))
    numbers = [json.loads(one[1:])[1] for one in socket.events if one.startswith("2")]
    assert numbers == list(range(MANY))


@pytest.mark.fault(42)
def test_a_lost_acknowledgement_is_given_again(io, page):
    socket = page.open().connect()
    ask(socket, 1)
    socket.receive = lambda *_: None
    socket.send('42["nothing"]')
    until(lambda: page.told and page.told[-1]["received"] == socket._stream._sent)
    del socket.receive
    assert socket._stream.in_flight > 0
    socket.again()
    until(lambda: socket._stream.in_flight == 0)


def test_a_flood_takes_few_messages(io, page):
    socket = page.open().connect()
    before = len(page.told)
    began = time.monotonic()
    for number in range(MANY):
        io.emit("number", number)
    until(lambda: len(socket.events) > MANY)
    took_s = time.monotonic() - began
    assert len(page.told) - before <= 10 + 2 * took_s / comm._EVERY_S


@pytest.mark.fault(42)
@pytest.mark.parametrize("io", [{"ping_interval": 0.3, "ping_timeout": 0.3}], indirect=True)
def test_who_answers_no_ping_is_gone_unless_a_cell_runs(io, page):
    ends = []
    io.on("disconnect", lambda _, reason: ends.append(reason))
    socket = page.open().connect()
    socket.answers_pings = False
    io.channel.carrier.hold_tunnels(on=True)
    until(lambda: socket.is_busy)
    # Several times as long as a ping and its answer may take.
    time.sleep(1.5)
    assert ends == []
    io.channel.carrier.hold_tunnels(on=False)
    until(lambda: not socket.is_busy)
    until(lambda: ends)
    assert ends == ["ping timeout"]
    until(lambda: socket.ended is not None)


@pytest.mark.fault(42)
def test_a_short_cell_is_not_told(io, page):
    socket = page.open().connect()
    before = len(page.told)
    for _ in range(5):
        io.channel.carrier.hold_tunnels(on=True)
        io.channel.carrier.hold_tunnels(on=False)
    ask(socket, 1)
    assert not any(content.get("busy") for content in page.told[before:])


def test_a_closed_connection_is_gone_at_both_ends(io, page):
    one, two = page.open("one").connect(), page.open("two").connect()
    assert len(io.sockets) == 2
    page.tell({"id": "one", "closed": True})
    until(lambda: len(io.sockets) == 1)
    page.route.close()
    until(lambda: not io.sockets)
    until(lambda: two.ended == "the cell was run again")
    assert one.ended is None


def test_what_the_server_closes_is_closed(io, page):
    socket = page.open().connect()
    io.disconnect_sockets(close=True)
    until(lambda: socket.ended is not None)


HOSTILE = [
    {},
    {"open": 1},
    {"open": {"opens": "the door"}},
    {"open": {}, "start": "x", "received": 0, "limit": 0},
    {"open": {"opens": "engine.io", "query": [1]}, "start": 1e400, "received": 0, "limit": 0},
    {"open": {"opens": "engine.io"}, "start": -1, "received": 0, "limit": 0},
    {"open": {"opens": "engine.io"}, "start": 0, "received": 10, "limit": 0},
    {"open": {"opens": "engine.io"}, "start": 0, "received": 0, "limit": 0, "data": "no Base64", "size": 3},
    {"open": {"opens": "engine.io"}, "start": 0, "received": 0, "limit": 0, "size": "many"},
    {"open": {"opens": "engine.io"}, "start": 2**70, "received": 0, "limit": 0},
    {"closed": True},
]


@pytest.mark.threat(45)
@pytest.mark.parametrize("content", HOSTILE)
def test_what_is_no_part_of_a_connection_ends_it_and_no_other(io, page, content):
    good = page.open("good").connect()
    page.tell({"id": "bad", **content})
    until(lambda: any(one.get("id") == "bad" and "ended" in one for one in page.told))
    ask(good, 1, "still here")
    assert page.route._streams.keys() == {"good"}


@pytest.mark.threat(45)
@pytest.mark.parametrize("name", [None, 7, "", "x" * 65])
def test_a_message_without_a_name_is_nobodys(io, page, name):
    good = page.open("good").connect()
    page.tell({"id": name, "open": {"opens": "engine.io"}, "start": 0, "received": 0, "limit": 0})
    ask(good, 1)
    assert page.route._streams.keys() == {"good"}


@pytest.mark.threat(45)
def test_more_than_there_is_room_for_ends_the_connection(io, page):
    page.open("good").connect()
    page.tell(
        {"id": "bad", "open": {"opens": "engine.io"}, "start": 0, "received": 0, "limit": 0, "size": 2**21},
        [bytes(2**21)],
    )
    until(lambda: any(one.get("id") == "bad" and "more bytes" in one.get("ended", "") for one in page.told))
    assert len(io.sockets) == 1


@pytest.mark.threat(45)
def test_there_is_a_limit_to_the_connections_of_a_view(io, page, monkeypatch):
    monkeypatch.setattr(comm, "MAX_STREAMS", 2)
    page.open("one").connect()
    page.open("two").connect()
    three = page.open("three")
    until(lambda: three.ended == "2 connections of this view are open already")


def test_a_channel_that_nobody_holds_is_told(io):
    socket = CommPage(io.channel.carrier, "another").open()
    until(lambda: socket.ended == "nobody holds the channel 'another'")


def test_an_older_server_is_told(io, page):
    io.channel.carrier.has_tunnels = False
    socket = page.open()
    until(lambda: "older nbsocket" in (socket.ended or ""))


def test_a_wire_view_sees_the_traffic(io, page):
    view = page.open("view", opens=WIRE)
    until(lambda: view.messages)
    assert json.loads(view.messages[0])["type"] == "hello"
    view.send(json.dumps({"asked": 12.5}))
    until(lambda: any('"clock"' in one for one in view.messages))
    client = page.open("client").connect()
    ask(client, 1, "seen")

    def seen():
        items = [item for one in view.messages for item in json.loads(one).get("items", [])]
        return [item for item in items if item.get("transport") == "comm" and item["direction"] == "in"]

    until(lambda: len(seen()) >= 2)
    view.send("nonsense")
    until(lambda: view.ended is not None)
    assert io.channel.carrier._hub.channels[io.name].wire is None
