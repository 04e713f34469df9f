"""Notebook 01 as a learner goes through it, cell by cell."""

import nbformat
from browser.test_notebooks import solve
from playwright.sync_api import expect

HELLO = '{"from": "alice", "text": "Hello"}'


def test_a_learner_goes_through_the_first_notebook(open_notebook, context, errors, lab, figure):
    notebook = open_notebook("01-first-socket.ipynb")
    page = notebook.page
    server = notebook.index_of("import nbsocket")
    assert "The server is ready." in notebook.run(server)

    notebook.run(notebook.index_of('io.pane("alice")'))
    alice = notebook.pane("alice")
    alice.has_state("connected")
    expect(alice.rows("in", "newMessage")).to_contain_text("Welcome!")
    notebook.wait_output(server, "a new user:")
    expect(alice.rows("print")).to_contain_text("a new user:")

    notebook.run(notebook.index_of("it is a fine day"))
    expect(alice.rows("in", "newMessage").last).to_contain_text("it is a fine day")

    alice.fill("createMessage", HELLO)
    alice.emit()
    notebook.wait_output(server, "the client says: {'from': 'alice', 'text': 'Hello'}")
    expect(alice.rows("print", "createMessage")).to_contain_text("the client says")

    wait = notebook.index_of("io.wait_for")
    notebook.begin(wait)
    alice.emit()
    assert "{'from': 'alice', 'text': 'Hello'}" in notebook.wait_end(wait)

    busy = notebook.index_of("as busy as Python can be")
    notebook.begin(busy)
    expect(alice.rows("in", "tick").first).to_be_visible()
    alice.fill("createMessage", '{"from": "alice", "text": "during the loop"}')
    alice.emit()
    notebook.wait_output(server, "during the loop")
    assert notebook.is_running(busy)
    notebook.wait_end(busy)
    expect(alice.rows("in", "tick")).to_have_count(20)

    notebook.run(notebook.index_of("io.wire()"))
    wire = page.locator(".nbs-wire")
    expect(wire).to_have_attribute("data-state", "live")
    alice.fill("createMessage", HELLO)
    for _ in range(3):
        alice.emit()
    expect(wire.locator('tbody tr[data-event="createMessage"]')).to_have_count(3)
    assert wire.get_attribute("data-crossings") == "0"
    notebook.begin(notebook.index_of('io.emit("tick", number)'))
    for _ in range(30):
        alice.emit()
        page.wait_for_timeout(50)
    notebook.wait_end(notebook.index_of('io.emit("tick", number)'))
    page.wait_for_function("Number(document.querySelector('.nbs-wire').dataset.crossings) > 0")

    notebook.run(notebook.index_of("def add("))
    alice.fill("add", "2", "3")
    alice.ask()
    alice.emit()
    answered = alice.rows("out", "add")
    expect(answered).to_have_attribute("data-ack", "answered")
    expect(answered).to_contain_text("5")
    expect(answered).to_contain_text("ms")
    alice.ask(False)

    ask = notebook.index_of("what is your name?")
    notebook.begin(ask)
    alice.element.locator('[data-field="answer"]').fill('"Alice"')
    alice.press("answer")
    assert "'Alice'" in notebook.wait_end(ask)

    notebook.run(notebook.index_of("def say("))
    notebook.run(notebook.index_of('io.pane("bob")'))
    bob = notebook.pane("bob")
    bob.has_state("connected")
    alice.fill("say", '"hi"')
    alice.emit()
    expect(bob.rows("in", "said")).to_contain_text('"hi"')
    expect(alice.rows("in", "said")).to_have_count(0)

    notebook.run(notebook.index_of("%%client carol"))
    carol = page.locator('.nbs-script[data-script="carol"]')
    expect(carol).to_contain_text("connected to the server")
    expect(carol).to_contain_text("Welcome!")
    notebook.wait_output(server, "written before I was connected")

    notebook.run(notebook.index_of("io.page("))
    shown = page.locator(".nbs-page iframe").content_frame
    expect(shown.locator("#state")).to_have_text("Connected to the server")
    shown.get_by_role("textbox", name="Message").fill("from the page")
    shown.get_by_role("button", name="Send").click()
    notebook.wait_output(server, "from the page")
    with context.expect_page() as opened:
        page.get_by_role("button", name="Open in a new tab").click()
    tab = opened.value
    expect(tab.locator("#state")).to_have_text("Connected to the server")
    tab.reload()
    expect(tab.locator("#state")).to_have_text("Connected to the server")
    assert tab.evaluate("self.origin") == "null"
    tab.close()

    notebook.run(notebook.index_of("def echo("))
    notebook.run(notebook.index_of("%%client measure"))
    measured = page.locator('.nbs-script[data-script="measure"] .nbs-lines')
    expect(measured).to_contain_text("done", timeout=30_000)
    polling, websocket = (measured.locator("li").nth(n).inner_text() for n in (0, 1))
    assert int(polling.split(",")[1].split()[0]) >= 20
    assert websocket.endswith("0 HTTP requests")

    notebook.run(notebook.index_of("practice = "))
    cells = nbformat.read(notebook.path, 4).cells
    for number in (1, 2):
        solve(notebook, cells, number, "01-first-socket.ipynb", figure)

    bob.press("disconnect")
    bob.has_state("disconnected")
    notebook.wait_output(server, "a user left: client namespace disconnect")
    notebook.run(notebook.index_of("io.disconnect_sockets()"))
    alice.has_state("disconnected")
    expect(alice.element).to_contain_text("The server disconnected this client.")
    notebook.wait_output(server, "a user left: server namespace disconnect")
    alice.press("connect")
    alice.has_state("connected")

    orphaned = alice.element.locator(".nbs-orphan")
    expect(orphaned).to_have_count(0)
    notebook.restart_kernel()
    expect(orphaned).to_contain_text("Run this pane's cell again")
    alice.has_state("waiting")
    expect(alice.element).to_contain_text("Run the cell that creates the server")
    notebook.wait_ready()
    notebook.run(server)
    alice.has_state("connected", timeout=10_000)
    alice.fill("createMessage", HELLO)
    alice.emit()
    notebook.wait_output(server, "the client says: {'from': 'alice', 'text': 'Hello'}")

    notebook.save()
    assert_no_secret(notebook.path.read_text(), lab)
    assert errors == []


def assert_no_secret(text, lab):
    """No ticket and no token is in what was saved, or in the log."""
    log = lab.log.read_text()
    ticket = lab.ticket("first-socket")
    start = ticket[:20]
    assert start not in text
    # The wire view shows where a ticket stood.
    assert "join_token=" not in text.replace("join_token=…", "").replace("join_token=\\u2026", "")
    assert f"join_token={start}" not in log
