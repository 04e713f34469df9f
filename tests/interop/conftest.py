"""One kernel for all clients, and the matrix of what works with which."""

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

_cells = pytest.StashKey[dict]()
_running = {}


def pytest_configure(config):
    config.addinivalue_line("markers", "capability(name): one column of the interop matrix")
    config.stash[_cells] = {}


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    mark = item.get_closest_marker("capability")
    params = getattr(getattr(item, "callspec", None), "params", {})
    if mark is None or not (report.when == "call" or report.outcome != "passed"):
        return
    client = params.get("kind", "npm socket.io-client")
    row = item.config.stash[_cells].setdefault((client, params["transports"]), {})
    row.setdefault(mark.args[0], []).append(report.outcome)


def pytest_terminal_summary(terminalreporter, config):
    cells = config.stash[_cells]
    if not cells:
        return
    columns = list(dict.fromkeys(name for row in cells.values() for name in row))
    terminalreporter.section("clients and what works with them")
    head = f"{'client':22} {'transport':18} " + " ".join(f"{name:>12}" for name in columns)
    terminalreporter.write_line(head)
    for (client, transports), row in sorted(cells.items()):
        shown = [_word(row.get(name)) for name in columns]
        way = "upgrade" if "," in transports else transports
        terminalreporter.write_line(f"{client:22} {way:18} " + " ".join(f"{word:>12}" for word in shown))
    terminalreporter.write_line("(-: the client has no such thing)")


def _word(outcomes):
    if not outcomes:
        return "-"
    return "yes" if set(outcomes) == {"passed"} else "NO"


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
