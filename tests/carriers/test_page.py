"""A kernel inside a browser (JupyterLite, marimo's WebAssembly): one loop, no threads, no Tornado."""

import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).parent / "threadless.py"


def test_without_threads_processes_and_tornado():
    done = subprocess.run(
        [sys.executable, PROGRAM], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("ok: ") == 7
