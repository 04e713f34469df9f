"""Has an exercise's check judge solutions: ``judge.py NOTEBOOK NUMBER``, in a process of its own.

The check is the notebook's own cell, and so are the cells that it needs. Prints JSON: for each solution what the
check said, empty if it passed. Right ones are judged twice: a learner runs a check again.
"""

import contextlib
import io as files
import json
import re
import sys
from pathlib import Path

import nbformat

sys.path.insert(0, str(Path(__file__).parent))

from solutions import RIGHT, SETUP, WRONG

import nbsocket

_PUBLISHED = re.compile(r"<summary>A solution</summary>\n\n```python\n(.*?)```", re.DOTALL)
NOTEBOOKS = Path(__file__).parent.parent.parent / "notebooks"


def run(source: str, names: dict) -> None:
    """Run a cell."""
    exec(compile(source, "<cell>", "exec"), names)  # noqa: S102 - a notebook's cell


def verdicts(setup: list[str], check: str, solution: str, times: int) -> list[str]:
    """Return what the check says of a solution, so many times over."""
    names = {"__name__": "__main__", "nbsocket": nbsocket}
    said = []
    try:
        with contextlib.redirect_stdout(files.StringIO()), contextlib.redirect_stderr(files.StringIO()):
            for source in setup:
                run(source, names)
            run(solution, names)
            for _ in range(times):
                try:
                    run(check, names)
                except AssertionError as error:
                    said.append(str(error))
                else:
                    said.append("")
    finally:
        for one in names.get("crowd", []):
            one.disconnect()
        for name in ("io", "practice"):
            server = names.get(name)
            if isinstance(server, nbsocket.Server):
                server.close()
    return said


def main() -> None:
    """Judge all solutions of one exercise."""
    name, number = sys.argv[1], int(sys.argv[2])
    cells = nbformat.read(NOTEBOOKS / f"{name}.ipynb", 4).cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    setup = [next(one for one in code if one.startswith(start)) for start in SETUP[name]]
    checks = [cell.source for cell in cells if "raises-exception" in cell.metadata.get("tags", [])]
    check = checks[number - 1]
    published = [
        found[1]
        for cell in cells
        if cell.cell_type == "markdown" and (found := _PUBLISHED.search(cell.source))
    ]
    judged = {
        "published": verdicts(setup, check, published[number - 1], 2),
        "wrong": [verdicts(setup, check, one, 1) for one in WRONG[name, number]],
        "right": [verdicts(setup, check, one, 2) for one in RIGHT[name, number]],
    }
    # In one piece: a handler of a solution may print at the same time.
    sys.stdout.write(f"VERDICTS {json.dumps(judged)}\n")


if __name__ == "__main__":
    main()
