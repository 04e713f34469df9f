"""Headless clients and checks: they pass what is right, and say in a sentence what is wrong."""

import socket

import pytest
from support.waiting import soon

import nbsocket
from nbsocket import EncodeError
from nbsocket.testing import Client, ClientRefused, Unmet, anything, exercise, expect


@pytest.fixture
def io():
    server = nbsocket.Server("testing", port=0)
    yield server
    server.close()


def greet(io):
    @io.on("connection")
    def connected(socket):
        socket.emit("welcome", {"text": "hi"}, b"\x01\x02")

        @socket.on("add")
        def add(a, b):
            return a + b

        @socket.on("say")
        def say(text):
            socket.broadcast.emit("said", text)


def test_what_is_right_passes(io, capsys):
    greet(io)
    with exercise("All of it"), Client(io, "alice") as alice, Client(io, "bob") as bob:
        expect(alice).to_receive("welcome", {"text": "hi"}, b"\x01\x02")
        expect(bob).to_receive("welcome", anything, lambda data: len(data) == 2)
        expect(alice.call("add", 2, 3)).to_equal(5)
        alice.emit("say", "hi")
        expect(bob).to_receive("said", "hi")
        expect(alice).not_to_receive("said")
        assert io.sockets[alice.id].role == "guest"
        alice.answer("name?", lambda: "Alice")
        assert io.sockets[alice.id].call("name?") == "Alice"
        io.emit("after", 1, 2)
        assert bob.wait_for("after") == (1, 2)
        io.sockets[alice.id].disconnect()
        assert expect(alice).to_be_disconnected() == "io server disconnect"
        assert "disconnected" in repr(alice)
    assert "✓ All of it" in capsys.readouterr().out
    assert not bob.connected


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (lambda a: expect(a).to_receive("said", "hi", within=0.2), "should receive 'said' with 'hi'"),
        (lambda a: expect(a).to_receive("welcome", 1, within=0.2), "the arguments differ"),
        (lambda a: expect(a).to_receive("nothing", within=0.2), "It received welcome("),
        (lambda a: expect(a).not_to_receive("welcome"), "should not receive 'welcome'"),
        (lambda a: expect(a.call("add", 2, 2)).to_equal(5), "should be 5, but it is 4"),
        (lambda a: expect(0.4).to_be_near(0.1, by=0.1), "0.1 ± 0.1"),
        (lambda a: expect(None).to_be_true("Nobody voted."), "Nobody voted."),
        (lambda a: expect(a).to_be_disconnected(within=0.1), "still is connected"),
        (lambda a: a.call("unknown"), "no handler is registered for 'unknown'"),
        (lambda a: not_defined_anywhere, "Did you run the exercise's own cell?"),  # noqa: F821 - so it is meant
        (lambda a: a.call("add", "x", 1), "raised TypeError"),
        (lambda a: (a.emit("say"), expect(a).to_receive("said")), "raised TypeError"),
        (
            lambda a: expect(None, "add(1, 2)").to_equal(3),
            "add(1, 2) should be 3, but it is None. Is a return",
        ),
        (lambda a: expect([1, 2], "x").to_equal((1, 2)), "A tuple is several values"),
        (
            lambda a: expect(a, "When nobody came").to_receive("b", within=0.1),
            "When nobody came, alice should",
        ),
        (lambda a: int("seven"), "it raised ValueError: invalid literal"),
        (lambda a: a.wait_for("never", timeout=0.1), "received no 'never'"),
        (lambda a: (a.disconnect(), a.emit("x")), "is not connected"),
    ],
)
def test_what_is_wrong_is_said_in_words(io, check, words):
    greet(io)
    with pytest.raises(Unmet) as caught, exercise("Wrong"), Client(io, "alice") as alice:
        check(alice)
    assert isinstance(caught.value, AssertionError)
    text = str(caught.value)
    assert text.startswith("✗ Wrong: ")
    assert words in text
    assert caught.value._render_traceback_() == [text]


def test_each_event_counts_once(io):
    greet(io)
    with Client(io, "alice") as alice:
        io.emit("tick", 1)
        expect(alice).to_receive("tick", 1)
        with pytest.raises(Unmet):
            expect(alice).to_receive("tick", 1, within=0.2)


def test_who_is_not_let_in_is_told_why(io):
    with pytest.raises(ClientRefused, match="ticket does not open"):
        Client(io, ticket="forged")

    @io.of("/club").use
    def door(socket):
        if socket.handshake.auth.get("word") != "please":
            raise nbsocket.ConnectionRefused("say please", {"retry": True})

    with pytest.raises(ClientRefused, match="say please") as caught:
        Client(io, "bob", namespace="/club")
    assert caught.value.data == {"retry": True}
    with Client(io, "bob", namespace="/club", auth={"word": "please"}) as bob:
        io.of("/club").emit("hello")
        expect(bob).to_receive("hello")
    with pytest.raises(TypeError, match="needs a Client"):
        expect(3).to_receive("x")


def test_a_connection_that_breaks_is_seen_by_both(io):
    gone = []

    @io.on("connection")
    def connected(socket):
        socket.on("disconnect", gone.append)

    with Client(io, "alice") as alice:
        alice.drop()
        assert expect(alice).to_be_disconnected() == "transport close"
    soon(lambda: gone)
    assert gone == ["transport close"]


def test_two_hundred_come_in_seconds(io):
    ticket = io.ticket().value
    clients = [Client(io, f"client {n}", ticket=ticket) for n in range(200)]
    io.emit("all", 1)
    for client in clients:
        expect(client).to_receive("all", 1, within=10)
        client.disconnect()


def test_who_does_not_answer_is_called_by_name(io):
    with Client(io, "sleeper") as sleeper, pytest.raises(nbsocket.AckTimeout, match="sleeper"):
        io.sockets[sleeper.id].call("are you there?", timeout=0.1)


def test_a_client_that_received_nothing_at_all_is_told_so(io):
    with Client(io, "alice") as alice, pytest.raises(Unmet, match=r"nothing\. Is an emit missing"):
        expect(alice).to_receive("welcome", within=0.1)


@pytest.mark.promise(14)
@pytest.mark.parametrize("how", ["emit", "call", "bytes"])
def test_what_is_over_the_limit_is_refused_with_both_sizes_and_the_client_goes_on(io, how):
    io.on("echo", lambda socket, *values: values)
    big = b"x" * 1_000_001 if how == "bytes" else "x" * 1_000_000
    with Client(io) as client:
        with pytest.raises(
            EncodeError, match=r"'echo': 1,000,0\d\d bytes in one go; the server takes 1,000,000"
        ):
            (client.call if how == "call" else client.emit)("echo", big)
        assert client.call("echo", 1) == 1
        assert client.call("echo", b"x" * 1_000_000) == b"x" * 1_000_000


@pytest.mark.promise(14)
def test_frames_of_one_event_do_not_wait_for_each_other(io):
    """Else the second waits for the acknowledgement of the first by the other end's system, some 40 ms."""
    with Client(io) as client:
        stream = client._connection.protocol.stream
        assert stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
