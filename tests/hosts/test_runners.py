"""nbclient and papermill run every notebook to its end without any Jupyter server."""

import contextlib
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from hosts.conftest import HOSTS, ROOT

FILES = sorted((ROOT / "notebooks").glob("*.ipynb"))
# Papermill runs cells by nbclient: three notebooks show that nothing of its own is in the way; all in "make soak".
CHOSEN = {"nbclient": FILES, "papermill": FILES if os.environ.get("NBSOCKET_SOAK") else FILES[::4]}
AT_ONCE = 4
LONGEST_END_S = 10.0
"""To shut the kernel down and write the notebook, on a machine that runs four of them."""

RUN = {
    "nbclient": (
        "import sys, nbformat\nfrom nbclient import NotebookClient\nsource, target, folder = sys.argv[1:]\n"
        "notebook = nbformat.read(source, 4)\n"
        "NotebookClient(notebook, timeout=100, resources={'metadata': {'path': folder}}).execute()\n"
        "nbformat.write(notebook, target)\n"
    ),
    # Papermill raises the last error of a notebook at its end, also one that its cell expects.
    "papermill": (
        "import sys, papermill\nsource, target, folder = sys.argv[1:]\n"
        "try:\n    papermill.execute_notebook(source, target, cwd=folder, progress_bar=False)\n"
        "except papermill.exceptions.PapermillExecutionError:\n    pass\n"
    ),
}


def tags(cell):
    return cell.metadata.get("tags", [])


def run_one(runner, file, folder, environment):
    """Run a notebook without what needs a page; return what it became, and the seconds from its last cell on."""
    notebook = nbformat.read(file, 4)
    notebook.cells = [cell for cell in notebook.cells if "browser" not in tags(cell)]
    # The moment when the last cell ends, by the same clock, whatever the runner notes.
    notebook.cells.append(nbformat.v4.new_code_cell("import time\nprint(time.time())"))
    source, target = folder / f"given-{file.name}", folder / file.name
    nbformat.write(notebook, source)
    done = subprocess.run(
        [HOSTS / "bin" / "python", "-c", RUN[runner], source, target, file.parent],
        env=environment,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    ended = time.time()
    assert done.returncode == 0, done.stderr
    ran = nbformat.read(target, 4)
    return ran, ended - float(ran.cells[-1].outputs[0]["text"])


def kernels_of(mark):
    """Return the processes whose environment holds this mark."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark.encode() in (process / "environ").read_bytes():
                found.append(process.name)
    return found


@contextlib.contextmanager
def running(environment):
    """A process with this environment; yields its id."""
    with subprocess.Popen([sys.executable, "-c", "input()"], env=environment, stdin=subprocess.PIPE) as one:
        yield one.pid
        one.stdin.close()


@pytest.mark.promise(1)
@pytest.mark.timeout(240)
@pytest.mark.parametrize("runner", RUN)
def test_notebooks_run_to_the_end_without_a_server(runner, tmp_path, host_environment, figure):
    files = CHOSEN[runner]
    mark = f"NBSOCKET_TEST_MARK={tmp_path}"
    environment = {**host_environment, "NBSOCKET_TEST_MARK": str(tmp_path)}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        ran = list(pool.map(lambda file: run_one(runner, file, tmp_path, environment), files))
    with running(environment) as pid:
        assert kernels_of(mark) == [str(pid)], "what runs is found"
    assert len(FILES) == 10
    for file, (notebook, end_s) in zip(files, ran, strict=True):
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert all(cell.execution_count for cell in code), f"{file.name}: every cell ran"
        wrong = [
            output
            for cell in code
            if "raises-exception" not in tags(cell)
            for output in cell.outputs
            if output.output_type == "error"
        ]
        assert wrong == [], file.name
        assert end_s < LONGEST_END_S, file.name
    assert kernels_of(mark) == []
    figure(
        f"{runner}: {len(files)} notebooks; from a last cell to the end {max(end_s for _, end_s in ran):.1f} s"
    )
