"""Views on pages that are not JupyterLab's: Voilà inside a Jupyter server, Voilà alone, marimo, Panel."""

import contextlib
import importlib.resources
import re
import subprocess
import textwrap
import time
import urllib.request

import nbformat
import pytest
from browser.conftest import ROOT
from hosts.conftest import HOSTS, environment_of_hosts
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import expect
from support.jupyter import TOKEN, free_port
from support.lab import Pane

pytestmark = [pytest.mark.browser, pytest.mark.promise(1)]

PICTURES = ROOT / "test-results" / "hosts"
HANDLERS = """
@io.on("connection")
def hello(socket):
    socket.emit("welcome", socket.role, socket.handshake.query.get("name"))


@io.on("add")
def add(socket, a, b):
    return a + b


@io.on("bytes")
def double(socket, data):
    return data * 2


@io.on("count")
def count(socket, many):
    for number in range(many):
        socket.emit("number", number)
"""
SERVER = f"import nbsocket\n\nio = nbsocket.Server('room')\n{HANDLERS}"
MANY = 10_000
CLIENT = """nbsocket.client('''
const socket = io();
socket.on("welcome", (role, name) => console.log("I am a", role));
socket.emit("add", 20, 22, (sum) => console.log("sum", sum));
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
START_S = 60


def write_page(folder):
    """Write the page of ``io.page``, and the files that it loads."""
    for name, text in {"index.html": PAGE, **ASSETS}.items():
        (folder / name).write_text(text)


@pytest.fixture
def visitor(context):
    """A page whose host's own libraries come from packages here and not from the Internet."""
    served = {
        "**/require.min.js": HOSTS / "share/jupyter/voila/templates/base/static/require.min.js",
        "https://unpkg.com/anywidget@*/**": importlib.resources.files("anywidget")
        / "nbextension"
        / "index.js",
    }
    for pattern, file in served.items():
        text = file.read_text(encoding="utf-8")
        context.route(
            pattern,
            lambda route, *, text=text: route.fulfill(
                body=text,
                content_type="text/javascript",
                headers={"Access-Control-Allow-Origin": "*"},
            ),
        )
    return context.new_page()


@pytest.fixture
def notebook(tmp_path):
    made = new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    made.cells = [
        new_code_cell(one) for one in (SERVER, "io.pane('alice')", CLIENT, "io.wire()", SHOWN_PAGE)
    ]
    write_page(tmp_path)
    nbformat.write(made, tmp_path / "lesson.ipynb")
    return tmp_path / "lesson.ipynb"


@contextlib.contextmanager
def running(folder, *command):
    """Run a host's program until the block ends; gives its port, put in the place of PORT."""
    port = free_port()
    arguments = [one.replace("PORT", str(port)) for one in command]
    with (folder / "host.log").open("w") as log:
        process = subprocess.Popen(
            [HOSTS / "bin" / "python", "-m", *arguments],
            cwd=folder,
            env={**environment_of_hosts(), "HOME": str(folder)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            until = time.monotonic() + START_S
            while True:
                with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/"):
                    break
                assert time.monotonic() < until, (folder / "host.log").read_text()
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()
            process.wait(20)


def test_voila_inside_a_jupyter_server_has_panes_that_connect(visitor, notebook):
    extensions = "{'nbsocket': True, 'voila.server_extension': True}"
    command = (
        "jupyter_server",
        "--no-browser",
        "--allow-root",
        f"--ServerApp.jpserver_extensions={extensions}",
        "--ServerApp.port=PORT",
        "--ServerApp.root_dir=.",
        f"--IdentityProvider.token={TOKEN}",
    )
    with running(notebook.parent, *command) as url:
        visitor.goto(f"{url}voila/render/{notebook.name}?token={TOKEN}", wait_until="commit")
        is_a_client(visitor, "voila-in-jupyter.png", role="owner")


def is_a_client(visitor, picture, role="guest"):
    """A pane connects, and events, answers and bytes go both ways, many of them in order; so does a client cell."""
    carol = visitor.locator("[data-script=carol]")
    expect(carol).to_contain_text("sum 42", timeout=60_000)
    expect(carol).to_contain_text("I am a guest")
    expect(carol.locator("li")).to_have_count(2)
    page = visitor.locator(".nbs-page")
    inside = page.locator("iframe").content_frame
    expect(inside.locator("#said")).to_have_text("sum 7", timeout=30_000)
    expect(inside.locator("#said")).to_have_css("color", "rgb(1, 2, 3)")
    assert inside.locator("img").evaluate("(one) => one.naturalWidth") == 40
    expect(page.locator("summary")).to_have_text("Console (1)")
    wire = visitor.locator("[data-wire=room]")
    if role == "owner":
        expect(wire).to_have_attribute("data-state", "live")
    else:
        expect(wire).to_contain_text("Visitors of")
    pane = Pane(visitor.locator("[data-pane=alice]"))
    pane.has_state("connected", timeout=60_000)
    expect(pane.element).to_contain_text(f'"{role}", "alice"')
    pane.ask()
    pane.fill("add", "1", "2")
    pane.emit()
    expect(pane.rows("out", "add").last).to_have_attribute("data-ack", "answered")
    visitor.screenshot(path=PICTURES / picture)
    pane.fill("count", str(MANY))
    pane.emit()
    expect(pane.element).to_have_attribute("data-received", str(MANY + 1), timeout=60_000)
    expect(pane.rows("in", "number").last).to_contain_text(str(MANY - 1))
    expect(pane.element.locator("[data-waiting]")).to_have_count(0)
    pane.fill("bytes")
    visitor.locator("[data-pane=alice] input[type=file]").first.set_input_files(
        [{"name": "x.bin", "mimeType": "application/octet-stream", "buffer": bytes(range(256)) * 400}]
    )
    pane.emit()
    expect(pane.rows("out", "bytes").last).to_have_attribute("data-ack", "answered")
    expect(pane.rows("out", "bytes").last).to_contain_text("<204800 bytes")
    return pane


def test_voila_alone_has_panes_of_guests(visitor, notebook):
    command = ("voila", notebook.name, "--no-browser", "--port=PORT")
    with running(notebook.parent, *command) as url:
        visitor.goto(url, wait_until="commit")
        pane = is_a_client(visitor, "voila.png")
        expect(pane.element).to_have_attribute("data-route", "port")


MARIMO = """
import marimo

app = marimo.App()


@app.cell
def _():
    import nbsocket

    io = nbsocket.Server("room")
    HANDLERS
    PANE
    return (io,)


@app.cell
def _(io):
    from nbsocket.testing import Client

    with Client(io, "bob") as bob:
        answer = bob.call("add", 1, 2)
    f"bob got {answer}"
    return


if __name__ == "__main__":
    app.run()
"""


@pytest.mark.parametrize("pane", ["io.pane('alice')", "marimo.ui.anywidget(io.pane('alice'))"])
def test_marimo_has_panes_of_guests(visitor, tmp_path, pane):
    lesson_for_marimo(tmp_path, pane)
    with running(tmp_path, "marimo", "run", "lesson.py", "--headless", "--port=PORT", "--no-token") as url:
        visitor.goto(url)
        is_a_client(visitor, "marimo.png")
        expect(visitor.get_by_text("bob got 3")).to_be_visible()


def lesson_for_marimo(folder, pane):
    shown = f"import marimo\n\n{CLIENT_OF_MARIMO}\nmarimo.vstack([{pane}, carol, io.wire(), {SHOWN_PAGE}])"
    write_page(folder)
    text = MARIMO
    for name, lines in (("HANDLERS", HANDLERS), ("PANE", shown)):
        text = text.replace(name, textwrap.indent(lines, "    ").strip())
    (folder / "lesson.py").write_text(text)


CLIENT_OF_MARIMO = f"carol = {CLIENT}"


def test_marimos_author_is_the_owner(visitor, tmp_path):
    lesson_for_marimo(tmp_path, "io.pane('alice')")
    (tmp_path / "pyproject.toml").write_text("[tool.marimo.runtime]\nauto_instantiate = true\n")
    with running(tmp_path, "marimo", "edit", "lesson.py", "--headless", "--port=PORT", "--no-token") as url:
        visitor.goto(url)
        pane = is_a_client(visitor, "marimo-edit.png", role="owner")
        falls_back(visitor, pane)


def falls_back(visitor, pane):
    """On the kernel's machine a pane goes to its port; when that is out of reach, over the comm; events go on."""
    visitor.reload()
    pane.has_state("connected", timeout=60_000)
    expect(pane.element).to_have_attribute("data-route", "port")
    expect(pane.element).to_contain_text("Connected to the kernel's own port, by")
    visitor.context.route(re.compile(r"http://127\.0\.0\.1:\d+/nbsocket/"), lambda route: route.abort())
    visitor.get_by_text("Network weather").first.click()
    pane.press("cut")
    expect(pane.element).to_have_attribute("data-route", "comm")
    expect(pane.element).to_contain_text("The connection was lost")
    pane.ask()
    pane.fill("add", "30", "12")
    pane.emit()
    expect(pane.rows("out", "add").last).to_have_attribute("data-ack", "answered")


PANEL = (
    "import nbsocket\nimport panel\n\npanel.extension('ipywidgets')\nio = nbsocket.Server('room', port=0)\n"
    f"{HANDLERS}\npanel.Column(io.pane('alice'), {CLIENT}, io.wire(), {SHOWN_PAGE}, sizing_mode='stretch_width').servable()\n"
)


def test_panel_has_panes_of_guests(visitor, tmp_path):
    (tmp_path / "lesson.py").write_text(PANEL)
    write_page(tmp_path)
    with running(tmp_path, "panel", "serve", "lesson.py", "--port=PORT") as url:
        visitor.goto(f"{url}lesson")
        pane = is_a_client(visitor, "panel.png")
        expect(pane.element).to_have_attribute("data-route", "comm")
