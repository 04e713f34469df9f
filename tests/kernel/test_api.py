"""What Socket.IO's server API has beyond events and rooms, in a real kernel; python-socketio is the client."""

import asyncio

import pytest
from socketio.exceptions import ConnectionError as RefusedConnection
from support.peers import Peer
from support.wire import Wire

SERVER = """
io = nbsocket.Server("whole")
said = []

@io.on("connection")
def connected(socket):
    socket.emit("welcome")

@io.on("echo")
def echo(socket, *args):
    return args
"""


@pytest.fixture
def api(kernel, jp_asyncio_loop):
    result = jp_asyncio_loop.run_until_complete(kernel.run(SERVER, cell="server"))
    assert not result.error, result
    return kernel


@pytest.fixture
def ticket(api, jupyter):
    return jupyter.ticket("whole")


async def run(kernel, code, cell=None):
    result = await kernel.run(code, cell=cell)
    assert not result.error, (result.error, result.message)
    return result


async def refusal_of(peer, namespace):
    with pytest.raises(RefusedConnection):
        await peer.client.connect(
            peer._address, socketio_path=peer._path, transports=["websocket"], namespaces=[namespace]
        )


# --- dynamic namespaces ---------------------------------------------------------------------


async def test_namespaces_by_pattern_share_handlers_and_are_apart(api, jupyter, ticket):
    await run(
        api,
        "import re\n"
        "rooms = io.of(re.compile(r'/room-\\d+'))\n"
        "@rooms.on('connection')\n"
        "def came(socket):\n"
        "    said.append(socket.namespace.name)\n"
        "    @socket.on('say')\n"
        "    def say(text):\n"
        "        socket.namespace.emit('said', text)\n",
        cell="rooms",
    )
    async with Peer(jupyter, "whole", ticket) as peer:
        other = Peer(jupyter, "whole", ticket)
        heard = asyncio.Queue()
        for namespace in ("/room-1", "/room-2"):
            other.client.on(
                "said", lambda text, n=namespace: heard.put_nowait((n, text)), namespace=namespace
            )
        await other.client.connect(
            other._address,
            socketio_path=other._path,
            transports=["websocket"],
            namespaces=["/room-1", "/room-2"],
        )
        await api.becomes("sorted(said)", ["/room-1", "/room-2"])
        await other.client.emit("say", "one", namespace="/room-1")
        assert await asyncio.wait_for(heard.get(), 5) == ("/room-1", "one")
        await run(api, "rooms.emit('said', 'all')")
        assert {await asyncio.wait_for(heard.get(), 5) for _ in range(2)} == {
            ("/room-1", "all"),
            ("/room-2", "all"),
        }
        assert await api.value("sorted(rooms.children)") == ["/room-1", "/room-2"]
        await refusal_of(Peer(jupyter, "whole", ticket), "/room-x")
        await refusal_of(Peer(jupyter, "whole", ticket), "/room-1/admin")
        # The cell again: its handlers are replaced, not doubled, for the clients that are there, too.
        await run(
            api,
            "rooms = io.of(re.compile(r'/room-\\d+'))\n"
            "@rooms.on('connection')\n"
            "def came(socket):\n"
            "    @socket.on('say')\n"
            "    def say(text):\n"
            "        socket.namespace.emit('said', text.upper())\n",
            cell="rooms",
        )
        await other.client.emit("say", "two", namespace="/room-2")
        assert await asyncio.wait_for(heard.get(), 5) == ("/room-2", "TWO")
        await other.client.disconnect()
        await api.becomes("len(rooms.children) + len(io._channel.namespaces)", 1)
        assert await peer.call("echo", 1) == 1


@pytest.mark.parametrize("word", ["def", "async def"])
async def test_namespaces_by_function_and_its_middleware(api, jupyter, ticket, word):
    await run(
        api,
        f"{word} check(name, auth):\n"
        "    return name == '/' + auth.get('who', '')\n"
        "own = io.of(check)\n"
        "@own.use\n"
        "def no_eve(socket):\n"
        "    if socket.handshake.auth['who'] == 'eve':\n"
        "        raise nbsocket.ConnectionRefused('not you')\n"
        "@own.on('hello')\n"
        "def hello(socket):\n"
        "    return socket.namespace.name\n",
    )

    async def visit(who, namespace):
        peer = Peer(jupyter, "whole", ticket)
        try:
            await peer.client.connect(
                peer._address,
                auth={"who": who},
                socketio_path=peer._path,
                transports=["websocket"],
                namespaces=[namespace],
            )
            return await peer.client.call("hello", namespace=namespace, timeout=5)
        finally:
            await peer.client.disconnect()

    assert await visit("alice", "/alice") == "/alice"
    for who, namespace in (("alice", "/bob"), ("eve", "/eve")):
        with pytest.raises(RefusedConnection):
            await visit(who, namespace)


async def test_what_is_no_namespace_is_said(api):
    assert (await api.run("io.of(7)")).message == (
        "io.of() takes a name, a compiled regular expression or a function, not int"
    )


# --- listeners of all events ----------------------------------------------------------------


async def test_on_any_hears_every_event_before_its_handlers(api, jupyter, ticket):
    await run(
        api,
        "@io.on_any\n"
        "def any_io(socket, event, *args):\n"
        "    said.append(['io', event, *args])\n"
        "@io.on('connection')\n"
        "def came(socket):\n"
        "    @socket.on_any\n"
        "    def any_socket(event, *args):\n"
        "        said.append(['socket', event, *args])\n"
        "    socket.on('say', lambda *args: said.append(['handler', *args]))\n",
        cell="any",
    )
    async with Peer(jupyter, "whole", ticket) as peer:
        await peer.next()
        await peer.call("say", 1, 2)
        assert await api.value("said") == [
            ["socket", "say", 1, 2],
            ["io", "say", 1, 2],
            ["handler", 1, 2],
        ]
        await run(api, "said.clear(); io.off_any(any_io); [s.off_any() for s in io.sockets.values()]")
        await peer.call("say", 3)
        assert await api.value("said") == [["handler", 3]]
        # Their names belong to no event: what a client calls so reaches no listener.
        for name in ("\x00any", "on_any listener", "middleware"):
            assert await peer.call("echo", name) == name
            await peer.emit(name, "x", "y")
        await peer.call("say", 4)
        assert await api.value("said") == [["handler", 3], ["handler", 4]]


async def test_on_any_outgoing_hears_what_is_sent_to_whom(api, jupyter, ticket):
    async with Peer(jupyter, "whole", ticket) as a, Peer(jupyter, "whole", ticket) as b:
        await a.next()
        await b.next()
        await run(
            api,
            "@io.on_any_outgoing\n"
            "def out(socket, event, *args):\n"
            "    said.append([socket.id, event, *args])\n"
            "first, second = io.sockets.values()\n"
            "first.on_any_outgoing(lambda event, *args: said.append(['first', event, *args]))\n"
            "io.emit('all', 1)\n"
            "first.emit('one', b'x', 2)\n"
            "first.broadcast.emit('other', 3)\n",
        )
        ids = await api.value("list(io.sockets)")
        assert await api.value("[[*one[:2], *map(str, one[2:])] for one in said]") == [
            ["first", "all", "1"],
            [ids[0], "all", "1"],
            [ids[1], "all", "1"],
            ["first", "one", "b'x'", "2"],
            [ids[0], "one", "b'x'", "2"],
            [ids[1], "other", "3"],
        ]
        await run(api, "said.clear(); io.off_any_outgoing(); first.off_any_outgoing(); io.emit('quiet')")
        assert await a.call("echo", 1) == 1
        assert await api.value("said") == []


# --- middleware on events -------------------------------------------------------------------


async def test_event_middleware_changes_passes_and_refuses(api, jupyter, ticket):
    await run(
        api,
        "@io.on('connection')\n"
        "def came(socket):\n"
        "    @socket.use\n"
        "    def trim(event, args):\n"
        "        args[:] = [a.strip() if isinstance(a, str) else a for a in args]\n"
        "    @socket.use\n"
        "    async def check(event, args):\n"
        "        if 'bad' in args:\n"
        "            raise ValueError('no bad words')\n"
        "    @socket.on('error')\n"
        "    def failed(error):\n"
        "        said.append(str(error))\n"
        "        socket.emit('refused', str(error))\n",
        cell="use",
    )
    async with Peer(jupyter, "whole", ticket) as peer:
        await peer.next()
        assert await peer.call("echo", " trimmed ") == "trimmed"
        await peer.emit("echo", "bad")
        assert await peer.next() == ("refused", "no bad words")
        assert await peer.call("echo", "still there") == "still there"
    assert await api.value("said") == ["no bad words"]


async def test_a_middleware_that_refuses_without_an_error_handler_is_shown(api, jupyter, ticket):
    await run(
        api,
        "@io.on('connection')\n"
        "def came(socket):\n"
        "    @socket.use\n"
        "    def check(event, args):\n"
        "        raise ValueError('no')\n",
        cell="use",
    )
    async with Peer(jupyter, "whole", ticket) as peer:
        await peer.next()
        await peer.emit("echo", 1)
        shown = await api.shows("use", "ValueError: no")
        assert "the middleware check() raised ValueError" in shown


# --- disconnecting --------------------------------------------------------------------------


async def test_disconnecting_comes_first_and_still_knows_the_rooms(api, jupyter, ticket):
    await run(
        api,
        "@io.on('connection')\n"
        "def came(socket):\n"
        "    socket.join('red')\n"
        "    socket.on('disconnecting', lambda why: said.append([why, 'red' in socket.rooms, socket.connected]))\n"
        "    socket.on('disconnect', lambda why: said.append([why, len(socket.rooms), socket.connected]))\n"
        "@io.on('disconnecting')\n"
        "def going(socket, why):\n"
        "    said.append(['io', 'red' in socket.rooms])\n",
        cell="going",
    )
    async with Wire(jupyter, "whole", ticket).websocket() as socket:
        await socket.connect()
        await socket.send("41")
    why = "client namespace disconnect"
    await api.becomes("said", [[why, True, False], ["io", True], [why, 0, False]])
    assert await api.value("io._core.members._adapter.members_of('red')") == []


async def test_disconnect_with_close_tells_every_namespace(api, jupyter, ticket):
    await run(api, "io.of('/custom'); io.on('disconnect', lambda s, why: said.append(why))")
    peer = Peer(jupyter, "whole", ticket)
    gone = asyncio.Queue()
    peer.client.on("disconnect", lambda *_: gone.put_nowait("/custom"), namespace="/custom")
    peer.client.on("disconnect", lambda *_: gone.put_nowait("/"))
    await peer.client.connect(
        peer._address, socketio_path=peer._path, transports=["websocket"], namespaces=["/", "/custom"]
    )
    await run(api, "next(iter(io.sockets.values())).disconnect(close=True)")
    assert {await asyncio.wait_for(gone.get(), 5) for _ in range(2)} == {"/", "/custom"}
    await api.becomes("said", ["server namespace disconnect"])


# --- events as a stream ---------------------------------------------------------------------


async def test_events_come_one_by_one_each_once_while_the_loop_works(api, jupyter, ticket):
    async with Peer(jupyter, "whole", ticket) as peer:
        await peer.next()
        request = await api.send(
            "io.emit('go')\n"
            "import time\n"
            "got = []\n"
            "for socket, args in io.events('vote', timeout=10):\n"
            "    got.append(args)\n"
            "    time.sleep(0.01)\n"
            "    if len(got) == 20: break\n"
            "try:\n"
            "    io.wait_for('vote', timeout=0.2)\n"
            "except TimeoutError:\n"
            "    print('none left for wait_for')\n"
        )
        assert await peer.next() == ("go",)
        for number in range(20):
            await peer.emit("vote", number, "x")
        result = await api.result(request)
        assert result.error == "", result
        assert "none left" in result.text
        assert await api.value("got") == [[number, "x"] for number in range(20)]


async def test_events_end_when_time_is_over_or_the_stream_is_closed(api, jupyter, ticket):
    result = await run(
        api,
        "import threading, time\n"
        "began = time.monotonic()\n"
        "print(list(io.events('nothing', timeout=0.2)), 0.15 < time.monotonic() - began < 2)\n"
        "stream = io.events('nothing')\n"
        "threading.Timer(0.1, stream.close).start()\n"
        "print(list(stream))\n",
    )
    assert result.text == "[] True\n[]\n"


async def test_events_of_one_client_and_for_code_that_awaits(api, jupyter, ticket):
    async with Peer(jupyter, "whole", ticket) as a, Peer(jupyter, "whole", ticket) as b:
        await a.next()
        await b.next()
        request = await api.send(
            "first, second = io.sockets.values()\n"
            "mine = second.events('vote')\n"
            "io.emit('go')\n"
            "got = []\n"
            "async for socket, args in mine:\n"
            "    got.append([socket is second, *args])\n"
            "    if len(got) == 3: break\n"
            "late = [args async for _, args in second.events('vote', timeout=0.2)]\n"
        )
        await a.next()
        await b.next()
        for number in range(3):
            await a.emit("vote", "other")
            await b.emit("vote", number)
        result = await api.result(request)
        assert result.error == "", result
        assert await api.value("got") == [[True, 0], [True, 1], [True, 2]]
        assert await api.value("late") == []


async def test_events_in_an_async_handler_name_the_awaitable_form(api, jupyter, ticket):
    await run(
        api,
        "@io.on('loop')\n"
        "async def loop(socket):\n"
        "    try:\n"
        "        next(io.events('x'))\n"
        "    except nbsocket.BlockingCallError as error:\n"
        "        return str(error)\n",
    )
    async with Peer(jupyter, "whole", ticket) as peer:
        await peer.next()
        assert "Write  async for … in events('x')  instead" in await peer.call("loop")


# --- many sockets at once -------------------------------------------------------------------


async def test_joining_leaving_and_choosing_many_at_once(api, jupyter, ticket):
    async with Peer(jupyter, "whole", ticket) as a, Peer(jupyter, "whole", ticket) as b:
        await a.next()
        await b.next()
        await run(
            api,
            "first, second = io.fetch_sockets()\n"
            "io.sockets_join('red', 'blue')\n"
            "io.in_(first.id).sockets_leave('red')\n"
            "io.in_('red').emit('one'); io.to('red', 'blue').emit('two')\n"
            "first.in_('blue').emit('three'); second.except_('nobody').emit('four')\n"
            "io.emit('end')\n",
        )
        got = []
        for peer in (a, b):
            names = []
            while (name := (await peer.next())[0]) != "end":
                names.append(name)
            got.append(names)
        assert sorted(got) == sorted([["two", "four"], ["one", "two", "three"]])
        assert await api.value("len(io.to('blue').fetch_sockets())") == 2


# --- numbers of namespaces ------------------------------------------------------------------


async def test_one_client_cannot_fill_the_kernel_with_namespaces(api, jupyter, ticket):
    await run(api, "import re; everything = io.of(re.compile('/.*'))")
    async with Wire(jupyter, "whole", ticket).websocket() as socket:
        for number in range(300):
            await socket.send(f"40/n{number},")
        answers = [await socket.next() for _ in range(300)]
        assert sum(answer.startswith("40/n") for answer in answers) == 256
        assert sum(answer.startswith("44/n") for answer in answers) == 44
        assert await api.value("len(everything.children)") == 256
    await api.becomes("len(everything.children)", 0)
