"""A real Jupyter server with a quick heartbeat, and a real kernel."""

from __future__ import annotations

import pytest
from support.jupyter import JupyterProcess, Kernel
from support.wire import Wire

TIMING = (
    "--NbSocketApp.ping_interval=0.6",
    "--NbSocketApp.ping_timeout=0.4",
    "--NbSocketApp.connect_timeout=1",
)
SERVER = """
import asyncio, nbsocket
io = nbsocket.Server("conformance")
reasons = {}

def connected(socket):
    socket.emit("auth", socket.handshake.auth)

    @socket.on("message")
    def message(*args):
        socket.emit("message-back", *args)

    @socket.on("message-with-ack")
    def with_ack(*args):
        return args

    @socket.on("leave")
    def leave():
        socket.disconnect()

    @socket.on("ask")
    async def ask():
        socket.emit("answered", await socket.emit_with_ack("question", "?"))

    @socket.on("disconnect")
    def gone(reason):
        reasons[socket.id] = reason

io.on("connection", connected)
io.of("/custom").on("connection", connected)
"""


@pytest.fixture(scope="session")
def quick_jupyter(tmp_path_factory):
    """A Jupyter server whose clients are pinged every 0.6 s."""
    root = tmp_path_factory.mktemp("conformance")
    with JupyterProcess(root, base_url="/a%40b/", options=TIMING) as process:
        yield process


_running = {}


@pytest.fixture
def wire(quick_jupyter, jp_asyncio_loop):
    """The wire of a bare client of the channel ``conformance``; its kernel serves all tests."""
    if not _running:
        kernel = Kernel(quick_jupyter)
        jp_asyncio_loop.run_until_complete(kernel.__aenter__())
        result = jp_asyncio_loop.run_until_complete(kernel.run(SERVER))
        assert not result.error, result
        kernel._socket.close()
        _running["id"] = kernel.id
    return Wire(quick_jupyter, "conformance", quick_jupyter.ticket("conformance"))


@pytest.fixture
def conformance_kernel(wire, quick_jupyter, jp_asyncio_loop):
    """The kernel that serves."""
    kernel = Kernel(quick_jupyter, _running["id"])
    jp_asyncio_loop.run_until_complete(kernel.connect())
    yield kernel
    kernel._socket.close()
