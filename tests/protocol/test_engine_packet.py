import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.payload import decode_payload

from nbsocket.protocol.engine_packet import (
    SEPARATOR,
    Packet,
    PacketType,
    decode_packet,
    encode_packet,
    encode_payload,
)
from nbsocket.protocol.errors import ProtocolError

texts = st.text(st.characters(exclude_characters=SEPARATOR, codec="utf-8"))
packets = st.one_of(
    st.builds(Packet, st.sampled_from(PacketType), texts),
    st.builds(Packet, st.just(PacketType.MESSAGE), st.binary()),
)


@given(packets)
def test_a_packet_survives_a_websocket_message(packet):
    assert packet == decode_packet(encode_packet(packet))


@given(st.lists(packets, min_size=1))
def test_packets_survive_a_payload(sent):
    assert sent == decode_payload(encode_payload(sent))


@pytest.mark.parametrize(
    ("packet", "wire"),
    [
        (Packet(PacketType.MESSAGE, "hello"), "4hello"),
        (Packet(PacketType.PING, "probe"), "2probe"),
        (Packet(PacketType.MESSAGE, b"\x01\x02\x03\x04"), "bAQIDBA=="),
    ],
)
def test_payloads_look_as_the_specification_writes_them(packet, wire):
    assert wire == encode_payload([packet])


@pytest.mark.parametrize(
    "payload",
    ["", "9", "abc", "4a" + SEPARATOR, SEPARATOR, "b***", "bA", "4a" + SEPARATOR + "x", "٤hello"],
)
def test_a_malformed_payload_is_refused_whole(payload):
    with pytest.raises(ProtocolError):
        decode_payload(payload)


def test_bytes_belong_into_a_message_only():
    with pytest.raises(ProtocolError, match="MESSAGE"):
        Packet(PacketType.PING, b"x")


@given(st.text())
def test_any_text_is_a_payload_or_a_protocol_error(text):
    try:
        decode_payload(text)
    except ProtocolError:
        return
