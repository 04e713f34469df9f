"""Coming and going."""

import asyncio

import pytest
from support.stage import until

from nbsocket import ConnectionRefused
from nbsocket.link.messages import CloseSession
from nbsocket.protocol.socket_packet import PacketType


@pytest.fixture
def recovering(make_stage):
    """A server that recovers clients, in a program: nothing is kept for a next process."""
    return make_stage(recovery=True, is_linked=False)


def refusal(peer):
    return until(lambda: peer.received(PacketType.CONNECT_ERROR))[0].data


def come(stage, **opened):
    """A client that connects, and what its CONNECT was answered."""
    peer = stage.peer(**opened)
    socket = peer.connect()
    return peer, socket, peer.received(PacketType.CONNECT)[0].data


def offset(peer):
    """The offset of the last event that it got."""
    return peer.events[-1][-1]


# --- coming -----------------------------------------------------------------------------------


def test_a_client_is_answered_before_any_handler_emits(stage):
    stage.server.on("connection", lambda socket: socket.emit("hello"))
    peer, socket = stage.guest()
    until(lambda: peer.events == [["hello"]])
    assert peer.received(PacketType.CONNECT)[0].data == {"sid": socket.id}
    assert (socket.connected, socket.recovered, socket.rooms) == (True, False, {socket.id})


def test_middleware_is_asked_in_order_and_the_socket_is_not_in_yet(stage):
    asked = []

    @stage.server.use
    def first(socket):
        asked.append(("first", socket.connected, len(stage.server.sockets)))

    @stage.server.use
    async def second(socket):
        await asyncio.sleep(0)
        asked.append(("second", socket.connected, len(stage.server.sockets)))

    stage.guest()
    assert asked == [("first", False, 0), ("second", False, 0)]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ConnectionRefused("not today"), {"message": "not today"}),
        (ConnectionRefused("no", {"retry": 5}), {"message": "no", "data": {"retry": 5}}),
        (ConnectionRefused("no", 0), {"message": "no", "data": 0}),
        (ValueError("a secret"), {"message": "Not accepted"}),
    ],
)
@pytest.mark.parametrize("is_async", [False, True])
def test_a_refusal_says_what_its_author_wrote_and_nothing_of_a_fault(stage, error, said, is_async, capfd):
    asked = []

    def refuse(_socket):
        asked.append("first")
        raise error

    async def refuse_async(_socket):
        await asyncio.sleep(0)
        refuse(_socket)

    stage.server.use(refuse_async if is_async else refuse)
    stage.server.use(lambda _: asked.append("second"))
    stage.server.on("connection", lambda _: asked.append("connected"))
    peer = stage.peer()
    peer.send(PacketType.CONNECT)
    assert refusal(peer) == said
    stage.settle()
    assert (asked, stage.server.sockets) == (["first"], {})
    assert ("a secret" in capfd.readouterr().err) is isinstance(error, ValueError)


def test_a_refused_client_may_try_again(stage):
    is_open = []

    @stage.server.use
    def check(_socket):
        if not is_open:
            raise ConnectionRefused("closed")

    peer = stage.peer()
    peer.send(PacketType.CONNECT)
    refusal(peer)
    is_open.append(True)
    assert peer.connect().connected


def test_a_client_that_is_gone_before_it_is_accepted_is_never_in(stage):
    may_go = stage.awaited(make_event())
    seen = []

    @stage.server.use
    async def wait(_socket):
        await may_go.wait()

    stage.server.on("connection", seen.append)
    peer = stage.peer()
    peer.send(PacketType.CONNECT)
    until(lambda: stage.is_settled)
    peer.leave()
    stage.settle()
    stage.handlers.loop.call_soon_threadsafe(may_go.set)
    stage.awaited(asyncio.sleep(0.01))
    assert (seen, peer.received(PacketType.CONNECT), stage.server.sockets) == ([], [], {})


async def make_event():
    return asyncio.Event()


def test_auth_that_is_none_is_empty(stage):
    peer = stage.peer()
    peer.send(PacketType.CONNECT, None)
    until(lambda: len(stage.server.sockets) == 1)
    assert next(iter(stage.server.sockets.values())).handshake.auth == {}


# --- going ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("leave", "reason"),
    [
        (lambda peer, _: peer.send(PacketType.DISCONNECT), "client namespace disconnect"),
        (lambda _, socket: socket.disconnect(), "server namespace disconnect"),
        (lambda _, socket: socket.disconnect(close=True), "server namespace disconnect"),
        (lambda peer, _: peer.leave("ping timeout"), "ping timeout"),
        (lambda peer, _: peer.leave("transport error"), "transport error"),
    ],
)
def test_who_goes_is_still_in_its_rooms_while_it_goes_and_then_no_more(stage, leave, reason):
    told = []
    for event in ("disconnecting", "disconnect"):
        stage.server.on(
            event, lambda socket, why, event=event: told.append((event, why, "red" in socket.rooms))
        )
    peer, socket = stage.guest()
    socket.join("red")
    leave(peer, socket)
    until(lambda: len(told) == 2)
    assert told == [("disconnecting", reason, True), ("disconnect", reason, False)]
    assert (socket.connected, stage.server.sockets, stage.server.to("red").fetch_sockets()) == (
        False,
        {},
        [],
    )
    # Nothing more happens to it.
    socket.disconnect()
    peer.leave()
    stage.settle()
    assert len(told) == 2


def test_leaving_one_namespace_leaves_the_others(stage):
    stage.server.of("/other")
    peer, socket = stage.guest()
    other = peer.connect("/other")
    socket.disconnect()
    assert other.connected
    peer.send(PacketType.DISCONNECT, namespace="/other")
    until(lambda: not other.connected)
    # And one may come back.
    assert peer.connect("/other").id != other.id


def test_closing_leaves_all_of_them(stage):
    stage.server.of("/other")
    peer, socket = stage.guest()
    other = peer.connect("/other")
    socket.disconnect(close=True)
    assert not other.connected
    assert len(peer.received(PacketType.DISCONNECT, "/other")) == 1
    assert peer.closed_because == "forced close"


# --- coming back ------------------------------------------------------------------------------


def test_who_comes_back_gets_what_it_missed_and_is_who_it_was(recovering):
    peer, socket, answer = come(recovering)
    socket.join("red")
    socket.data["name"] = "alice"
    recovering.server.emit("first")
    peer.leave()
    until(lambda: not socket.connected)
    recovering.server.to("red").emit("second")
    recovering.server.to("blue").emit("not for it")
    recovering.server.volatile.emit("nor this")

    seen = []
    recovering.server.on("connection", lambda one: seen.append(one.recovered))
    again = recovering.peer()
    back = again.connect(auth={"pid": answer["pid"], "offset": offset(peer)})
    assert (back.id, back.data, back.rooms) == (socket.id, {"name": "alice"}, {socket.id, "red"})
    until(lambda: [event[0] for event in again.events] == ["second"])
    assert back.recovered
    until(lambda: seen == [True])
    assert again.received(PacketType.CONNECT)[0].data == answer


def test_what_came_by_another_connection_while_the_old_one_is_open_ends_the_old_one(recovering):
    gone = []
    recovering.server.on("disconnect", lambda socket, why: gone.append(why))
    peer, socket, answer = come(recovering)
    recovering.server.emit("first")
    again = recovering.peer()
    back = again.connect(auth={"pid": answer["pid"], "offset": offset(peer)})
    assert (back.id, back is socket) == (socket.id, False)
    until(lambda: gone == ["transport close"])
    assert peer.closed_because == "transport close"
    assert list(recovering.server.sockets.values()) == [back]


@pytest.mark.parametrize(
    ("opened", "is_recovered"),
    [
        ({"ticket_id": "t"}, True),
        ({"ticket_id": "another"}, False),
        ({"ticket_id": "t", "role": "owner"}, False),
    ],
)
def test_only_the_same_ticket_goes_on(recovering, opened, is_recovered):
    peer, socket, answer = come(recovering)
    recovering.server.emit("first")
    peer.leave()
    until(lambda: not socket.connected)
    back = recovering.peer(**opened).connect(auth={"pid": answer["pid"], "offset": offset(peer)})
    assert (back.id == socket.id) is is_recovered
    assert back.recovered is is_recovered


def test_an_owner_goes_on_with_another_ticket(recovering):
    peer, socket, answer = come(recovering, role="owner", ticket_id="a")
    peer.leave()
    until(lambda: not socket.connected)
    back = recovering.peer(role="owner", ticket_id="b").connect(auth={"pid": answer["pid"]})
    assert back.id == socket.id


@pytest.mark.parametrize("auth", [{}, {"pid": "guessed"}, {"pid": 1}, {"pid": None, "offset": None}])
def test_without_a_private_id_one_is_new(recovering, auth):
    _, socket, _ = come(recovering)
    back = recovering.peer().connect(auth={**auth, "name": "x"})
    assert (back.id == socket.id, back.recovered) == (False, False)
    # What belongs to recovery is not the author's business.
    assert back.handshake.auth == {"name": "x"}


def test_who_missed_too_much_is_new(recovering):
    peer, socket, answer = come(recovering)
    peer.leave()
    until(lambda: not socket.connected)
    for _ in range(3):
        recovering.server.emit("big", "x" * 500_000)
    back = recovering.peer().connect(auth={"pid": answer["pid"]})
    assert (back.recovered, back.id == socket.id) == (False, False)
    assert recovering.server.channel.namespaces["/"].members.rooms_of(socket) == frozenset()


def test_who_left_on_purpose_is_new(recovering):
    peer, socket, answer = come(recovering)
    peer.send(PacketType.DISCONNECT)
    until(lambda: not socket.connected)
    assert not recovering.peer().connect(auth={"pid": answer["pid"]}).recovered


def test_who_was_away_too_long_is_forgotten(recovering, monkeypatch):
    from nbsocket.socketio import connect

    monkeypatch.setattr(connect, "MAX_ABSENCE_S", 0.01)
    members = recovering.server.channel.namespaces["/"].members
    monkeypatch.setattr(members.recovery, "_clock", lambda: 1000.0)
    peer, socket, answer = come(recovering)
    peer.leave()
    until(lambda: list(members.recovery.absent) == [socket.id])
    monkeypatch.setattr(members.recovery, "_clock", lambda: 2000.0)
    recovering.handlers.later(0.0, recovering.server.channel.namespaces["/"].admission._expire)
    until(lambda: members.is_empty)
    assert not recovering.peer().connect(auth={"pid": answer["pid"]}).recovered


def test_middleware_is_not_asked_of_who_is_recovered(recovering):
    asked = []
    recovering.server.use(asked.append)
    peer, socket, answer = come(recovering)
    peer.leave()
    until(lambda: not socket.connected)
    assert recovering.peer().connect(auth={"pid": answer["pid"]}).recovered
    assert asked == [socket]


def test_a_recovered_client_that_is_gone_again_at_once_may_still_come_back(recovering):
    peer, socket, answer = come(recovering)
    peer.leave()
    until(lambda: not socket.connected)
    again = recovering.peer()
    # Its end comes before its CONNECT is handled.
    gone = again.messages(PacketType.CONNECT, {"pid": answer["pid"]})

    def both():
        recovering.carrier.give(*gone)
        again.leave()

    recovering.on_thread(both)
    recovering.settle()
    back = recovering.peer().connect(auth={"pid": answer["pid"]})
    assert (back.id, back.recovered) == (socket.id, True)
    assert not [one for one in recovering.carrier.sent if isinstance(one, CloseSession)]
