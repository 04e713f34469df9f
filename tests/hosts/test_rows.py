"""The lesson where nothing shows widgets: nbclient, papermill, IPython in a terminal."""

import subprocess

import nbformat
import pytest
from hosts.conftest import HOSTS
from support.lesson import ASSETS, CLIENT, PAGE, SERVER, SHOWN_PAGE

VIEWS = ("io.pane('alice')", CLIENT, SHOWN_PAGE)
NOTE = "io.ticket().link is the address to open in it"
CLIENT_CELL = """
from nbsocket.testing import Client

with Client(io, "alice") as alice:
    alice.answer("question", lambda number: 2 * number)
    io.emit("from a cell", 1)
    alice.wait_for("from a cell")
    alice.emit("came")
    alice.wait_until(lambda: came, 10)
    assert came == [1]
    assert (alice.call("add", 1, 2), alice.call("ask me"), alice.call("bytes", b"\\0" * 9)) == (3, 42, b"\\0" * 18)
    alice.emit("count", 10_000)
    alice.wait_until(lambda: len(alice.received) >= 10_002, 60)
    numbers = [one.args[0] for one in alice.received if one.name == "number"]
    assert numbers == list(range(10_000))
print("all", "is well")
"""


@pytest.fixture
def lesson(tmp_path):
    for name, text in {"index.html": PAGE, **ASSETS}.items():
        (tmp_path / name).write_text(text)
    made = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    )
    made.cells = [nbformat.v4.new_code_cell(cell) for cell in (SERVER, CLIENT_CELL, *VIEWS)]
    nbformat.write(made, tmp_path / "lesson.ipynb")
    return tmp_path


def run(environment, folder, *command, **options):
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
        **options,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def fill(note, text):
    """Note what was tried; each view says what there is instead."""
    assert "all is well" in text
    assert text.count(NOTE) >= len(VIEWS)
    for check in (
        "emit from a cell",
        "while a cell runs",
        "answers both ways",
        "binary",
        "10,000 in order",
    ):
        note(check, "headless")
    for check in ("pane connects", "%%client", "page"):
        note(check, "nothing shows widgets: a note says so, and how a browser gets in")
    note("kernel restart", "the kernel ends with the run")


@pytest.mark.promise(1)
@pytest.mark.parametrize("host", ["nbclient", "papermill"])
def test_notebooks_that_a_program_runs(lesson, host_environment, row, host):
    command = {
        "nbclient": ["jupyter-execute", "--inplace", "lesson.ipynb"],
        "papermill": [HOSTS / "bin" / "papermill", "lesson.ipynb", "lesson.ipynb"],
    }
    run(host_environment, lesson, *command[host])
    fill(row(host), (lesson / "lesson.ipynb").read_text())
    row(host)("saved picture", "the saved notebook has the notes")


@pytest.mark.promise(1)
def test_ipython_in_a_terminal(lesson, host_environment, row):
    cells = [SERVER, CLIENT_CELL, *VIEWS]
    # As a person pastes them, one cell after the other.
    typed = "\n".join(f"get_ipython().run_cell({cell!r})" for cell in cells)
    (lesson / "typed.py").write_text(f"{typed}\nio.close()\n")
    said = run(
        host_environment, lesson, HOSTS / "bin" / "python", "-m", "IPython", "--no-banner", "typed.py"
    )
    fill(row("IPython"), said)
    row("IPython")("saved picture", "a terminal saves no notebook")
