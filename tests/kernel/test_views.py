"""Views in the kernel: a cell that runs again and again leaves one of each, and those that somebody sees."""

import pytest
from support.jupyter import Kernel

COUNT = (
    "[len(__import__('comm').get_comm_manager().comms), len(io._here.output._listeners),"
    " len(__import__('ipywidgets').widgets.widget._instances)]"
)
CELLS = [
    "io.pane('alice')",
    "alice = io.pane('alice')\nbob = io.pane('bob')\nalice",
    "io.wire()",
    "io.duplex_bench(rate=5).start()",
    "%%client\nio()",
]


@pytest.fixture
def kernel(jupyter, jp_asyncio_loop):
    run = jp_asyncio_loop.run_until_complete
    kernel = run(Kernel(jupyter).__aenter__())
    result = run(kernel.run("import nbsocket\nio = nbsocket.Server('views')"))
    assert not result.error, result
    yield kernel
    run(kernel.__aexit__(None, None, None))


@pytest.mark.promise(11)
@pytest.mark.parametrize("cell_id", ["the cell's", None])
@pytest.mark.parametrize("source", CELLS)
async def test_a_cell_that_runs_a_hundred_times_leaves_what_one_run_does(kernel, source, cell_id):
    assert not (await kernel.run(source, cell_id)).error
    once = await kernel.value(COUNT)
    for _ in range(99):
        result = await kernel.run(source, cell_id)
        assert not result.error, result
    assert await kernel.value(COUNT) == once


@pytest.mark.promise(11)
async def test_what_somebody_sees_is_closed_when_nobody_does_any_more(kernel):
    """As a page says it: two views of the pane, then one, then none."""
    says = "pane._handle_custom_msg({'type': 'views', 'count': %d}, [])"
    await kernel.run("pane = io.pane('alice')\nfirst = pane", "cell")
    await kernel.run(says % 2)
    await kernel.run("io.pane('alice')", "cell")
    assert await kernel.value("first.comm is not None")
    await kernel.run(says % 1)
    assert await kernel.value("first.comm is not None")
    await kernel.run(says % 0)
    assert await kernel.value("first.comm is None")


@pytest.mark.promise(11)
async def test_what_nobody_sees_stays_until_its_cell_runs_again(kernel):
    await kernel.run("pane = io.pane('alice')", "cell")
    await kernel.run("pane._handle_custom_msg({'type': 'views', 'count': 1}, [])")
    await kernel.run("pane._handle_custom_msg({'type': 'views', 'count': 0}, [])")
    await kernel.run("other = io.pane('bob')", "another cell")
    assert await kernel.value("[pane.comm is not None, other.comm is not None]") == [True, True]


@pytest.mark.promise(11)
@pytest.mark.threat(7)
@pytest.mark.parametrize("count", ["'many'", "None", "-1", "[]", "10**30"])
async def test_nonsense_about_views_is_harmless(kernel, count):
    await kernel.run("pane = io.pane('alice')", "cell")
    result = await kernel.run(f"pane._handle_custom_msg({{'type': 'views', 'count': {count}}}, [])")
    assert not result.error
    assert await kernel.value("pane.comm is not None")
