"""A kernel like the one inside a browser: no threads, no processes, no Tornado; run by ``test_page.py``.

Says ``ok`` for each thing that it tries, and ends with an error if one does not work.
"""

import asyncio
import json
import os
import re
import sys
import threading
import types
import typing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
import anywidget  # noqa: F401 - loads what asks for sys.platform
import ipywidgets  # noqa: F401 - likewise
import pytest
from IPython.core.interactiveshell import InteractiveShell
from support.waiting import until

for name in [one for one in sys.modules if one.partition(".")[0] in {"tornado", "zmq", "ipykernel"}]:
    del sys.modules[name]
for name in ("tornado", "zmq", "prometheus_client", "jupyter_server", "jupyter_core"):
    sys.modules[name] = None
# As Pyodide's kernel has it: a name and a version, for ipywidgets.
sys.modules["ipykernel"] = types.ModuleType("ipykernel")
sys.modules["ipykernel"].version_info = (6, 18, 0)
sys.platform = "emscripten"
del os.fork, os.register_at_fork


class BroadcastChannel:
    """The browser's, with one listener: the kernel."""

    open: typing.ClassVar = {}

    def __init__(self, name):
        self.open[name] = self

    new = classmethod(lambda cls, name: cls(name))

    def post(self, content, *buffers):
        buffers = [types.SimpleNamespace(to_bytes=lambda one=one: one) for one in buffers]
        data = types.SimpleNamespace(text=json.dumps(content), buffers=buffers)
        self.onmessage(types.SimpleNamespace(data=data))

    def close(self):
        self.open.clear()


class Proxy:
    def __init__(self, call):
        self.call = call

    def __call__(self, *args):
        return self.call(*args)

    def destroy(self):
        self.call = None


for name, things in {
    "js": {"BroadcastChannel": BroadcastChannel},
    "pyodide.ffi": {"create_proxy": Proxy, "can_run_sync": lambda: False},
}.items():
    sys.modules[name] = types.ModuleType(name)
    vars(sys.modules[name]).update(things)


def start(_thread):
    raise RuntimeError("can't start new thread")


threading.Thread.start = start

# What a browser lacks must be gone before.
from support.comm_page import CommPage  # noqa: E402

import nbsocket  # noqa: E402

SERVER = """
import nbsocket
io = nbsocket.Server("inside")
seen = []

@io.on("echo")
def echo(socket, *args):
    print("echo", args)
    return args

@io.on("slow")
async def slow(socket):
    return await socket.emit_with_ack("ask", 1)
"""


async def run(source):
    """Run a cell; return its value."""
    shell = InteractiveShell.instance()
    done = await shell.run_cell_async(
        source, store_history=False, transformed_cell=shell.transform_cell(source)
    )
    done.raise_error()
    return done.result


async def refused(source, *, because):
    """Run a cell that is refused."""
    with pytest.raises((nbsocket.NbSocketError, ValueError), match=re.escape(because)):
        await run(source)


async def handlers_answer(socket):
    await until(lambda: names["io"].sockets)
    names["socket"] = next(iter(names["io"].sockets.values()))
    socket.send('421["echo",1,"two"]')
    await until(lambda: '31[1,"two"]' in socket.events)
    data = bytes(range(256)) * 100
    socket.send('451-2["echo",{"_placeholder":true,"num":0}]', data)
    await until(lambda: data in socket.messages)


async def what_would_block_is_refused(_):
    await refused("io.wait_for('echo')", because="await io.next('echo')")
    await refused("socket.call('echo')", because="await emit_with_ack('echo', …)")
    await refused("list(io.events('echo'))", because="async for … in events('echo')")
    await refused("from nbsocket.testing import Client; Client(io)", because="%%client")


async def cells_await_answers_and_events(socket):
    asked = asyncio.create_task(run("answer = await socket.emit_with_ack('ask', 7)"))
    await until(lambda: any('["ask",7]' in one for one in socket.events))
    number = next(one for one in socket.events if '["ask",7]' in one)[1:].partition("[")[0]
    socket.send(f'43{number}["yes"]')
    await asked
    assert names["answer"] == "yes"
    waiting = asyncio.create_task(run("vote = await io.next('vote')"))
    await asyncio.sleep(0.05)
    socket.send('42["vote",3]')
    await waiting
    assert "3" in str(names["vote"])


async def many_events_arrive_in_order(socket):
    await run("for number in range(10_000): io.emit('number', number)")
    await until(lambda: '2["number",9999]' in socket.events)
    numbers = [one for one in socket.events if one.startswith('2["number"')]
    assert numbers == [f'2["number",{number}]' for number in range(10_000)]


async def a_flood_needs_pauses(_):
    await refused("while True: io.emit('flood', 'x' * 10_000)", because="await io.drain()")
    await run("for number in range(1000): await io.drain(); io.emit('flood', 'x' * 10_000)")
    assert (await run("io.stats()"))["clients"] == 1


async def there_are_views_and_no_addresses(_):
    await refused("io.ticket()", because="inside the browser")
    await refused("io.run()", because="nothing to run")
    for view in ("io.pane('alice')", "io.wire()", "nbsocket.client('io()', 'bob', 'inside')"):
        await run(f"shown = {view}")
        assert names["shown"].note == ""
    await run("shown = io.pane('dora')")
    pane = names["shown"]
    pane.send = lambda content, _buffers: told.append(content)
    told = []
    opening = {"opens": "engine.io", "query": {}}
    BroadcastChannel.open[pane.bypass].post(
        {"type": "stream", "id": "x", "start": 0, "received": 0, "limit": 1000, "open": opening}
    )
    await until(lambda: any(one.get("size") for one in told))
    pane.close()
    assert BroadcastChannel.open == {}
    await run("shown = io.duplex_bench()")
    assert "this kernel runs inside the browser" in names["shown"].note


async def a_cell_run_again_replaces_its_handlers(socket):
    await run(SERVER.replace('print("echo", args)', "seen.append(args)"))
    socket.send('429["echo",9]')
    await until(lambda: names["seen"] == [(9,)])
    await run("io.close()")
    await until(lambda: socket.ended is not None)
    assert threading.active_count() == 1


async def main():
    sys.modules["pyodide_kernel"] = types.ModuleType("pyodide_kernel")
    await run(SERVER)
    page = CommPage(names["io"].channel.carrier, names["io"].name)
    socket = page.open()
    socket.send("40")
    for step in (
        handlers_answer,
        what_would_block_is_refused,
        cells_await_answers_and_events,
        many_events_arrive_in_order,
        a_flood_needs_pauses,
        there_are_views_and_no_addresses,
        a_cell_run_again_replaces_its_handlers,
    ):
        await step(socket)
        sys.stdout.write(f"ok: {step.__name__}\n")


names = InteractiveShell.instance().user_ns
asyncio.run(main())
