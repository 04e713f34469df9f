"""Acknowledgements: those that the server waits for, and those that it gives."""

import threading

import pytest
from support.stage import until

from nbsocket.errors import AckTimeout
from nbsocket.protocol.socket_packet import PacketType


@pytest.mark.parametrize(("sent", "value"), [((), None), ((1,), 1), ((1, "b"), (1, "b")), (([],), [])])
def test_the_value_is_one_argument_or_all(stage, sent, value):
    peer, socket = stage.guest()
    got = []
    asking = threading.Thread(target=lambda: got.append(socket.call("q", timeout=5)))
    asking.start()
    until(lambda: ["q"] in peer.events)
    peer.answer(*sent)
    asking.join(5)
    assert got == [value]


def test_answers_stand_in_the_order_of_the_sockets_whoever_is_quicker(stage):
    peers = [stage.guest() for _ in range(3)]
    pending = stage.server._core.fanout.ask("q", (), frozenset(), frozenset())
    for number, (peer, _) in reversed(list(enumerate(peers))):
        until(lambda peer=peer: ["q"] in peer.events)
        peer.answer(number)
    assert pending.wait(lambda wait: wait(5)) == [0, 1, 2]


def test_nobody_asked_is_nobody_waited_for(stage):
    assert stage.server.call("q") == []
    assert stage.awaited(stage.server.emit_with_ack("q")) == []


def test_who_is_missing_is_named_and_the_answers_that_came_are_there(stage):
    alice, socket = stage.guest()
    silent = stage.peer(handshake={"query": {"name": "bob"}}).connect()
    answering = threading.Thread(target=lambda: (until(lambda: ["q"] in alice.events), alice.answer("yes")))
    answering.start()
    with pytest.raises(AckTimeout, match=r"^1 of 2 did not acknowledge 'q': bob$") as caught:
        stage.server.call("q", timeout=0.3)
    answering.join()
    assert (caught.value.responses, caught.value.missing) == (["yes"], [silent])
    # What comes late is waited for no longer, and does no harm.
    assert (socket._member.unanswered, silent._member.unanswered) == (0, 0)


def test_more_than_three_are_not_all_named(stage):
    sockets = [stage.guest()[1] for _ in range(5)]
    with pytest.raises(AckTimeout, match="5 of 5") as caught:
        stage.server.call("q", timeout=0)
    assert str(caught.value).count(",") == 2
    assert caught.value.missing == sockets


def test_who_leaves_is_not_waited_for(stage):
    peer, socket = stage.guest()
    leaving = threading.Thread(target=lambda: (until(lambda: ["q"] in peer.events), peer.leave()))
    leaving.start()
    with pytest.raises(AckTimeout, match="1 of 1"):
        socket.call("q", timeout=60)
    leaving.join()


def test_a_second_answer_and_one_that_nobody_asked_for_are_ignored(stage):
    peer, socket = stage.guest()
    got = []
    asking = threading.Thread(target=lambda: got.append(socket.call("q", timeout=5)))
    asking.start()
    until(lambda: ["q"] in peer.events)
    peer.answer("first")
    peer.answer("second")
    peer.send(PacketType.ACK, ["what?"], ack_id=99)
    asking.join(5)
    assert got == ["first"]
    stage.server.on("still there", lambda _: "yes")
    assert peer.ask("still there") == ["yes"]


def test_awaiting_gives_the_same(stage):
    peer, socket = stage.guest()
    answering = threading.Thread(target=lambda: (until(lambda: ["q"] in peer.events), peer.answer(1, 2)))
    answering.start()
    assert stage.awaited(socket.emit_with_ack("q", timeout=5)) == (1, 2)
    answering.join()
    with pytest.raises(AckTimeout):
        stage.awaited(socket.emit_with_ack("q", timeout=0.01))


# --- what handlers answer ---------------------------------------------------------------------


def raising(_):
    raise ValueError("no")


@pytest.mark.parametrize(
    ("handlers", "answer"),
    [
        ([lambda _: None], []),
        ([lambda _: 5], [5]),
        ([lambda _: (1, 2)], [1, 2]),
        ([lambda _: [1, 2]], [[1, 2]]),
        ([lambda _: None, lambda _: "second", lambda _: "third"], ["second"]),
        ([raising, lambda _: "second"], ["second"]),
        ([lambda _: "first", raising], ["first"]),
        ([raising, lambda _: None], []),
        ([lambda _: None, raising], []),
    ],
)
def test_the_first_value_answers(stage, handlers, answer, capfd):
    for one in handlers:
        stage.server.on("q", one)
    peer, _ = stage.guest()
    assert peer.ask("q") == answer
    stage.settle()
    assert len(peer.received(PacketType.ACK)) == 1


@pytest.mark.parametrize("handlers", [[raising], [raising, raising], [lambda _: object()]])
def test_when_all_fail_none_answers_and_whoever_asked_is_told(stage, handlers, capfd):
    for one in handlers:
        stage.server.on("q", one)
    told = []
    stage.here.output.hear_failures("key", lambda why, ack_id: told.append((why, ack_id)))
    peer = stage.peer(handshake={"query": {"tester": "key"}})
    peer.connect()
    peer.send(PacketType.EVENT, ["q"], ack_id=7)
    (why, ack_id), *rest = until(lambda: told)
    assert ("raised" in why, ack_id, rest) == (True, 7, [])
    assert peer.received(PacketType.ACK) == []


def test_an_event_without_a_handler_is_said_too(stage):
    told = []
    stage.here.output.hear_failures("key", lambda why, ack_id: told.append((why, ack_id)))
    peer = stage.peer(handshake={"query": {"tester": "key"}})
    peer.connect()
    peer.emit("q")
    until(lambda: told == [("no handler is registered for 'q'", None)])


def test_a_client_that_left_meanwhile_is_not_answered(stage):
    peer, socket = stage.guest()

    @stage.server.on("q")
    def handler(_):
        socket.disconnect()
        return "too late"

    peer.send(PacketType.EVENT, ["q"], ack_id=0)
    until(lambda: stage.is_settled)
    assert peer.received(PacketType.ACK) == []
    assert len(peer.received(PacketType.DISCONNECT)) == 1
