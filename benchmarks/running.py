"""Starts the peers, each in processes of its own."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

PEERS = Path(__file__).parent / "peers"
sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from load import Address
from support.jupyter import TOKEN, JupyterProcess, Kernel, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from support.lab import Notebook

SERVER = """
import nbsocket, os, threading, time
io = nbsocket.Server("bench")

@io.on("connection")
def connected(socket):
    socket.on("echo", lambda value: value)

    @socket.on("burst")
    def burst(count, size):
        text = "x" * size
        for _ in range(count):
            io.emit("n", text)

def flood(events_per_s, seconds, size):
    # In steps of 5 ms, from a thread, as a cell with a training loop would.
    def run():
        text, began, sent = "x" * size, time.monotonic(), 0
        while (now := time.monotonic() - began) < seconds:
            due = int(now * events_per_s) - sent
            for _ in range(due):
                io.emit("n", text)
            sent += due
            time.sleep(0.005)
    threading.Thread(target=run).start()

def spin(seconds):
    # A cell that computes.
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass

print(os.getpid())
"""


@dataclass
class Peer:
    """One running peer.

    Args:
        name: What the tables call it.
        address: Where clients connect.
        pids: Its processes: the one that clients are connected to first.
        jupyter: Its Jupyter server, if it is ours.
        run: Runs a cell in its kernel, if it is ours.
        notebook: Its notebook in Chromium, if that is where its clients are.
        cells: What the notebook's cells after the first are for.
    """

    name: str
    address: Address
    pids: list[int]
    jupyter: JupyterProcess | None = None
    run: Callable[[str], str] | None = None
    notebook: Notebook | None = None
    cells: Sequence[str] = ()


@contextlib.contextmanager
def _program(command: list[str]) -> Iterator[int]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PEERS)
    try:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        if process.stdout.readline().strip() != "ready":
            msg = f"{command} did not start"
            raise RuntimeError(msg)
        yield process.pid
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def node() -> Iterator[Peer]:
    """Node's Socket.IO server."""
    port, program = free_port(), shutil.which("node")
    if program is None or not (PEERS / "node_modules").exists():
        msg = "Node's peer is not installed: make bench does it, or  cd benchmarks/peers && npm install"
        raise RuntimeError(msg)
    with _program([program, "socketio.mjs", str(port)]) as pid:
        yield Peer("node socket.io", Address(port, "/socket.io/?EIO=4&transport=websocket"), [pid])


@contextlib.contextmanager
def python_socketio(kind: str) -> Iterator[Peer]:
    """Python-socketio on ``tornado`` or ``uvicorn``."""
    port = free_port()
    with _program([sys.executable, "pysocketio.py", kind, str(port)]) as pid:
        address = Address(port, "/socket.io/?EIO=4&transport=websocket")
        yield Peer(f"python-socketio, {kind}", address, [pid])


@contextlib.contextmanager
def echo_floor() -> Iterator[Peer]:
    """A bare Tornado WebSocket."""
    port = free_port()
    with _program([sys.executable, "floor.py", "echo", str(port)]) as pid:
        yield Peer("bare tornado", Address(port, "/"), [pid])


@contextlib.contextmanager
def relay_floor() -> Iterator[Peer]:
    """Two bare Tornado WebSockets in a row."""
    port, back = free_port(), free_port()
    with (
        _program([sys.executable, "floor.py", "behind", str(back)]) as behind,
        _program([sys.executable, "floor.py", "relay", str(port), str(back)]) as pid,
    ):
        yield Peer("bare tornado, two hops", Address(port, "/"), [pid, behind])


@contextlib.contextmanager
def behind_jupyter() -> Iterator[Peer]:
    """Python-socketio on Tornado, reached through jupyter-server-proxy: two hops as ours."""
    port = free_port()
    with (
        _program([sys.executable, "pysocketio.py", "tornado", str(port)]) as pid,
        tempfile.TemporaryDirectory() as folder,
        JupyterProcess(
            Path(folder), options=("--ServerApp.jpserver_extensions=jupyter_server_proxy=True",)
        ) as jupyter,
    ):
        path = f"/proxy/{port}/socket.io/?EIO=4&transport=websocket&token={TOKEN}"
        yield Peer("jupyter-server-proxy", Address(jupyter.port, path), [jupyter.process.pid, pid])


@contextlib.contextmanager
def ours(options: tuple[str, ...] = ()) -> Iterator[Peer]:
    """A Jupyter server with nbsocket, and a kernel."""
    calm = (
        "--NbSocketApp.ping_interval=600",
        "--NbSocketApp.max_clients=6000",
        "--NbSocketApp.max_payload=10000000",
    )
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def wait(coroutine):  # noqa: ANN001, ANN202 - any
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(120)

    with (
        tempfile.TemporaryDirectory() as folder,
        JupyterProcess(Path(folder), options=(*calm, *options)) as jupyter,
    ):
        kernel = Kernel(jupyter)
        wait(kernel.__aenter__())

        def run(code: str) -> str:
            result = wait(kernel.run(code, timeout=110))
            if result.error:
                raise RuntimeError(result)
            return str(result.text)

        kernel_pid = int(run(SERVER))
        ticket = jupyter.ticket("bench", "owner")
        path = f"/nbsocket/bench/socket.io/?EIO=4&transport=websocket&join_token={ticket}"
        yield Peer("nbsocket", Address(jupyter.port, path), [jupyter.process.pid, kernel_pid], jupyter, run)
        wait(kernel.__aexit__())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
