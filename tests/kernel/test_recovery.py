"""Connection state recovery over the wire, in a real kernel."""

import json

import pytest
from support.wire import Wire

SERVER = """
import nbsocket
io = nbsocket.Server("coming-back", recovery=True)
seen = []

@io.use
def asked(socket):
    seen.append("asked")

@io.on("connection")
def connected(socket):
    seen.append(["connection", socket.recovered, sorted(socket.rooms - {socket.id}), socket.data.get("name")])
    socket.join("red")
    socket.data["name"] = "alice"
    socket.on("disconnect", lambda why: seen.append(why))
"""

# How many clients have lost their connection.
LEFT = "seen.count('transport close')"


@pytest.fixture
def recovering(kernel, jp_asyncio_loop):
    result = jp_asyncio_loop.run_until_complete(kernel.run(SERVER, cell="server"))
    assert not result.error, result
    return kernel


@pytest.fixture
def wire(recovering, jupyter):
    return Wire(jupyter, "coming-back", jupyter.ticket("coming-back"))


async def come(socket, pid=None, offset=None):
    """Connect; return the answer's sid and pid."""
    auth = {key: value for key, value in (("pid", pid), ("offset", offset)) if value is not None}
    await socket.send("40" + (json.dumps(auth) if auth else ""))
    answer = await socket.next()
    assert answer.startswith("40"), answer
    said = json.loads(answer[2:])
    return said["sid"], said["pid"]


async def event(socket):
    text = await socket.next()
    name, *args = json.loads(text[text.index("[") :])
    return name, args


async def test_a_client_that_returns_goes_on_where_it_stopped(recovering, wire):
    async with wire.websocket() as socket:
        sid, pid = await come(socket)
        await recovering.run("io.emit('one', 1); io.to('red').emit('two', b'x')")
        assert (await event(socket))[1][:1] == [1]
        offset = (await event(socket))[1][-1]
        assert await socket.next() == b"x"
    await recovering.becomes(LEFT, 1)
    await recovering.run(
        "io.emit('three', 3)\nio.to('red').emit('four')\nio.to('blue').emit('not me')\n"
        "io.except_('red').emit('not me either')\nio.volatile.emit('gone')\n"
    )
    assert await recovering.value("len(io.sockets)") == 0
    async with wire.websocket() as socket:
        assert await come(socket, pid, offset) == (sid, pid), "the same socket, by the same private id"
        assert [(await event(socket))[0] for _ in range(2)] == ["three", "four"]
        await recovering.run("io.emit('five')")
        assert (await event(socket))[0] == "five"
    assert (await recovering.value("seen"))[:4] == [
        "asked",
        ["connection", False, [], None],
        "transport close",
        ["connection", True, ["red"], "alice"],
    ]


async def test_it_works_before_any_event_and_again_and_again(recovering, wire):
    came, pid = set(), None
    for number in range(4):
        async with wire.websocket() as socket:
            sid, pid = await come(socket, pid)
            came.add((sid, pid))
        await recovering.becomes(LEFT, number + 1)
    assert came == {(sid, pid)}, "the same each time"
    await recovering.run("io.emit('first')")
    async with wire.websocket() as socket:
        assert (await come(socket, pid))[0] == sid
        assert (await event(socket))[0] == "first"


async def test_a_connection_that_the_server_thinks_alive_is_replaced(recovering, wire):
    async with wire.websocket() as first, wire.websocket() as second:
        sid, pid = await come(first)
        await recovering.run("io.emit('lost on the way')")
        assert (await come(second, pid))[0] == sid
        assert (await event(second))[0] == "lost on the way"
        while await first.next() is not None:
            pass
        assert await recovering.value("list(io.sockets)") == [sid]
        await recovering.run("io.emit('to the new one')")
        assert (await event(second))[0] == "to the new one"


async def test_another_ticket_does_not_recover_and_neither_does_a_guess(recovering, wire, jupyter):
    async with wire.websocket() as socket:
        sid, pid = await come(socket)
    await recovering.becomes(LEFT, 1)
    other = Wire(jupyter, "coming-back", jupyter.ticket("coming-back"))
    async with other.websocket() as socket:
        assert (await come(socket, pid))[0] != sid
    for guess in ("", "x", pid[:-1], 7, None, {"a": 1}):
        async with wire.websocket() as socket:
            assert (await come(socket, guess))[0] != sid
    async with wire.websocket() as socket:
        assert (await come(socket, pid))[0] == sid, "the guesses did no harm"


@pytest.mark.threat(13)
async def test_a_revoked_ticket_does_not_come_back(recovering, wire, jupyter):
    made = jupyter.api("nbsocket/api/channels/coming-back/tickets", "POST", {"role": "guest"})
    mine = Wire(jupyter, "coming-back", made["value"])
    async with mine.websocket() as socket:
        await come(socket)
        jupyter.api(f"nbsocket/api/channels/coming-back/tickets/{made['id']}", "DELETE")
        await socket.closed()
    assert await mine.websocket_status() == 403


@pytest.mark.parametrize(("how", "why"), [("41", "client namespace disconnect"), ("42[", "parse error")])
async def test_who_left_or_broke_the_protocol_is_not_recovered(recovering, wire, how, why):
    async with wire.websocket() as socket:
        sid, pid = await come(socket)
        await socket.send(how)
        await recovering.becomes("seen[-1]", why)
    async with wire.websocket() as socket:
        assert (await come(socket, pid))[0] != sid


@pytest.mark.fault(35)
async def test_what_is_too_much_is_not_recovered_and_said(recovering, wire):
    async with wire.websocket() as socket:
        sid, pid = await come(socket)
    await recovering.becomes(LEFT, 1)
    await recovering.run("for n in range(3): io.emit('big', 'x' * 500_000)")
    async with wire.websocket() as socket:
        assert (await come(socket, pid))[0] != sid
        await recovering.run("io.emit('new')")
        assert (await event(socket))[0] == "new"
    assert ["connection", True, ["red"], "alice"] not in await recovering.value("seen")


async def test_it_is_off_unless_asked_for_and_cannot_change_unnoticed(recovering, jupyter):
    await recovering.run("plain = nbsocket.Server('plain')")
    wire = Wire(jupyter, "plain", jupyter.ticket("plain"))
    async with wire.websocket() as socket:
        await socket.send("40")
        assert set(json.loads((await socket.next())[2:])) == {"sid"}
        await recovering.run("plain.emit('x', 1)")
        assert await socket.next() == '42["x",1]'
    result = await recovering.run("nbsocket.Server('plain', recovery=True)")
    assert "close it with io.close() first" in result.message
