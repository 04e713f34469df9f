"""The first notebook's pane and wire view in Notebook 7."""

from playwright.sync_api import expect
from support.lab import has_seen


def test_the_first_notebook_in_notebook_7(open_notebook, errors):
    notebook = open_notebook("01-first-socket.ipynb", app="notebooks")
    # Notebook 7 itself may stumble over a setting while it starts.
    errors.clear()
    server = notebook.index_of("import nbsocket")
    assert "The server is ready." in notebook.run(server)
    notebook.run(notebook.index_of('io.pane("alice")'))
    alice = notebook.pane("alice")
    alice.has_state("connected")
    expect(alice.rows("in", "newMessage")).to_contain_text("Welcome!")

    notebook.run(notebook.index_of("def add("))
    notebook.run(notebook.index_of("io.wire()"))
    wire = notebook.page.locator(".nbs-wire")
    expect(wire).to_have_attribute("data-state", "live")
    alice.fill("add", "2", "3")
    alice.ask()
    for number in range(5):
        alice.emit()
        expect(alice.rows("out", "add").nth(number)).to_have_attribute("data-ack", "answered")
    expect(wire.locator('tbody tr[data-event="add"]')).to_have_count(5)
    # Five events and five answers: what crossed is counted with them.
    has_seen(notebook.page, 10)
    assert wire.get_attribute("data-crossings") == "0", "questions and answers do not cross"

    alice.ask(False)
    alice.fill("createMessage", '"meanwhile"')
    two_ways = notebook.index_of('io.emit("tick", number)')
    notebook.begin(two_ways)
    for _ in range(30):
        alice.emit()
        notebook.page.wait_for_timeout(50)
    notebook.wait_end(two_ways)
    notebook.page.wait_for_function("Number(document.querySelector('.nbs-wire').dataset.crossings) > 0")
    assert errors == []
