"""A hundred thousand random packets: valid ones come back as they were, the rest raise ProtocolError alone."""

import json
import random
import string

import pytest
from conformance.rules import ENGINE, SOCKET, rule
from support.payload import decode_payload

from nbsocket.protocol import engine_packet as engine
from nbsocket.protocol import socket_packet as socketio
from nbsocket.protocol.errors import ProtocolError
from nbsocket.protocol.socket_packet import RESERVED_EVENTS, Decoder, Packet, PacketType

COUNT = 100_000
LETTERS = string.ascii_letters + string.digits + ' _-/,[]{}"\\\x00\x1e\u2028üß中😀'
NOISE = '0123456789-,/[]{}":.eE+\\utrfalsn \x00\x1eü😀\ud800²٣'


class Chance:
    """Random values with a seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def text(self, longest=12):
        return "".join(self.random.choices(LETTERS, k=self.random.randrange(longest)))

    def value(self, depth=0, binary=True, room=None):
        kind = self.random.randrange(10 if depth < 4 else 7)
        if kind == 0:
            return None
        if kind == 1:
            return self.random.random() < 0.5
        if kind == 2:
            return self.random.randrange(-(2**53), 2**53 + 1)
        if kind == 3:
            return self.random.uniform(-1e300, 1e300)
        if kind in (4, 5):
            return self.text()
        if kind == 6:
            if not binary or room[0] == 0:
                return self.random.randrange(100)
            room[0] -= 1
            return self.random.randbytes(self.random.randrange(20))
        size = self.random.randrange(4)
        if kind in (7, 8):
            return [self.value(depth + 1, binary, room) for _ in range(size)]
        return {self.text() or "k": self.value(depth + 1, binary, room) for _ in range(size)}

    def packet(self):
        kind = self.random.choice(
            [PacketType.EVENT, PacketType.ACK, PacketType.CONNECT, PacketType.DISCONNECT]
        )
        name = self.random.choice(["/", "/", "/admin", "/a-b_1", "/ü"])
        if kind is PacketType.DISCONNECT:
            return Packet(kind, name)
        if kind is PacketType.CONNECT:
            data = {self.text(): self.value(2, binary=False) for _ in range(self.random.randrange(3))}
            return Packet(kind, name, data or None)
        room = [10]
        args = [self.value(0, True, room) for _ in range(self.random.randrange(4))]
        ack_id = self.random.randrange(10**15) if self.random.random() < 0.5 else None
        if kind is PacketType.ACK:
            return Packet(kind, name, args, ack_id or 0)
        event = self.text()
        return Packet(kind, name, [event if event not in RESERVED_EVENTS else "e", *args], ack_id)

    def damaged(self, text):
        """Change, take out, put in or double some characters."""
        for _ in range(self.random.randrange(1, 4)):
            at = self.random.randrange(len(text) + 1)
            how = self.random.randrange(4)
            if how == 0:
                text = text[:at] + self.random.choice(NOISE) + text[at + 1 :]
            elif how == 1:
                text = text[:at] + text[at + 1 :]
            elif how == 2:
                text = text[:at] + self.random.choice(NOISE) + text[at:]
            else:
                text = text[:at] + text[max(0, at - 5) :]
        return text


def decoded(messages):
    decoder, packet = Decoder(), None
    for message in messages:
        assert packet is None, "whole before its last attachment"
        packet = decoder.receive(message)
    return packet


def refusal_of(messages):
    """Return why messages are refused; None if they are not. Anything but ProtocolError is a fault."""
    decoder = Decoder()
    try:
        for message in messages:
            decoder.receive(message)
    except ProtocolError as error:
        return str(error)
    return None


def hostile(chance):
    """What somebody sends who means harm, and whether it must be refused; the rest may be harmless."""
    depth = chance.random.choice([63, 64, 65, 300, 3000])
    number = chance.random.choice(
        ["1e999", "-1e999", "NaN", "Infinity", "9" * 400, "0x10", "1_0", "٣", "-"]
    )
    count = chance.random.choice(["0", "1", "10", "11", "99999", "9" * 30, "-1", "²", ""])
    index = chance.random.choice(["0", "1", "-1", "1.5", '"0"', "null", "true", "9" * 20, "{}"])
    length = chance.random.choice([10, 2000])
    return chance.random.choice(
        [
            (["2" + "[" * depth + "]" * depth], True),
            (['2["x",' + '{"a":' * depth + "1" + "}" * depth + "]"], depth > 63),
            ([f'2["x",{number}]'], number != "9" * 400),
            ([f'5{count}-["x",{{"_placeholder":true,"num":{index}}}]', b"\x01"], count not in ("1", "10")),
            ([f'2{chance.random.choice(["9" * 40, "²", "-1", "1.5"])}["x"]'], True),
            ([json.dumps([chance.random.choice(sorted(RESERVED_EVENTS))]).join(["2", ""])], True),
            (["2/" + "n" * length + ',["x"]'], length == 2000),
            (['2["__proto__",{"__proto__":{"x":1}}]'], False),
            (['2["\\ud800","\\udfff\\ud800"]'], False),
            ([b"", b"\x00"], True),
            (['51-["x",{"_placeholder":true,"num":0}]', '2["y"]'], True),
            (["", chance.random.choice("0123456789abc²")], True),
        ]
    )


@pytest.mark.threat(18)
@rule(
    f"{SOCKET}, Packet encoding",
    "100,000 random packets: what is encoded decodes to the same, damage is refused",
)
@pytest.mark.timeout(300)
def test_random_socket_io_packets(record_property):
    chance = Chance(20_240_607)
    counts = {
        "valid": 0,
        "damaged, refused": 0,
        "damaged, still a packet": 0,
        "hostile, refused": 0,
        "hostile, harmless": 0,
    }
    for number in range(COUNT):
        if number % 3 == 0:
            packet = chance.packet()
            messages = socketio.encode_packet(packet)
            assert decoded(messages) == packet, packet
            counts["valid"] += 1
            continue
        if number % 3 == 1:
            first, *rest = socketio.encode_packet(chance.packet())
            kind, messages, must_be_refused = "damaged", [chance.damaged(first), *rest], False
        else:
            kind = "hostile"
            messages, must_be_refused = hostile(chance)
        refusal = refusal_of(messages)
        assert refusal is not None or not must_be_refused, messages
        if refusal is not None:
            assert len(refusal) < 200, "the message is fit for a log"
            counts[f"{kind}, refused"] += 1
        else:
            counts["damaged, still a packet" if kind == "damaged" else "hostile, harmless"] += 1
    # The seed is fixed, and so is how much of it is refused.
    assert counts == {
        "valid": 33_334,
        "damaged, refused": 23_240,
        "damaged, still a packet": 10_093,
        "hostile, refused": 25_253,
        "hostile, harmless": 8_080,
    }


@pytest.mark.threat(18)
@rule(
    f"{ENGINE}, Packet encoding",
    "100,000 random payloads: what is encoded decodes to the same, damage is refused",
)
@pytest.mark.timeout(300)
def test_random_engine_io_payloads():
    chance = Chance(11)
    refused = taken = 0
    for number in range(COUNT):
        packets = []
        for _ in range(chance.random.randrange(1, 5)):
            kind = chance.random.choice(list(engine.PacketType))
            text = chance.text().replace(engine.SEPARATOR, "")
            if kind is engine.PacketType.MESSAGE and chance.random.random() < 0.3:
                packets.append(engine.Packet(kind, chance.random.randbytes(chance.random.randrange(30))))
            else:
                packets.append(engine.Packet(kind, text))
        payload = engine.encode_payload(packets)
        if number % 2:
            assert decode_payload(payload) == packets
            for packet in packets:
                assert engine.decode_packet(engine.encode_packet(packet)) == packet
            continue
        try:
            decode_payload(chance.damaged(payload))
        except ProtocolError:
            refused += 1
        else:
            taken += 1
    assert (refused, taken) == (12_538, 37_462), "the seed is fixed"
