"""The built wheel in a new environment without Node: installed, enabled, and notebook 01 runs."""

import json
import os
import shutil
import subprocess
import tarfile
import tomllib
import zipfile
from pathlib import Path

import nbformat
import pytest
from support.jupyter import JupyterProcess, Kernel

ROOT = Path(__file__).parent.parent.parent
STATIC = {
    "join.html",
    "pane.js",
    "pane.css",
    "script.js",
    "script.css",
    "page.js",
    "page.css",
    "wire.js",
    "wire.css",
    "board.js",
    "board.css",
    "panel.js",
    "panel.css",
    "bench.js",
    "bench.css",
    "socket.io.js",
}


def test_wheel_and_sdist_hold_the_front_end_and_no_rubbish(built):
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {Path(name).name for name in names if "/static/" in name} == STATIC
    assert any(name.endswith("etc/jupyter/jupyter_server_config.d/nbsocket.json") for name in names)
    assert not [name for name in names if "tests/" in name or "node_modules" in name]
    tutorial = {Path(name).name for name in names if name.startswith("nbsocket/notebooks/")}
    assert tutorial == {file.name for file in (ROOT / "notebooks").iterdir() if file.is_file()}
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        inside = archive.getnames()
    assert {Path(name).name for name in inside if "/nbsocket/static/" in name} == STATIC
    assert not [name for name in inside if "node_modules" in name]


@pytest.mark.timeout(600)
def test_the_extension_is_enabled_and_valid_without_doing_anything(environment):
    listed = subprocess.run(
        [environment / "bin" / "jupyter", "server", "extension", "list"],
        capture_output=True,
        text=True,
        check=True,
    )
    said = listed.stdout + listed.stderr
    assert "nbsocket enabled" in said.replace("\x1b[32m", "").replace("\x1b[0m", "")
    assert f"nbsocket {_version()} OK" in said.replace("\x1b[32m", "").replace("\x1b[0m", "")


@pytest.mark.timeout(600)
def test_the_demo_has_its_tutorial_without_the_repository(environment, tmp_path):
    code = "from nbsocket.command.demo import copy_tutorial; from pathlib import Path; print(copy_tutorial(Path('mine')))"
    done = subprocess.run(
        [environment / "bin" / "python", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "10-many-people.ipynb" in done.stdout
    said = subprocess.run(
        [environment / "bin" / "nbsocket", "--version"], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == f"nbsocket {_version()}"


def _version():
    import nbsocket

    return nbsocket.__version__


@pytest.mark.timeout(600)
async def test_notebook_01_runs_from_the_wheel(environment, tmp_path):
    shutil.copytree(ROOT / "notebooks", tmp_path, dirs_exist_ok=True)
    notebook = nbformat.read(tmp_path / "01-first-socket.ipynb", as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    alone = [cell for cell in cells if "browser" not in cell.metadata.get("tags", [])]
    assert len(alone) >= 0.8 * len(cells), "at most one code cell in five needs a page"
    python = environment / "bin" / "python"
    with JupyterProcess(tmp_path, base_url="/wheel/", python=python) as jupyter:
        async with Kernel(jupyter) as kernel:
            where = await kernel.run("import nbsocket; print(nbsocket.__file__)")
            assert str(environment) in where.text
            for cell in alone:
                result = await kernel.run(cell.source, cell=cell.id, timeout=60)
                is_meant_to_fail = "raises-exception" in cell.metadata.get("tags", [])
                assert bool(result.error) is is_meant_to_fail, (cell.source, result)


# --- what type checkers of a user's see, outside this repository -------------------------------


@pytest.fixture(scope="module")
def project(environment, tmp_path_factory):
    """A user's folder: the example, and an environment with the wheel and mypy."""
    version = next(
        one
        for one in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
            "dependency-groups"
        ]["lint"]
        if one.startswith("mypy")
    )
    subprocess.run([environment / "bin" / "pip", "install", "--quiet", version], check=True, timeout=300)
    folder = tmp_path_factory.mktemp("project")
    for file in (ROOT / "tests" / "typing").glob("*.py"):
        shutil.copy(file, folder)
    return folder


def outside(command, folder):
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=300, env=environ, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.timeout(600)
def test_mypy_is_strictly_content(environment, project):
    code, said = outside([environment / "bin" / "mypy", "--strict", "."], project)
    assert code == 0, said


@pytest.mark.timeout(600)
def test_mypy_knows_the_types(environment, project):
    """What is not typed counts as Any, and nothing about Any is an error."""
    (project / "wrong.py").write_text(
        "import nbsocket\n"
        "io = nbsocket.Server('chat', ping_intervall=3)\n"
        "io.emit(5)\n"
        "text: int = nbsocket.Server('chat').url\n",
        encoding="utf-8",
    )
    code, said = outside([environment / "bin" / "mypy", "--strict", "wrong.py"], project)
    (project / "wrong.py").unlink()
    assert code == 1
    assert [line.split(":")[1] for line in said.splitlines() if ": error:" in line] == ["2", "3", "4"]


@pytest.mark.timeout(600)
def test_pyright_is_strictly_content(environment, project):
    (project / "pyrightconfig.json").write_text(
        json.dumps({"typeCheckingMode": "strict", "reportMissingTypeStubs": False}), encoding="utf-8"
    )
    pyright = ["node", str(ROOT / "js" / "node_modules" / "pyright" / "index.js")]
    code, said = outside([*pyright, "--pythonpath", str(environment / "bin" / "python"), "."], project)
    assert code == 0, said
