"""Clients that are not ours: the stock npm client and python-socketio's, over every transport."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest
from support.peers import Peer

SERVER = """
io = nbsocket.Server("interop")

@io.on("connection")
def connected(socket):
    socket.emit("welcome", {"text": "hi", "bytes": b"\\x01\\x02"})

    @socket.on("mirror")
    def mirror(*args):
        socket.emit("mirrored", *args)
        return args

    @socket.on("ask me")
    def ask_me():
        return "asked"
"""

TRANSPORTS = ["websocket", "polling", "polling,websocket"]


class NodeClient:
    """The npm client in a Node process."""

    def __init__(self, jupyter, ticket, transports):
        origin = jupyter.url.removesuffix(jupyter.base_url)
        path = f"{jupyter.base_url}nbsocket/interop/socket.io/"
        node = shutil.which("node")
        assert node, "the npm client needs Node.js"
        self._command = [
            node,
            str(Path(__file__).with_name("client.mjs")),
            origin,
            path,
            ticket,
            transports,
        ]

    async def __aenter__(self):
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        return self

    async def __aexit__(self, *_):
        await self.do("end")
        await asyncio.wait_for(self._process.wait(), 10)

    async def do(self, command, *args):
        self._process.stdin.write(json.dumps({"command": command, "args": args}).encode() + b"\n")
        await self._process.stdin.drain()

    async def next(self, kind, timeout=10):
        """Return the next line of this kind; others before it are passed over."""
        while True:
            line = await asyncio.wait_for(self._process.stdout.readline(), timeout)
            assert line, "the client ended"
            said = json.loads(line)
            if said["kind"] == kind:
                return said["detail"]


@pytest.fixture
def server(kernel, jp_asyncio_loop):
    result = jp_asyncio_loop.run_until_complete(kernel.run(SERVER, cell="server"))
    assert not result.error, result
    return kernel


@pytest.mark.parametrize("transports", TRANSPORTS)
async def test_the_npm_client_exchanges_events_answers_and_bytes(server, jupyter, transports):
    ticket = jupyter.ticket("interop")
    async with NodeClient(jupyter, ticket, transports) as client:
        await client.next("connect")
        welcome = {"text": "hi", "bytes": {"bytes": "0102"}}
        assert await client.next("event") == ["welcome", welcome]
        args = [1, "ü😀", {"deep": [{"bytes": "00ff10"}]}, None]
        await client.do("emit", "mirror", *args)
        assert await client.next("event") == ["mirrored", *args]
        await client.do("call", "ask me")
        assert await client.next("answer") == "asked"
        asked = await server.run("list(io.sockets.values())[0].call('tell me', b'\\x07', timeout=5)")
        assert asked.text == "('answer', b'\\x07')"
        await server.run("for n in range(500): io.emit('n', n)")
        got = []
        while len(got) < 500:
            event = await client.next("event")
            if event[0] == "n":
                got.append(event[1])
        assert got == list(range(500))
        await client.do("transport")
        assert await client.next("transport") == transports.split(",")[-1]
        await server.run("io.disconnect_sockets()")
        assert await client.next("disconnect") == "io server disconnect"


async def test_the_npm_client_comes_back_by_itself_after_a_restart(server, jupyter):
    ticket = jupyter.ticket("interop")
    async with NodeClient(jupyter, ticket, "polling,websocket") as client:
        await client.next("event")
        await server.restart()
        assert await client.next("disconnect") == "transport close"
        await client.next("connect_error")
        await server.run("import nbsocket\n" + SERVER, cell="server")
        await client.next("connect", timeout=10)
        assert (await client.next("event"))[0] == "welcome"


@pytest.mark.parametrize("transports", TRANSPORTS[:2])
async def test_the_npm_client_is_refused_without_a_ticket(server, jupyter, transports):
    async with NodeClient(jupyter, "-", transports) as client:
        assert "error" in await client.next("connect_error")


@pytest.mark.parametrize("transports", TRANSPORTS)
async def test_python_socketio_exchanges_events_answers_and_bytes(server, jupyter, transports):
    ticket = jupyter.ticket("interop")
    names = tuple(transports.split(","))
    async with Peer(jupyter, "interop", ticket, names) as client:
        assert await client.next() == ("welcome", {"text": "hi", "bytes": b"\x01\x02"})
        args = [1, "ü😀", {"deep": [b"\x00\xff\x10"]}, None]
        await client.emit("mirror", *args)
        assert await client.next() == ("mirrored", *args)
        assert await client.call("mirror", b"\x01", "two") == (b"\x01", "two")
        await client.next()
        client.answers["tell me"] = lambda data: ("answer", data)
        asked = await server.run("list(io.sockets.values())[0].call('tell me', b'\\x07', timeout=5)")
        assert asked.text == "('answer', b'\\x07')"
        assert client.client.transport() == names[-1]
