"""Clients that are not ours, over every transport: what works with which, printed as a matrix."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest
from support.clients import KINDS, NPM, PYTHON_SYNC, Client

TRANSPORTS = ["websocket", "polling", "polling,websocket"]
# What each library calls the same thing.
SERVER_DISCONNECT = {NPM: "io server disconnect"}
CLIENT_DISCONNECT = {NPM: "io client disconnect"}
# Over WebSocket neither library says why it was refused.
REFUSED = {
    "websocket": {NPM: "websocket error", "python": "Connection error"},
    "polling": {NPM: "xhr poll error", "python": "{'code': 4, 'message': 'Forbidden'}"},
}

NODE = shutil.which("node")
RETRIES = Path(__file__).parent / "retries.mjs"

every = pytest.mark.parametrize("kind", KINDS)
way = pytest.mark.parametrize("transports", TRANSPORTS)


def capability(name):
    return pytest.mark.capability(name)


@pytest.fixture
def join(server, jupyter):
    """Return a client of a new ticket."""

    def make(kind, transports, namespaces="/", channel="interop"):
        return Client(kind, jupyter, channel, jupyter.ticket(channel), transports, namespaces)

    return make


@capability("events")
@every
@way
async def test_events_both_ways_in_order(join, server, kind, transports):
    async with join(kind, transports) as client:
        await client.next("connect")
        args = [1, "ü😀", {"deep": [None, 1.5]}, None]
        await client.do("emit", "mirror", *args)
        assert (await client.next("event", event="mirrored"))["args"] == args
        await server.run("for n in range(500): io.emit('n', n)")
        got = [(await client.next("event", event="n"))["args"] for _ in range(500)]
        # python-socketio's plain client takes every message on a thread of its own, in no order.
        order = sorted if kind == PYTHON_SYNC else list
        assert order(got) == [[n] for n in range(500)]
        for number in range(200):
            await client.do("emit", "mirror", number)
        got = [(await client.next("event", event="mirrored"))["args"] for _ in range(200)]
        assert order(got) == [[n] for n in range(200)]
        await client.do("transport")
        assert await client.next("transport") == transports.split(",")[-1]


@capability("acks")
@every
@way
async def test_acknowledgements_both_ways(join, server, kind, transports):
    async with join(kind, transports) as client:
        await client.next("connect")
        await client.do("call", "mirror", "one")
        assert await client.next("answer") == "one"
        asked = await server.run("next(iter(io.sockets.values())).call('tell me', 7, timeout=5)")
        assert asked.text == "('answer', 7)"
        asked = await server.run("io.timeout(5).call('tell all')")
        assert asked.text == "['answer']"


@capability("binary")
@every
@way
async def test_binary_both_ways_in_any_depth(join, server, kind, transports):
    async with join(kind, transports) as client:
        welcome = (await client.next("event", event="welcome"))["args"]
        assert welcome == [{"text": "hi", "bytes": {"bytes": "0102"}}]
        args = [{"deep": [{"bytes": "00ff10"}, {"x": {"bytes": ""}}]}, {"bytes": "07" * 5000}]
        await client.do("emit", "mirror", *args)
        assert (await client.next("event", event="mirrored"))["args"] == args
        await client.do("call", "mirror", {"bytes": "aa"})
        assert await client.next("answer") == {"bytes": "aa"}
        asked = await server.run("next(iter(io.sockets.values())).call('tell me', b'\\x07', timeout=5)")
        assert asked.text == "('answer', b'\\x07')"


@capability("namespaces")
@every
@way
async def test_namespaces_share_a_connection_and_are_apart(join, server, kind, transports):
    async with join(kind, transports, "/,/custom") as client:
        ids = {(await client.next("connect", namespace=name))["id"] for name in ("/", "/custom")}
        assert len(ids) == 2
        await client.do("emit", "mirror", "there", namespace="/custom")
        assert (await client.next("event", event="mirrored"))["namespace"] == "/custom"
        await server.run("io.emit('only', 1); io.of('/custom').emit('only', 2)")
        assert (await client.next("event", event="only", namespace="/custom"))["args"] == [2]
        assert (await client.next("event", event="only", namespace="/"))["args"] == [1]
        assert (
            await server.value(
                "len({s._member.session for n in ('/', '/custom') for s in io.of(n).fetch_sockets()})"
            )
            == 1
        )


@capability("rooms")
@every
@way
async def test_rooms(join, server, kind, transports):
    async with join(kind, transports) as one, join(kind, transports) as other:
        await one.next("connect")
        await other.next("connect")
        await one.do("call", "enter", "red")
        assert await one.next("answer") == "entered"
        await server.run("io.to('red').emit('in'); io.except_('red').emit('out'); io.emit('all')")
        assert (await one.next("event", namespace="/", event="in"))["args"] == []
        assert [(await one.next("event", event="all"))["event"]] == ["all"]
        assert (await other.next("event", event="out"))["args"] == []
        await other.next("event", event="all")
        heard = [
            said["detail"]["event"]
            for one in (one, other)
            for said in one._later
            if said["kind"] == "event"
        ]
        assert set(heard) <= {"welcome"}


@capability("reconnection")
@every
@way
async def test_a_cut_connection_comes_back_by_itself(join, server, kind, transports):
    async with join(kind, transports) as client:
        first = (await client.next("connect"))["id"]
        await client.next("event", event="welcome")
        await server.run("[socket._member.drop_connection() for socket in io.sockets.values()]")
        reason = (await client.next("disconnect"))["reason"]
        if transports == "polling,websocket":
            # Which of the two was cut is chance: the upgrade may be under way.
            assert reason in {"transport close", "transport error"}
        else:
            is_closed = kind == NPM and transports == "websocket"
            assert reason == ("transport close" if is_closed else "transport error")
        assert (await client.next("connect"))["id"] != first
        await client.next("event", event="welcome")
        await client.do("call", "mirror", "back")
        assert await client.next("answer") == "back"
        assert await server.value("reasons") == ["transport close"]


@capability("reasons")
@every
@way
async def test_both_sides_hear_why_it_ended(join, server, kind, transports):
    async with join(kind, transports) as client:
        await client.next("connect")
        await server.run("io.disconnect_sockets()")
        reason = (await client.next("disconnect"))["reason"]
        assert reason == SERVER_DISCONNECT.get(kind, "server disconnect")
    async with join(kind, transports) as client:
        await client.next("connect")
        await client.do("leave")
        reason = (await client.next("disconnect"))["reason"]
        assert reason == CLIENT_DISCONNECT.get(kind, "client disconnect")
        await server.becomes("len(reasons)", 2)
        reasons = await server.value("reasons")
        # python-socketio may close the connection before its DISCONNECT is written.
        left = {"client namespace disconnect"} | (set() if kind == NPM else {"transport close"})
        assert reasons[0] == "server namespace disconnect"
        assert reasons[1] in left


@capability("refusal")
@every
@way
async def test_without_a_ticket_nobody_comes_in(server, jupyter, kind, transports):
    async with Client(kind, jupyter, "interop", "-", transports) as client:
        wanted = REFUSED[transports.split(",")[0]]
        assert await client.next("connect_error") == wanted.get(kind, wanted["python"])
    assert await server.value("len(io.sockets)") == 0


@capability("recovery")
@way
async def test_the_npm_client_recovers_its_state(join, server, transports):
    async with join(NPM, transports, channel="recovering") as client:
        came = await client.next("connect")
        assert not came["recovered"]
        await client.do("call", "enter", "red")
        await client.next("answer")
        for turn in range(3):
            await client.do("cut")
            await client.next("disconnect")
            await server.run(f"recovering.to('red').emit('missed', {turn}, b'x')")
            again = await client.next("connect")
            assert again == {"namespace": "/", "id": came["id"], "recovered": True}
            args = (await client.next("event", event="missed"))["args"]
            assert args[:2] == [turn, {"bytes": "78"}]
            await server.run("recovering.emit('after')")
            await client.next("event", event="after")
        await client.do("call", "mirror", "still there")
        assert await client.next("answer") == "still there"


@capability("recovery")
@way
async def test_the_npm_client_recovers_before_any_event_came(server, jupyter, transports):
    await server.run(
        "silent = nbsocket.Server('silent', recovery=True)\n"
        "@silent.on('connection')\ndef came(socket): pass\n"
    )
    ticket = jupyter.ticket("silent")
    async with Client(NPM, jupyter, "silent", ticket, transports) as client:
        came = await client.next("connect")
        for _ in range(2):
            await client.do("cut")
            assert (await client.next("connect"))["recovered"]
        await server.run("silent.emit('first')")
        assert len((await client.next("event", event="first"))["args"]) == 1
        assert came["id"] == await server.value("next(iter(silent.sockets))")


async def test_the_npm_client_comes_back_by_itself_after_a_restart(kernel, jupyter):
    from interop.conftest import SERVER

    code = SERVER.replace('"interop"', '"restarting"').replace('"recovering"', '"restarting-2"')
    await kernel.run(code, cell="server")
    async with Client(
        NPM, jupyter, "restarting", jupyter.ticket("restarting"), "polling,websocket"
    ) as client:
        await client.next("event", event="welcome")
        await kernel.restart()
        assert (await client.next("disconnect"))["reason"] == "transport close"
        await client.next("connect_error")
        await kernel.run(code, cell="server")
        await client.next("event", event="welcome")


@pytest.mark.promise(6)
async def test_the_npm_client_with_retries_has_its_event_handled_once_where_that_is_asked(server, jupyter):
    await server.run(
        "import asyncio\n"
        "retried = nbsocket.Server('retried')\n"
        "ran = {'plain': 0, 'once': 0}\n"
        "async def slow(name):\n"
        "    ran[name] += 1\n"
        "    await asyncio.sleep(1)\n"
        "    return ran[name]\n"
        "@retried.on('plain')\n"
        "async def plain(socket, order_id):\n    return await slow('plain')\n"
        "@retried.on('once')\n@nbsocket.idempotent('order_id')\n"
        "async def once(socket, order_id):\n    return await slow('once')\n"
    )
    ticket = jupyter.ticket("retried")
    path = f"{jupyter.base_url}nbsocket/retried/socket.io/"
    origin = jupyter.url.removesuffix(jupyter.base_url)
    said = {}
    for event in ("plain", "once"):
        process = await asyncio.create_subprocess_exec(
            NODE, RETRIES, origin, path, ticket, event, "an id", stdout=asyncio.subprocess.PIPE
        )
        out, _ = await asyncio.wait_for(process.communicate(), 30)
        said[event] = json.loads(out)
    ran = await server.value("dict(ran)")
    # No answer of the plain one came within its time; each of five new tries began another one.
    assert ran == {"plain": 6, "once": 1}
    assert said == {
        "plain": {"error": "operation has timed out", "answer": None},
        "once": {"error": None, "answer": 1},
    }
