"""One small lesson for every host of notebooks, what is tried of it there, and the row that it makes in the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect
from support.lab import Pane

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page
    from support.lab import Notebook

    Note = Callable[[str, str], None]

HANDLERS = """
@io.on("connection")
def hello(socket):
    socket.emit("welcome", socket.role, socket.handshake.query.get("name"))


@io.on("add")
def add(socket, a, b):
    return a + b


@io.on("ask me")
async def ask_me(socket):
    return await socket.emit_with_ack("question", 21)


@io.on("came")
def came_now(socket, *_):
    came.append(1)


@io.on("bytes")
def double(socket, data):
    return data * 2


@io.on("count")
def count(socket, many):
    for number in range(many):
        socket.emit("number", number)
"""
SERVER = f"import nbsocket\n\nio = nbsocket.Server('room')\ncame = []\n{HANDLERS}"
MANY = 10_000
CLIENT = """nbsocket.client('''
const socket = io();
socket.on("welcome", (role, name) => console.log("I am a", role));
socket.on("question", (number, answer) => answer(2 * number));
socket.emit("add", 20, 22, (sum) => console.log("sum", sum));
socket.emit("ask me", (answer) => console.log("answered", answer));
''', "carol")"""
PAGE = """<!doctype html>
<link rel="stylesheet" href="look.css"><img src="dot.svg" alt="a dot"><p id="said">nothing yet</p>
<script src="socket.io/socket.io.js"></script><script src="own.js"></script>"""
ASSETS = {
    "look.css": "p { color: rgb(1, 2, 3) }",
    "dot.svg": '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"/>',
    "own.js": "io().emit('add', 3, 4, (sum) => { said.textContent = `sum ${sum}`; console.log('it is', sum); });",
}
SHOWN_PAGE = f"io.page('index.html', assets={list(ASSETS)})"
VIEWS = ("io.pane('alice')", CLIENT, "io.wire()", SHOWN_PAGE)
EMIT = "io.emit('from a cell', 1)"
# The event comes while the cell runs, or it never ends.
BUSY = """import time

came.clear()
until = time.monotonic() + 60
while not came and time.monotonic() < until:
    time.sleep(0.05)
print("came", came)"""
AWAITING = f"import asyncio\n{BUSY.replace('time.sleep', 'await asyncio.sleep')}"


def write_page(folder):
    """Write the page of ``io.page``, and the files that it loads."""
    for name, text in {"index.html": PAGE, **ASSETS}.items():
        (folder / name).write_text(text)


def is_a_client(visitor: Page, picture: Path, note: Note, role: str = "guest") -> Pane:
    """A pane connects, and events, answers and bytes go both ways, many of them in order; so does a client cell."""
    carol = visitor.locator("[data-script=carol]")
    expect(carol).to_contain_text("sum 42", timeout=60_000)
    expect(carol).to_contain_text("I am a guest")
    expect(carol).to_contain_text("answered 42")
    expect(carol.locator("li")).to_have_count(3)
    note("%%client", "yes")
    page = visitor.locator(".nbs-page")
    inside = page.locator("iframe").content_frame
    expect(inside.locator("#said")).to_have_text("sum 7", timeout=30_000)
    expect(inside.locator("#said")).to_have_css("color", "rgb(1, 2, 3)")
    assert inside.locator("img").evaluate("(one) => one.naturalWidth") == 40
    expect(page.locator("summary")).to_have_text("Console (1)")
    note("page", "yes")
    wire = visitor.locator("[data-wire=room]")
    if role == "owner":
        expect(wire).to_have_attribute("data-state", "live")
    else:
        expect(wire).to_contain_text("Visitors of")
    pane = Pane(visitor.locator("[data-pane=alice]"))
    pane.has_state("connected", timeout=60_000)
    expect(pane.element).to_contain_text(f'"{role}", "alice"')
    note("pane connects", str(pane.element.get_attribute("data-route")))
    pane.ask()
    pane.fill("add", "1", "2")
    pane.emit()
    expect(pane.rows("out", "add").last).to_have_attribute("data-ack", "answered")
    note("answers both ways", "yes")
    visitor.screenshot(path=picture)
    pane.fill("count", str(MANY))
    pane.emit()
    expect(pane.element).to_have_attribute("data-received", str(MANY + 1), timeout=60_000)
    expect(pane.rows("in", "number").last).to_contain_text(str(MANY - 1))
    expect(pane.element.locator("[data-waiting]")).to_have_count(0)
    note("10,000 in order", "yes")
    pane.fill("bytes")
    visitor.locator("[data-pane=alice] input[type=file]").first.set_input_files(
        [{"name": "x.bin", "mimeType": "application/octet-stream", "buffer": bytes(range(256)) * 400}]
    )
    pane.emit()
    expect(pane.rows("out", "bytes").last).to_have_attribute("data-ack", "answered")
    expect(pane.rows("out", "bytes").last).to_contain_text("<204800 bytes")
    note("binary", "yes")
    return pane


def of_an_app(note: Note) -> None:
    """Note what an app does not have."""
    note("emit from a cell", "an app's visitor runs no cells; handlers and threads emit")
    note("while a cell runs", "an app's cells have all run")
    note("kernel restart", "a visitor's kernel ends with the page")
    note("saved picture", "an app saves no notebook")


def goes_on(notebook: Notebook, index: dict[str, int], note: Note, busy: str) -> None:
    """What only a notebook has: cells that emit, and cells that run while events come."""
    pane = notebook.pane("alice")
    notebook.run(index[EMIT])
    expect(pane.rows("in", "from a cell")).to_have_count(1)
    note("emit from a cell", "yes")
    notebook.begin(index[busy])
    pane.fill("came")
    pane.emit()
    assert "came [1]" in notebook.wait_end(index[busy])
    note("while a cell runs", "yes" if busy == BUSY else "while it awaits: there are no threads")
