"""The tutorial inside the browser: JupyterLite from static files, no server, nothing from any other host."""

import re
import subprocess
import sys
import time

import nbformat
import pytest
from browser.conftest import ROOT, new_context
from playwright.sync_api import expect
from support.lab import Notebook
from support.lesson import ASSETS, AWAITING, EMIT, PAGE, SERVER, VIEWS, goes_on, is_a_client
from support.livesite import alone, served

pytestmark = [pytest.mark.browser, pytest.mark.promise(1)]

PICTURES = ROOT / "test-results" / "live"
HAS_KERNEL = """() => {
  const panel = window.jupyterapp?.shell?.currentWidget;
  return panel?.content?.widgets?.length > 3 && panel.sessionContext?.session?.kernel;
}"""
START_MS = 120_000


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The site, built as ``make live`` does."""
    folder = tmp_path_factory.mktemp("live") / "site"
    subprocess.run([sys.executable, ROOT / "docs" / "make_live.py", folder], check=True)
    with served(folder) as address:
        yield address


@pytest.fixture
def live(site, chromium):
    """Open a notebook of the site."""
    contexts = []

    def start(name):
        context = new_context(chromium)
        contexts.append(context)
        asked = alone(context, site)
        page = context.new_page()
        page.goto(f"{site}lab/index.html?path={name}")
        page.wait_for_function(HAS_KERNEL, timeout=START_MS)
        notebook = Notebook(page, ROOT / "notebooks" / name)
        notebook.asked = asked
        return notebook

    yield start
    for context in contexts:
        context.close()


SAVE = """async ([name, notebook, files]) => {
  const { contents } = window.jupyterapp.serviceManager;
  for (const [path, content] of Object.entries(files))
    await contents.save(path, { type: "file", format: "text", content });
  await contents.save(name, { type: "notebook", format: "json", content: notebook });
  await window.jupyterapp.commands.execute("docmanager:open", { path: name, factory: "Notebook" });
}"""
SAVED = """async (name) => {
  await window.jupyterapp.commands.execute("docmanager:save");
  return JSON.stringify((await window.jupyterapp.serviceManager.contents.get(name, { content: true })).content);
}"""


@pytest.mark.timeout(600)
def test_the_lesson_of_all_hosts(live, row):
    notebook = live("02-ask-or-be-told.ipynb")
    cells = [SERVER, *VIEWS, EMIT, AWAITING]
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
        metadata={"kernelspec": {"name": "python", "display_name": "Python (Pyodide)"}},
    )
    notebook.page.evaluate(SAVE, ["lesson.ipynb", made, {"index.html": PAGE, **ASSETS}])
    notebook.path = notebook.path.with_name("lesson.ipynb")
    notebook.wait_ready()
    index = {cell: number for number, cell in enumerate(cells)}
    for cell in (SERVER, *VIEWS):
        notebook.run(index[cell], START_MS)
    note = row("JupyterLite")
    pane = is_a_client(notebook.page, PICTURES / "lesson.png", note, role="owner")
    goes_on(notebook, index, note, AWAITING)
    notebook.page.evaluate(
        "async () => { await window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart(); }"
    )
    expect(pane.element).to_contain_text("The kernel was restarted")
    for cell in (SERVER, VIEWS[0]):
        notebook.run(index[cell], START_MS)
    pane.has_state("connected")
    note("kernel restart", "the pane says so, and its cell is run again")
    assert "as it was when the notebook was saved" in notebook.page.evaluate(SAVED, "lesson.ipynb")
    note("saved picture", "yes")
    assert notebook.asked == []


def cells_of(name):
    return nbformat.read(ROOT / "notebooks" / name, 4).cells


def errors_of(notebook, index):
    return notebook.page.evaluate(
        """(index) => window.jupyterapp.shell.currentWidget.content.model.cells.get(index).outputs.toJSON()
          .filter((one) => one.output_type === "error").map((one) => `${one.ename}: ${one.evalue}`)""",
        index,
    )


def solve(notebook, cells, index):
    """Run an exercise as it stands, and with the solution that is shown; return what the check says of both."""
    said = [notebook.run(index), notebook.run(index + 1)][1:]
    right = re.search(r"```python\n(.*?)```", cells[index + 2].source, re.DOTALL)[1]
    notebook.page.evaluate(
        """([index, text]) => window.jupyterapp.shell.currentWidget.content.model.cells.get(index)
          .sharedModel.setSource(text)""",
        [index, right],
    )
    notebook.run(index)
    return [*said, notebook.run(index + 1)]


@pytest.mark.timeout(600)
def test_the_first_notebook_to_its_end(live, figure):
    began = time.monotonic()
    notebook = live("01-first-socket.ipynb")
    cells = cells_of("01-first-socket.ipynb")
    index = {cell.id: number for number, cell in enumerate(cells)}

    def run(name, timeout=60_000):
        said = notebook.run(index[name], timeout)
        assert errors_of(notebook, index[name]) == []
        return said

    run("server", START_MS)
    run("alice")
    alice = notebook.pane("alice")
    expect(alice.rows("in", "newMessage")).to_have_count(1)
    figure(f"inside the browser: from opening the page to the first event {time.monotonic() - began:.1f} s")
    run("emit")
    expect(alice.rows("in", "newMessage")).to_have_count(2)

    # A cell that waits for the page is paused, and hears it.
    notebook.begin(index["wait"])
    alice.fill("createMessage", '{"from": "alice"}')
    alice.emit()
    assert "'from': 'alice'" in notebook.wait_end(index["wait"])

    # A cell that computes keeps everything busy, and still each event arrives when it is emitted.
    notebook.begin(index["busy"])
    for number in range(4):
        expect(alice.rows("in", "tick").filter(has_text=f"tick {number}")).to_have_count(1)
    assert notebook.is_running(index["busy"])
    notebook.wait_end(index["busy"])
    expect(alice.rows("in", "tick")).to_have_count(20)

    run("wire")
    wire = notebook.page.locator(".nbs-wire")
    expect(wire).to_have_attribute("data-state", "live")
    run("two-ways")
    alice.has_state("connected")
    run("add")
    alice.ask()
    alice.fill("add", "20", "22")
    alice.emit()
    expect(alice.rows("out", "add")).to_have_attribute("data-ack", "answered")
    notebook.begin(index["ask"])
    question = alice.rows("in", "what is your name?")
    question.locator("input").fill('"Alice"')
    question.get_by_role("button", name="Answer").click()
    assert "Alice" in notebook.wait_end(index["ask"])
    run("say")
    run("bob")
    notebook.pane("bob").has_state("connected")
    run("client")
    carol = notebook.page.locator("[data-script=carol]")
    expect(carol).to_contain_text("connected to the server")
    expect(carol).to_contain_text("Welcome!")
    run("page")
    expect(notebook.page.locator(".nbs-page")).to_have_attribute("data-state", "connected")
    notebook.page.screenshot(path=PICTURES / "first.png")
    run("echo")
    run("compare")
    expect(notebook.page.locator("[data-script=measure]")).to_contain_text("done")
    run("practice")
    for exercise in ("exercise-1", "exercise-2"):
        first, second = solve(notebook, cells, index[exercise])
        assert "✗" in first
        assert "✓" in second
    assert notebook.asked == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["04-one-all-rooms.ipynb", "07-binary.ipynb"])
def test_another_notebook_with_its_exercises(live, name):
    notebook = live(name)
    cells = cells_of(name)
    for index, cell in enumerate(cells):
        if cell.cell_type != "code" or cell.id.startswith("check-"):
            continue
        if cell.id.startswith("exercise-"):
            first, second = solve(notebook, cells, index)
            assert "✗" in first
            assert "✓" in second
            continue
        notebook.run(index, START_MS)
        assert errors_of(notebook, index) == [], cell.source
    assert notebook.asked == []


@pytest.mark.timeout(600)
def test_what_there_is_not_says_so(live):
    notebook = live("09-strangers.ipynb")
    cells = cells_of("09-strangers.ipynb")
    for index, cell in enumerate(cells):
        if cell.cell_type != "code":
            continue
        notebook.run(index, START_MS)
        if cell.id == "ticket":
            (error,) = errors_of(notebook, index)
            assert "this kernel runs inside the browser" in error
            break
        assert errors_of(notebook, index) == []
