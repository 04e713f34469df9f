"""Servers for the fault laboratory: their clients are seldom pinged, so that what arrives is what was sent."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest
from support.jupyter import JupyterProcess, Kernel
from support.processes import descriptors, memory_kib

SOAK = os.environ.get("NBSOCKET_SOAK") == "1"
"""Whether this is ``make soak``: the long forms, whose times are judged, too."""

EXTENSIONS = Path(__file__).parent.parent / "support" / "extensions"
CALM = ("--NbSocketApp.ping_interval=600", "--NbSocketApp.max_clients=5000")
PROBE = "--ServerApp.jpserver_extensions=nbsocket_probe=True"


@pytest.fixture(scope="session")
def calm_jupyter(tmp_path_factory):
    root = tmp_path_factory.mktemp("calm")
    paths = os.pathsep.join(filter(None, [str(EXTENSIONS), os.environ.get("PYTHONPATH")]))
    with JupyterProcess(root, options=(*CALM, PROBE), environment={"PYTHONPATH": paths}) as process:
        yield process


@pytest.fixture
def calm_kernel(calm_jupyter, jp_asyncio_loop):
    one = Kernel(calm_jupyter)
    jp_asyncio_loop.run_until_complete(one.__aenter__())
    jp_asyncio_loop.run_until_complete(one.run("import nbsocket, os, time, asyncio, threading"))
    yield one
    jp_asyncio_loop.run_until_complete(one.__aexit__())


class Vitals:
    """Memory, descriptors and tasks of a Jupyter server and a kernel."""

    def __init__(self, jupyter, kernel, kernel_pid):
        self.jupyter, self.kernel, self.kernel_pid = jupyter, kernel, kernel_pid

    @classmethod
    async def of(cls, jupyter, kernel):
        return cls(jupyter, kernel, await kernel.value("__import__('os').getpid()"))

    async def now(self):
        loop = asyncio.get_running_loop()
        probe = await loop.run_in_executor(None, self.jupyter.api, "probe")
        server = self.jupyter.process.pid
        return {
            "server KiB": memory_kib(server),
            "kernel KiB": memory_kib(self.kernel_pid),
            "server descriptors": descriptors(server),
            "kernel descriptors": descriptors(self.kernel_pid),
            "server tasks": probe["tasks"],
        }

    async def at_rest(self, tasks, seconds=10):
        """Wait until the server has no more than so many tasks; return what is there then."""
        end = time.monotonic() + seconds
        while (now := await self.now())["server tasks"] > tasks:
            assert time.monotonic() < end, f"the server has {now['server tasks']} tasks, more than {tasks}"
            await asyncio.sleep(0.1)
        return now
