"""Fixtures that several folders share, and the tables of faults and threats at the end of a run."""

from __future__ import annotations

import signal

import pytest
from support.jupyter import JupyterProcess, Kernel
from support.tables import FAULTS, THREATS

pytest_plugins = ["pytest_jupyter.jupyter_server"]

TABLES = {"fault": FAULTS, "threat": THREATS}
_SHOWN = 8
_rows = pytest.StashKey[dict]()
_figures = pytest.StashKey[list]()


def pytest_configure(config):
    config.stash[_rows] = {}
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # So a shell starts what it runs in the background; programs of the tests must hear Ctrl-C.
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """Run the browser's tests last: from the first of them on, Playwright's loop is the running one."""
    items.sort(key=lambda item: "browser" in item.path.parts)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.when != "call" and report.outcome == "passed":
        return
    for table in TABLES:
        for mark in item.iter_markers(table):
            for number in mark.args:
                rows = item.config.stash[_rows].setdefault((table, number), {})
                name = item.name.partition("[")[0]
                outcomes, figures = rows.setdefault(name, ([], []))
                outcomes.append(report.outcome)
                figures += item.stash.get(_figures, [])


@pytest.fixture
def figure(request):
    """Takes a line for the table: what was measured."""
    return request.node.stash.setdefault(_figures, []).append


def pytest_terminal_summary(terminalreporter, config):
    for table, titles in TABLES.items():
        rows = {number: row for (one, number), row in config.stash[_rows].items() if one == table}
        if not rows:
            continue
        terminalreporter.section(f"{table}s")
        for number in sorted(rows):
            outcomes = [one for mine, _ in rows[number].values() for one in mine]
            result = "passed" if set(outcomes) == {"passed"} else ", ".join(sorted(set(outcomes)))
            terminalreporter.write_line(f"{number:3} {result:7} {titles[number]}")
            for name, (mine, figures) in list(rows[number].items())[:_SHOWN]:
                terminalreporter.write_line(
                    f"            {name}{f' ({len(mine)})' if len(mine) > 1 else ''}"
                )
                for line in figures:
                    terminalreporter.write_line(f"              {line}")
            if len(rows[number]) > _SHOWN:
                terminalreporter.write_line(f"            … and {len(rows[number]) - _SHOWN} more")


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
