"""The demo: a copy of the tutorial that is never overwritten, and JupyterLab on it."""

import subprocess
import sys
import urllib.request

import pytest
from support.jupyter import free_port
from support.processes import is_open
from support.waiting import soon

from nbsocket.command.demo import FIRST, copy_tutorial, tutorial_folder
from nbsocket.command.main import main


def test_a_copy_keeps_what_was_changed(tmp_path):
    copied = copy_tutorial(tmp_path / "mine")
    assert FIRST in copied
    assert "client-side.html" in copied
    assert len([name for name in copied if name.endswith(".ipynb")]) == 10
    (tmp_path / "mine" / FIRST).write_text("changed")
    assert copy_tutorial(tmp_path / "mine") == []
    assert (tmp_path / "mine" / FIRST).read_text() == "changed"
    assert {file.name for file in tutorial_folder().iterdir()} >= set(copied)


def test_it_says_what_is_missing(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert main(["demo", str(tmp_path)]) == 1
    assert "pip install 'nbsocket[demo]'" in capsys.readouterr().err


def test_the_command_says_what_there_is(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "doctor" in said
    assert "demo" in said


def test_it_opens_jupyterlab(tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "nbsocket.command.main", "demo", str(tmp_path / "mine")]
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--no-browser"], stdout=out, stderr=subprocess.STDOUT
        )
    try:
        soon(lambda: f"{FIRST}?token=" in log.read_text(), 30, "it does not print the address")
        soon(lambda: is_open(port), why="it does not listen")
        said = log.read_text()
        assert "files copied to" in said
        assert f"http://127.0.0.1:{port}/lab/tree/{FIRST}?token=" in said
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/nbsocket/join", timeout=10) as page:
            assert page.status == 200
    finally:
        process.terminate()
        process.wait(20)
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=5)
