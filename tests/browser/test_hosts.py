"""The lesson in every host that shows widgets: JupyterLab, Notebook 7, Voilà, marimo, Panel."""

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
from support.lesson import (
    BUSY,
    CLIENT,
    EMIT,
    HANDLERS,
    SERVER,
    SHOWN_PAGE,
    VIEWS,
    goes_on,
    is_a_client,
    of_an_app,
    write_page,
)

pytestmark = [pytest.mark.browser, pytest.mark.promise(1)]

PICTURES = ROOT / "test-results" / "hosts"
START_S = 60


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
    made.cells = [new_code_cell(one) for one in (SERVER, *VIEWS)]
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


def test_voila_inside_a_jupyter_server_has_panes_that_connect(visitor, notebook, row):
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
        is_a_client(visitor, PICTURES / "voila-in-jupyter.png", row("Voilà in a server"), role="owner")
        of_an_app(row("Voilà in a server"))


def test_voila_alone_has_panes_of_guests(visitor, notebook, row):
    command = ("voila", notebook.name, "--no-browser", "--port=PORT")
    with running(notebook.parent, *command) as url:
        visitor.goto(url, wait_until="commit")
        pane = is_a_client(visitor, PICTURES / "voila.png", row("Voilà alone"))
        of_an_app(row("Voilà alone"))
        expect(pane.element).to_have_attribute("data-route", "port")


MARIMO = """
import marimo

app = marimo.App()


@app.cell
def _():
    import nbsocket

    io = nbsocket.Server("room")
    came = []
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
def test_marimo_has_panes_of_guests(visitor, tmp_path, pane, row):
    lesson_for_marimo(tmp_path, pane)
    with running(tmp_path, "marimo", "run", "lesson.py", "--headless", "--port=PORT", "--no-token") as url:
        visitor.goto(url)
        is_a_client(visitor, PICTURES / "marimo.png", row("marimo run"))
        of_an_app(row("marimo run"))
        expect(visitor.get_by_text("bob got 3")).to_be_visible()


def lesson_for_marimo(folder, pane):
    shown = f"import marimo\n\n{CLIENT_OF_MARIMO}\nmarimo.vstack([{pane}, carol, io.wire(), {SHOWN_PAGE}])"
    write_page(folder)
    text = MARIMO
    for name, lines in (("HANDLERS", HANDLERS), ("PANE", shown)):
        text = text.replace(name, textwrap.indent(lines, "    ").strip())
    (folder / "lesson.py").write_text(text)


CLIENT_OF_MARIMO = f"carol = {CLIENT}"


def test_marimos_author_is_the_owner(visitor, tmp_path, row):
    lesson_for_marimo(tmp_path, "io.pane('alice')")
    (tmp_path / "pyproject.toml").write_text("[tool.marimo.runtime]\nauto_instantiate = true\n")
    with running(tmp_path, "marimo", "edit", "lesson.py", "--headless", "--port=PORT", "--no-token") as url:
        visitor.goto(url)
        pane = is_a_client(visitor, PICTURES / "marimo-edit.png", row("marimo edit"), role="owner")
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


@pytest.mark.parametrize(("host", "app"), [("JupyterLab", "lab/tree"), ("Notebook 7", "notebooks")])
def test_where_the_notebooks_own_server_serves(open_notebook, lab, row, host, app):
    write_page(lab.root)
    cells = [SERVER, *VIEWS, EMIT, BUSY]
    notebook = open_notebook("lesson.ipynb", cells, app)
    index = {cell: number for number, cell in enumerate(cells)}
    for cell in (SERVER, *VIEWS):
        notebook.run(index[cell])
    note = row(host)
    pane = is_a_client(notebook.page, PICTURES / f"{app.partition('/')[0]}.png", note, role="owner")
    goes_on(notebook, index, note, BUSY)
    notebook.restart_kernel()
    notebook.wait_ready()
    notebook.run(index[SERVER])
    pane.has_state("connected")
    note("kernel restart", "yes")
    notebook.save()
    assert "as it was when the notebook was saved" in notebook.path.read_text()
    note("saved picture", "yes")


def test_the_notebook_for_hosts_that_are_not_here(open_notebook):
    """In VS Code and Colab a person runs it, and pastes its last line."""
    made = nbformat.read(ROOT / "examples" / "hosts-check.ipynb", 4)
    cells = [cell.source for cell in made.cells if cell.cell_type == "code"]
    notebook = open_notebook("hosts-check.ipynb", cells)
    notebook.run(0)
    notebook.pane("alice").has_state("connected")
    notebook.run(1)
    expect(notebook.page.locator("[data-script=probe]")).to_contain_text("done")
    notebook.run(2)
    expect(notebook.page.locator("[data-script=probe]")).to_contain_text("ticks 6")
    said = notebook.run(3)
    assert said.startswith("hosts-check | a notebook | Python ")
    for words in ("'bytes': True", "'10,000 in order': True", "'ticks': 6", "'alice: owner'"):
        assert words in said
    assert re.search(r"'events while a cell runs': [1-9]", said)


PANEL = (
    "import nbsocket\nimport panel\n\npanel.extension('ipywidgets')\nio = nbsocket.Server('room', port=0)\ncame = []\n"
    f"{HANDLERS}\npanel.Column(io.pane('alice'), {CLIENT}, io.wire(), {SHOWN_PAGE}, sizing_mode='stretch_width').servable()\n"
)


def test_panel_has_panes_of_guests(visitor, tmp_path, row):
    (tmp_path / "lesson.py").write_text(PANEL)
    write_page(tmp_path)
    with running(tmp_path, "panel", "serve", "lesson.py", "--port=PORT") as url:
        visitor.goto(f"{url}lesson")
        pane = is_a_client(visitor, PICTURES / "panel.png", row("Panel"))
        of_an_app(row("Panel"))
        expect(pane.element).to_have_attribute("data-route", "comm")
