import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
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
