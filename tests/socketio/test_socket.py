"""One client in one namespace."""

import re

import pytest
from support.stage import until

from nbsocket.errors import AckTimeout
from nbsocket.protocol.socket_packet import PacketType
from nbsocket.protocol.socket_states import DISCONNECT_REASONS, Trigger


def test_it_says_who_it_is_and_no_secret(stage):
    peer, socket = stage.guest()
    assert repr(socket) == f"<Socket {socket.id} in / connected>"
    peer.leave()
    until(lambda: repr(socket) == f"<Socket {socket.id} in / disconnected>")


def test_its_id_is_new_and_cannot_be_guessed(stage):
    ids = {stage.guest()[1].id for _ in range(50)}
    assert len(ids) == 50
    assert all(re.fullmatch(r"[\w-]{20}", one) for one in ids)


def test_its_role_is_its_tickets(stage):
    assert stage.guest()[1].role == "guest"
    liar = stage.peer(role="guest", handshake={"query": {"role": "owner"}})
    assert liar.connect(auth={"role": "owner"}).role == "guest"
    assert stage.peer(role="owner").connect().role == "owner"


def test_rooms(stage):
    peer, socket = stage.guest()
    assert socket.rooms == {socket.id}
    socket.join("a", ["b", "c"])
    socket.leave("b")
    socket.leave("where it never was")
    assert socket.rooms == {socket.id, "a", "c"}
    for call in (socket.join, socket.leave):
        with pytest.raises(TypeError, match="a room's name is a string"):
            call(1)
    peer.leave()
    until(lambda: not socket.connected)
    stage.settle()
    socket.join("too late")
    assert socket.rooms == frozenset()


def test_emitting_to_who_is_gone_does_nothing(stage):
    peer, socket = stage.guest()
    peer.leave()
    until(lambda: not socket.connected)
    socket.emit("e")
    socket.send("text")
    assert peer.events == []
    with pytest.raises(AckTimeout):
        socket.call("q", timeout=60)


def test_emitting_and_sending(stage):
    peer, socket = stage.guest()
    socket.emit("e", 1, b"\0")
    socket.send("text")
    assert peer.events == [["e", 1, b"\0"], ["message", "text"]]
    with pytest.raises(TypeError, match=r"emit\(\) has no callback="):
        socket.emit("e", callback=print)
    with pytest.raises(TypeError, match=r"call\(\) has no to="):
        socket.call("e", to="red")


def test_another_time_to_wait(stage):
    peer, socket = stage.guest()
    timed = socket.timeout(0.01)
    timed.emit("e")
    assert peer.events == [["e"]]
    with pytest.raises(AckTimeout):
        timed.call("q")
    with pytest.raises(AckTimeout):
        stage.awaited(timed.emit_with_ack("q"))
    with pytest.raises(TypeError, match=r"timeout\(\)='1'"):
        socket.timeout("1")


def test_an_acknowledgement_of_who_left_its_namespace_is_not_sent(stage):
    peer, socket = stage.guest()
    socket.disconnect()
    socket._member.answer(1, [])
    assert peer.received(PacketType.ACK) == []


def test_what_a_handler_keeps_with_it_stays(stage):
    peer, socket = stage.guest()
    stage.server.on("name", lambda one, name: one.data.update(name=name))
    stage.server.on("who", lambda one: one.data["name"])
    peer.emit("name", "alice")
    assert peer.ask("who") == ["alice"]
    assert socket.data == {"name": "alice"}


def test_each_end_has_its_reason():
    assert DISCONNECT_REASONS[Trigger.CLIENT_LEFT] == "client namespace disconnect"
    assert DISCONNECT_REASONS[Trigger.SERVER_LEFT] == "server namespace disconnect"
    assert DISCONNECT_REASONS[Trigger.TRANSPORT_LOST] == "transport close"
