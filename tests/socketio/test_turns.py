"""Order, fairness and reading ahead, without a notebook and without a gateway."""

import asyncio
import random
import threading
import time

import pytest
from support.stage import until

from nbsocket.protocol.socket_packet import PacketType
from nbsocket.socketio.turns import IN_A_ROW, MESSAGE_BYTES, Turn, Turns


class Reader(Turn):
    """Notes what it is asked to read; what begins with "-" leaves nothing to handle."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.has_read: list[str] = []

    def read(self, data, _arrived_at):
        self.has_read.append(data)
        if data == "fault":
            raise RuntimeError(data)
        return None if data.startswith("-") else data

    def give_up(self):
        self.has_read.append("closed")


def entries(turn: Turn, *data: str):
    return [(turn, one, 1.0) for one in data]


def taken(turns: Turns) -> list[str]:
    return [step[1] for step in iter(turns.take, None)]


def test_one_clients_messages_stay_in_order_and_clients_have_turns():
    turns, one, two = Turns(), Reader("one"), Reader("two")
    many = [f"1.{number}" for number in range(2 * IN_A_ROW + 1)]
    turns.inbox.extend(entries(one, *many) + entries(two, "2.0", "2.1"))
    assert taken(turns) == [*many[:IN_A_ROW], "2.0", "2.1", *many[IN_A_ROW:]]
    assert not turns


def test_who_has_had_its_time_lets_the_next_have_a_turn():
    turns, one, two = Turns(), Reader("one"), Reader("two")
    turns.inbox.extend(entries(one, "1a", "1b", "1c") + entries(two, "2a", "2b"))
    got = []
    while (step := turns.take()) is not None:
        got.append(step[1])
        turns.next_turn()
    assert got == ["1a", "2a", "1b", "2b", "1c"]


def test_jobs_stand_in_line_with_messages():
    turns, one = Turns(), Reader("one")
    turns.inbox.extend([*entries(one, "a"), (one, "a job", 0.0), *entries(one, "b")])
    assert taken(turns) == ["a", "a job", "b"]
    assert one.has_read == ["a", "b"]


def test_what_leaves_nothing_to_handle_is_counted_as_done():
    turns, one = Turns(), Reader("one")
    turns.inbox.extend(entries(one, "-ack", "event", "-ack"))
    assert taken(turns) == ["event"]
    assert turns.take_passed() == 2 * (MESSAGE_BYTES + 4)
    assert turns.take_passed() == 0


def test_a_fault_in_reading_ends_that_client_alone():
    turns, one, two = Turns(), Reader("one"), Reader("two")
    turns.inbox.extend(entries(one, "fault") + entries(two, "a"))
    assert taken(turns) == ["a"]
    assert one.has_read == ["fault", "closed"]


def test_messages_are_read_when_they_are_handled_and_ahead_while_somebody_waits():
    turns, one = Turns(), Reader("one")
    turns.inbox.extend(entries(one, "a", "b"))
    turns.take()
    assert one.has_read == ["a"]
    with turns.waiting():
        assert one.has_read == ["a", "b"]
        turns.inbox.extend(entries(one, "c", "-d"))
        turns.read_ahead()
        assert one.has_read == ["a", "b", "c", "-d"]
    turns.inbox.extend(entries(one, "e"))
    turns.sort()
    assert one.has_read[-1] == "-d"
    assert taken(turns) == ["b", "c", "e"]


def test_what_is_held_is_neither_read_nor_handled():
    turns, one, two = Turns(), Reader("one"), Reader("two")
    turns.hold(one)
    turns.inbox.extend(entries(one, "a", "b") + entries(two, "c"))
    with turns.waiting():
        assert taken(turns) == ["c"]
    assert one.has_read == []
    turns.release(one)
    assert taken(turns) == ["a", "b"]


def test_a_turn_may_be_held_from_within():
    turns, one = Turns(), Reader("one")
    turns.inbox.extend(entries(one, "a", "b"))
    assert turns.take()[1] == "a"
    turns.hold(one)
    assert turns.take() is None
    turns.release(one)
    assert taken(turns) == ["b"]


def meddle(turns: Turns, reader: Reader, *, does_wait: bool) -> None:
    if does_wait:
        with turns.waiting():
            turns.read_ahead()
    else:
        turns.hold(reader)
        turns.release(reader)
    time.sleep(0)


@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_nothing_is_lost_doubled_or_out_of_order(seed):
    """Several threads bring, one takes, one waits now and then, and turns are held for a while."""
    rolled = random.Random(seed)
    turns, readers = Turns(), [Reader(str(number)) for number in range(4)]
    sent = [str(number) for number in range(300)]
    got = {reader.name: [] for reader in readers}
    is_over = threading.Event()

    def bring(reader: Reader) -> None:
        for data in sent:
            turns.inbox.append((reader, data, 1.0))

    def wait_now_and_then() -> None:
        for does_wait in rolled.choices([True, False], k=200):
            meddle(turns, readers[0], does_wait=does_wait)
        is_over.set()

    threads = [threading.Thread(target=bring, args=[reader]) for reader in readers]
    threads.append(threading.Thread(target=wait_now_and_then))
    for thread in threads:
        thread.start()

    def take() -> bool:
        while (step := turns.take()) is not None:
            got[step[0].name].append(step[1])
        return is_over.is_set() and not turns

    until(lambda: take() and all(len(one) == len(sent) for one in got.values()))
    for thread in threads:
        thread.join()
    assert all(one == sent for one in got.values())
    assert all(reader.has_read == sent for reader in readers)


# --- on a server ------------------------------------------------------------------------------


def test_a_blocked_handler_gets_the_acknowledgement_that_it_waits_for(stage):
    peer, _ = stage.guest()
    answers = []
    stage.server.on("go", lambda socket: answers.append(socket.call("question", timeout=5)))
    peer.emit("go")
    until(lambda: ["question"] in peer.events)
    peer.send(PacketType.ACK, ["yes"], ack_id=peer.received()[-1].ack_id)
    until(lambda: answers == ["yes"])
    until(lambda: stage.is_settled)


def test_a_cell_gets_its_answer_while_a_handler_blocks(stage):
    peer, socket = stage.guest()
    is_blocked, may_go = threading.Event(), threading.Event()
    stage.server.on("block", lambda _: (is_blocked.set(), may_go.wait(5)))
    peer.emit("block")
    is_blocked.wait(5)
    try:
        # One that is there already and one that comes while it is waited for.
        peer.emit("first", 1)
        assert stage.server.wait_for("first", timeout=5) == 1
        threading.Timer(0.05, peer.emit, ["second", 2]).start()
        assert socket.wait_for("second", timeout=5) == 2
        done = []
        asking = threading.Thread(target=lambda: done.append(socket.call("ask", timeout=5)))
        asking.start()
        until(lambda: ["ask"] in peer.events)
        peer.send(PacketType.ACK, ["here"], ack_id=peer.received()[-1].ack_id)
        asking.join(5)
        assert done == ["here"]
    finally:
        may_go.set()
    until(lambda: stage.is_settled)


def test_an_event_with_attachments_of_which_the_rest_comes_while_somebody_waits(stage):
    peer, _ = stage.guest()
    is_blocked, may_go, got = threading.Event(), threading.Event(), []
    stage.server.on("block", lambda _: (is_blocked.set(), may_go.wait(5)))
    stage.server.on("binary", lambda _, data: got.append(data))
    peer.emit("block")
    is_blocked.wait(5)
    head, attachment = [one.data for one in peer.messages(PacketType.EVENT, ["binary", b"\0\1"])]
    peer.raw(head)
    threading.Timer(0.05, peer.raw, [attachment]).start()
    assert stage.server.wait_for("binary", timeout=5) == b"\0\1"
    assert got == []
    may_go.set()
    until(lambda: got == [b"\0\1"])
    until(lambda: stage.is_settled)


def test_what_was_sent_before_the_end_is_handled_and_after_a_breach_nothing(stage):
    got, gone = [], []
    stage.server.on("last", lambda _, word: got.append(word))
    stage.server.on("disconnect", lambda _, why: gone.append(why))
    peer, _ = stage.guest()
    peer.emit("last", "bye")
    peer.leave("transport close")
    until(lambda: gone == ["transport close"])
    assert got == ["bye"]
    bad, _ = stage.guest()
    bad.raw('2["last","before"]', "no packet", '2["last","after"]')
    until(lambda: gone[1:] == ["parse error"])
    assert got == ["bye", "before"]
    assert "no Socket.IO packet type" in bad.closed_because
    until(lambda: stage.is_settled)


def test_a_second_connect_to_a_namespace_closes_the_client_though_they_come_together(stage):
    peer, _ = stage.guest()
    twice = peer.messages(PacketType.CONNECT, namespace="/other") * 2
    stage.server.of("/other")
    stage.carrier.give(*twice)
    until(lambda: "second CONNECT" in peer.closed_because)


def test_an_event_for_a_namespace_that_has_not_let_the_client_in_yet_closes_it(stage):
    async def never(_socket):
        await asyncio.sleep(60)

    stage.server.of("/slow").use(never)
    peer, _ = stage.guest()
    peer.send(PacketType.CONNECT, namespace="/slow")
    peer.raw('2/slow,["event"]')
    until(lambda: "not connected to" in peer.closed_because)


def test_what_waits_is_told_and_worked_off(stage):
    peer, _ = stage.guest()
    is_blocked, may_go = threading.Event(), threading.Event()
    stage.server.on("block", lambda _: (is_blocked.set(), may_go.wait(5)))
    stage.server.on("next", lambda _: None)
    peer.emit("block")
    is_blocked.wait(5)
    for _ in range(10):
        peer.emit("next")
    assert stage.server.channel.figures()["waiting"] == 10
    handled = stage.server.channel.figures()["handled"]
    may_go.set()
    until(lambda: stage.server.channel.figures()["handled"] == handled + 11)
    assert stage.server.channel.figures()["waiting"] == 0
    assert until(lambda: stage.is_settled)
