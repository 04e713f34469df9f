"""Recovery that outlives the kernel: its clients stay connected, and the next process takes them over."""

import asyncio
import json
import os
import signal

import pytest
from support.jupyter import JupyterProcess, Kernel
from support.wire import Wire

SERVER = """
import nbsocket, os, re
io = nbsocket.Server("staying", recovery=True)
seen, gone = [], []

def connected(socket):
    seen.append([socket.recovered, sorted(socket.rooms - {socket.id}), socket.data.get("name"), socket.handshake.auth])
    socket.on("join", lambda room: socket.join(room))
    socket.on("name", lambda name: socket.data.update(name=name, odd=object()))
    socket.on("say", lambda *args: io.emit("said", *args))
    socket.on("disconnect", gone.append)
    socket.on("ask", ask)

async def ask(*_):
    return "answered"

io.on("connection", connected)
io.of("/admin").on("connection", connected)
io.of(re.compile("/room-[0-9]+")).on("connection", connected)
"""


async def event(socket, *, until=None):
    """Return the next event, or the next one of this name."""
    while True:
        text = await socket.next()
        assert isinstance(text, str), text
        name, *args = json.loads(text[text.index("[") :])
        if until is None or name == until:
            return name, args


async def come(wire, socket, prefix="", auth=""):
    await socket.send(f"40{prefix}{auth}")
    answer = await socket.next()
    assert answer.startswith(f"40{prefix}"), answer
    return json.loads(answer[2 + len(prefix) :])


async def restarted(kernel, how):
    pid = await kernel.value("os.getpid()")
    if how == "killed":
        os.kill(pid, signal.SIGKILL)
        # Jupyter starts it anew by itself.
        for _ in range(200):
            found = await kernel.api("", "GET")
            if found["execution_state"] in {"idle", "starting"}:
                kernel._socket.close()
                await kernel.connect()
                try:
                    if await asyncio.wait_for(kernel.value("__import__('os').getpid()"), 3) != pid:
                        return
                except TimeoutError:
                    continue
            await asyncio.sleep(0.1)
        raise AssertionError(found)
    await kernel.restart()


@pytest.fixture
def staying(kernel, jp_asyncio_loop):
    result = jp_asyncio_loop.run_until_complete(kernel.run(SERVER, cell="server"))
    assert not result.error, result
    return kernel


@pytest.fixture
def wire(staying, jupyter):
    return Wire(jupyter, "staying", jupyter.ticket("staying"))


@pytest.mark.fault(15, 16)
@pytest.mark.parametrize("how", ["restarted", "killed"])
async def test_clients_stay_and_the_next_process_takes_them_over(staying, wire, how):
    async with wire.websocket() as socket:
        main = await come(wire, socket, auth='{"seat":7}')
        room = await come(wire, socket, "/room-1,")
        await socket.send('42["join","red"]', '42["name","alice"]', '420["ask"]')
        assert await socket.next() == '430["answered"]'
        await restarted(staying, how)
        assert await event(socket) == ("server_restarting", [{}])
        assert await socket.next() == '42/room-1,["server_restarting",{}]'
        # Nobody is there to hear it yet.
        await socket.send('42["say",1]', '451-["say",{"_placeholder":true,"num":0}]', b"two", '421["ask"]')
        result = await staying.run(SERVER, cell="server")
        assert not result.error, result
        assert (await event(socket))[0] == "server_restarted"
        assert (await socket.next()).startswith('42/room-1,["server_restarted"')
        assert (await event(socket))[1][0] == 1
        assert (await socket.next()).startswith('451-["said"')
        assert await socket.next() == b"two"
        assert await socket.next() == '431["answered"]'
        assert await staying.value("seen") == [
            [True, ["red"], "alice", {"seat": 7}],
            [True, [], None, {}],
        ]
        assert await staying.value("list(io.sockets)") == [main["sid"]]
        assert await staying.value("list(io.of('/room-1').sockets)") == [room["sid"]]
        await staying.run("io.to('red').emit('for red')")
        assert (await event(socket))[0] == "for red"
        assert await staying.value("gone") == []


async def test_it_survives_again_and_again_and_then_a_cut_of_the_client(staying, wire):
    async with wire.websocket() as socket:
        main = await come(wire, socket)
        for _ in range(2):
            await restarted(staying, "restarted")
            await event(socket, until="server_restarting")
            await staying.run(SERVER, cell="server")
            _, args = await event(socket, until="server_restarted")
    await staying.becomes("len(gone)", 1)
    await staying.run("io.emit('missed')")
    async with wire.websocket() as socket:
        back = await come(wire, socket, auth=json.dumps({"pid": main["pid"], "offset": args[-1]}))
        assert back == main
        assert (await event(socket))[0] == "missed"


@pytest.mark.fault(35)
async def test_what_the_earlier_process_sent_may_be_missing_and_that_is_said(staying, wire):
    async with wire.websocket() as socket:
        main = await come(wire, socket)
        await staying.run("io.emit('one')")
        _, args = await event(socket)
        await restarted(staying, "restarted")
        await staying.run(SERVER, cell="server")
        await staying.becomes("len(io.sockets)", 1)
    async with wire.websocket() as socket:
        back = await come(wire, socket, auth=json.dumps({"pid": main["pid"], "offset": args[-1]}))
        assert back["sid"] != main["sid"], "an offset of the earlier process proves nothing"


async def test_who_comes_meanwhile_is_asked_to_wait_and_who_leaves_is_forgotten(staying, wire):
    async with wire.websocket() as socket:
        await come(wire, socket)
        await restarted(staying, "restarted")
        await event(socket, until="server_restarting")
        assert (await wire.http()).code == 503
        await socket.send('42["say","nobody hears it"]')
    result = await staying.run(SERVER, cell="server")
    assert not result.error, result
    assert await staying.value("[len(io.sockets), seen, gone]") == [0, [], []]
    async with wire.websocket() as socket:
        await come(wire, socket)
        await socket.send('42["say",2]')
        assert (await event(socket))[1][0] == 2


async def test_polling_clients_stay_too(staying, wire):
    session = await wire.polling()
    await session.post("40")
    assert (await session.get())[0].startswith("40")
    await restarted(staying, "restarted")
    assert await session.get() == ['42["server_restarting",{}]']
    await session.post('42["say",1]', '42["say",2]')
    await staying.run(SERVER, cell="server")
    seen = []
    while not any("said" in one and "2" in one for one in seen):
        seen += [one for one in await session.get() if one != "2"]
    assert [json.loads(one[2:])[0] for one in seen] == ["server_restarted", "said", "said"]


async def test_a_server_without_recovery_closes_them_as_before(staying, wire):
    async with wire.websocket() as socket:
        await come(wire, socket)
        await restarted(staying, "restarted")
        await event(socket, until="server_restarting")
        await staying.run("import nbsocket; io = nbsocket.Server('staying')")
        assert await socket.closed() == []


async def test_a_namespace_that_is_there_no_more_closes_the_transport(staying, wire):
    async with wire.websocket() as socket:
        await come(wire, socket, "/admin,")
        await restarted(staying, "restarted")
        await staying.run("import nbsocket; io = nbsocket.Server('staying', recovery=True)")
        assert await socket.closed() == ['42/admin,["server_restarting",{}]']


async def test_a_kernel_that_is_shut_down_lets_go(jupyter, jp_asyncio_loop):
    async with Kernel(jupyter) as kernel:
        assert not (await kernel.run(SERVER, cell="server")).error
        wire = Wire(jupyter, "staying", jupyter.ticket("staying"))
        entered = wire.websocket()
        socket = await entered.__aenter__()
        await come(wire, socket)
    assert await socket.closed() == ['42["server_restarting",{}]']
    await entered.__aexit__(None, None, None)


async def test_grace_has_an_end(tmp_path):
    loop = asyncio.get_running_loop()
    with JupyterProcess(tmp_path, options=("--NbSocketApp.grace=1",)) as jupyter:
        async with Kernel(jupyter) as kernel:
            assert not (await kernel.run(SERVER, cell="server")).error
            ticket = await loop.run_in_executor(None, jupyter.ticket, "staying")
            async with Wire(jupyter, "staying", ticket).websocket() as socket:
                await come(None, socket)
                await restarted(kernel, "restarted")
                assert await socket.closed() == ['42["server_restarting",{}]']


async def test_who_was_sent_away_does_not_come_back_by_a_restart(staying, wire):
    async with wire.websocket() as socket:
        await come(wire, socket)
        await come(wire, socket, "/admin,")
        await staying.run("[one.disconnect() for one in io.of('/admin').fetch_sockets()]")
        assert await socket.next() == "41/admin,"
        await restarted(staying, "restarted")
        await event(socket, until="server_restarting")
        await staying.run(SERVER, cell="server")
        await event(socket, until="server_restarted")
        assert await staying.value("[len(io.sockets), len(io.of('/admin').sockets)]") == [1, 0]
        await come(wire, socket, "/admin,")
    async with wire.websocket() as socket:
        await come(wire, socket)
        await staying.run("io.disconnect_sockets()")
        assert await socket.next() == "41"
        await restarted(staying, "restarted")
        assert await socket.closed() == []


async def test_odd_data_is_left_out_and_the_rest_is_kept(staying, wire):
    async with wire.websocket() as socket:
        await come(wire, socket)
        odd = (
            "import numpy\nclass Name(str): pass\n"
            "(one,) = io.sockets.values()\n"
            "one.data.update(number=numpy.float64(1.5), name=Name('x'), pair=(1, 2), half='\\ud800', big='x' * 10**6, ok=[1])\n"
            "one.join(Name('named'))"
        )
        result = await staying.run(odd)
        assert not result.error, result
        await socket.send('421["ask"]')
        assert await socket.next() == '431["answered"]'
        await restarted(staying, "restarted")
        await event(socket, until="server_restarting")
        await staying.run(SERVER, cell="server")
        await event(socket, until="server_restarted")
        (data,) = await staying.value("[one.data for one in io.sockets.values()]")
        assert data == {"number": 1.5, "name": "x", "ok": [1]}
        assert (await staying.value("seen"))[0][1] == ["named"]


async def test_what_async_handlers_and_cells_put_into_data_is_kept(staying, wire):
    async with wire.websocket() as socket:
        await come(wire, socket)
        await staying.run(
            "import asyncio\n@io.on('slow')\nasync def slow(socket):\n"
            "    await asyncio.sleep(0.01)\n    socket.data['slow'] = 1\n    return 1",
            cell="slow",
        )
        await socket.send('421["slow"]')
        assert await socket.next() == "431[1]"
        await staying.run("for one in io.sockets.values(): one.data['cell'] = 2")
        await staying.value("1")
        await restarted(staying, "restarted")
        await event(socket, until="server_restarting")
        await staying.run(SERVER, cell="server")
        await event(socket, until="server_restarted")
        assert await staying.value("[one.data for one in io.sockets.values()]") == [{"slow": 1, "cell": 2}]


async def test_handlers_of_a_later_cell_greet_who_was_taken_over(staying, wire):
    async with wire.websocket() as socket:
        await come(wire, socket)
        await restarted(staying, "restarted")
        await event(socket, until="server_restarting")
        await staying.run("import nbsocket; io = nbsocket.Server('staying', recovery=True); met = []")
        await event(socket, until="server_restarted")
        await staying.run(
            "@io.on('connection')\ndef meet(socket):\n    met.append(socket.recovered)", cell="later"
        )
        await staying.becomes("met", [True])
