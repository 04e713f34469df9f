"""One connection: what it may send, and what becomes of it."""

import asyncio
import time

import pytest
from support.stage import until

from nbsocket.link.messages import CloseSession, SaveState, Will
from nbsocket.protocol.socket_packet import PacketType
from nbsocket.socketio import client as clients
from nbsocket.socketio.client import MAX_NAMESPACES
from nbsocket.socketio.session_state import read_state


@pytest.fixture
def kept(make_stage):
    """A server whose clients stay while its kernel restarts."""
    return make_stage(recovery=True)


def saved(stage, peer):
    """The latest state that the gateway was given of a client."""
    states = [
        one for one in stage.carrier.sent if isinstance(one, SaveState) and one.session == peer.session
    ]
    return states[-1].state if states else None


# --- reading ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (["nonsense"], "no Socket.IO packet type"),
        (["9"], "no Socket.IO packet type"),
        (["0"], "second CONNECT"),
        (['2/other,["x"]'], "not connected to"),
        (["2[1]"], "an EVENT without a name"),
        ([b"\0"], "attachment"),
        (['51-["x",{"_placeholder":true,"num":0}]', '2["x"]'], "attachment"),
    ],
)
def test_what_may_not_come_closes_that_client_alone(stage, sent, words):
    gone = []
    stage.server.on("disconnect", lambda _, why: gone.append(why))
    stage.server.on("x", lambda *_: None)
    other, _ = stage.guest()
    bad, _ = stage.guest()
    bad.raw(*sent)
    assert words in until(lambda: bad.closed_because)
    until(lambda: gone == ["parse error"])
    stage.server.on("here", lambda _: "yes")
    assert other.ask("here") == ["yes"]


@pytest.mark.parametrize("sent", ["1/other,", '3/other,0["x"]', "399[]"])
def test_what_means_nothing_any_more_is_ignored(stage, sent):
    peer, _ = stage.guest()
    peer.raw(sent)
    stage.server.on("here", lambda _: "yes")
    assert peer.ask("here") == ["yes"]


def test_one_namespace_after_another_up_to_a_limit(stage):
    peer = stage.peer()
    for number in range(MAX_NAMESPACES + 1):
        stage.server.of(f"/{number}")
        peer.send(PacketType.CONNECT, namespace=f"/{number}")
    (answer,) = until(lambda: peer.received(PacketType.CONNECT_ERROR, f"/{MAX_NAMESPACES}"))
    assert answer.data == {"message": "Invalid namespace"}
    assert len(peer.received(PacketType.CONNECT, f"/{MAX_NAMESPACES - 1}")) == 1


def test_attachments_that_do_not_come_close_the_client(stage, monkeypatch):
    monkeypatch.setattr(clients, "_ATTACHMENTS_S", 0.02)
    peer, _ = stage.guest()
    peer.raw('51-["x",{"_placeholder":true,"num":0}]')
    assert "did not come within" in until(lambda: peer.closed_because)


def test_attachments_that_go_on_are_waited_for(stage, monkeypatch):
    monkeypatch.setattr(clients, "_ATTACHMENTS_S", 0.05)
    got = []
    stage.server.on("x", lambda _, *args: got.append(args))
    peer, _ = stage.guest()
    places = ",".join(f'{{"_placeholder":true,"num":{number}}}' for number in range(4))
    peer.raw(f'54-["x",{places}]')
    for number in range(4):
        time.sleep(0.03)  # Slower than all of the time there is, and each within it.
        peer.raw(bytes([number]))
    until(lambda: got == [(b"\0", b"\1", b"\2", b"\3")])
    assert peer.closed_because == ""


def test_it_is_not_to_blame_while_the_link_is_down(stage, monkeypatch):
    monkeypatch.setattr(clients, "_ATTACHMENTS_S", 0.02)
    stage.carrier.up_for_s = 0.0
    peer, _ = stage.guest()
    peer.raw('51-["x",{"_placeholder":true,"num":0}]')
    stage.awaited(asyncio.sleep(0.06))
    assert peer.closed_because == ""
    stage.carrier.up_for_s = 60.0
    until(lambda: peer.closed_because)


def test_a_client_that_left_is_not_waited_for(stage, monkeypatch):
    monkeypatch.setattr(clients, "_ATTACHMENTS_S", 0.02)
    peer, _ = stage.guest()
    peer.raw('51-["x",{"_placeholder":true,"num":0}]')
    peer.leave()
    stage.awaited(asyncio.sleep(0.06))
    assert peer.closed_because == ""


def test_a_client_leaves_once(stage):
    gone = []
    stage.server.on("disconnect", lambda _, why: gone.append(why))
    peer, _ = stage.guest()
    peer.raw("nonsense")
    until(lambda: gone == ["parse error"])
    peer.leave()
    stage.settle()
    assert gone == ["parse error"]


# --- doors ------------------------------------------------------------------------------------


def test_a_ticket_of_a_door_opens_nothing_else(stage):
    stage.server.of("/other")
    stage.server.channel.doors["class"] = lambda auth: "" if auth.get("name") else "say who you are"
    peer = stage.peer(opens="class")
    peer.send(PacketType.CONNECT, {"name": "alice"}, namespace="/other")
    assert until(lambda: peer.received(PacketType.CONNECT_ERROR, "/other"))[0].data == {
        "message": "Invalid namespace"
    }
    peer.send(PacketType.CONNECT, {})
    assert until(lambda: peer.received(PacketType.CONNECT_ERROR))[0].data == {"message": "say who you are"}
    assert peer.connect(auth={"name": "alice"}).handshake.auth == {"name": "alice"}


def test_a_door_that_is_not_there_yet_is_tried_again(stage):
    peer = stage.peer(opens="class")
    peer.send(PacketType.CONNECT, {"name": "alice"})
    assert until(lambda: peer.closed_because) == "transport close"


# --- while the kernel restarts ----------------------------------------------------------------


def test_what_a_restarted_kernel_must_know_is_kept_with_the_gateway(kept):
    kept.server.on("name", lambda socket, name: socket.data.update(name=name))
    peer, socket = kept.guest()
    socket.join("red")
    peer.ask("name", "alice")
    state = until(lambda: "alice" in str(saved(kept, peer)) and read_state(saved(kept, peer))["/"])
    assert (state.id, state.rooms, state.data) == (socket.id, ["red"], {"name": "alice"})
    wills = [one for one in kept.carrier.sent if isinstance(one, Will)]
    assert [(one.to, one.frames) for one in wills] == [([peer.session], ['2["server_restarting",{}]'])]


def test_what_did_not_change_is_not_sent_again(kept):
    peer, _ = kept.guest()
    kept.server.on("nothing", lambda _: None)
    peer.ask("nothing")
    kept.settle()
    before = len(kept.carrier.sent)
    peer.ask("nothing")
    kept.settle()
    assert len(kept.carrier.sent) == before + 1


def test_while_a_connect_is_under_way_nothing_is_kept(kept):
    peer, _ = kept.guest()
    until(lambda: saved(kept, peer))

    async def slow(_socket):
        await asyncio.sleep(60)

    kept.server.of("/slow").use(slow)
    peer.send(PacketType.CONNECT, namespace="/slow")
    until(lambda: saved(kept, peer) == b"")


def test_the_next_process_goes_on_with_a_client(kept, make_stage):
    peer, socket = kept.guest()
    socket.join("red")
    socket.data["name"] = "alice"
    kept.server.channel.cell_ended(kept.here.cells.begin("c"), ok=True)
    state = until(lambda: "alice" in str(saved(kept, peer)) and saved(kept, peer))

    after = make_stage(recovery=True)
    came = []
    after.server.on("connection", lambda one: came.append((one.id, one.recovered)))
    again = after.peer(state=state)
    again.emit("hello")
    taken = until(lambda: after.server.sockets.get(socket.id))
    assert (taken.rooms, taken.data) == ({socket.id, "red"}, {"name": "alice"})
    until(lambda: came == [(socket.id, True)])
    assert again.events[0][0] == "server_restarted"
    # A handler of a later cell greets it, too.
    with after.cell():
        after.server.on("connection", lambda one: came.append("later"))
    until(lambda: came[1:] == ["later"])


def test_an_attachment_of_an_event_that_the_earlier_process_got_is_left_out(kept, make_stage):
    peer, _ = kept.guest()
    state = until(lambda: saved(kept, peer))
    after = make_stage(recovery=True)
    got = []
    after.server.on("x", lambda _, *args: got.append(args))
    again = after.peer(state=state)
    again.raw(b"the rest", '2["x",1]')
    until(lambda: got == [(1,)])
    assert again.closed_because == ""


@pytest.mark.parametrize("state", [b"\xff", b"[]", b'{"/":[1]}', b'{"/gone":["id","pid",{},[],{}]}'])
def test_whoever_cannot_be_taken_over_begins_again(make_stage, state):
    after = make_stage(recovery=True)
    peer = after.peer(state=state)
    assert until(lambda: peer.closed_because) == "transport close"
    assert after.server.sockets == {}


def test_without_recovery_nobody_is_taken_over(stage):
    peer = stage.peer(state=b'{"/":["id","pid",{},[],{}]}')
    assert until(lambda: peer.closed_because) == "transport close"


def test_an_adoption_that_raises_or_takes_too_long_lets_the_client_begin_again(make_stage, monkeypatch):
    monkeypatch.setattr(clients, "_ADOPTION_S", 0.05)
    after = make_stage(recovery=True)

    async def never(_name, _auth):
        await asyncio.sleep(60)

    after.server.of(never)
    slow = after.peer(state=b'{"/slow":["id","pid",{},[],{}]}')
    assert until(lambda: slow.closed_because) == "transport close"
    monkeypatch.setattr(after.server.channel, "find", lambda *_: 1 / 0)
    broken = after.peer(state=b'{"/":["id","pid",{},[],{}]}')
    assert until(lambda: broken.closed_because) == "transport close"
    assert all(isinstance(one, CloseSession) for one in after.carrier.sent[1:])
