import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsocket.protocol.engine_packet import PROBE, Packet, PacketType
from nbsocket.protocol.engine_session import (
    Closed,
    PacketDue,
    ProbeRefused,
    Session,
    Timing,
    Upgraded,
)
from nbsocket.protocol.engine_states import (
    HEARTBEAT_TRANSITIONS,
    TRANSPORT_TRANSITIONS,
    Beat,
    Heartbeat,
    State,
    Trigger,
)

TIMING = Timing(ping_interval_s=25, ping_timeout_s=20, upgrade_timeout_s=10)
PROBE_PING = Packet(PacketType.PING, PROBE)
UPGRADE = Packet(PacketType.UPGRADE)
PONG = Packet(PacketType.PONG)


def session(handshake=Trigger.POLLING_HANDSHAKE):
    made = Session("sid", TIMING)
    made.open(handshake, 100.0)
    return made


def test_the_open_packet_announces_what_the_session_keeps_to():
    packet = Session("abc", TIMING).open(Trigger.POLLING_HANDSHAKE, 0.0)
    assert packet.type is PacketType.OPEN
    assert json.loads(packet.data) == {
        "sid": "abc",
        "upgrades": ["websocket"],
        "pingInterval": 25000,
        "pingTimeout": 20000,
        "maxPayload": 1_000_000,
    }


def test_a_websocket_is_offered_no_upgrade():
    packet = Session("abc", TIMING).open(Trigger.WEBSOCKET_HANDSHAKE, 0.0)
    assert json.loads(packet.data)["upgrades"] == []


def test_a_ping_is_due_after_the_interval_and_again_after_its_pong():
    one = session()
    assert one.tick(124.9) is None
    assert one.tick(125.0) == PacketDue(Packet(PacketType.PING))
    assert one.receive(PONG, 130.0) is None
    assert one.deadline == 155.0
    assert one.tick(155.0) == PacketDue(Packet(PacketType.PING))


def test_a_missed_pong_closes():
    one = session()
    one.tick(125.0)
    assert one.tick(144.9) is None
    assert one.tick(145.0) == Closed("ping timeout")
    assert one.state is State.CLOSED
    assert one.deadline == float("inf")


def test_time_in_which_the_server_did_not_read_does_not_count():
    one = session()
    one.tick(125.0)
    one.extend(60.0)
    assert one.tick(145.0) is None
    assert one.tick(205.0) == Closed("ping timeout")


def test_it_does_not_put_off_the_next_ping_without_which_the_client_would_give_up():
    one = session()
    for _ in range(10):
        one.extend(60.0)
    assert one.tick(125.0) == PacketDue(Packet(PacketType.PING))


def test_a_stray_pong_does_no_harm():
    one = session()
    assert one.receive(PONG, 110.0) is None
    assert one.deadline == 135.0


def test_an_upgrade_goes_by_probe_and_upgrade():
    one = session()
    assert one.receive_on_probe(PROBE_PING, 101.0) == PacketDue(Packet(PacketType.PONG, PROBE))
    assert one.state is State.UPGRADING
    assert one.receive_on_probe(UPGRADE, 102.0) == Upgraded()
    assert one.state is State.WEBSOCKET


def test_a_silent_probe_is_given_up_and_polling_goes_on():
    one = session()
    one.receive_on_probe(PROBE_PING, 101.0)
    assert one.deadline == 111.0
    assert one.tick(111.0) == ProbeRefused()
    assert one.state is State.POLLING


@pytest.mark.parametrize(
    "packet", [UPGRADE, Packet(PacketType.MESSAGE, "x"), Packet(PacketType.PING, "prob")]
)
def test_anything_but_a_probe_is_refused_on_the_second_websocket(packet):
    one = session()
    assert one.receive_on_probe(packet, 101.0) == ProbeRefused()
    assert one.state is State.POLLING


def test_a_ping_from_the_client_is_an_error_in_v4():
    assert session().receive(Packet(PacketType.PING), 101.0) == Closed("transport error")


def test_messages_are_the_callers_and_after_the_end_nothing_comes():
    one = session()
    assert one.receive(Packet(PacketType.MESSAGE, "hi"), 101.0) is None
    assert one.receive(Packet(PacketType.CLOSE), 101.0) == Closed("transport close")
    assert one.receive(Packet(PacketType.MESSAGE, "hi"), 101.0) is None
    assert one.tick(1e9) is None
    assert one.close("again") is None


@pytest.mark.parametrize("kind", [PacketType.OPEN, PacketType.NOOP, PacketType.UPGRADE])
def test_packets_without_meaning_here_are_ignored(kind):
    one = session()
    assert one.receive(Packet(kind), 101.0) is None
    assert one.state is State.POLLING


def test_every_state_leads_to_the_end_and_the_end_nowhere():
    for state, row in TRANSPORT_TRANSITIONS.items():
        assert (Trigger.CLOSE in row) == (state is not State.CLOSED)
    assert set(TRANSPORT_TRANSITIONS) == set(State)
    assert set(HEARTBEAT_TRANSITIONS) == set(Heartbeat)
    assert {beat for row in HEARTBEAT_TRANSITIONS.values() for beat in row} == set(Beat)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("receive"), st.sampled_from(PacketType)),
        st.tuples(st.just("probe"), st.sampled_from([PROBE_PING, UPGRADE, PONG])),
        st.tuples(st.just("wait"), st.floats(0, 60)),
        st.tuples(st.just("lost"), st.none()),
        st.tuples(st.just("close"), st.none()),
    ),
    max_size=40,
)


@given(steps)
def test_whatever_happens_the_tables_are_followed_and_it_closes_once(steps):
    one, now, closed = session(), 100.0, 0
    for step, value in steps:
        before = one.state
        if step == "receive":
            incoming = one.receive(Packet(value), now)
        elif step == "probe":
            incoming = one.receive_on_probe(value, now)
        elif step == "wait":
            now += value
            incoming = one.tick(now)
        elif step == "lost":
            incoming = one.probe_lost()
        else:
            incoming = one.close("test")
        closed += isinstance(incoming, Closed)
        assert one.state is before or one.state in TRANSPORT_TRANSITIONS[before].values()
    assert closed == (one.state is State.CLOSED)


def test_while_nothing_is_read_pings_go_on_and_no_pong_is_missed():
    one = session(Trigger.WEBSOCKET_HANDSHAKE)
    for _ in range(10):
        now = one.deadline
        assert one.tick(now, is_reading=False) == PacketDue(Packet(PacketType.PING))
    one.receive(PONG, now)
    assert one.tick(one.deadline) == PacketDue(Packet(PacketType.PING))
    assert one.tick(one.deadline) == Closed("ping timeout")


def test_time_in_which_nothing_was_read_counts_for_a_probe_neither():
    one = session()
    one.receive_on_probe(PROBE_PING, 101.0)
    assert one.deadline == 111.0
    one.extend(5.0)
    assert one.deadline == 116.0
    assert one.tick(115.0) is None
    assert one.tick(116.0) == ProbeRefused()
