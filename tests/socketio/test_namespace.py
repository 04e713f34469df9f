"""One namespace."""

import asyncio
import threading

import pytest
from support.stage import until

from nbsocket.errors import EncodeError, LinkLostError
from nbsocket.protocol.socket_packet import PacketType


def test_it_says_who_is_here(stage):
    namespace = stage.server.of("/chat")
    assert repr(namespace) == "<Namespace /chat, 0 connected>"
    socket = stage.peer().connect("/chat")
    assert dict(namespace.sockets) == {socket.id: socket}
    with pytest.raises(TypeError):
        namespace.sockets["x"] = socket


def test_its_events_stay_in_it(stage):
    chat = stage.server.of("/chat")
    peer = stage.peer()
    peer.connect()
    peer.connect("/chat")
    chat.emit("hello")
    assert peer.events == []
    assert [one.data for one in peer.received(PacketType.EVENT, "/chat")] == [["hello"]]


def test_middleware_is_of_one_namespace_and_can_be_removed(stage):
    asked = []
    middleware = stage.server.of("/chat").use(asked.append)
    stage.guest()
    assert asked == []
    socket = stage.peer().connect("/chat")
    assert asked == [socket]
    stage.server.of("/chat").unuse(middleware)
    stage.server.of("/chat").unuse(middleware)
    stage.peer().connect("/chat")
    assert asked == [socket]


def test_what_cannot_be_sent_is_sent_to_nobody(stage):
    peer, socket = stage.guest()
    for emit in (stage.server.emit, socket.emit):
        with pytest.raises(EncodeError):
            emit("e", {"deep": [object()]})
    with pytest.raises(EncodeError, match="reserved"):
        stage.server.emit("disconnect")
    assert peer.events == []


def test_a_closed_link_is_told_to_who_emits(stage, monkeypatch):
    stage.guest()
    stage.carrier.writable = False
    monkeypatch.setattr(stage.carrier, "wait_writable", lambda _timeout: False)
    with pytest.raises(LinkLostError, match="The kernel link is closed"):
        stage.server.emit("e")


# --- waiting ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("args", "value"), [((), None), ((1,), 1), ((1, 2), (1, 2))])
def test_waiting_gives_what_was_sent(stage, args, value):
    peer, _ = stage.guest()
    threading.Timer(0.02, peer.emit, ["e", *args]).start()
    assert stage.server.wait_for("e", timeout=5) == value
    threading.Timer(0.02, peer.emit, ["e", *args]).start()
    assert stage.awaited(stage.server.next("e")) == value


def test_what_came_since_the_cell_began_counts_once(stage):
    peer, socket = stage.guest()
    with stage.cell():
        peer.emit("e", 1)
        peer.emit("e", 2)
        until(lambda: stage.is_settled)
        assert stage.server.wait_for("e", timeout=0) == 1
        assert stage.awaited(socket.next("e")) == 2
        with pytest.raises(TimeoutError, match="no 'e' from any client within 0 s"):
            stage.server.wait_for("e", timeout=0)


def test_waiting_for_one_client(stage):
    alice, socket = stage.guest()
    bob, other = stage.guest()
    bob.emit("e", "bob")
    until(lambda: stage.is_settled)
    with pytest.raises(TimeoutError, match=r"no 'e' from the client within 0\.01 s"):
        socket.wait_for("e", timeout=0.01)
    assert other.wait_for("e", timeout=5) == "bob"
    waiting = asyncio.run_coroutine_threadsafe(socket.next("e"), stage.handlers.loop)
    bob.emit("e", "not for it")
    alice.emit("e", "alice")
    assert waiting.result(5) == "alice"


def test_several_who_await_get_one_event_each(stage):
    peer, _ = stage.guest()
    loop = stage.handlers.loop
    waiting = [asyncio.run_coroutine_threadsafe(stage.server.next("e"), loop) for _ in range(3)]
    stage.awaited(asyncio.sleep(0))
    for number in range(3):
        peer.emit("e", number)
    assert sorted(one.result(5) for one in waiting) == [0, 1, 2]


def test_who_waits_no_more_takes_nothing(stage):
    peer, _ = stage.guest()
    waiting = asyncio.run_coroutine_threadsafe(stage.server.next("e"), stage.handlers.loop)
    stage.awaited(asyncio.sleep(0))
    waiting.cancel()
    stage.awaited(asyncio.sleep(0.01))
    peer.emit("e", 1)
    assert stage.server.wait_for("e", timeout=5) == 1


# --- cells ------------------------------------------------------------------------------------


def names(namespace, event):
    return [one.function.__name__ for one in namespace._registrar().table.of(event)]


def test_a_cell_that_ran_to_its_end_leaves_what_it_registered_and_no_more(stage):
    def old(_socket):
        """Go with the next run."""

    def new(_socket):
        """Come with it."""

    with stage.cell("c"):
        stage.server.on("e", old)
        stage.server.on("f", old)
    with stage.cell("c"):
        stage.server.on("e", new)
    assert names(stage.server, "e") == ["new"]
    assert names(stage.server, "f") == []


def test_a_cell_that_failed_removes_nothing(stage):
    def old(_socket):
        """Stay."""

    with stage.cell("c"):
        stage.server.on("e", old)
        stage.server.on("f", old)
    with stage.cell("c", ok=False):
        stage.server.on("e", lambda _: None)
    assert names(stage.server, "e") == ["<lambda>"]
    assert names(stage.server, "f") == ["old"]


# --- panes ------------------------------------------------------------------------------------


def test_a_pane_is_told_its_rooms(stage):
    told = []
    stage.here.output.listen("p1", lambda _, kind, text: told.append((kind, text)))
    owner = stage.peer(role="owner", handshake={"query": {"pane": "p1"}}).connect()
    stage.guest()[1].join("not a pane's")
    owner.join("red", "blue")
    owner.leave("red")
    assert told == [("rooms", '["blue","red"]'), ("rooms", '["blue"]')]
