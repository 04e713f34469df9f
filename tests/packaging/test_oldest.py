"""The short form of ``make matrix``: the wheel with the oldest libraries that are claimed."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(900)
def test_the_lower_bounds_are_enough():
    command = [sys.executable, ROOT / "scripts" / "matrix.py", "oldest"]
    done = subprocess.run(
        [*command, "--suite", "socketio", "--suite", "nbclient"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    print(done.stdout)
