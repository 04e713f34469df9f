"""Choosing who gets an event."""

import pytest
from support.stage import until

from nbsocket.errors import AckTimeout, BlockingCallError
from nbsocket.link.messages import CloseSession, Deliver
from nbsocket.protocol.socket_packet import PacketType


@pytest.fixture
def people(stage):
    """Four people: alice in red, bob in red and blue, carol in blue, dan in none."""
    made = {name: stage.guest() for name in ("alice", "bob", "carol", "dan")}
    made["alice"][1].join("red")
    made["bob"][1].join("red", "blue")
    made["carol"][1].join("blue")
    return made


def reached(people):
    return [name for name, (peer, _) in people.items() if ["hi"] in peer.events]


@pytest.mark.parametrize(
    ("choose", "who"),
    [
        (lambda io: io, "alice bob carol dan"),
        (lambda io: io.to("red"), "alice bob"),
        (lambda io: io.in_("red", "blue"), "alice bob carol"),
        (lambda io: io.to(["red", "blue"]).except_("blue"), "alice"),
        (lambda io: io.except_("red"), "carol dan"),
        (lambda io: io.to("nowhere"), ""),
        (lambda io: io.volatile.to("red"), "alice bob"),
        (lambda io: io.to("red").timeout(1), "alice bob"),
    ],
)
def test_each_choice_reaches_those_and_no_others(stage, people, choose, who):
    choose(stage.server).emit("hi")
    assert reached(people) == who.split()
    # In one message for all of them, and in none if there is nobody.
    sent = [one for one in stage.carrier.sent if isinstance(one, Deliver) and one.frames == ['2["hi"]']]
    assert len(sent) == bool(who)


def test_a_choice_is_not_changed_by_narrowing_it(stage, people):
    red = stage.server.to("red")
    assert red.except_("blue").fetch_sockets() == [people["alice"][1]]
    assert [one.id for one in red.fetch_sockets()] == [people[name][1].id for name in ("alice", "bob")]


def test_a_sockets_own_id_is_a_room(stage, people):
    stage.server.to(people["dan"][1].id).send("hello")
    assert people["dan"][0].events == [["message", "hello"]]


def test_of_a_socket_all_but_itself(stage, people):
    alice = people["alice"][1]
    assert {one.id for one in alice.broadcast.fetch_sockets()} == {
        people[name][1].id for name in ("bob", "carol", "dan")
    }
    assert alice.to("red").fetch_sockets() == alice.in_("red").fetch_sockets() == [people["bob"][1]]
    assert alice.except_("blue").fetch_sockets() == [people["dan"][1]]


def test_sockets_join_and_leave_together(stage, people):
    stage.server.to("red").sockets_join("tea", ["cake"])
    assert people["alice"][1].rooms >= {"tea", "cake"}
    stage.server.in_("tea").sockets_leave("cake", ["red"])
    assert people["bob"][1].rooms == {people["bob"][1].id, "blue", "tea"}
    with pytest.raises(TypeError, match="a room's name"):
        stage.server.sockets_leave(1)


def test_disconnecting_a_choice(stage, people):
    stage.server.to("red").disconnect_sockets()
    assert not people["alice"][1].connected
    assert people["bob"][0].received(PacketType.DISCONNECT)
    assert people["carol"][1].connected
    assert not [one for one in stage.carrier.sent if isinstance(one, CloseSession)]
    stage.server.to("blue").disconnect_sockets(close=True)
    assert [one.reason for one in stage.carrier.sent if isinstance(one, CloseSession)] == ["forced close"]


def test_a_preview_sends_nothing_and_lights_panes_up(stage):
    told = []
    stage.here.output.listen("p1", lambda run, kind, _: told.append((run.client.id, kind)))
    owner = stage.peer(role="owner", handshake={"query": {"pane": "p1"}})
    socket = owner.connect()
    stage.guest()
    before = len(stage.carrier.sent)
    assert stage.server.to(socket.id).preview() == [socket]
    assert told == [(socket.id, "lit")]
    assert len(stage.carrier.sent) == before


def test_volatile_is_left_out_while_the_gateway_has_no_room(stage, people):
    stage.carrier.writable = False
    stage.server.volatile.emit("hi")
    people["alice"][1].volatile.emit("hi")
    assert reached(people) == []
    stage.carrier.writable = True
    people["alice"][1].volatile.emit("hi")
    assert reached(people) == ["alice"]
    assert stage.carrier.sent[-1].volatile


def test_what_is_volatile_is_still_looked_at(stage, people):
    stage.carrier.writable = False
    with pytest.raises(Exception, match="cannot be sent"):
        stage.server.volatile.emit("hi", object())


@pytest.mark.parametrize("timeout", [0, 0.01])
def test_the_time_to_wait_is_of_the_choice_or_of_the_call(stage, people, timeout):
    with pytest.raises(AckTimeout, match="4 of 4"):
        stage.server.timeout(timeout).call("q")
    with pytest.raises(AckTimeout, match="2 of 2"):
        stage.server.timeout(60).to("red").call("q", timeout=timeout)
    with pytest.raises(AckTimeout, match="2 of 2"):
        stage.awaited(stage.server.to("red").emit_with_ack("q", timeout=timeout))
    with pytest.raises(AckTimeout, match="2 of 2"):
        stage.awaited(stage.server.to("red").timeout(timeout).emit_with_ack("q"))


def test_a_blocking_call_in_an_async_handler_is_refused_with_what_to_write(stage):
    peer, _ = stage.guest()
    raised = []

    @stage.server.on("go")
    async def go(_socket):
        for call in (lambda: stage.server.call("q"), lambda: stage.server.wait_for("e")):
            try:
                call()
            except BlockingCallError as error:
                raised.append(str(error))

    peer.emit("go")
    until(lambda: len(raised) == 2)
    assert "await emit_with_ack('q', …)" in raised[0]
    assert "await io.next('e')" in raised[1]


@pytest.mark.parametrize("call", ["emit", "call"])
def test_keywords_are_refused(stage, call):
    with pytest.raises(TypeError, match=rf"{call}\(\) has no room="):
        getattr(stage.server, call)("hi", room="red")


def test_rooms_and_seconds_are_looked_at(stage):
    with pytest.raises(TypeError, match="a room's name"):
        stage.server.to(1)
    with pytest.raises(TypeError, match="a room's name"):
        stage.server.except_(b"red")
    with pytest.raises(ValueError, match=r"timeout\(\)=-1"):
        stage.server.timeout(-1)
