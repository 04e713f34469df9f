"""``nbsocket.Server`` in a real kernel behind a real Jupyter server; python-socketio is the client."""

import asyncio

import ipykernel
import pytest
from socketio.exceptions import ConnectionError as RefusedConnection
from support.peers import Peer

knows_the_cell = pytest.mark.skipif(
    ipykernel.version_info < (7,),
    reason="ipykernel 6 shows what a thread prints under the cell that ran last",
)

SERVER = """
io = nbsocket.Server("chat")

@io.on("connection")
def connected(socket):
    print("hello", socket.role)
    socket.emit("welcome", {"text": "hi"})

    @socket.on("say")
    def say(message):
        socket.broadcast.emit("said", message)
        return "ok", message

    @socket.on("disconnect")
    def gone(reason):
        print("gone:", reason)

@io.on("wave")
def wave(socket, how):
    io.emit("waved", socket.id, how)
"""


@pytest.fixture
def chat(kernel, jp_asyncio_loop):
    result = jp_asyncio_loop.run_until_complete(kernel.run(SERVER, cell="server"))
    assert not result.error, result
    return kernel


@pytest.fixture
def ticket(chat, jupyter):
    return jupyter.ticket("chat")


async def test_events_go_both_ways_and_acknowledgements_too(chat, jupyter, ticket):
    async with Peer(jupyter, "chat", ticket) as alice, Peer(jupyter, "chat", ticket) as bob:
        assert await alice.next() == ("welcome", {"text": "hi"})
        assert await bob.next() == ("welcome", {"text": "hi"})
        assert await alice.call("say", {"n": 1}) == ("ok", {"n": 1})
        assert await bob.next() == ("said", {"n": 1})
        await alice.emit("wave", "left")
        assert (await bob.next())[2] == "left"
        name, sid, how = await alice.next()
        assert (name, how) == ("waved", "left")
        assert sid == alice.client.get_sid()


async def test_a_handlers_output_stands_under_its_cell(chat, jupyter, ticket):
    async with Peer(jupyter, "chat", ticket):
        # Another cell runs, and is busy, when the handler prints.
        await chat.run("import time; time.sleep(0.5)", cell="busy")
        await chat.shows("server", "hello guest")
    await chat.shows("server", "gone: ")
    assert "hello" not in chat.shown["busy"]


@knows_the_cell
@pytest.mark.fault(27)
async def test_what_a_handler_raises_stands_under_its_cell_with_the_users_line(chat, jupyter, ticket):
    await chat.run("@io.on('fail')\ndef fail(socket):\n    missing_name\n", cell="fail")
    async with Peer(jupyter, "chat", ticket) as alice:
        await alice.next()
        await alice.emit("fail")
        shown = await chat.shows("fail", "NameError")
        assert "the handler fail() of 'fail' raised NameError" in shown
        assert "nbsocket/kernel" not in shown
        assert await alice.call("say", 1) == ("ok", 1), "the others go on"


async def test_handlers_run_while_a_cell_is_busy(chat, jupyter, ticket):
    async with Peer(jupyter, "chat", ticket) as alice:
        await alice.next()
        request = await chat.send(
            "import time\nuntil = time.monotonic() + 4\nwhile time.monotonic() < until: pass",
            cell="busy",
        )
        for number in range(20):
            assert await alice.call("say", number, timeout=2) == ("ok", number)
        assert (await chat.result(request)).error == ""


async def test_emits_from_a_cell_arrive_in_order_and_none_is_lost(chat, jupyter, ticket):
    async with Peer(jupyter, "chat", ticket) as alice:
        await alice.next()
        await chat.run("for n in range(10_000): io.emit('n', n)", cell="burst")
        assert [(await alice.next())[1] for _ in range(10_000)] == list(range(10_000))


async def test_emits_from_many_threads_keep_each_threads_order(chat, jupyter, ticket):
    async with Peer(jupyter, "chat", ticket) as alice:
        await alice.next()
        await chat.run(
            "import threading\n"
            "def run(k):\n    for n in range(300): io.emit('n', k, n)\n"
            "ts = [threading.Thread(target=run, args=(k,)) for k in range(4)]\n"
            "[t.start() for t in ts]; [t.join() for t in ts]"
        )
        got = [await alice.next() for _ in range(1200)]
        for thread in range(4):
            assert [n for _, k, n in got if k == thread] == list(range(300))


async def test_rooms_and_exceptions(chat, jupyter, ticket):
    await chat.run(
        "@io.on('enter')\ndef enter(socket, *rooms):\n    socket.join(*rooms)\n    return sorted(socket.rooms - {socket.id})\n"
        "@io.on('leave')\ndef leave(socket, room):\n    socket.leave(room)\n    return sorted(socket.rooms - {socket.id})\n",
        cell="rooms",
    )
    async with (
        Peer(jupyter, "chat", ticket) as a,
        Peer(jupyter, "chat", ticket) as b,
        Peer(jupyter, "chat", ticket) as c,
    ):
        for one in (a, b, c):
            await one.next()
        assert await a.call("enter", "red", "all") == ["all", "red"]
        assert await b.call("enter", "all") == ["all"]
        await chat.run(
            "io.to('red').emit('x', 'red')\n"
            "io.to('red', 'all').emit('x', 'once each')\n"
            "io.except_('all').emit('x', 'only c')\n"
            "io.to('all').except_('red').emit('x', 'only b')\n"
            "io.emit('x', 'end')"
        )

        async def heard(one):
            got = []
            while (event := await one.next())[1] != "end":
                got.append(event[1])
            return got

        assert await heard(a) == ["red", "once each"]
        assert await heard(b) == ["once each", "only b"]
        assert await heard(c) == ["only c"]
        assert await a.call("leave", "red") == ["all"]


async def test_binary_goes_both_ways_in_any_depth(chat, jupyter, ticket):
    await chat.run("@io.on('mirror')\ndef mirror(socket, x):\n    return {'back': [x['b'][::-1], x]}")
    async with Peer(jupyter, "chat", ticket) as alice:
        await alice.next()
        sent = {"b": b"\x00\x01\xff", "deep": [{"c": b""}]}
        assert await alice.call("mirror", sent) == {"back": [b"\xff\x01\x00", sent]}


async def test_the_server_asks_one_and_asks_all(chat, jupyter, ticket):
    async with Peer(jupyter, "chat", ticket) as a, Peer(jupyter, "chat", ticket) as b:
        await a.next(), await b.next()
        a.answers["ask"] = lambda n: n * 2
        b.answers["ask"] = lambda n: n * 3
        asked = await chat.run("sorted(io.timeout(5).call('ask', 2))")
        assert asked.text == "[4, 6]"
        one = await chat.run(f"io.sockets[{a.client.get_sid()!r}].call('ask', 10, timeout=5)")
        assert one.text == "20"
        quiet = await chat.run("print(io.timeout(5).call('no answer of its own'))")
        assert quiet.text == "[None, None]\n", "who has nothing to say acknowledges all the same"


async def test_an_answer_that_never_comes_raises_with_who_is_missing(chat, jupyter, ticket):
    import aiohttp

    address = f"{jupyter.url}nbsocket/chat/socket.io/?EIO=4&transport=websocket&join_token={ticket}"
    async with aiohttp.ClientSession() as http, http.ws_connect(address) as silent:
        await silent.receive()
        await silent.send_str("40")
        await silent.receive()
        result = await chat.run(
            "try:\n    io.timeout(0.3).call('ask')\n"
            "except TimeoutError as error:\n    print(error.responses, [s.id for s in error.missing] == list(io.sockets))"
        )
        assert result.text == "[] True\n"


async def test_wait_for_counts_events_since_the_cell_began_each_once(chat, jupyter, ticket):
    async with Peer(jupyter, "chat", ticket) as alice:
        await alice.next()
        request = await chat.send(
            "io.emit('ready')\n"
            "print(io.wait_for('vote', timeout=5), io.wait_for('vote', timeout=5), io.wait_for('none', timeout=5))\n"
            "try:\n    io.wait_for('vote', timeout=0.2)\nexcept TimeoutError as error:\n    print(error)"
        )
        assert await alice.next() == ("ready",)
        await alice.emit("vote", "yes")
        await alice.emit("vote", 1, 2)
        await alice.emit("none")
        result = await chat.result(request)
        assert result.text == "yes (1, 2) None\nno 'vote' from any client within 0.2 s\n"
        again = await chat.run(
            "try:\n    io.wait_for('vote', timeout=0.1)\nexcept TimeoutError: print('no')"
        )
        assert again.text == "no\n", "an event belongs to the cell during which it came"


async def test_wait_for_one_client(chat, jupyter, ticket):
    async with Peer(jupyter, "chat", ticket) as a, Peer(jupyter, "chat", ticket) as b:
        await a.next(), await b.next()
        request = await chat.send(
            f"io.emit('ready'); print(io.sockets[{b.client.get_sid()!r}].wait_for('vote', timeout=5))"
        )
        await a.next(), await b.next()
        await a.emit("vote", "from a")
        await b.emit("vote", "from b")
        assert (await chat.result(request)).text == "from b\n"


@knows_the_cell
async def test_a_blocking_call_in_an_async_handler_is_refused_by_name(chat, jupyter, ticket):
    await chat.run(
        "@io.on('bad')\nasync def bad(socket):\n    io.wait_for('x', timeout=1)\n"
        "@io.on('good')\nasync def good(socket):\n    return await socket.emit_with_ack('ask', 1)\n"
        "@io.on('later')\nasync def later(socket):\n    return await io.next('x')\n",
        cell="async",
    )
    async with Peer(jupyter, "chat", ticket) as alice:
        await alice.next()
        alice.answers["ask"] = lambda n: n + 1
        await alice.emit("bad")
        shown = await chat.shows("async", "BlockingCallError")
        assert "await io.next('x')" in shown
        assert await alice.call("good") == 2
        waiting = asyncio.ensure_future(alice.call("later"))
        await asyncio.sleep(0)
        assert await alice.call("say", "meanwhile") == ("ok", "meanwhile")
        await alice.emit("x", 7)
        assert await waiting == 7


async def test_async_handlers_start_in_order_and_interleave_only_where_they_await(chat, jupyter, ticket):
    await chat.run(
        "import asyncio\nlog = []\n"
        "@io.on('slow')\nasync def slow(socket, n):\n"
        "    log.append(('in', n)); await asyncio.sleep(0.05); log.append(('out', n))\n"
        "@io.on('quick')\ndef quick(socket, n):\n    log.append(('quick', n))\n"
    )
    async with Peer(jupyter, "chat", ticket) as alice:
        await alice.next()
        for n in range(3):
            await alice.emit("slow", n)
            await alice.emit("quick", n)
        await alice.call("say", 1)
        await chat.becomes("len(log)", 9)
        log = await chat.value("log")
        assert log[:6] == [[k, n] for n in range(3) for k in ("in", "quick")]
        assert log[6:] == [["out", n] for n in range(3)]


async def test_what_cannot_be_sent_raises_in_the_cell_and_loses_nothing(chat, jupyter, ticket):
    async with Peer(jupyter, "chat", ticket) as alice:
        await alice.next()
        result = await chat.run("io.emit('x', {'speed': float('nan')})")
        assert result.error == "EncodeError"
        assert "args[0]['speed']" in result.message
        assert (await chat.run("io.emit('connect')")).error == "EncodeError"
        await chat.run("io.emit('x', 'fine')")
        assert await alice.next() == ("x", "fine")


async def test_a_middleware_refuses_and_lets_in(chat, jupyter, ticket):
    await chat.run(
        "@io.use\nasync def only_zoe(socket):\n"
        "    if socket.handshake.query.get('name') != 'zoe':\n"
        "        raise nbsocket.ConnectionRefused('zoe only', {'code': 7})\n",
        cell="use",
    )
    stranger, said = Peer(jupyter, "chat", ticket), []
    stranger.client.on("connect_error", said.append)
    with pytest.raises(RefusedConnection):
        await stranger.__aenter__()
    assert said == [{"message": "zoe only", "data": {"code": 7}}]
    async with Peer(jupyter, "chat", ticket, name="zoe") as zoe:
        assert await zoe.next() == ("welcome", {"text": "hi"})
    await chat.run("io.unuse(only_zoe)\nio.unuse(only_zoe)")
    async with Peer(jupyter, "chat", ticket) as anybody:
        assert await anybody.next() == ("welcome", {"text": "hi"})


async def test_disconnecting_from_the_server(chat, jupyter, ticket):
    async with Peer(jupyter, "chat", ticket) as alice:
        await alice.next()
        await chat.run("io.disconnect_sockets()")
        await asyncio.wait_for(alice.disconnected.wait(), 5)
        await chat.shows("server", "gone: server namespace disconnect")
        assert await chat.value("len(io.sockets)") == 0


@pytest.mark.threat(18)
@pytest.mark.fault(29)
@pytest.mark.parametrize(
    "packet", ["40", '42["connect"]', '42["disconnect"]', "4abc", '451-["x"]', '42{"a":1}']
)
async def test_one_bad_client_closes_one_client(chat, jupyter, ticket, packet):
    import aiohttp

    address = f"{jupyter.url}nbsocket/chat/socket.io/?EIO=4&transport=websocket&join_token={ticket}"
    async with Peer(jupyter, "chat", ticket) as alice:
        await alice.next()
        async with aiohttp.ClientSession() as http, http.ws_connect(address) as bad:
            await bad.receive()
            await bad.send_str("40")
            await bad.send_str(packet)
            if packet.startswith("451"):
                await bad.send_str('42["text instead of bytes"]')
            closed = None
            while closed is None:
                message = await bad.receive(timeout=5)
                closed = message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED) or None
        assert await alice.call("say", 1) == ("ok", 1)
        assert await chat.value("len(io.sockets)") == 1


async def test_namespaces_are_apart_and_unknown_ones_refused(chat, jupyter, ticket):
    await chat.run(
        "admin = io.of('/admin')\n@admin.on('connection')\ndef hi(s):\n    s.emit('admin only')\n"
    )
    async with Peer(jupyter, "chat", ticket) as alice:
        await alice.next()
    import aiohttp

    address = f"{jupyter.url}nbsocket/chat/socket.io/?EIO=4&transport=websocket&join_token={ticket}"
    async with aiohttp.ClientSession() as http, http.ws_connect(address) as raw:
        await raw.receive()
        await raw.send_str("40/random")
        assert (await raw.receive(timeout=5)).data == '44/random,{"message":"Invalid namespace"}'
        await raw.send_str("40/admin,")
        assert (await raw.receive(timeout=5)).data.startswith('40/admin,{"sid":')
        assert (await raw.receive(timeout=5)).data == '42/admin,["admin only"]'


async def test_a_cell_may_await_an_event(chat, jupyter, ticket):
    async with Peer(jupyter, "chat", ticket) as alice:
        await alice.next()
        request = await chat.send("io.emit('ready'); print(await io.next('vote'))")
        assert await alice.next() == ("ready",)
        await alice.emit("vote", "yes")
        assert (await chat.result(request)).text == "yes\n"
        alice.answers["ask"] = lambda: "asked"
        asked = await chat.run("await io.timeout(5).emit_with_ack('ask')")
        assert asked.text == "['asked']"


async def test_what_a_handler_displays_stands_under_its_cell(chat, jupyter, ticket):
    await chat.run(
        "from IPython.display import display\n"
        "class Shown:\n    def _repr_mimebundle_(self, **_): return {'text/plain': 'DISPLAYED'}\n"
        "@io.on('show')\ndef show(socket):\n    display(Shown())\n    return True",
        cell="show",
    )
    async with Peer(jupyter, "chat", ticket) as alice:
        await alice.next()
        assert await alice.call("show") is True
        await chat.shows("show", "DISPLAYED")


async def test_a_flood_slows_the_cell_down_and_loses_nothing(chat, jupyter, ticket):
    """More than the link's window, to a client that reads slowly at first."""
    import aiohttp

    address = f"{jupyter.url}nbsocket/chat/socket.io/?EIO=4&transport=websocket&join_token={ticket}"
    async with aiohttp.ClientSession() as http, http.ws_connect(address, max_msg_size=0) as slow:
        await slow.receive()
        await slow.send_str("40")
        await slow.receive()
        await slow.receive()
        request = await chat.send("for n in range(400): io.emit('n', n, 'x' * 100_000)", cell="flood")
        got = []
        while len(got) < 400:
            message = await slow.receive(timeout=20)
            assert message.type is aiohttp.WSMsgType.TEXT, message
            got.append(int(message.data.split(",")[1]))
        assert got == list(range(400))
        assert (await chat.result(request)).error == ""


@pytest.mark.fault(27)
async def test_a_fault_of_ours_ends_one_client_and_not_the_link(chat, jupyter, ticket):
    await chat.run(
        "import nbsocket.protocol.socket_packet as p\ncheck = p._check\n"
        "def broken(packet, **more):\n    if packet.data == ['boom']: raise RuntimeError('a fault of ours')\n"
        "    check(packet, **more)\n"
        "p._check = broken"
    )
    async with Peer(jupyter, "chat", ticket) as alice, Peer(jupyter, "chat", ticket) as bob:
        await alice.next()
        await bob.next()
        await bob.emit("boom")
        await asyncio.wait_for(bob.disconnected.wait(), 5)
        assert await alice.call("say", 1) == ("ok", 1)
