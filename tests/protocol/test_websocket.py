"""Frames as a server writes and reads them (RFC 6455, section 5)."""

import contextlib
import os
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsocket.protocol.websocket import (
    CloseFinder,
    ControlFrame,
    FrameError,
    FrameReader,
    Opcode,
    _apply_mask,
    apply_mask,
    close_frame,
    control_frame,
    server_frame,
    server_frames,
)
from nbsocket.protocol.websocket import client_frame as a_clients_frame

MASK = b"\x11\x22\x33\x44"


def client_frame(body, opcode, fin=True, mask=MASK, rsv=0):
    if len(body) < 126:
        length = bytes([0x80 | len(body)])
    elif len(body) < 65536:
        length = b"\xfe" + struct.pack("!H", len(body))
    else:
        length = b"\xff" + struct.pack("!Q", len(body))
    return bytes([(0x80 if fin else 0) | rsv | opcode]) + length + mask + apply_mask(mask, body)


def read(data, pieces=None, limit=1_000_000):
    reader, found, position = FrameReader(limit), [], 0
    for size in pieces or []:
        found += reader.receive(data[position : position + size])
        position += size
    return found + list(reader.receive(data[position:]))


@pytest.mark.parametrize(
    ("length", "header"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65535, b"\x81\x7e\xff\xff"),
        (65536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_the_three_forms_of_a_length(length, header):
    """Section 5.2."""
    assert server_frame("x" * length) == header + b"x" * length
    body = b"x" * length
    assert read(client_frame(body, Opcode.BINARY)) == [body]


def test_bytes_go_in_a_binary_frame():
    assert server_frame(b"\x00\xff") == b"\x82\x02\x00\xff"


def test_control_frames_of_a_server():
    """Section 5.5."""
    assert close_frame(1009) == b"\x88\x02\x03\xf1"
    assert close_frame() == b"\x88\x00"
    assert control_frame(Opcode.PONG, b"hi") == b"\x8a\x02hi"


def test_the_examples_of_the_specification():
    """Section 5.7: a single masked text frame, a ping's masked pong."""
    assert read(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58") == ["Hello"]
    assert read(b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58") == [ControlFrame(Opcode.PONG, b"Hello")]


messages = st.lists(
    st.one_of(st.text(max_size=300), st.binary(max_size=300), st.integers(65_530, 70_000).map(bytes)),
    max_size=8,
)


@given(messages, st.data())
def test_what_was_sent_is_read_however_it_is_cut(sent, data):
    """Sections 5.2 and 5.4: whole or in fragments, a ping between them, in pieces of any size."""
    wire, expected = b"", []
    for message in sent:
        body = message.encode() if isinstance(message, str) else message
        opcode = Opcode.TEXT if isinstance(message, str) else Opcode.BINARY
        cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=3).map(sorted))
        parts = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
        for number, part in enumerate(parts):
            kind = Opcode.CONTINUATION if number else opcode
            wire += client_frame(part, kind, fin=number == len(parts) - 1, mask=os.urandom(4))
            if number < len(parts) - 1 and data.draw(st.booleans()):
                wire += client_frame(b"?", Opcode.PING)
                expected.append(ControlFrame(Opcode.PING, b"?"))
        expected.append(message)
    pieces = data.draw(st.lists(st.integers(1, 5000), max_size=40))
    assert read(wire, pieces) == expected


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    """Nothing but a named error comes of bytes that mean nothing."""
    with contextlib.suppress(FrameError):
        for message in FrameReader(1000).receive(data):
            assert isinstance(message, (str, bytes, ControlFrame))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (client_frame(b"x", Opcode.TEXT, rsv=0x40), 1002),
        (client_frame(b"x", 0x3), 1002),
        (client_frame(b"x", 0xB), 1002),
        (server_frame("not masked"), 1002),
        (client_frame(b"x", Opcode.CONTINUATION), 1002),
        (client_frame(b"a", Opcode.TEXT, fin=False) + client_frame(b"b", Opcode.TEXT), 1002),
        (client_frame(b"x", Opcode.PING, fin=False), 1002),
        (client_frame(b"x" * 126, Opcode.PING), 1002),
        (client_frame(b"x", Opcode.CLOSE), 1002),
        (client_frame(struct.pack("!H", 1005), Opcode.CLOSE), 1002),
        (client_frame(struct.pack("!H", 1000) + b"\xff", Opcode.CLOSE), 1007),
        (client_frame(b"\xff", Opcode.TEXT), 1007),
        (client_frame(b"\xc3", Opcode.TEXT, fin=False) + client_frame(b"x", Opcode.CONTINUATION), 1007),
        (client_frame(b"x" * 1001, Opcode.TEXT), 1009),
        (client_frame(b"x" * 700, Opcode.BINARY, fin=False) + client_frame(b"x" * 700, 0), 1009),
    ],
)
def test_what_a_client_must_not_send(data, code):
    """Sections 5.1, 5.2, 5.4, 5.5, 7.4 and 8.1; what came before is handed over all the same."""
    taken = []
    incoming = FrameReader(1000).receive(client_frame(b"before", Opcode.TEXT) + data)
    with pytest.raises(FrameError) as caught:
        taken.extend(incoming)
    assert caught.value.code == code
    assert taken == ["before"]


def test_a_message_that_is_too_big_is_refused_by_its_header():
    """No byte of its body is waited for."""
    with pytest.raises(FrameError, match="a message of 100000 bytes is over the limit of 1000"):
        list(FrameReader(1000).receive(client_frame(b"x" * 100_000, Opcode.TEXT)[:10]))


def test_a_close_frame_says_its_code():
    """Section 5.5.1."""
    (closed,) = read(client_frame(struct.pack("!H", 4000) + b"bye", Opcode.CLOSE))
    assert closed.close_code == 4000
    (closed,) = read(client_frame(b"", Opcode.CLOSE))
    assert closed.close_code is None


@given(st.binary(min_size=4, max_size=4), st.binary(max_size=50))
def test_a_mask_undoes_itself(mask, data):
    """Section 5.3."""
    masked = _apply_mask(mask, data)
    assert masked == apply_mask(mask, data)
    assert all(b == a ^ mask[i % 4] for i, (a, b) in enumerate(zip(data, masked, strict=True)))
    assert apply_mask(mask, masked) == data


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65535, 65536])
def test_a_clients_frame_and_a_servers_are_read_by_the_other(length):
    body = bytes(range(256)) * (length // 256 + 1)
    body = body[:length]
    assert read(a_clients_frame(body, MASK)) == [body]
    assert list(server_frames(server_frame(body))) == [server_frame(body)]


def test_the_frames_of_a_server_are_found_one_behind_the_other():
    sent = [server_frame("a"), server_frame("b" * 200), server_frame(b"c" * 70_000), close_frame(1000)]
    assert list(server_frames(b"".join(sent))) == sent
    assert list(server_frames(b"")) == []


@pytest.mark.parametrize("step", [1, 2, 3, 7, 100_000])
def test_a_close_is_found_behind_whatever_frames_and_however_it_is_cut(step):
    before = b"".join(
        client_frame(b"x" * size, Opcode.BINARY) for size in (0, 5, 126, 70_000)
    ) + server_frame("an unmasked one")
    data = before + client_frame(b"\x03\xe8", Opcode.CLOSE)
    finder, seen = CloseFinder(), 0
    while not finder.receive(data[seen : seen + step]):
        seen += step
        assert seen < len(data)
    # As soon as its two first bytes have come.
    assert seen < len(before) + 2 <= seen + step
    assert not CloseFinder().receive(before)


@pytest.mark.parametrize(
    "header", [b"\x82\xfe\x00\x05", b"\x82\xff" + bytes(7) + b"\x7f", b"\x82\xff\x80" + bytes(7)]
)
def test_a_length_that_is_not_in_its_shortest_form_is_refused(header):
    """Section 5.2."""
    with pytest.raises(FrameError, match="not in its shortest form") as refused:
        read(header)
    assert refused.value.code == 1002
