"""Our reader of WebSocket frames and wsproto's are given the same bytes: they read the same, or refuse the same."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto.frame_protocol import FrameProtocol, Opcode, ParseFailed

from nbsocket.protocol.websocket import ControlFrame, FrameError, FrameReader

KEY = b"\x01\x80\xff\x2a"
KINDS = (Opcode.TEXT, Opcode.BINARY, Opcode.CONTINUATION, Opcode.PING, Opcode.PONG, Opcode.CLOSE)
BODIES = (
    b"",
    b"a",
    b"hello",
    "€".encode(),
    "€".encode()[:2],
    b"\xff",
    b"x" * 125,
    b"y" * 126,
    b"z" * 70_000,
)
CODES = (0, 999, 1000, 1003, 1004, 1005, 1006, 1007, 1011, 1015, 1016, 2999, 3000, 4999, 5000, 65535)

Read = list[tuple[object, ...]]


def frame(opcode, body=b"", fin=True, rsv=0, masked=True, stated=None):
    """One frame, with any mistake; ``stated`` is the length that its header says."""
    length = len(body) if stated is None else stated
    head = bytes([(fin << 7) | (rsv << 4) | opcode])
    if length < 126:
        head += bytes([(masked << 7) | length])
    elif length < 2**16:
        head += bytes([(masked << 7) | 126]) + length.to_bytes(2, "big")
    else:
        head += bytes([(masked << 7) | 127]) + length.to_bytes(8, "big")
    if not masked:
        return head + body
    key = int.from_bytes((KEY * (len(body) // 4 + 1))[: len(body)])
    return head + KEY + (int.from_bytes(body) ^ key).to_bytes(len(body))


def is_whole(data):
    """Whether a frame that begins here has arrived whole."""
    if len(data) < 2:
        return False
    length, at = data[1] & 0x7F, 2
    if length > 125:
        at += 2 if length == 126 else 8
        length = int.from_bytes(data[2:at], "big")
    return len(data) >= at + 4 * (data[1] >> 7) + length


def by_us(chunks) -> tuple[Read, bool]:
    """What we read, and whether a frame or a message is not complete at the end."""
    reader, read = FrameReader(2**63), []
    try:
        for chunk in chunks:
            for one in reader.receive(chunk):
                if isinstance(one, ControlFrame):
                    if one.opcode == Opcode.CLOSE:
                        return [*read, ("CLOSE", one.body[2:], one.close_code)], False
                    read.append((one.opcode.name, one.body))
                else:
                    read.append(("message", one))
    except FrameError as error:
        read.append(("refused", int(error.code)))
        return read, error.code != 1007 and not is_whole(reader.rest)
    return read, bool(reader.rest) or reader._fragments is not None


def by_wsproto(chunks) -> Read:
    protocol, read, parts = FrameProtocol(client=False, extensions=[]), [], []
    try:
        for chunk in chunks:
            protocol.receive_bytes(chunk)
            for one in protocol.received_frames():
                if one.opcode == Opcode.CLOSE:
                    code, reason = one.payload
                    code = None if code == 1005 else int(code)
                    read.append(("CLOSE", (reason or "").encode(), code))
                    return read
                if one.opcode in {Opcode.PING, Opcode.PONG}:
                    read.append((one.opcode.name, bytes(one.payload)))
                    continue
                parts.append(one.payload)
                if one.message_finished:
                    whole = type(parts[0])().join(parts)
                    read.append(("message", whole if isinstance(whole, str) else bytes(whole)))
                    parts = []
    except ParseFailed as error:
        read.append(("refused", int(error.code)))
    return read


def cut(data, chance):
    places = sorted(chance.randrange(len(data) + 1) for _ in range(chance.randrange(6)))
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


def agree(chunks):
    ours, is_open = by_us(chunks)
    theirs = by_wsproto(chunks)
    if (ours[-1:], theirs[-1:]) == ([("refused", 1007)], [("refused", 1002)]):
        # Of a CLOSE whose reason is not UTF-8; section 8.1 is with us.
        assert ours[:-1] == theirs[:-1]
        return
    if theirs[-1:] == [("refused", 1007)]:
        # Theirs decodes text as it comes, ours when the message is whole: until then pings are answered.
        before = len(theirs) - 1
        assert ours[:before] == theirs[:-1]
        assert not [one for one in ours[before:] if one[0] == "message"]
        return
    # What is not complete may be refused by one of them sooner than by the other, but not differently.
    if is_open and abs(len(ours) - len(theirs)) == 1:
        longer, shorter = sorted((ours, theirs), key=len, reverse=True)
        assert longer[:-1] == shorter
        assert longer[-1] == ("refused", 1002)
    else:
        assert ours == theirs


def one_frame(chance):
    opcode = chance.choice(KINDS)
    body = chance.choice(BODIES)
    if opcode == Opcode.CLOSE and chance.random() < 0.8:
        body = chance.choice(CODES).to_bytes(2, "big") + chance.choice((b"", b"bye", b"\xff"))
    return frame(
        opcode if chance.random() < 0.95 else chance.randrange(16),
        body,
        fin=chance.random() < 0.7,
        rsv=0 if chance.random() < 0.97 else chance.randrange(8),
        masked=chance.random() < 0.97,
        stated=None if chance.random() < 0.97 else chance.choice((0, 1, 125, 126, 2**16)),
    )


@pytest.mark.parametrize("seed", range(10))
def test_random_frames_and_their_mistakes_are_read_or_refused_as_by_wsproto(seed):
    chance = random.Random(seed)
    kinds = set()
    for _ in range(300):
        chunks = cut(b"".join(one_frame(chance) for _ in range(chance.randrange(1, 8))), chance)
        agree(chunks)
        kinds |= {one[0] for one in by_us(chunks)[0]}
    assert kinds == {"message", "PING", "PONG", "CLOSE", "refused"}


@given(st.binary(max_size=300), st.randoms(use_true_random=False))
def test_any_bytes_are(data, chance):
    agree(cut(data, chance))


@given(
    st.lists(st.tuples(st.sampled_from(KINDS[:5]), st.binary(max_size=200), st.booleans()), max_size=8),
    st.data(),
)
def test_a_stream_with_one_changed_byte_is(frames, data):
    stream = bytearray(b"".join(frame(kind, body, fin) for kind, body, fin in frames))
    if stream:
        place = data.draw(st.integers(0, len(stream) - 1))
        stream[place] ^= data.draw(st.integers(1, 255))
    agree([bytes(stream)])
