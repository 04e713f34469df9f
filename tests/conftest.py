"""Fixtures that several folders share, and the tables at the end of a run."""

from __future__ import annotations

import signal

import hypothesis
import pytest
from support.jupyter import JupyterProcess, Kernel
from support.summary import Summary

pytest_plugins = ["pytest_jupyter.jupyter_server"]

# Machines are noisy, and several tests run at once: how long something takes is for benchmarks/.
hypothesis.settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("untimed")

summary = Summary()
_figures = pytest.StashKey[list]()
_hosts = pytest.StashKey[list]()


def pytest_configure(config):
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # So a shell starts what it runs in the background; programs of the tests must hear Ctrl-C.
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """Run the browser's tests last: from the first of them on, Playwright's loop is the running one."""
    items.sort(key=lambda item: "browser" in item.path.parts)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    Summary.note(item, report, item.stash.get(_figures, []))
    Summary.note_hosts(item, report, item.stash.get(_hosts, []))


def pytest_runtest_logreport(report):
    summary.take(report)


def pytest_terminal_summary(terminalreporter):
    summary.write(terminalreporter)


@pytest.fixture
def figure(request):
    """Takes a line for the table: what was measured."""
    return request.node.stash.setdefault(_figures, []).append


@pytest.fixture
def row(request):
    """A row of the table of hosts: takes what was tried in a host, and ``yes`` or why not."""

    def of(host):
        return lambda check, word: request.node.stash.setdefault(_hosts, []).append([host, check, word])

    return of


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
