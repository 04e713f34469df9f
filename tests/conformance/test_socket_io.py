"""Socket.IO protocol, revision 5, rule by rule, through Jupyter's own server to a real kernel."""

import json
import time

import pytest
from conformance.rules import SOCKET, rule

pytestmark = pytest.mark.timeout(60)

CONNECT, DISCONNECT, EVENTS, ENCODING = (
    f"{SOCKET}, {name}"
    for name in (
        "Connection to a namespace",
        "Disconnection from a namespace",
        "Sending and receiving data",
        "Packet encoding",
    )
)


# --- connection -----------------------------------------------------------------------------


@rule(CONNECT, "CONNECT to the default namespace is answered with the socket's id")
async def test_connect(wire):
    async with wire.websocket(opened=False) as socket:
        session_id = json.loads((await socket.raw())[1:])["sid"]
        await socket.send("40")
        answer = await socket.next()
        assert answer.startswith("40{")
        sid = json.loads(answer[2:])["sid"]
        assert sid != session_id, "the Engine.IO session's id is a secret of that layer"


@rule(CONNECT, "the data of CONNECT reaches the application")
async def test_connect_with_data(wire):
    async with wire.websocket() as socket:
        await socket.send('40{"token":"123"}')
        assert (await socket.next()).startswith("40{")
        assert await socket.next() == '42["auth",{"token":"123"}]'


@rule(CONNECT, "CONNECT to another namespace carries its name both ways")
async def test_connect_custom(wire):
    async with wire.websocket() as socket:
        await socket.send("40/custom,")
        answer = await socket.next()
        assert answer.startswith("40/custom,{")
        assert set(json.loads(answer.removeprefix("40/custom,"))) == {"sid"}
        assert await socket.next() == '42/custom,["auth",{}]'


@rule(CONNECT, "the data of CONNECT to another namespace reaches it")
async def test_connect_custom_with_data(wire):
    async with wire.websocket() as socket:
        await socket.send('40/custom,{"token":"abc"}')
        await socket.next()
        assert await socket.next() == '42/custom,["auth",{"token":"abc"}]'


@rule(CONNECT, "CONNECT to a namespace that does not exist is answered with CONNECT_ERROR")
async def test_connect_unknown(wire):
    async with wire.websocket() as socket:
        await socket.send("40/random")
        assert await socket.next() == '44/random,{"message":"Invalid namespace"}'
        await socket.send("40/other,")
        assert await socket.next() == '44/other,{"message":"Invalid namespace"}'
        await socket.connect()


@rule(CONNECT, "the answer to CONNECT precedes all that a connection handler emits")
async def test_answer_first(wire):
    for _ in range(20):
        async with wire.websocket() as socket:
            await socket.send("40")
            first, second = await socket.next(), await socket.next()
            assert first.startswith("40{"), first
            assert second == '42["auth",{}]'


@rule(CONNECT, "a session that does not ask for a namespace in time is closed")
@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_no_connect(wire, transport):
    began = time.monotonic()
    if transport == "websocket":
        async with wire.websocket() as socket:
            assert await socket.next() is None
    else:
        session = await wire.polling()
        answer = await wire.http(sid=session.sid)
        while answer.code == 200 and answer.body == b"2":
            await wire.http("POST", "3", sid=session.sid)
            answer = await wire.http(sid=session.sid)
        # The end, or, for whoever asks after it, that there is no such session.
        assert (answer.code, answer.body) in {
            (200, b"1"),
            (400, b'{"code":1,"message":"Session ID unknown"}'),
        }
    assert time.monotonic() - began >= 0.8


@rule(CONNECT, "a first packet that is no CONNECT closes the session")
@pytest.mark.parametrize("message", ['42["message"]', "41", "43[]", "4abc", "4", b"\x01"])
async def test_first_packet(wire, message):
    async with wire.websocket() as socket:
        await socket.send(message)
        await socket.closed("parse error: ")


@rule(CONNECT, "several namespaces share one connection and are apart")
async def test_multiplexing(wire):
    async with wire.websocket() as socket:
        first = await socket.connect()
        second = await socket.connect("/custom")
        assert first != second
        await socket.send('42/custom,["message",1]', '42["message",2]')
        got = {await socket.next(), await socket.next()}
        assert got == {'42/custom,["message-back",1]', '42["message-back",2]'}


@rule(CONNECT, "an event for a namespace that the client is not in closes the client")
async def test_event_without_namespace(wire):
    async with wire.websocket() as socket:
        await socket.connect()
        await socket.send('42/custom,["message"]')
        await socket.closed("parse error: ")


# --- disconnection --------------------------------------------------------------------------


@rule(DISCONNECT, "DISCONNECT leaves one namespace; the others and the connection stay")
@pytest.mark.parametrize(("leave", "stay"), [("41", "/custom,"), ("41/custom,", "")])
async def test_client_leaves(wire, conformance_kernel, leave, stay):
    async with wire.websocket() as socket:
        ids = [await socket.connect(), await socket.connect("/custom")]
        await socket.send(leave, f'42{stay}["message","here"]')
        assert await socket.next() == f'42{stay}["message-back","here"]'
        assert await conformance_kernel.value(f"[reasons[one] for one in {ids} if one in reasons]") == [
            "client namespace disconnect"
        ]


@rule(DISCONNECT, "the server sends DISCONNECT for a namespace; the others stay")
async def test_server_leaves(wire):
    async with wire.websocket() as socket:
        await socket.connect()
        await socket.connect("/custom")
        await socket.send('42/custom,["leave"]')
        assert await socket.next() == "41/custom,"
        await socket.send('42["message",1]')
        assert await socket.next() == '42["message-back",1]'
        await socket.send('42["leave"]')
        assert await socket.next() == "41"


@rule(DISCONNECT, "a lost transport disconnects every namespace, each with the reason")
@pytest.mark.parametrize(
    ("how", "reason"),
    [("close", "transport close"), ("silence", "ping timeout"), ("nonsense", "parse error")],
)
async def test_reasons(wire, conformance_kernel, how, reason):
    async with wire.websocket() as socket:
        ids = [await socket.connect(), await socket.connect("/custom")]
        if how == "nonsense":
            await socket.send("42[")
        if how != "close":
            await socket.closed()
    await conformance_kernel.becomes(f"[reasons.get(one) for one in {ids}]", [reason, reason])


# --- events and acknowledgements ------------------------------------------------------------


@rule(EVENTS, "an EVENT of plain values comes back as it was")
@pytest.mark.parametrize(
    "args",
    [
        '1,"2",{"3":[true]}',
        'null,"",[],{},0,-1.5',
        '"ü😀\\u0000\\u2028"',
        '"\\"\\\\"',
        '{"_placeholder":false}',
    ],
)
async def test_plain(wire, args):
    async with wire.websocket() as socket:
        await socket.connect()
        await socket.send(f'42["message",{args}]')
        answer = await socket.next()
        assert answer.startswith("42")
        assert json.loads(answer[2:]) == ["message-back", *json.loads(f"[{args}]")]


@rule(EVENTS, "binary values come back in their places, in any depth and number up to ten")
async def test_binary(wire):
    async with wire.websocket() as socket:
        await socket.connect()
        head = '["message",{"_placeholder":true,"num":0},"test",{"a":[{"_placeholder":true,"num":1}]}]'
        await socket.send(f"452-{head}", b"\x01\x02\x03", b"\x04")
        assert await socket.next() == f"452-{head.replace('message', 'message-back', 1)}"
        assert [await socket.next(), await socket.next()] == [b"\x01\x02\x03", b"\x04"]
        ten = ",".join(f'{{"_placeholder":true,"num":{n}}}' for n in range(10))
        await socket.send(f'4510-["message",{ten}]', *[bytes([n]) for n in range(10)])
        assert await socket.next() == f'4510-["message-back",{ten}]'
        assert [await socket.next() for _ in range(10)] == [bytes([n]) for n in range(10)]


@rule(EVENTS, "an EVENT with an id is answered with an ACK of that id, in its namespace")
@pytest.mark.parametrize("prefix", ["", "/custom,"])
async def test_ack(wire, prefix):
    async with wire.websocket() as socket:
        await socket.connect("/custom" if prefix else "/")
        await socket.send(f'42{prefix}456["message-with-ack",1,"2",{{"3":[false]}}]')
        assert await socket.next() == f'43{prefix}456[1,"2",{{"3":[false]}}]'
        await socket.send(f'42{prefix}0["message-with-ack"]')
        assert await socket.next() == f"43{prefix}0[]"


@rule(EVENTS, "a binary EVENT with an id is answered with a BINARY_ACK")
async def test_binary_ack(wire):
    async with wire.websocket() as socket:
        await socket.connect()
        head = '{"_placeholder":true,"num":0}'
        await socket.send(f'451-789["message-with-ack",{head}]', b"\x01\x02")
        assert await socket.next() == f"461-789[{head}]"
        assert await socket.next() == b"\x01\x02"


@rule(EVENTS, "the server asks with an id, and takes the ACK or BINARY_ACK of the client")
@pytest.mark.parametrize("binary", [False, True])
async def test_server_asks(wire, binary):
    async with wire.websocket() as socket:
        await socket.connect()
        await socket.send('42["ask"]')
        question = await socket.next()
        digits = question.removeprefix("42").removesuffix('["question","?"]')
        assert digits.isdigit()
        if binary:
            await socket.send(f'461-{digits}[{{"_placeholder":true,"num":0}}]', b"\x07")
            assert await socket.next() == '451-["answered",{"_placeholder":true,"num":0}]'
            assert await socket.next() == b"\x07"
        else:
            await socket.send(f'43{digits}["fine"]')
            assert await socket.next() == '42["answered","fine"]'


@rule(EVENTS, "an ACK that nobody waits for is ignored")
async def test_stray_ack(wire):
    async with wire.websocket() as socket:
        await socket.connect()
        await socket.send('43123["x"]', "430[]", '42["message",1]')
        assert await socket.next() == '42["message-back",1]'


@rule(EVENTS, "an EVENT that nobody handles is ignored")
async def test_unknown_event(wire):
    async with wire.websocket() as socket:
        await socket.connect()
        await socket.send('42["nobody knows",1]', '42["message",1]')
        assert await socket.next() == '42["message-back",1]'


# --- encoding -------------------------------------------------------------------------------

BROKEN = [
    "47",
    "49",
    "4a",
    "42",
    "42{}",
    "42[]",
    "42[1]",
    '42"message"',
    "42[null]",
    "42[",
    '42["message",]',
    '42["message",NaN]',
    '42["message",1e999]',
    '42["message"]x',
    "43[]",
    "430{}",
    "43",
    '44{"message":"x"}',
    "41{}",
    "40[]",
    '40"x"',
    "45",
    '45["message"]',
    '450-["message"]',
    '4511-["message"]',
    '45-["message"]',
    "4²[]",
    '42٣["message"]',
    '4299999999999999999["message"]',
]


@pytest.mark.threat(18)
@rule(ENCODING, "a packet that is none closes the client")
@pytest.mark.parametrize("message", BROKEN)
async def test_broken_packets(wire, message):
    async with wire.websocket() as socket:
        await socket.connect()
        await socket.send(message)
        await socket.closed("parse error: ")


@pytest.mark.threat(14)
@rule(ENCODING, "reserved event names close the client")
@pytest.mark.parametrize(
    "name", ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]
)
async def test_reserved_names(wire, name):
    async with wire.websocket() as socket:
        await socket.connect()
        await socket.send(json.dumps([name, "x"]).join(["42", ""]))
        await socket.closed("parse error: ")


@pytest.mark.fault(29)
@rule(ENCODING, "an attachment without a packet, or text where one is missing, closes the client")
@pytest.mark.parametrize(
    "messages", [(b"\x01",), ('451-["message",{"_placeholder":true,"num":0}]', '42["message"]')]
)
async def test_attachments_out_of_place(wire, messages):
    async with wire.websocket() as socket:
        await socket.connect()
        await socket.send(*messages)
        await socket.closed("parse error: ")


@pytest.mark.threat(18)
@rule(ENCODING, "a placeholder that names no attachment closes the client")
@pytest.mark.parametrize("number", ["1", "-1", "0.5", '"0"', "null", "99999999999", "true"])
async def test_placeholders(wire, number):
    async with wire.websocket() as socket:
        await socket.connect()
        await socket.send(f'451-["message",{{"_placeholder":true,"num":{number}}}]', b"\x01")
        await socket.closed("parse error: ")


@pytest.mark.threat(18)
@rule(ENCODING, "JSON nested deeper than 64 levels closes the client; 64 levels pass")
async def test_depth(wire):
    async with wire.websocket() as socket:
        await socket.connect()
        fine = '["message",' + "[" * 63 + "]" * 63 + "]"
        await socket.send("42" + fine)
        assert await socket.next() == "42" + fine.replace("message", "message-back", 1)
        await socket.send('42["message",' + "[" * 64 + "]" * 64 + "]")
        await socket.closed("parse error: ")


@rule(ENCODING, "half of a surrogate pair becomes U+FFFD")
async def test_lone_surrogates(wire):
    async with wire.websocket() as socket:
        await socket.connect()
        await socket.send('42["message","a\\ud83d","\\ude00b","\\ud83d\\ude00"]')
        assert await socket.next() == '42["message-back","a\ufffd","\ufffdb","😀"]'


@pytest.mark.threat(18)
@rule(ENCODING, "one client that is closed for nonsense leaves the others alone")
async def test_others_go_on(wire):
    async with wire.websocket() as good:
        await good.connect()
        for message in BROKEN[:10]:
            async with wire.websocket() as bad:
                await bad.connect()
                await bad.send(message)
                await bad.closed("parse error: ")
            await good.send('42["message",1]')
            assert await good.next() == '42["message-back",1]'


@rule(ENCODING, "polling takes and gives the same packets as WebSocket")
async def test_polling_packets(wire):
    session = await wire.polling()
    await session.post("40", "40/custom,")
    seen = []
    while not any(packet.startswith('42/custom,["auth"') for packet in seen):
        seen += [packet for packet in await session.get() if packet != "2"]
    await session.post("3", '42/custom,7["message-with-ack",{"_placeholder":false}]')
    assert await session.until('43/custom,7[{"_placeholder":false}]') == []
