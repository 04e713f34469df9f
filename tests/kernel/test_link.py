"""The link in the life of kernels: restart, exit, kill, cut, fork, and servers that cannot be found."""

import asyncio
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from support.jupyter import JupyterProcess, Kernel
from support.peers import Peer

SERVER = """
import nbsocket
io = nbsocket.Server("link")
@io.on("echo")
def echo(socket, value):
    return value
"""


async def start(kernel):
    result = await kernel.run(SERVER, cell="server")
    assert not result.error, result


def status(jupyter, ticket):
    path = f"nbsocket/link/socket.io/?EIO=4&transport=polling&join_token={ticket}"
    return jupyter.get(path.replace("nbsocket/link/", "nbsocket/life/"))[0]


async def start_life(kernel):
    result = await kernel.run(SERVER.replace('"link"', '"life"'), cell="server")
    assert not result.error, result


async def in_thread(call, *args):
    return await asyncio.get_running_loop().run_in_executor(None, call, *args)


@pytest.mark.fault(15)
async def test_a_restart_closes_transports_and_the_same_ticket_holds_afterwards(kernel, jupyter):
    await start_life(kernel)
    ticket = await in_thread(jupyter.ticket, "life")
    async with Peer(jupyter, "life", ticket) as alice:
        assert await alice.call("echo", 1) == 1
        await kernel.restart()
        await asyncio.wait_for(alice.disconnected.wait(), 10)
    assert await in_thread(status, jupyter, ticket) == 503
    await start_life(kernel)
    async with Peer(jupyter, "life", ticket) as alice:
        assert await alice.call("echo", 2) == 2


async def test_a_killed_kernel_is_noticed_at_once(kernel, jupyter):
    await start_life(kernel)
    ticket = await in_thread(jupyter.ticket, "life")
    async with Peer(jupyter, "life", ticket) as alice:
        pid = await kernel.value("__import__('os').getpid()")
        os.kill(pid, 9)
        await asyncio.wait_for(alice.disconnected.wait(), 3)
    assert await in_thread(status, jupyter, ticket) == 503


async def test_a_cut_link_is_resumed_and_nobody_notices(kernel, jupyter):
    await start_life(kernel)
    await kernel.run(
        "from nbsocket.notebook.process import process\nimport threading, time\n"
        "def cut():\n"
        "    c = process().carrier\n"
        "    def close():\n"
        "        if c._connection is not None: c._connection.protocol.stream.close()\n"
        "    for _ in range(10):\n"
        "        time.sleep(0.1)\n"
        "        c._loop.call_soon_threadsafe(close)\n"
    )
    ticket = await in_thread(jupyter.ticket, "life")
    async with Peer(jupyter, "life", ticket) as alice:
        request = await kernel.send(
            "t = threading.Thread(target=cut); t.start()\n"
            "for n in range(3000):\n    io.emit('n', n)\n    time.sleep(0.0005)\n"
            "t.join()"
        )
        got = [(await alice.next())[1] for _ in range(3000)]
        assert got == list(range(3000))
        await kernel.result(request)
        assert [await alice.call("echo", n) for n in range(20)] == list(range(20))
        assert not alice.disconnected.is_set()


@pytest.mark.fault(32)
async def test_a_fork_leaves_the_link_alone(kernel, jupyter):
    await start_life(kernel)
    ticket = await in_thread(jupyter.ticket, "life")
    async with Peer(jupyter, "life", ticket) as alice:
        result = await kernel.run(
            "import os, warnings\nwarnings.simplefilter('ignore')\n"
            "pid = os.fork()\nif pid == 0:\n    os._exit(0)\nprint(os.waitpid(pid, 0)[1])"
        )
        assert result.text.strip() == "0"
        assert [await alice.call("echo", n) for n in range(5)] == list(range(5))
        assert not alice.disconnected.is_set()


async def test_interrupts_leave_handlers_alone(kernel, jupyter):
    await start_life(kernel)
    ticket = await in_thread(jupyter.ticket, "life")
    async with Peer(jupyter, "life", ticket) as alice:
        for number in range(5):
            request = await kernel.send("import time; print('in', flush=True); time.sleep(30)")
            await until_running(kernel, request)
            await kernel.api("interrupt")
            assert (await kernel.result(request)).error == "KeyboardInterrupt"
            assert await alice.call("echo", number) == number
        request = await kernel.send("print('in', flush=True); io.wait_for('never', timeout=30)")
        await until_running(kernel, request)
        await kernel.api("interrupt")
        assert (await kernel.result(request)).error == "KeyboardInterrupt"


async def until_running(kernel, request):
    await kernel.shows(kernel._cells[request], "in")


@pytest.mark.fault(18)
async def test_a_channel_of_another_notebook_is_not_taken_unless_asked(kernel, jupyter):
    await start_life(kernel)
    async with Kernel(jupyter) as other:
        refused = await other.run("import nbsocket; nbsocket.Server('life')")
        assert refused.error == "ChannelInUse"
        assert "takeover=True" in refused.message
        await other.run("io = nbsocket.Server('life', takeover=True)")
        await kernel.shows("server", "was taken over")
        back = await kernel.run("nbsocket.Server('life')")
        assert back.error == "ChannelInUse"


async def test_a_closed_server_gives_its_name_back(kernel, jupyter):
    await start_life(kernel)
    await kernel.run("io.close()")
    async with Kernel(jupyter) as other:
        assert (await other.run("import nbsocket; io = nbsocket.Server('life')")).error == ""


async def test_a_kernel_ends_quickly_and_quietly(kernel, jupyter):
    await start_life(kernel)
    before = jupyter.log.read_text()
    await kernel.restart()
    await start_life(kernel)
    said = jupyter.log.read_text()[len(before) :]
    assert "Traceback" not in said
    assert "Task was destroyed" not in said


async def test_the_default_name_comes_from_notebook_and_kernel(jupyter):
    made = await in_thread(
        jupyter.api,
        "api/sessions",
        "POST",
        {
            "path": "My Lecture (2).ipynb",
            "name": "My Lecture (2).ipynb",
            "type": "notebook",
            "kernel": {"name": "python3"},
        },
    )
    async with Kernel(jupyter, made["kernel"]["id"]) as one:
        name = (await one.run("import nbsocket; io = nbsocket.Server(); print(io.name)")).text
        assert name.strip() == f"my-lecture-2-{one.id[:4]}"


def run_kernel_elsewhere(tmp_path: Path, environment: dict[str, str]) -> str:
    """Run a cell by nbclient, so without a Jupyter server of its own; return what it raised."""
    script = tmp_path / "run.py"
    script.write_text(
        textwrap.dedent("""
        import nbformat
        from nbclient import NotebookClient
        nb = nbformat.v4.new_notebook()
        code = '''
        import time; began = time.monotonic()
        import nbsocket
        try:
            nbsocket.Server("chat")
        except nbsocket.NbSocketError as error:
            print(type(error).__name__, error, "TOOK", round(time.monotonic() - began, 1))
        '''
        nb.cells.append(nbformat.v4.new_code_cell(__import__("textwrap").dedent(code)))
        NotebookClient(nb).execute()
        print(nb.cells[0].outputs[0]["text"])
        """)
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def took(said: str) -> float:
    return float(said.split("TOOK")[1])


@pytest.mark.fault(22)
def test_a_server_that_is_gone_is_named(tmp_path):
    said = run_kernel_elsewhere(tmp_path, {"NBSOCKET_URL": "http://127.0.0.1:9/"})
    assert said.startswith("NoServerError")
    assert "http://127.0.0.1:9/" in said
    assert took(said) < 3.5


@pytest.fixture(scope="module")
def without_extension(tmp_path_factory):
    options = ("--ServerApp.jpserver_extensions=nbsocket=False",)
    with JupyterProcess(tmp_path_factory.mktemp("bare"), options=options) as process:
        yield process


@pytest.mark.fault(22)
def test_a_server_without_the_extension_is_named(tmp_path, without_extension):
    said = run_kernel_elsewhere(tmp_path, {"NBSOCKET_URL": without_extension.url})
    assert said.startswith("ExtensionNotLoadedError")
    assert "pip install nbsocket" in said
    assert took(said) < 3.5


@pytest.mark.fault(22)
async def test_a_kernel_of_a_server_without_the_extension_says_what_to_do(without_extension):
    async with Kernel(without_extension) as one:
        result = await one.run("import nbsocket; nbsocket.Server('chat')")
        assert result.error == "ExtensionNotLoadedError"
        assert "pip install nbsocket" in result.message


@pytest.mark.fault(22)
async def test_another_version_is_named(kernel):
    result = await kernel.run(
        "import nbsocket.carriers.link_handshake as c\nc.LINK_PROTOCOL = (7, 9)\nnbsocket.Server('x')"
    )
    assert result.error == "VersionMismatchError"
    assert "Install the same version" in result.message


@pytest.mark.threat(25)
async def test_the_environment_of_child_processes_holds_no_secret(kernel, jupyter):
    await start_life(kernel)
    key = await kernel.value(
        "__import__('ipykernel.kernelapp').kernelapp.IPKernelApp.instance().session.key.decode()"
    )
    ticket = await kernel.value("io.ticket().value")
    text = (await kernel.run("import os; print(dict(os.environ))")).text
    assert "NBSOCKET_URL" in text
    assert key not in text
    assert ticket not in text
