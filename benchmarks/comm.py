"""Events over a widget's comm, beside a bare anywidget on the same page: round trips, and many at once.

    python benchmarks/comm.py

The kernel does not know its Jupyter server, so that a client cell takes its widget's comm.
Prints medians of some runs, and ratios.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import nbformat
from playwright.sync_api import Page, expect, sync_playwright
from support.chromium import OPTIONS, chromium_path
from support.jupyter import TOKEN, JupyterProcess
from support.lab import Notebook

ROUNDS = 60
MANY = 10_000
BARE = """
import anywidget

class Bare(anywidget.AnyWidget):
    _esm = '''
    export default { render({ model, el }) { window.bare = model; el.textContent = "bare"; } }
    '''

bare = Bare()
bare.on_msg(lambda widget, content, buffers: widget.send(content))
bare
"""
OURS = """
import os

# As where no Jupyter server can be reached.
for name in ("JPY_PARENT_PID", "NBSOCKET_URL"):
    os.environ.pop(name, None)
import nbsocket

io = nbsocket.Server("bench")

@io.on("echo")
def echo(socket, value):
    return value

nbsocket.client('''
const socket = io();
let next = 0, isInOrder = true, began = 0;
socket.on("number", (number) => {
  if (number === 0) { began = performance.now(); next = 0; isInOrder = true; }
  isInOrder &&= number === next;
  next += 1;
  if (number !== MANY - 1) return;
  console.log(JSON.stringify({ took_ms: performance.now() - began, isInOrder, next }));
});
socket.on("rounds", async (rounds) => {
  const times = [];
  for (let round = 0; round < rounds; round += 1) {
    const at = performance.now();
    await socket.emitWithAck("echo", round);
    times.push(performance.now() - at);
  }
  console.log(JSON.stringify({ times }));
});
'''.replace("MANY", "10000"), "ours")
"""
BARE_ROUNDS = """async (rounds) => {
  const times = [];
  for (let round = 0; round < rounds; round += 1) {
    const at = performance.now();
    await new Promise((done) => {
      const hear = () => { window.bare.off("msg:custom", hear); done(); };
      window.bare.on("msg:custom", hear);
      window.bare.send({ round });
    });
    times.push(performance.now() - at);
  }
  return times;
}"""
BARE_MANY = """() => {
  window.came = [];
  window.bare.on("msg:custom", ({ number }) => window.came.push([number, performance.now()]));
}"""


def ours(page: Page, notebook: Notebook, cell: int, count: int) -> dict[str, Any]:
    """Run a cell that makes our client measure; return what it says."""
    notebook.run(cell)
    lines = page.locator("[data-script=ours] li")
    expect(lines).to_have_count(count, timeout=120_000)
    said: dict[str, Any] = json.loads(lines.last.inner_text())
    return said


def measure(page: Page, notebook: Notebook, runs: int) -> dict[str, list[float]]:
    """Measure both in turn."""
    found: dict[str, list[float]] = {
        "bare trip": [],
        "our trip": [],
        "bare many": [],
        "our many": [],
        "lost": [],
    }
    for run in range(runs):
        found["bare trip"].append(statistics.median(page.evaluate(BARE_ROUNDS, ROUNDS)))
        found["our trip"].append(statistics.median(ours(page, notebook, 2, 2 * run + 1)["times"]))
        said = ours(page, notebook, 3, 2 * run + 2)
        if not said["isInOrder"] or said["next"] != MANY:
            sys.exit(f"out of order or lost: {said}")
        found["our many"].append(said["took_ms"])
    # Last, since Jupyter drops messages in this flood, and with them the end of the cell.
    page.evaluate(BARE_MANY)
    notebook.begin(4)
    page.wait_for_timeout(30_000)
    came = page.evaluate("window.came")
    found["lost"].append(MANY - len(came))
    found["bare many"].append(came[-1][1] - came[0][1])
    return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    cells = [BARE, OURS, f"io.emit('rounds', {ROUNDS})"]
    cells += [f"for number in range({MANY}):\n    io.emit('number', number)"]
    cells += [f"for number in range({MANY}):\n    bare.send({{'number': number}})"]
    options = ("--LabApp.expose_app_in_browser=True",)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(made, Path(folder) / "bench.ipynb")
        with JupyterProcess(Path(folder), app="lab", options=options) as jupyter:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=OPTIONS)
            page = browser.new_page()
            page.goto(f"{jupyter.url}lab/tree/bench.ipynb?token={TOKEN}")
            notebook = Notebook(page, Path(folder) / "bench.ipynb")
            notebook.wait_ready()
            notebook.run(0)
            notebook.run(1)
            expect(page.locator("[data-script=ours]")).to_contain_text("Connected", timeout=60_000)
            found = {
                name: statistics.median(values) for name, values in measure(page, notebook, runs).items()
            }
            browser.close()
    print(f"{'':28}{'bare anywidget':>16}{'nbsocket':>12}{'ratio':>8}")
    for title, key in (("round trip, ms", "trip"), (f"{MANY:,} events, ms", "many")):
        bare, our = found[f"bare {key}"], found[f"our {key}"]
        print(f"{title:28}{bare:16.1f}{our:12.1f}{our / bare:8.2f}")
    print(f"{'of these lost':28}{found['lost']:16.0f}{0:12}")


if __name__ == "__main__":
    main()
