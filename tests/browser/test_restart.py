"""With recovery on, a pane goes through a restart of its kernel without a reconnect."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
SERVER = """
import nbsocket
io = nbsocket.Server("restart-test", recovery=True)

@io.on("connection")
def connected(socket):
    print("recovered" if socket.recovered else "new", sorted(socket.rooms - {socket.id}))

@io.on("join")
def join(socket, room):
    socket.join(room)
    return "joined"

@io.on("echo")
def echo(socket, value):
    return value
"""
PICTURES = Path(__file__).parent.parent.parent / "test-results"


@pytest.mark.fault(15)
def test_a_pane_stays_connected_while_its_kernel_restarts(open_notebook, errors):
    notebook = open_notebook(
        "restart.ipynb", [SERVER, "io.pane('alice')", "io.to('red').emit('for red', 1)"]
    )
    notebook.run(0)
    notebook.run(1)
    alice = notebook.pane("alice")
    alice.has_state("connected")
    alice.fill("join", '"red"')
    alice.ask()
    alice.emit()
    expect(alice.rows("out", "join")).to_have_attribute("data-ack", "answered")
    notebook.restart_kernel()
    expect(alice.rows("in", "server_restarting")).to_have_count(1)
    alice.has_state("connected")
    # Sent while nobody is there to hear it.
    alice.fill("echo", '"meanwhile"')
    alice.emit()
    notebook.run(0)
    expect(alice.rows("in", "server_restarted")).to_have_count(1)
    expect(alice.rows("out", "echo")).to_have_attribute("data-ack", "answered")
    notebook.wait_output(0, "recovered ['red']")
    notebook.run(2)
    expect(alice.rows("in", "for red")).to_have_count(1)
    PICTURES.mkdir(exist_ok=True)
    alice.element.screenshot(path=PICTURES / "restart.png")
    assert errors == []
