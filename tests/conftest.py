"""Fixtures that several folders share."""

from __future__ import annotations

import pytest
from support.jupyter import JupyterProcess, Kernel

pytest_plugins = ["pytest_jupyter.jupyter_server"]


def pytest_collection_modifyitems(items):
    """Run the browser's tests last: from the first of them on, Playwright's loop is the running one."""
    items.sort(key=lambda item: "browser" in item.path.parts)


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory):
    """A real Jupyter server in a process of its own, under a prefix."""
    with JupyterProcess(tmp_path_factory.mktemp("jupyter"), base_url="/class/") as process:
        yield process


@pytest.fixture
def kernel(jupyter, jp_asyncio_loop):
    """A real ipykernel behind that server, with nbsocket imported."""
    one = Kernel(jupyter)
    jp_asyncio_loop.run_until_complete(one.__aenter__())
    jp_asyncio_loop.run_until_complete(one.run("import nbsocket"))
    yield one
    jp_asyncio_loop.run_until_complete(one.__aexit__())
