import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsocket.protocol.errors import EncodeError, ProtocolError
from nbsocket.protocol.socket_packet import (
    RESERVED_EVENTS,
    Decoder,
    Packet,
    PacketType,
    encode_packet,
)
from nbsocket.protocol.socket_states import CONNECTION_TRANSITIONS, State

names = st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda name: name not in RESERVED_EVENTS)
values = st.none() | st.booleans() | st.integers(-1000, 1000) | st.binary(max_size=8) | names


def decode_all(frames):
    decoder = Decoder()
    packets = [decoder.receive(frame) for frame in frames]
    assert packets[:-1] == [None] * (len(frames) - 1)
    return packets[-1]


# Socket.IO protocol, section "Packet encoding".
@pytest.mark.parametrize(
    ("packet", "frames"),
    [
        (Packet(PacketType.CONNECT, "/", {"sid": "x"}), ['0{"sid":"x"}']),
        (Packet(PacketType.CONNECT, "/admin", {"sid": "x"}), ['0/admin,{"sid":"x"}']),
        (Packet(PacketType.DISCONNECT, "/admin"), ["1/admin,"]),
        (Packet(PacketType.EVENT, "/", ["foo"]), ['2["foo"]']),
        (Packet(PacketType.EVENT, "/admin", ["bar"], 12), ['2/admin,12["bar"]']),
        (Packet(PacketType.ACK, "/admin", [], 13), ["3/admin,13[]"]),
        (
            Packet(PacketType.EVENT, "/", ["baz", b"\x01\x02"]),
            ['51-["baz",{"_placeholder":true,"num":0}]', b"\x01\x02"],
        ),
        (
            Packet(PacketType.ACK, "/", [b"\x01"], 15),
            ['61-15[{"_placeholder":true,"num":0}]', b"\x01"],
        ),
        (
            Packet(PacketType.CONNECT_ERROR, "/", {"message": "Not authorized"}),
            ['4{"message":"Not authorized"}'],
        ),
    ],
)
def test_packets_look_as_the_specification_writes_them(packet, frames):
    assert frames == encode_packet(packet)


@given(
    names,
    st.lists(values, max_size=5),
    st.sampled_from(["/", "/admin", "/a/b-c"]),
    st.none() | st.integers(0, 2**40),
)
def test_events_survive(name, args, namespace, ack_id):
    packet = Packet(PacketType.EVENT, namespace, [name, *args], ack_id)
    assert packet == decode_all(encode_packet(packet))


@given(st.lists(values, max_size=5), st.integers(0, 2**40))
def test_acknowledgements_survive(args, ack_id):
    packet = Packet(PacketType.ACK, "/", args, ack_id)
    assert packet == decode_all(encode_packet(packet))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "9[]",
        "abc",
        "2",
        "2{}",
        "2[]",
        "2[1]",
        "2[null]",
        '2["x"',
        '2["x"]y',
        '2["connect"]',
        '2["disconnect","x"]',
        '2["newListener"]',
        '2["removeListener"]',
        '2["connect_error"]',
        '2["disconnecting"]',
        "3[]",
        "31",
        "31{}",
        "0[]",
        '0"x"',
        "1{}",
        '4{"message":"x"}',
        '5["x"]',
        '5-["x"]',
        '50-["x"]',
        '511-["x"]',
        '5٣-["x"]',
        '299999999999999999999["x"]',
        "2/" + "n" * 300 + ',["x"]',
    ],
)
def test_what_breaks_the_protocol_is_refused(text):
    with pytest.raises(ProtocolError):
        Decoder().receive(text)


def test_text_between_attachments_is_refused():
    decoder = Decoder()
    decoder.receive('52-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]')
    decoder.receive(b"one")
    assert decoder.incomplete
    with pytest.raises(ProtocolError, match="missing"):
        decoder.receive('2["y"]')


def test_an_attachment_out_of_nowhere_is_refused():
    with pytest.raises(ProtocolError, match="no packet"):
        Decoder().receive(b"x")


def test_attachments_together_are_bounded():
    decoder = Decoder(max_bytes=10)
    decoder.receive('52-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]')
    decoder.receive(b"12345")
    with pytest.raises(ProtocolError, match="10 bytes"):
        decoder.receive(b"678901")


@pytest.mark.parametrize("name", sorted(RESERVED_EVENTS))
def test_reserved_names_cannot_be_emitted(name):
    with pytest.raises(EncodeError, match="reserved"):
        encode_packet(Packet(PacketType.EVENT, "/", [name]))


def test_an_event_name_is_a_string():
    with pytest.raises(EncodeError, match="string"):
        encode_packet(Packet(PacketType.EVENT, "/", [1]))


def test_paths_in_errors_count_the_arguments_after_the_name():
    with pytest.raises(EncodeError) as raised:
        encode_packet(Packet(PacketType.EVENT, "/", ["x", 1, {2}]))
    assert raised.value.path == "args[1]"


@given(st.lists(st.text(max_size=30) | st.binary(max_size=5), max_size=8))
def test_any_input_gives_packets_or_a_protocol_error(frames):
    decoder = Decoder()
    for frame in frames:
        try:
            decoder.receive(frame)
        except ProtocolError:
            return


def test_every_connection_state_has_its_row():
    assert set(CONNECTION_TRANSITIONS) == set(State)
    assert not CONNECTION_TRANSITIONS[State.DISCONNECTED]


@pytest.mark.parametrize(
    ("text", "packet"),
    [
        ("0", Packet(PacketType.CONNECT)),
        ('0{"token":"x"}', Packet(PacketType.CONNECT, "/", {"token": "x"})),
        ("0/admin,", Packet(PacketType.CONNECT, "/admin")),
        ("0/admin", Packet(PacketType.CONNECT, "/admin")),
        ("1", Packet(PacketType.DISCONNECT)),
        ("1/admin,", Packet(PacketType.DISCONNECT, "/admin")),
    ],
)
def test_connects_and_disconnects_are_taken(text, packet):
    assert packet == Decoder().receive(text)
