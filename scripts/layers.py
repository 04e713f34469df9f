"""Prints the rooms of the house, the arrows between them, circles of imports, and the longest files.

The order is that of tests/test_layers.py. An import for types alone counts as an arrow between rooms;
between the files of one room it may lead in a circle, and such circles are listed.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "nbsocket"
sys.path.insert(0, str(ROOT / "tests"))

from test_layers import FLOORS

LONGEST = 400


def imports_of(file: Path) -> tuple[set[str], set[str]]:
    """Return the modules of nbsocket that a file imports: when it runs, and for types alone."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    run: set[str] = set()
    types: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("nbsocket"):
            (types if id(node) in for_types else run).update(modules_of(node))
    return run, types


def modules_of(node: ast.ImportFrom) -> list[str]:
    """Return the modules that an import names, relative to the package."""
    named = (node.module or "").removeprefix("nbsocket").removeprefix(".")
    inner = [f"{named}.{alias.name}".strip(".") for alias in node.names]
    return [one for one in inner if path_of(one).exists()] or ([named] if path_of(named).exists() else [])


def path_of(module: str) -> Path:
    """Return the file of a module."""
    return PACKAGE / f"{module.replace('.', '/')}.py"


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the strongly connected parts of a graph that have several members (Tarjan)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(one: str) -> None:
        order[one] = low[one] = len(order)
        stack.append(one)
        for other in sorted(graph.get(one, ())):
            if other not in order:
                visit(other)
                low[one] = min(low[one], low[other])
            elif other in stack:
                low[one] = min(low[one], order[other])
        if low[one] == order[one]:
            part = stack[stack.index(one) :]
            del stack[stack.index(one) :]
            if len(part) > 1:
                found.append(sorted(part))

    for one in sorted(graph):
        if one not in order:
            visit(one)
    return found


def room_of(module: str) -> str:
    """Return the room in which a module stands."""
    return module.partition(".")[0]


def main() -> int:
    """Print all of it; return 1 if something leads upwards or a circle runs."""
    run: dict[str, set[str]] = {}
    everything: dict[str, set[str]] = {}
    arrows: dict[str, set[str]] = defaultdict(set)
    upwards = []
    for file in sorted(PACKAGE.rglob("*.py")):
        module = ".".join(file.relative_to(PACKAGE).with_suffix("").parts)
        when_run, for_types = imports_of(file)
        run[module], everything[module] = when_run, when_run | for_types
        for other in everything[module]:
            here, there = room_of(module), room_of(other)
            if here != there:
                arrows[here].add(there)
                if FLOORS.index(there) < FLOORS.index(here):
                    upwards.append(f"{module} → {other}")
    print("Rooms, the top floor first, and what each imports:")
    for room in FLOORS:
        print(f"  {room:12} {' '.join(sorted(arrows[room], key=FLOORS.index))}")
    running, with_types = circles(run), circles(everything)
    print(f"{len(upwards)} imports upwards", *upwards, sep="\n  ")
    print(f"{len(running)} circles of imports that run", *map(" ".join, running), sep="\n  ")
    print(f"{len(with_types)} circles with those for types alone", *map(" ".join, with_types), sep="\n  ")
    sizes = sorted(
        ((len(file.read_text(encoding="utf-8").splitlines()), file) for file in sources()), reverse=True
    )
    print(f"Longest files (at most {LONGEST} lines are wanted):")
    for lines, file in sizes[:8]:
        print(f"  {lines:4} {file.relative_to(ROOT)}")
    return int(bool(upwards or running))


def sources() -> list[Path]:
    """Return the files of the package and of the front end."""
    front = [path for path in (ROOT / "js" / "src").rglob("*") if path.suffix in (".ts", ".tsx", ".css")]
    return [*PACKAGE.rglob("*.py"), *front]


if __name__ == "__main__":
    sys.exit(main())
