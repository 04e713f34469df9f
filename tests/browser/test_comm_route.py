"""A pane over its own comm in JupyterLab, where it is told to take that way."""

import pytest
from browser.conftest import ROOT
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
PICTURES = ROOT / "test-results"
CELLS = [
    """import nbsocket, time
io = nbsocket.Server("by-comm")

@io.on("echo")
def echo(socket, *args):
    return args

@io.on("connection")
def hello(socket):
    socket.emit("welcome", socket.role, socket.handshake.query["transport"])""",
    "io.pane('alice', route='comm')",
    "for number in range(10_000):\n    io.emit('number', number)",
    "time.sleep(4)",
    "for number in range(8):\n    display(io.pane(f'pane {number}', route='comm'))",
    "for number in range(1000):\n    io.emit('number', number)",
]


@pytest.fixture
def notebook(open_notebook):
    opened = open_notebook("by-comm.ipynb", CELLS)
    opened.run(0)
    opened.run(1)
    opened.pane("alice").has_state("connected")
    return opened


def ask(alice, text):
    alice.fill("echo", f'"{text}"')
    alice.ask()
    alice.emit()
    return alice.rows("out", "echo").last


def test_it_is_the_owners_and_says_how_it_is_connected(notebook, errors):
    alice = notebook.pane("alice")
    expect(alice.element).to_contain_text("through the notebook's own connection to its kernel")
    expect(alice.element).to_contain_text('"owner", "comm"')
    expect(ask(alice, "hi")).to_have_attribute("data-ack", "answered")
    notebook.run(2)
    expect(alice.element).to_have_attribute("data-received", "10001")
    expect(alice.rows("in", "number").last).to_contain_text("9999")
    assert errors == []


def test_what_is_emitted_while_a_cell_runs_is_answered_then_or_afterwards(notebook):
    alice = notebook.pane("alice")
    notebook.begin(3)
    row = ask(alice, "meanwhile")
    # With subshells the kernel answers while the cell runs; without, the pane says that it waits.
    busy = alice.element.locator("[data-waiting]")
    answered = alice.element.locator('li[data-event="echo"][data-ack="answered"]')
    expect(busy.or_(answered).first).to_be_visible()
    alice.element.screenshot(path=PICTURES / "comm-while-a-cell-runs.png")
    notebook.wait_end(3)
    expect(row).to_have_attribute("data-ack", "answered")
    expect(busy).to_have_count(0)
    alice.has_state("connected")


def test_many_panes_keep_apart(notebook):
    notebook.run(4)
    panes = [notebook.pane(f"pane {number}") for number in range(8)]
    for pane in panes:
        pane.has_state("connected")
    rows = [ask(pane, f"for {number}") for number, pane in enumerate(panes)]
    for number, row in enumerate(rows):
        expect(row).to_have_attribute("data-ack", "answered")
        expect(row).to_contain_text(f'acknowledged: "for {number}"')
    notebook.run(5)
    for pane in panes:
        expect(pane.element).to_have_attribute("data-received", "1001")


def test_after_a_restart_it_says_what_to_do(notebook):
    notebook.restart_kernel()
    alice = notebook.pane("alice")
    expect(alice.element).to_contain_text("Run this pane's cell again")
    assert alice.element.get_attribute("data-state") != "connected"
    notebook.run(0)
    notebook.run(1)
    alice.has_state("connected")
    expect(ask(alice, "again")).to_have_attribute("data-ack", "answered")
