"""Fixtures that several folders share."""

from __future__ import annotations

import pytest
from support.jupyter import JupyterProcess, Kernel

pytest_plugins = ["pytest_jupyter.jupyter_server"]


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory):
    """A real Jupyter server in a process of its own, under a prefix."""
    with JupyterProcess(tmp_path_factory.mktemp("jupyter"), base_url="/class/") as process:
        yield process


@pytest.fixture
async def kernel(jupyter):
    """A real ipykernel behind that server, with nbsocket imported."""
    async with Kernel(jupyter) as one:
        await one.run("import nbsocket")
        yield one
