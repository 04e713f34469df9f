"""Running cells again: handlers are replaced one for one, clients wait for the cell."""

import asyncio

import pytest
from socketio.exceptions import TimeoutError as NoAnswer
from support.peers import Peer

SERVER = """
io = nbsocket.Server("cells")

@io.on("connection")
def connected(socket):
    socket.emit("version", VERSION)

    @socket.on("which")
    def which():
        calls.append(VERSION)
        return VERSION
"""


async def start(kernel, version=1):
    code = "calls = globals().get('calls', [])\n" + SERVER.replace("VERSION", str(version))
    result = await kernel.run(code, cell="server")
    assert not result.error, result


@pytest.mark.fault(18)
async def test_ten_runs_make_one_call(kernel, jupyter):
    for _ in range(10):
        await start(kernel)
    async with Peer(jupyter, "cells", jupyter.ticket("cells")) as alice:
        assert await alice.call("which") == 1
        assert await kernel.value("calls") == [1]


async def test_sockets_already_connected_get_the_new_handlers(kernel, jupyter):
    await start(kernel, 1)
    async with Peer(jupyter, "cells", jupyter.ticket("cells")) as alice:
        assert await alice.next() == ("version", 1)
        assert await alice.call("which") == 1
        await start(kernel, 2)
        assert await alice.next() == ("version", 2), "the new connection handler ran for her"
        assert await alice.call("which") == 2
        assert await kernel.value("calls") == [1, 2]
        await kernel.run("1 + 1", cell="other")
        assert await alice.call("which") == 2


async def test_leftovers_go_when_the_cell_ends_well(kernel, jupyter):
    await start(kernel)
    two = "@io.on('one')\ndef one(s): return 1\n@io.on('two')\ndef two(s): return 2\n"
    await kernel.run(two, cell="handlers")
    async with Peer(jupyter, "cells", jupyter.ticket("cells")) as alice:
        await alice.next()
        assert await alice.call("two") == 2
        await kernel.run("@io.on('one')\ndef one(s): return 11\n", cell="handlers")
        assert await alice.call("one") == 11
        with pytest.raises(NoAnswer):
            await alice.call("two", timeout=0.3)


async def test_leftovers_stay_when_the_cell_fails(kernel, jupyter):
    await start(kernel)
    two = "@io.on('one')\ndef one(s): return 1\n@io.on('two')\ndef two(s): return 2\n"
    await kernel.run(two, cell="handlers")
    result = await kernel.run("@io.on('one')\ndef one(s): return 11\n1 / 0", cell="handlers")
    assert result.error == "ZeroDivisionError"
    async with Peer(jupyter, "cells", jupyter.ticket("cells")) as alice:
        await alice.next()
        assert await alice.call("one") == 11
        assert await alice.call("two") == 2


async def test_two_cells_may_both_listen(kernel, jupyter):
    await start(kernel)
    await kernel.run("seen = []\n@io.on('x')\ndef a(s, n): seen.append(('a', n))", cell="a")
    await kernel.run("@io.on('x')\ndef a(s, n): seen.append(('b', n))", cell="b")
    async with Peer(jupyter, "cells", jupyter.ticket("cells")) as alice:
        await alice.next()
        await alice.emit("x", 1)
        await alice.call("which")
        assert await kernel.value("seen") == [["a", 1], ["b", 1]]


async def test_without_a_cell_id_the_functions_name_is_the_key(kernel, jupyter):
    """As in nbclient, which sends none."""
    await kernel.run("io = nbsocket.Server('cells'); seen = []")
    for number in range(3):
        await kernel.run(f"@io.on('x')\ndef handler(s): seen.append({number})")
    async with Peer(jupyter, "cells", jupyter.ticket("cells")) as alice:
        await alice.call("x")
        await alice.call("x")
        assert await kernel.value("seen") == [2, 2]


async def test_clients_wait_until_the_cell_that_creates_the_server_has_ended(kernel, jupyter):
    code = (
        "import time\nio = nbsocket.Server('cells')\nprint('made', flush=True)\ntime.sleep(0.6)\n"
        "@io.on('connection')\ndef connected(socket):\n    socket.emit('late but there')\n"
    )
    request = await kernel.send(code, cell="server")
    await kernel.shows("server", "made")
    loop = asyncio.get_running_loop()
    ticket = await loop.run_in_executor(None, jupyter.ticket, "cells")
    async with Peer(jupyter, "cells", ticket) as alice:
        assert await alice.next() == ("late but there",)
    await kernel.result(request)


async def test_they_do_not_wait_for_a_cell_that_goes_on(kernel, jupyter):
    code = (
        "import time\nio = nbsocket.Server('cells')\n@io.on('connection')\ndef connected(socket):\n"
        "    socket.emit('there')\nprint('made', flush=True)\ntime.sleep(4)\nprint('end')"
    )
    request = await kernel.send(code, cell="server")
    await kernel.shows("server", "made")
    loop = asyncio.get_running_loop()
    ticket = await loop.run_in_executor(None, jupyter.ticket, "cells")
    async with Peer(jupyter, "cells", ticket) as alice:
        assert await alice.next() == ("there",)
        assert "end" not in kernel.shown["server"]
    await kernel.result(request)


async def test_the_server_is_the_same_when_created_again(kernel):
    await kernel.run("io = nbsocket.Server('cells')", cell="server")
    assert await kernel.value("nbsocket.Server('cells') is io")
    assert await kernel.value("nbsocket.Server('other') is not io")


async def test_a_bad_name_is_refused_in_words(kernel):
    for name in ("'Chat'", "''", "'a b'", "'x' * 65", "7", "'-a'"):
        result = await kernel.run(f"nbsocket.Server({name})")
        assert result.error == "ValueError"
        assert "channel name" in result.message
    assert (await kernel.run("nbsocket.Server('api')")).error == "ValueError"


async def test_once_off_and_registering_nonsense(kernel, jupyter):
    await start(kernel)
    await kernel.run(
        "seen = []\n"
        "io.once('x', lambda s: seen.append('once'))\n"
        "def always(s): seen.append('always')\n"
        "io.on('x', always)\n"
    )
    async with Peer(jupyter, "cells", jupyter.ticket("cells")) as alice:
        await alice.next()
        await alice.emit("x")
        await alice.emit("x")
        await alice.call("which")
        await kernel.run("io.off('x', always)")
        await alice.emit("x")
        await alice.call("which")
        assert await kernel.value("seen") == ["once", "always", "always"]
    assert (await kernel.run("@io.on\ndef f(s): pass")).error == "TypeError"
    assert (await kernel.run("io.on('x', 3)")).error == "TypeError"


async def test_a_handler_that_could_never_be_called_is_refused_at_once(kernel):
    await start(kernel)
    for code in (
        "@io.on('connection')\ndef c(): pass",
        "@io.on('x')\ndef c(): pass",
        "@io.on('connection')\ndef c(a, b): pass",
    ):
        result = await kernel.run(code)
        assert result.error == "TypeError"
        assert "def c(socket" in result.message
    fine = "io.on('x', print)\nio.on('connection', lambda s, extra=1: None)\nio.on('y', lambda *args: None)"
    assert (await kernel.run(fine)).error == ""


async def test_a_page_that_is_not_there_is_named_with_its_folder(kernel, jupyter):
    await start(kernel)
    result = await kernel.run("io.page('missing.html')")
    assert result.error == "FileNotFoundError"
    assert str(jupyter.root) in result.message


async def test_a_middleware_is_replaced_like_a_handler(kernel, jupyter):
    await start(kernel)
    for version in range(3):
        await kernel.run(
            f"asked = globals().get('asked', [])\n@io.use\ndef ask(socket):\n    asked.append({version})",
            cell="use",
        )
    async with Peer(jupyter, "cells", jupyter.ticket("cells")) as alice:
        await alice.next()
        assert await kernel.value("asked") == [2]
    await kernel.run("'no middleware any more'", cell="use")
    async with Peer(jupyter, "cells", jupyter.ticket("cells")) as alice:
        await alice.next()
        assert await kernel.value("asked") == [2]
