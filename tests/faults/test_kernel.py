"""What happens to kernels: held, interrupted, killed, forked, ended; and to their server."""

import asyncio
import os
import random
import signal
import time

import pytest
from faults.conftest import EXTENSIONS, PROBE, SOAK
from support.crowd import Member, crowd, percentile
from support.jupyter import JupyterProcess, Kernel
from support.waiting import until

HELD_S = 30 if SOAK else 4
QUICK = ("--NbSocketApp.ping_interval=1", "--NbSocketApp.ping_timeout=1.5")
SERVER = """
import nbsocket, os, time
io = nbsocket.Server("kernels")
got, gone = [], []

@io.on("up")
def up(socket, number, *_):
    got.append(number)

@io.on("disconnect")
def left(socket, why):
    gone.append(why)
"""


@pytest.fixture(scope="module")
def quick_jupyter(tmp_path_factory):
    """A server whose clients are pinged every second."""
    with JupyterProcess(tmp_path_factory.mktemp("quick"), options=QUICK) as process:
        yield process


@pytest.fixture
def serving(quick_jupyter, jp_asyncio_loop):
    kernel = Kernel(quick_jupyter)
    jp_asyncio_loop.run_until_complete(kernel.__aenter__())
    result = jp_asyncio_loop.run_until_complete(kernel.run(SERVER, cell="server"))
    assert not result.error, result
    yield kernel
    jp_asyncio_loop.run_until_complete(kernel.__aexit__())


@pytest.fixture
def owner(serving, quick_jupyter):
    return quick_jupyter.ticket("kernels", "owner")


@pytest.mark.fault(13)
@pytest.mark.timeout(240)
async def test_clients_outlast_a_kernel_whose_lock_is_held(serving, quick_jupyter, owner, figure):
    """More arrives than the link may hold: reading stops, nothing is refused, all comes in order after."""
    members = await crowd(quick_jupyter, "kernels", owner, 20)
    request = await serving.send(
        f"import ctypes; print('held', flush=True); time.sleep(0.2); ctypes.PyDLL(None).sleep({HELD_S})"
    )
    await serving.shows(serving._cells[request], "held")
    await asyncio.sleep(0.3)
    count = 12_000
    filling = "x" * 1000
    members[0].send(*[f'42["up",{number},"{filling}"]' for number in range(count)])
    assert not (await serving.result(request, HELD_S + 20)).error
    await serving.becomes("len(got)", count, 60)
    assert await serving.value("got") == list(range(count))
    assert await serving.value("gone") == []
    assert not any(member.closed.is_set() for member in members)
    figure(
        f"held {HELD_S} s, 12 MB sent meanwhile: 0 of 20 clients disconnected, {count:,} events in order, 0 lost"
    )
    for member in members:
        member.leave()


@pytest.mark.fault(14)
async def test_a_storm_of_interrupts_during_traffic(serving, quick_jupyter, owner, figure):
    member = await Member.come(quick_jupyter, "kernels", owner)
    pid = await serving.value("os.getpid()")
    request = await serving.send("try:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    pass")
    sent = 0
    for _ in range(20):
        for _ in range(100):
            member.send(f'42["up",{sent}]')
            sent += 1
        os.kill(pid, signal.SIGINT)
        await asyncio.sleep(0.02)
    await serving.result(request, 60)
    await serving.becomes("len(got)", sent, 60)
    assert await serving.value("got") == list(range(sent))
    assert await serving.value("gone") == []
    figure(f"20 interrupts, {sent} events: 0 lost, 0 disconnects")
    member.leave()


@pytest.mark.fault(16)
@pytest.mark.parametrize("child", ["without a child", "with a forked child"])
async def test_a_killed_kernel_is_noticed_within_a_second(serving, quick_jupyter, owner, figure, child):
    fork = "pid = os.fork()\nif pid == 0:\n    time.sleep(20)\n    os._exit(0)\n"
    if child == "with a forked child":
        assert not (await serving.run(f"import warnings; warnings.simplefilter('ignore')\n{fork}")).error
    members = await crowd(quick_jupyter, "kernels", owner, 20)
    pid = await serving.value("os.getpid()")
    began = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    await asyncio.wait_for(asyncio.gather(*[member.closed.wait() for member in members]), 10)
    took = time.monotonic() - began
    with pytest.raises(ConnectionError, match="503"):
        await Member.come(quick_jupyter, "kernels", owner)
    figure(f"{child}: 20 transports closed {took:.2f} s after the kill, then 503")
    assert took < (1 if SOAK else 5)


@pytest.mark.fault(32)
@pytest.mark.timeout(180)
async def test_pools_of_processes_during_traffic(serving, quick_jupyter, owner, figure):
    member = await Member.come(quick_jupyter, "kernels", owner)
    pools = (
        "import multiprocessing, warnings; warnings.simplefilter('ignore')\n"
        "for how in ('fork', 'spawn'):\n"
        "    with multiprocessing.get_context(how).Pool(4) as pool:\n"
        "        assert pool.map(abs, range(-500, 0)) == list(range(500, 0, -1))\n"
    )
    request = await serving.send(pools)
    sent = 0
    reply = asyncio.ensure_future(serving.result(request, 120))
    while not reply.done():
        member.send(f'42["up",{sent}]')
        sent += 1
        await asyncio.sleep(0.002)
    assert not (await reply).error
    await serving.becomes("len(got)", sent, 60)
    assert await serving.value("got") == list(range(sent))
    assert await serving.value("gone") == []
    figure(f"fork and spawn, 4 processes each: {sent} events, 0 lost")
    member.leave()


@pytest.mark.fault(33)
@pytest.mark.timeout(120)
async def test_a_kernel_ends_at_once_and_says_nothing(tmp_path, figure):
    environment = {"PYTHONWARNINGS": "always::ResourceWarning"}
    loop = asyncio.get_running_loop()
    codes = {
        "bare": "import time",
        "leaking": "import builtins, os; builtins.leaked = open(os.devnull)",
        "serving": SERVER,
    }
    took, said = {}, {}
    with JupyterProcess(tmp_path, environment=environment) as jupyter:
        for name, code in codes.items():
            kernel = Kernel(jupyter)
            await kernel.__aenter__()
            # What a kernel says at its very end reaches no log.
            file = tmp_path / f"{name}.txt"
            into_file = f"import sys; sys.stderr = sys.__stderr__ = open({str(file)!r}, 'w', buffering=1)"
            assert not (await kernel.run(f"{into_file}\n{code}")).error
            if name == "serving":
                ticket = await loop.run_in_executor(None, jupyter.ticket, "kernels", "owner")
                await crowd(jupyter, "kernels", ticket, 20)
            began = time.monotonic()
            await kernel.__aexit__()
            took[name] = time.monotonic() - began
            said[name] = file.read_text()
        assert "Task was destroyed" not in jupyter.log.read_text()
    assert "ResourceWarning: unclosed file" in said["leaking"], "what is left open is told"
    assert (said["bare"], said["serving"]) == ("", "")
    figure(
        f"shut down in {took['bare']:.2f} s without nbsocket, in {took['serving']:.2f} s with 20 clients; 0 warnings"
    )
    assert took["serving"] - took["bare"] < (0.5 if SOAK else 2)


@pytest.mark.fault(20)
@pytest.mark.timeout(180)
async def test_all_come_back_at_once(serving, quick_jupyter, owner, figure):
    count = 1000 if SOAK else 200
    members = await crowd(quick_jupyter, "kernels", owner, count)
    for member in members:
        member.leave()
    took, tries, chance = [], [], random.Random(20)

    async def come_back():
        began = time.monotonic()
        while True:
            try:
                member = await Member.come(quick_jupyter, "kernels", owner)
            except (TimeoutError, ConnectionError):
                # More than fit into the port's queue are turned away by the system; clients try again.
                tries.append(1)
                await asyncio.sleep(0.2 + chance.random() * 0.3)
            else:
                took.append(time.monotonic() - began)
                return member

    members = await asyncio.gather(*[come_back() for _ in range(count)])
    await serving.becomes("len(io.sockets)", count, 60)
    assert await serving.value("len(gone)") == count, "each left once"
    figure(
        f"{count} at once: p50 {percentile(took, 50):.2f} s, p99 {percentile(took, 99):.2f} s until connected again, {len(tries)} tries turned away"
    )
    assert percentile(took, 99) < (6 if SOAK else 20)
    for member in members:
        member.leave()


@pytest.mark.fault(21)
@pytest.mark.timeout(120)
async def test_another_extension_that_blocks_the_server(tmp_path, figure):
    """Longer than a ping takes to time out: nobody is blamed for what nobody read."""
    blocked = 5
    loop = asyncio.get_running_loop()
    environment = {"PYTHONPATH": str(EXTENSIONS)}
    with JupyterProcess(tmp_path, options=(*QUICK, PROBE), environment=environment) as jupyter:
        async with Kernel(jupyter) as kernel:
            assert not (await kernel.run(SERVER)).error
            ticket = await loop.run_in_executor(None, jupyter.ticket, "kernels", "owner")
            members = await crowd(jupyter, "kernels", ticket, 50)
            for turn in range(1, 3):
                block = loop.run_in_executor(None, jupyter.api, f"probe?block={blocked}")
                await asyncio.sleep(0.2)
                for number, member in enumerate(members):
                    member.send(f'42["up",{number}]')
                await block
                await kernel.becomes("len(got)", 50 * turn)
            pings = [member.pings for member in members]
            await until(lambda: all(now.pings >= n + 2 for now, n in zip(members, pings, strict=True)), 10)
            assert await kernel.value("gone") == []
            assert not any(member.closed.is_set() for member in members)
    figure(f"blocked {blocked} s twice, ping time-out 1.5 s: 0 of 50 disconnected, 0 lost")


@pytest.mark.threat(25)
async def test_a_forked_child_has_no_socket_of_the_link(serving, quick_jupyter, owner):
    code = (
        "def sockets():\n"
        "    links = [os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{n}')]\n"
        "    return {one for one in links if one.startswith('socket')}\n"
        "from nbsocket.notebook.process import process\n"
        "mine = os.readlink(f'/proc/self/fd/{process().carrier._connection.protocol.stream.socket.fileno()}')\n"
        "r, w = os.pipe()\n"
        "import warnings; warnings.simplefilter('ignore')\n"
        "if os.fork() == 0:\n"
        "    os.write(w, b'inherited' if mine in sockets() else b'closed'); os._exit(0)\n"
        "print(mine in sockets(), os.read(r, 100))"
    )
    result = await serving.run(code)
    assert result.text.strip() == "True b'closed'", result
    spawned = await serving.run(
        "import subprocess, sys; print(subprocess.run([sys.executable, '-c', "
        "\"import os; print([n for n in os.listdir('/proc/self/fd') if int(n) > 3])\"], capture_output=True, text=True).stdout)"
    )
    assert spawned.text.strip() == "[]"
