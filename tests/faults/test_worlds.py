"""Servers as people run them: behind TLS, on a socket, on another port, behind a proxy, restarted, culled, cramped."""

import asyncio
import contextlib
import json
import signal
import socket
import ssl
import time
from types import SimpleNamespace

import pytest
import trustme
from support.crowd import Member
from support.jupyter import TOKEN, JupyterProcess, Kernel, free_port
from support.nginx import UPGRADE, nginx
from support.peers import Peer
from support.processes import is_running
from support.waiting import until
from support.wire import Wire
from tornado.httpclient import AsyncHTTPClient

SERVER = """
import nbsocket, os
io = nbsocket.Server("worlds")

@io.on("echo")
def echo(socket, value):
    return value
"""


async def serve(kernel):
    result = await kernel.run(SERVER)
    assert not result.error, result


# --- addresses ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificate")
    authority = trustme.CA()
    made = authority.issue_cert("localhost", "127.0.0.1")
    made.private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    authority.cert_pem.write_to_path(folder / "authority.pem")
    return folder


@pytest.mark.fault(25)
async def test_the_link_comes_up_behind_a_self_signed_certificate(tmp_path, certificate):
    options = (f"--ServerApp.certfile={certificate}/server.pem",)
    context = ssl.create_default_context(cafile=str(certificate / "authority.pem"))
    with JupyterProcess(tmp_path, options=options, base_url="/a%40b/", ssl_context=context) as jupyter:
        async with Kernel(jupyter) as kernel:
            await serve(kernel)
            assert (await kernel.value("os.environ['NBSOCKET_URL']")).startswith("https://127.0.0.1:")
            loop = asyncio.get_running_loop()
            ticket = await loop.run_in_executor(None, jupyter.ticket, "worlds")
            query = f"EIO=4&transport=polling&join_token={ticket}"
            answer = await AsyncHTTPClient().fetch(
                f"{jupyter.url}nbsocket/worlds/socket.io/?{query}", ssl_options=context
            )
            assert answer.body.startswith(b"0{")


@pytest.mark.fault(25)
async def test_the_link_comes_up_over_ipv6(tmp_path):
    if not socket.has_ipv6 or not _has_ipv6_loopback():
        pytest.skip("this machine has no IPv6 loopback address")
    with JupyterProcess(tmp_path, host="::1") as jupyter:
        async with Kernel(jupyter) as kernel:
            await serve(kernel)
            assert (await kernel.value("os.environ['NBSOCKET_URL']")).startswith("http://[::1]:")


def _has_ipv6_loopback():
    with contextlib.closing(socket.socket(socket.AF_INET6)) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
        return True


@pytest.mark.fault(25)
async def test_the_link_comes_up_over_a_unix_socket(tmp_path):
    """Jupyter then has no port at all; a second one for classes still works."""
    path = tmp_path / "jupyter.sock"
    port = free_port()
    options = (f"--ServerApp.sock={path}", f"--NbSocketApp.public_listen=127.0.0.1:{port}")
    with JupyterProcess(tmp_path, options=options, unix_socket=path) as jupyter:
        async with Kernel(jupyter) as kernel:
            await serve(kernel)
            assert (await kernel.value("os.environ['NBSOCKET_URL']")).startswith("http+unix://%2F")
            ticket = await kernel.value("io.ticket().value")
            outside = SimpleNamespace(url=f"http://127.0.0.1:{port}/", base_url="/", port=port)
            async with Peer(outside, "worlds", ticket) as peer:
                assert await peer.call("echo", 1) == 1


@pytest.mark.fault(25)
async def test_every_address_counts_as_this_machine(tmp_path):
    with JupyterProcess(tmp_path, host="0.0.0.0") as jupyter:
        async with Kernel(jupyter) as kernel:
            await serve(kernel)
            assert (await kernel.value("os.environ['NBSOCKET_URL']")).startswith("http://127.0.0.1:")


@pytest.mark.threat(4)
@pytest.mark.fault(22, 25)
async def test_a_stranger_on_the_configured_port_gets_no_secret(tmp_path, figure):
    """Jupyter moves to the next port; whoever listens on the first one hears nothing of use."""
    heard = []

    async def listen(reader, writer):
        heard.append(await reader.read(65536))
        writer.close()

    rogue = await asyncio.start_server(listen, "127.0.0.1", 0)
    taken = rogue.sockets[0].getsockname()[1]
    with JupyterProcess(tmp_path, port=taken, retries=True) as jupyter:
        assert jupyter.port != taken
        async with Kernel(jupyter) as kernel:
            await serve(kernel)
            key = await kernel.value(
                "__import__('ipykernel.kernelapp').kernelapp.IPKernelApp.instance().session.key.decode()"
            )
            # A kernel that is sent to the wrong place: an old hint, a stale info file.
            wrong = f"http://127.0.0.1:{taken}/"
            before = len(heard)
            await kernel.run(
                f"io.close(); os.environ['NBSOCKET_URL'] = {wrong!r}; os.environ.pop('JPY_PARENT_PID')"
            )
            other = await kernel.run(
                "from nbsocket.notebook.process import process\nprocess().carrier.close()\n"
                "import nbsocket.notebook.process as module\nmodule._current = None\nnbsocket.Server('worlds')"
            )
            assert other.error == "NoServerError"
            assert wrong in other.message
    rogue.close()
    said = b"".join(heard[before:])
    assert b"nbsocket/link" in said
    assert key.encode() not in said
    assert TOKEN.encode() not in said
    figure(f"a stranger on the port heard {len(said)} bytes: no key, no token")


# --- restarts and cullers -------------------------------------------------------------------


@pytest.mark.fault(19)
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_a_server_that_restarts_finds_its_channels_again(tmp_path, how, figure):
    """The kernel dies with it. A ticket of the earlier kernel opens nothing; one of the new kernel does."""
    loop = asyncio.get_running_loop()
    with JupyterProcess(tmp_path) as jupyter:
        kernel = Kernel(jupyter)
        await kernel.__aenter__()
        await serve(kernel)
        pid = await kernel.value("os.getpid()")
        ticket = await loop.run_in_executor(None, jupyter.ticket, "worlds")
        member = await Member.come(jupyter, "worlds", ticket)
        jupyter.process.send_signal(how)
        if how is signal.SIGTERM:
            jupyter.process.send_signal(how)
        await asyncio.wait_for(member.closed.wait(), 15)
        await loop.run_in_executor(None, jupyter.process.wait)
        await until(lambda: not is_running(pid), why="the kernel lives on")
    with JupyterProcess(tmp_path, port=jupyter.port) as jupyter:
        async with Kernel(jupyter) as kernel:
            with pytest.raises(ConnectionError, match=r"503|403"):
                await Member.come(jupyter, "worlds", ticket)
            began = time.monotonic()
            await serve(kernel)
            with pytest.raises(ConnectionError, match="403"):
                await Member.come(jupyter, "worlds", ticket)
            fresh = await loop.run_in_executor(None, jupyter.ticket, "worlds")
            member = await Member.come(jupyter, "worlds", fresh)
            figure(
                f"{how.name}: clients let in {time.monotonic() - began:.1f} s after the cell began in the new kernel"
            )
            member.leave()


@pytest.mark.fault(23)
@pytest.mark.timeout(120)
async def test_traffic_counts_as_activity_and_silence_does_not(tmp_path):
    options = (
        "--MappingKernelManager.cull_idle_timeout=3",
        "--MappingKernelManager.cull_interval=1",
        "--MappingKernelManager.cull_connected=True",
    )
    loop = asyncio.get_running_loop()
    with JupyterProcess(tmp_path, options=options) as jupyter:
        kernel = Kernel(jupyter)
        await kernel.__aenter__()
        await serve(kernel)
        ticket = await loop.run_in_executor(None, jupyter.ticket, "worlds")
        member = await Member.come(jupyter, "worlds", ticket)
        before = await loop.run_in_executor(None, jupyter.api, "api/status")
        end = time.monotonic() + 8
        while time.monotonic() < end:
            member.send('420["echo",1]')
            await asyncio.sleep(0.3)
        assert len(await loop.run_in_executor(None, jupyter.api, "api/kernels")) == 1, "a class goes on"
        status = await loop.run_in_executor(None, jupyter.api, "api/status")
        assert status["last_activity"] > before["last_activity"]
        # From here on the client is there and says nothing but pongs.
        await asyncio.wait_for(member.closed.wait(), 15)
        end = time.monotonic() + 10
        while await loop.run_in_executor(None, jupyter.api, "api/kernels"):
            assert time.monotonic() < end, "an idle kernel is culled"
            await asyncio.sleep(0.1)
        kernel._socket.close()


@pytest.mark.fault(36)
async def test_with_few_open_files_new_clients_wait_and_old_ones_stay(tmp_path, figure):
    loop = asyncio.get_running_loop()
    prefix = ("bash", "-c", 'ulimit -n 256; exec "$@"', "bash")
    with JupyterProcess(tmp_path, prefix=prefix) as jupyter:
        async with Kernel(jupyter) as kernel:
            await serve(kernel)
            ticket = await loop.run_in_executor(None, jupyter.ticket, "worlds", "owner")
            members, refused = [], []
            for _ in range(300):
                try:
                    members.append(await Member.come(jupyter, "worlds", ticket))
                except ConnectionError as error:
                    refused.append(str(error).split("\r\n")[0])
            assert set(refused) == {"HTTP/1.1 503 Service Unavailable"}
            assert len(members) + len(refused) == 300
            assert not any(member.closed.is_set() for member in members)
            assert await kernel.value("len(io.sockets)") == len(members)
            for member in members[:10]:
                member.send('420["echo",1]')
            await until(lambda: all(member.texts for member in members[:10]))
            assert [member.texts for member in members[:10]] == [["430[1]"]] * 10
            members[0].leave()
            await kernel.becomes("len(io.sockets)", len(members) - 1)
            (await Member.come(jupyter, "worlds", ticket)).leave()
            assert "room for" in jupyter.log.read_text()
            assert "Too many open files" not in jupyter.log.read_text()
            figure(
                f"256 open files: {len(members)} clients, {len(refused)} more answered with 503, 0 old ones lost"
            )


# --- proxies --------------------------------------------------------------------------------


@pytest.mark.fault(24)
@pytest.mark.parametrize("transports", [("websocket",), ("polling",), ("polling", "websocket")])
async def test_behind_nginx(kernel, jupyter, tmp_path, transports):
    await serve(kernel)
    with nginx(tmp_path / "nginx", jupyter.port, UPGRADE) as outside:
        async with Peer(outside, "worlds", jupyter.ticket("worlds"), transports) as peer:
            for number in range(50):
                assert await peer.call("echo", number) == number
            await kernel.run("for n in range(1000): io.emit('n', n)")
            assert [(await peer.next())[1] for _ in range(1000)] == list(range(1000))


@pytest.mark.fault(24)
async def test_behind_a_proxy_that_lets_no_websocket_through(kernel, jupyter, tmp_path):
    """The stock way: polling first, the upgrade fails, polling goes on."""
    await serve(kernel)
    with nginx(tmp_path / "nginx", jupyter.port, "") as outside:
        wire = Wire(outside, "worlds", jupyter.ticket("worlds"))
        session = await wire.polling()
        await session.post("40")
        assert (await session.get())[0].startswith("40")
        answer = await wire.http(transport="websocket", sid=session.sid)
        assert answer.code == 400
        await session.post('420["echo","still here"]')
        assert await session.get() == ['430["still here"]']
        assert json.dumps(await kernel.value("len(io.sockets)")) == "1"
