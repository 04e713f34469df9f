"""What people of other libraries write, and what is written by mistake: taken, or an error that names the way."""

import time

import pytest

import nbsocket
from nbsocket import NbSocketError
from nbsocket.testing import Client, expect

pytestmark = pytest.mark.promise(6)


@pytest.fixture
def io():
    server = nbsocket.Server("mistakes", port=0)
    yield server
    server.close()


@pytest.fixture
def alice(io):
    with Client(io, "alice") as client:
        client.answer("name?", lambda *_: "alice")
        yield client


def only(io):
    return next(iter(io.sockets.values()))


@pytest.mark.parametrize("rooms", [["red", "blue"], ("red", "blue"), {"red", "blue"}, frozenset({"red"})])
def test_rooms_may_be_given_as_a_list(io, alice, rooms):
    socket = only(io)
    socket.join(list(rooms))
    assert socket.rooms == {socket.id, *rooms}
    for chosen in (io.to(rooms), io.in_(rooms), io.to("none", list(rooms)), io.of("/").to(rooms)):
        assert chosen.fetch_sockets() == [socket]
    assert io.except_(rooms).fetch_sockets() == []
    assert socket.to(rooms).fetch_sockets() == []
    io.sockets_leave(rooms)
    assert socket.rooms == {socket.id}
    io.sockets_join(rooms, "more")
    assert socket.rooms == {socket.id, *rooms, "more"}


@pytest.mark.parametrize("room", [1, None, b"red", ["red", 1], {"a": 1}, 1.5])
def test_a_room_that_is_no_name_is_said(io, alice, room):
    socket, tables = only(io), io.of(nbsocket_pattern())
    for call in (
        io.to,
        io.except_,
        io.sockets_join,
        io.sockets_leave,
        socket.join,
        socket.leave,
        socket.to,
        tables.to,
    ):
        with pytest.raises(TypeError, match="a room's name is a string, not"):
            call(room)


def nbsocket_pattern():
    import re

    return re.compile(r"/table-\d+")


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ({"room": "red"}, r"io\.to\(room\)\.emit"),
        ({"to": "red"}, r"io\.to\(room\)\.emit"),
        ({"namespace": "/x"}, r"io\.of\(namespace\)\.emit"),
        ({"skip_sid": "x"}, r"io\.except_\(skip_sid\)"),
        ({"broadcast": True}, r"socket\.broadcast"),
        ({"callback": print}, r"call\(…\), which waits"),
        ({"timeout": 1}, r"call\(…, timeout=…\)"),
        ({"data": 1}, "without keywords"),
    ],
)
def test_keywords_of_other_libraries_are_told_what_to_write(io, alice, option, hint):
    for emit in (io.emit, io.to("x").emit, only(io).emit, io.of("/x").emit, io.of(nbsocket_pattern()).emit):
        with pytest.raises(TypeError, match=hint):
            emit("event", 1, **option)
    if "timeout" not in option:
        for call in (io.call, only(io).call):
            with pytest.raises(TypeError, match=hint):
                call("event", 1, **option)


def test_a_callback_is_told_how_to_ask(io, alice):
    for emit in (io.emit, only(io).emit):
        with pytest.raises(nbsocket.EncodeError, match=r"call\(event, ...\) to ask for an acknowledgement"):
            emit("name?", lambda answer: None)


@pytest.mark.parametrize("bad", ["1", [1], {}, True, b"1"])
def test_seconds_that_are_no_number_are_said(io, alice, bad):
    for call in (
        lambda: io.timeout(bad),
        lambda: io.call("name?", timeout=bad),
        lambda: only(io).call("name?", timeout=bad),
        lambda: only(io).timeout(bad),
        lambda: io.wait_for("x", timeout=bad),
        lambda: io.events("x", timeout=bad),
        lambda: only(io).wait_for("x", timeout=bad),
    ):
        with pytest.raises(TypeError, match="give seconds as a number"):
            call()


@pytest.mark.parametrize("bad", [-1, float("nan"), -0.5])
def test_seconds_that_are_negative_are_said(io, alice, bad):
    with pytest.raises(ValueError, match="seconds are not negative"):
        io.wait_for("x", timeout=bad)
    with pytest.raises(ValueError, match="seconds are not negative"):
        only(io).timeout(bad)


async def test_asking_takes_a_timeout_everywhere(io, alice):
    socket = only(io)
    assert io.call("name?", timeout=5) == ["alice"]
    assert io.to(socket.id).call("name?", timeout=5) == ["alice"]
    assert socket.call("name?", timeout=None) == "alice"
    assert socket.timeout(5).call("name?") == "alice"
    assert await socket.timeout(5).emit_with_ack("name?") == "alice"
    assert await io.emit_with_ack("name?", timeout=5) == ["alice"]
    with pytest.raises(nbsocket.AckTimeout):
        io.call("never answered", timeout=0.05)
    with pytest.raises(nbsocket.AckTimeout):
        socket.timeout(0.05).call("never answered")


def test_send_is_the_event_message(io, alice):
    only(io).send("to one", 1)
    io.send("to all")
    io.to("none").send("to none")
    expect(alice).to_receive("message", "to one", 1)
    expect(alice).to_receive("message", "to all")
    expect(alice).not_to_receive("message")
    only(io).timeout(1).emit("message", "timed")
    expect(alice).to_receive("message", "timed")


def test_all_namespaces_of_a_pattern_can_be_chosen_from(io):
    tables = io.of(nbsocket_pattern())

    @tables.on("connection")
    def connected(socket):
        socket.join("odd" if int(socket.namespace.name[-1]) % 2 else "even")

    with (
        Client(io, "one", namespace="/table-1") as one,
        Client(io, "two", namespace="/table-2") as two,
        Client(io, "three", namespace="/table-3") as three,
    ):
        for client in (one, two, three):
            client.answer("who?", lambda name=client.name: name)
        assert one.wait_until(lambda: len(tables.to("odd", "even").fetch_sockets()) == 3, 5)
        tables.to("odd").emit("to odd")
        tables.except_("odd").emit("to even")
        tables.emit("to all")
        for client in (one, three):
            expect(client).to_receive("to odd")
            expect(client).to_receive("to all")
            expect(client).not_to_receive("to even")
        expect(two).to_receive("to even")
        assert sorted(tables.call("who?", timeout=5)) == ["one", "three", "two"]
        assert tables.to("even").call("who?", timeout=5) == ["two"]
        with pytest.raises(nbsocket.AckTimeout) as raised:
            tables.to("odd").call("never answered", timeout=0.05)
        assert len(raised.value.missing) == 2
        assert all(not socket._member.unanswered for socket in tables.fetch_sockets())
        tables.to("odd").disconnect_sockets()
        assert one.wait_until(lambda: len(tables.fetch_sockets()) == 1, 5)


def test_another_choice_of_who_may_come_is_refused():
    io = nbsocket.Server("choice", port=0, open=True, origins=["https://a.example"])
    try:
        assert nbsocket.Server("choice", open=True, origins=["https://a.example"]) is io
        with pytest.raises(ValueError, match=r"runs with open=True; close it with io\.close\(\) first"):
            nbsocket.Server("choice")
        with pytest.raises(ValueError, match=r"runs with origins=\['https://a\.example'\]"):
            nbsocket.Server("choice", open=True)
    finally:
        io.close()


@pytest.mark.parametrize(
    "call",
    ["ticket()", "stats()", "pane('x')", "wire()", "open_class()", "duplex_bench()", "page(__file__)"],
)
def test_a_closed_server_says_so_at_once(call):
    io = nbsocket.Server("closed", port=0)
    io.close()
    began = time.monotonic()
    with pytest.raises(nbsocket.ServerClosedError, match=r"nbsocket\.Server\('closed'\)"):
        eval(f"io.{call}", {"io": io, "__file__": __file__})  # noqa: S307 - the calls above
    assert time.monotonic() - began < 5


def test_all_errors_are_of_one_family():
    errors = [vars(nbsocket.errors)[name] for name in nbsocket.errors.__all__]
    assert len(errors) > 8
    for one in [*errors, nbsocket.ConnectionRefused]:
        assert issubclass(one, NbSocketError), one
    assert issubclass(nbsocket.EncodeError, ValueError)
