import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsocket.link import proof
from nbsocket.link.messages import (
    Batch,
    ClientMessage,
    Deliver,
    PageFile,
    Ping,
    PublishPage,
    Reply,
    decode,
    encode,
)
from nbsocket.link.opening import Hello, LinkError, decode_opening
from nbsocket.link.reliable import BATCH_BYTES, ReliableEnd, size_of

KEY = b"k" * 32
NONCES = (b"a" * 32, b"b" * 32)
FIELDS = ("kernel", "epoch", "http://127.0.0.1:8888/", "server")


def test_messages_survive_the_link():
    batch = Batch(1, 0, 5, [Deliver(["2[]", b"\x00"], [1, 2], volatile=True), Reply(3)])
    assert decode(encode(batch)) == batch


def test_a_member_that_is_unknown_here_is_ignored():
    unknown = ["from_the_future", 1, 2]
    data = msgspec.msgpack.encode(["batch", 1, 0, 5, [unknown, ["closed", 7, "x", "new field"]]])
    batch = decode(data)
    assert [message.session for message in batch.messages] == [7]


@pytest.mark.parametrize("data", [b"", b"\xc1", encode(Hello(1, 1, "", "", "", b"", "")), b"x" * 99])
def test_what_is_no_link_message_is_refused(data):
    with pytest.raises(LinkError):
        decode(data)


def test_an_opening_message_is_no_batch():
    with pytest.raises(LinkError):
        decode_opening(encode(Ping(1.0)))


def test_the_two_proofs_differ_so_that_none_can_be_reflected():
    assert proof.server_proof(KEY, FIELDS, NONCES) != proof.kernel_proof(KEY, FIELDS, NONCES)


@pytest.mark.parametrize("changed", range(4))
def test_a_proof_binds_every_field(changed):
    other = tuple(value + "x" if index == changed else value for index, value in enumerate(FIELDS))
    assert proof.kernel_proof(KEY, FIELDS, NONCES) != proof.kernel_proof(KEY, other, NONCES)


def test_a_proof_binds_both_nonces_and_the_key():
    mine = proof.kernel_proof(KEY, FIELDS, NONCES)
    assert mine != proof.kernel_proof(KEY, FIELDS, (NONCES[1], NONCES[0]))
    assert mine != proof.kernel_proof(b"x" * 32, FIELDS, NONCES)


def test_fields_cannot_run_into_each_other():
    left = proof.kernel_proof(KEY, ("ab", "c", "", ""), NONCES)
    assert left != proof.kernel_proof(KEY, ("a", "bc", "", ""), NONCES)


def test_an_empty_key_and_short_nonces_prove_nothing():
    with pytest.raises(ValueError, match="empty key"):
        proof.server_proof(b"", FIELDS, NONCES)
    with pytest.raises(ValueError, match="nonce"):
        proof.server_proof(KEY, FIELDS, (b"", b""))


class Wire:
    """Two ends and what is on its way between them; cutting loses it."""

    def __init__(self):
        self.ends = (ReliableEnd(window_bytes=2000), ReliableEnd(window_bytes=2000))
        self.under_way = ([], [])
        self.got = ([], [])
        self.connect()

    def connect(self):
        for side in (0, 1):
            other = self.ends[1 - side]
            self.under_way[side].clear()
        for side in (0, 1):
            other = self.ends[1 - side]
            self.under_way[side].extend(self.ends[side].resume(other.received, other.credit))

    def flush(self, side):
        while (data := self.ends[side].take()) is not None:
            self.under_way[side].append(data)

    def arrive(self, side):
        """Let one message of ``side`` arrive at the other end."""
        if self.under_way[side]:
            self.take_in(1 - side, self.under_way[side].pop(0))

    def take_in(self, side, data):
        messages = self.ends[side].receive(decode(data))
        self.got[side].extend(message.data for message in messages)
        self.ends[side].consumed(sum(map(size_of, messages)))


actions = st.lists(
    st.tuples(st.sampled_from(["send", "flush", "arrive", "ack", "cut"]), st.sampled_from([0, 1])),
    max_size=120,
)


@given(actions)
def test_nothing_is_lost_doubled_or_reordered_however_often_the_link_is_cut(steps):
    wire, sent = Wire(), ([], [])
    for action, side in steps:
        if action == "send":
            text = f"{side}-{len(sent[side])}"
            sent[side].append(text)
            wire.ends[side].send(ClientMessage(1, text))
        elif action == "flush":
            wire.flush(side)
        elif action == "arrive":
            wire.arrive(side)
        elif action == "ack":
            wire.under_way[side].append(wire.ends[side].acknowledgement())
        else:
            wire.connect()
    wire.connect()
    for side in (0, 1):
        wire.flush(side)
        while wire.under_way[side]:
            wire.arrive(side)
    assert wire.got[1] == sent[0]
    assert wire.got[0] == sent[1]


def test_credit_ends_and_comes_back():
    wire = Wire()
    sender, receiver = wire.ends
    assert sender.writable
    while sender.writable:
        sender.send(ClientMessage(1, "x" * 100))
    wire.flush(0)
    while wire.under_way[0]:
        wire.arrive(0)
    assert not sender.writable
    wire.take_in(0, receiver.acknowledgement())
    assert sender.writable


def test_a_gap_in_the_sequence_is_an_error():
    end = ReliableEnd()
    with pytest.raises(LinkError, match="after 0"):
        end.receive(Batch(2, 0, 0, []))


def test_every_message_costs_about_what_it_holds():
    page = PublishPage(1, "chat", {"": PageFile("text/html", b"x" * 1000)})
    assert size_of(page) > 1000
    assert size_of(Deliver(["x" * 500], [1] * 10)) > 500
    assert 0 < size_of(Reply(1)) < 200


def test_what_was_acknowledged_is_not_sent_again():
    wire = Wire()
    wire.ends[0].send(ClientMessage(1, "x"))
    wire.flush(0)
    wire.arrive(0)
    assert wire.ends[0].resume(received=1, credit=0) == []
    assert wire.ends[1].acknowledgement_due
    wire.take_in(0, wire.ends[1].acknowledgement())
    assert not wire.ends[1].acknowledgement_due


def test_proofs_are_compared_whole():
    mac = proof.kernel_proof(KEY, FIELDS, NONCES)
    assert proof.same(mac, bytes(mac))
    assert not proof.same(mac, mac[:-1])


def test_an_end_knows_what_it_offered_and_what_it_owes():
    sender, receiver = ReliableEnd(), ReliableEnd()
    message = ClientMessage(1, "x" * 100)
    sender.receive(decode(receiver.acknowledgement()))
    sender.send(message)
    assert (sender.offered_bytes, sender.unsent) == (size_of(message), [message])
    (got,) = receiver.receive(decode(sender.take()))
    assert (got, sender.unsent, sender.credited_bytes) == (message, [], 0)
    receiver.consumed(size_of(got))
    assert receiver.unannounced_bytes == size_of(message)
    sender.receive(decode(receiver.acknowledgement()))
    assert (receiver.unannounced_bytes, sender.credited_bytes) == (0, size_of(message))


def test_many_messages_are_cut_into_batches_and_stay_in_order():
    sender, receiver = ReliableEnd(), ReliableEnd()
    sent = [ClientMessage(1, str(number) + "x" * 1000) for number in range(1000)]
    for message in sent:
        sender.send(message)
    got, batches = [], 0
    while (data := sender.take()) is not None:
        assert len(data) < 2 * BATCH_BYTES
        got += receiver.receive(decode(data))
        batches += 1
    assert got == sent
    assert batches > 3
