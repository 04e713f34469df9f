"""One kernel for all clients."""

from __future__ import annotations

import pytest
from support.jupyter import Kernel

SERVER = """
import nbsocket
io = nbsocket.Server("interop")
recovering = nbsocket.Server("recovering", recovery=True)
reasons = []

def connected(socket):
    socket.emit("welcome", {"text": "hi", "bytes": b"\\x01\\x02"})

    @socket.on("mirror")
    def mirror(*args):
        socket.emit("mirrored", *args)
        return args

    @socket.on("enter")
    def enter(room):
        socket.join(room)
        return "entered"

    @socket.on("disconnect")
    def gone(reason):
        reasons.append(reason)

for one in (io, io.of("/custom"), recovering):
    one.on("connection", connected)
"""

_running = {}


@pytest.fixture
def server(jupyter, jp_asyncio_loop):
    """The kernel that serves all of them."""

    def wait(coroutine):
        return jp_asyncio_loop.run_until_complete(coroutine)

    kernel = Kernel(jupyter, _running.get("id"))
    if not _running:
        wait(kernel.__aenter__())
        result = wait(kernel.run(SERVER))
        assert not result.error, result
        _running["id"] = kernel.id
    else:
        wait(kernel.connect())
    wait(kernel.run("reasons.clear()"))
    yield kernel
    wait(kernel.run("io.disconnect_sockets(close=True)"))
    kernel._socket.close()
