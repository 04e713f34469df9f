"""The built wheel in a new environment without Node: installed, enabled, and notebook 01 runs."""

import os
import shutil
import subprocess
import sys
import tarfile
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


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """sdist and wheel, built from this checkout."""
    target = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", target, ROOT],
        check=True,
        capture_output=True,
        timeout=300,
    )
    return target


@pytest.fixture(scope="module")
def environment(built, tmp_path_factory):
    """A virtual environment with the wheel, its PATH without Node."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    (wheel,) = built.glob("*.whl")
    # Nothing but the environment's own programs: no Node, wherever it is installed.
    environ = {**os.environ, "PATH": str(folder / "bin")}
    assert shutil.which("node", path=environ["PATH"]) is None
    subprocess.run(
        [folder / "bin" / "pip", "install", "--quiet", f"{wheel}[demo]"],
        check=True,
        timeout=500,
        env=environ,
    )
    return folder


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
