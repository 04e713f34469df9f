"""Engine.IO protocol, revision 4, rule by rule, through Jupyter's own server to a real kernel."""

import asyncio
import json
import time
from urllib.parse import urlsplit

import pytest
from conformance.rules import ENGINE, rule

pytestmark = pytest.mark.timeout(60)

HANDSHAKE, HEARTBEAT, UPGRADE, MESSAGE = (
    f"{ENGINE}, {name}" for name in ("Handshake", "Heartbeat", "Upgrade", "Message")
)
POLLING, WEBSOCKET, ENCODING, PROTOCOL = (
    f"{ENGINE}, {name}" for name in ("HTTP long-polling", "WebSocket", "Packet encoding", "Close")
)

# Nothing tells the outside that a poll waits at the server. If one comes later than this, a test fails.
POLL_ARRIVES_S = 0.05
MESSAGES_IN = "io.stats()['traffic']['messages_in']"
HANDLED = "io.stats()['handlers']['handled']"


# --- handshake ------------------------------------------------------------------------------


@rule(HANDSHAKE, "a GET without sid opens a session: the answer is an OPEN packet with the five fields")
async def test_polling_handshake(wire):
    answer = await wire.http()
    assert answer.code == 200
    assert answer.headers["Content-Type"].lower() == "text/plain; charset=utf-8"
    body = answer.body.decode()
    assert body[0] == "0"
    opened = json.loads(body[1:])
    assert set(opened) == {"sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"}
    assert opened["upgrades"] == ["websocket"]
    assert (opened["pingInterval"], opened["pingTimeout"], opened["maxPayload"]) == (600, 400, 1_000_000)
    assert isinstance(opened["sid"], str)
    assert len(opened["sid"]) >= 20


@rule(HANDSHAKE, "a WebSocket without sid opens a session, too, and has nothing to upgrade to")
async def test_websocket_handshake(wire):
    async with wire.websocket(opened=False) as socket:
        first = await socket.raw()
        assert first[0] == "0"
        assert json.loads(first[1:])["upgrades"] == []


@rule(HANDSHAKE, "every session has an id of its own")
async def test_session_ids(wire):
    assert len({(await wire.polling()).sid for _ in range(5)}) == 5


@rule(HANDSHAKE, "a wrong or missing EIO parameter is answered with 400")
@pytest.mark.parametrize("version", ["3", "5", "abc", "", None])
async def test_bad_version(wire, version):
    assert (await wire.http(EIO=version)).code == 400
    assert await wire.websocket_status(EIO=version) == 400


@rule(HANDSHAKE, "a wrong or missing transport parameter is answered with 400")
@pytest.mark.parametrize("transport", ["abc", "", "flashsocket", None])
async def test_bad_transport(wire, transport):
    assert (await wire.http(transport=transport)).code == 400
    assert await wire.websocket_status(transport=transport) == 400


@rule(HANDSHAKE, "a handshake by any method but GET is answered with 400")
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_bad_method(wire, method):
    answer = await wire.http(method, None if method == "DELETE" else "40")
    assert answer.code == 400
    assert json.loads(answer.body)["code"] == 2


@rule(HANDSHAKE, "an unknown sid is answered with 400, on every transport and method")
async def test_unknown_sid(wire):
    for method, body in (("GET", None), ("POST", "4x")):
        answer = await wire.http(method, body, sid="unknown")
        assert (answer.code, json.loads(answer.body)["code"]) == (400, 1)
    assert await wire.websocket_status(sid="unknown") == 400


@rule(HANDSHAKE, "transport=websocket without a WebSocket is answered with 400")
async def test_websocket_parameter_over_http(wire):
    assert (await wire.http(transport="websocket")).code == 400


# --- heartbeat ------------------------------------------------------------------------------


@rule(HEARTBEAT, "over polling the server pings after pingInterval, and goes on while it is answered")
async def test_polling_heartbeat(wire):
    session = await wire.polling()
    await session.post("40")
    assert (await session.get())[0].startswith("40{")
    pings, began = 0, time.monotonic()
    while pings < 4:
        for packet in await session.get():
            if packet == "2":
                pings += 1
                await session.post("3")
    assert 3 * 0.6 <= time.monotonic() - began < 6


@rule(HEARTBEAT, "over WebSocket the server pings after pingInterval, and goes on while it is answered")
async def test_websocket_heartbeat(wire):
    async with wire.websocket() as socket:
        await socket.send("40")
        pings, began = 0, time.monotonic()
        while pings < 4:
            if await socket.raw() == "2":
                pings += 1
                await socket.send("3")
        assert 3 * 0.6 <= time.monotonic() - began < 6


@rule(HEARTBEAT, "a polling client that does not answer a ping within pingTimeout is closed")
async def test_polling_timeout(wire):
    session = await wire.polling()
    await session.post("40")
    await asyncio.sleep(0.6 + 0.4 + 0.3)
    assert await session.is_over()


@rule(HEARTBEAT, "a WebSocket client that does not answer a ping within pingTimeout is closed")
async def test_websocket_timeout(wire):
    async with wire.websocket() as socket:
        await socket.send("40")
        began = time.monotonic()
        # One ping, which nobody answers; what the kernel sends may come before it or after it.
        assert (await socket.closed()).count("2") == 1
        assert time.monotonic() - began >= 0.4


@rule(HEARTBEAT, "only the server pings: a client's PING outside a probe closes it")
async def test_client_ping(wire):
    async with wire.websocket() as socket:
        await socket.send("2")
        await socket.closed("transport error")
    session = await wire.polling()
    await session.post("2")
    assert await session.is_over()


# --- message --------------------------------------------------------------------------------


async def open_polling(wire):
    session = await wire.polling()
    await session.post("40")
    seen = []
    while not any(packet.startswith('42["auth"') for packet in seen):
        seen += await session.get()
    return session


@rule(MESSAGE, "text goes both ways over polling")
async def test_polling_text(wire):
    session = await open_polling(wire)
    await session.post('42["message","ü😀\\n"]')
    assert await session.until('42["message-back","ü😀\\n"]') == []


@rule(MESSAGE, "text and binary go both ways over WebSocket, one frame a packet")
async def test_websocket_messages(wire):
    async with wire.websocket() as socket:
        await socket.connect()
        await socket.send('451-["message",{"_placeholder":true,"num":0}]', b"\x01\x02\xff")
        assert await socket.next() == '451-["message-back",{"_placeholder":true,"num":0}]'
        assert await socket.next() == b"\x01\x02\xff"


@rule(ENCODING, "over polling binary goes as 'b' and base64, both ways")
async def test_polling_binary(wire):
    session = await open_polling(wire)
    await session.post('451-["message",{"_placeholder":true,"num":0}]', "bAQIDBA==")
    before = await session.until("bAQIDBA==")
    assert before == ['451-["message-back",{"_placeholder":true,"num":0}]']


@rule(ENCODING, "a payload holds several packets parted by U+001E, taken in their order")
async def test_payload_of_many(wire):
    session = await open_polling(wire)
    await session.post(*[f'42["message",{n}]' for n in range(100)])
    before = await session.until('42["message-back",99]')
    assert before == [f'42["message-back",{n}]' for n in range(99)]


@rule(POLLING, "a payload with a malformed packet is answered with 400 and closes the session")
@pytest.mark.parametrize("body", ["abc", "", "9", "4x\x1e", "\x1e", "bA", "b****", '42["x"]\x1e7'])
async def test_malformed_payload(wire, body):
    session = await wire.polling()
    assert (await wire.http("POST", body, sid=session.sid)).code == 400
    assert await session.is_over()


@rule(WEBSOCKET, "a malformed packet closes the session")
@pytest.mark.parametrize("message", ["abc", "7", "9", "", " 4"])
async def test_malformed_packet(wire, message):
    async with wire.websocket() as socket:
        await socket.send(message)
        await socket.closed("parse error: ")


@rule(POLLING, "a payload over maxPayload is refused")
async def test_payload_too_large(wire):
    session = await open_polling(wire)
    address = urlsplit(wire.url(sid=session.sid))
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(
        f"POST {address.path}?{address.query} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        "Content-Type: text/plain\r\nContent-Length: 1000002\r\n\r\n".encode()
        + b"4" * 1_000_002
    )
    assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 413 ")
    writer.close()
    assert await session.is_over()


@rule(WEBSOCKET, "a message over maxPayload closes the connection with code 1009")
async def test_message_too_large(wire):
    async with wire.websocket() as socket:
        await socket.connect()
        await socket.send("4" + "x" * 1_000_001)
        await socket.closed()
        assert socket.connection.close_code == 1009


@rule(POLLING, "a second GET while one waits closes the session")
async def test_two_polls(wire):
    session = await open_polling(wire)
    waiting = asyncio.ensure_future(wire.http(sid=session.sid))
    await asyncio.sleep(POLL_ARRIVES_S)
    assert (await wire.http(sid=session.sid)).code == 400
    assert (await waiting).body == b"1"
    assert await session.is_over()


@rule(POLLING, "a second POST while one is worked off closes the session")
async def test_two_posts(wire, conformance_kernel):
    session = await open_polling(wire)
    before = await conformance_kernel.value(MESSAGES_IN)
    # More than a guest's burst, so that the server takes its time with the first.
    many = "\x1e".join(['42["message"]'] * 1200)
    first = asyncio.ensure_future(wire.http("POST", many, sid=session.sid))
    await conformance_kernel.becomes(f"{MESSAGES_IN} > {before}", True)
    assert (await wire.http("POST", '42["message"]', sid=session.sid)).code == 400
    assert (await first).body == b"ok"
    assert await session.is_over()


# --- close ----------------------------------------------------------------------------------


@rule(PROTOCOL, "a CLOSE posted while a poll waits answers that poll with a NOOP, and ends the session")
async def test_polling_close(wire):
    session = await open_polling(wire)
    waiting = asyncio.ensure_future(wire.http(sid=session.sid))
    await asyncio.sleep(POLL_ARRIVES_S)
    await session.post("1")
    assert (await waiting).body == b"6"
    assert await session.is_over()


@rule(PROTOCOL, "a CLOSE over WebSocket ends the session")
async def test_websocket_close(wire):
    async with wire.websocket() as socket:
        await socket.connect()
        await socket.send("1")
        await socket.closed("transport close")


# --- upgrade --------------------------------------------------------------------------------


@rule(
    UPGRADE,
    "PING probe is answered by PONG probe, a waiting poll by NOOP, and after UPGRADE all goes over WebSocket",
)
async def test_upgrade(wire):
    session = await open_polling(wire)
    waiting = asyncio.ensure_future(wire.http(sid=session.sid))
    await asyncio.sleep(POLL_ARRIVES_S)
    async with wire.websocket(opened=False, sid=session.sid) as socket:
        await socket.send("2probe")
        assert await socket.raw() == "3probe"
        assert (await waiting).body == b"6"
        await socket.send("5", '42["message","after"]')
        assert await socket.next() == '42["message-back","after"]'


@rule(UPGRADE, "what was sent during the upgrade arrives once, in order, over WebSocket")
async def test_messages_while_upgrading(wire, conformance_kernel):
    session = await open_polling(wire)
    before = await conformance_kernel.value(HANDLED)
    async with wire.websocket(opened=False, sid=session.sid) as socket:
        await socket.send("2probe")
        assert await socket.raw() == "3probe"
        await session.post('42["message",1]', '42["message",2]')
        await conformance_kernel.becomes(f"{HANDLED} - {before}", 2)
        await socket.send("5", '42["message",3]')
        assert [await socket.next() for _ in range(3)] == [f'42["message-back",{n}]' for n in (1, 2, 3)]


@rule(UPGRADE, "after the upgrade polls and posts with this sid are refused")
async def test_polls_after_the_upgrade(wire):
    session = await open_polling(wire)
    async with wire.websocket(opened=False, sid=session.sid) as socket:
        await socket.send("2probe")
        await socket.raw()
        await socket.send("5", '42["message",1]')
        assert await socket.next() == '42["message-back",1]'
        assert (await wire.http(sid=session.sid)).code == 400
        assert (await wire.http("POST", '42["message"]', sid=session.sid)).code == 400
        await socket.send('42["message",2]')
        assert await socket.next() == '42["message-back",2]', "the session is unharmed"


@rule(
    UPGRADE,
    "a WebSocket with the sid of an upgraded session is closed at once, ten times; the session goes on",
)
async def test_a_second_websocket(wire):
    session = await open_polling(wire)
    async with wire.websocket(opened=False, sid=session.sid) as socket:
        await socket.send("2probe")
        await socket.raw()
        await socket.send("5", '42["message",1]')
        await socket.next()
        for number in range(10):
            async with wire.websocket(opened=False, sid=session.sid) as second:
                await second.closed()
            await socket.send(f'42["message",{number}]')
            assert await socket.next() == f'42["message-back",{number}]'


@rule(UPGRADE, "a WebSocket with the sid of a session that began as one is closed at once, ten times")
async def test_websocket_upgrade_of_websocket(wire):
    async with wire.websocket(opened=False) as socket:
        sid = json.loads((await socket.raw())[1:])["sid"]
        await socket.connect()
        for number in range(10):
            async with wire.websocket(opened=False, sid=sid) as second:
                await second.closed()
            await socket.send(f'42["message",{number}]')
            assert await socket.next() == f'42["message-back",{number}]'


@rule(UPGRADE, "a probe that breaks the rules is closed; polling goes on")
@pytest.mark.parametrize("message", ["2", "2abc", "5", "4x", "abc"])
async def test_bad_probe(wire, message):
    session = await open_polling(wire)
    async with wire.websocket(opened=False, sid=session.sid) as socket:
        await socket.send(message)
        await socket.closed()
    await session.post('42["message",1]')
    assert await session.until('42["message-back",1]') == []


@rule(UPGRADE, "a WebSocket lost before UPGRADE leaves the session on polling")
async def test_lost_probe(wire):
    session = await open_polling(wire)
    async with wire.websocket(opened=False, sid=session.sid) as socket:
        await socket.send("2probe")
        await socket.raw()
        socket.connection.close()
        assert await socket.closed() == [], "its CLOSE is answered, so it has arrived"
    await session.post('42["message",1]')
    assert "6" not in await session.until('42["message-back",1]')
