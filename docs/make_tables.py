"""Makes tables of the documentation: from the marks of the tests, and from the settings.

python docs/make_tables.py [--check]
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from support.tables import TABLES

from nbsocket.extension.app import NbSocketApp

BEGIN, END = "<!-- made by docs/make_tables.py -->", "<!-- end -->"
SHOWN = {"fault": 4, "threat": 4, "promise": 99}


def rows_of(marks: list[ast.expr]) -> list[tuple[str, int]]:
    """Return the rows that marks such as ``pytest.mark.threat(3, 4)`` name."""
    return [
        (mark.func.attr, number.value)
        for mark in marks
        if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute) and mark.func.attr in TABLES
        for number in mark.args
        if isinstance(number, ast.Constant)
    ]


def marked() -> dict[tuple[str, int], list[str]]:
    """Return links to the tests of each row."""
    found: dict[tuple[str, int], list[str]] = {}
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        name = file.relative_to(ROOT).as_posix()
        whole = [
            mark
            for node in tree.body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
            for mark in (node.value.elts if isinstance(node.value, ast.List) else [node.value])
        ]
        for node in ast.walk(tree):
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            if node.name.startswith("test_"):
                link = f"[{node.name.removeprefix('test_')}](../{name}#{node.name})"
                for row in rows_of([*whole, *node.decorator_list]):
                    found.setdefault(row, []).append(link)
    found.setdefault(("fault", 1), []).append("[one test a rule](../tests/conformance/test_engine_io.py)")
    return found


def table(kind: str) -> str:
    """Return a table in Markdown."""
    titles, reasons = TABLES[kind]
    tests = marked()
    lines = [f"| # | {kind} | tests |", "|---|---|---|"]
    for number, title in titles.items():
        links = tests.get((kind, number), [])
        most = SHOWN[kind]
        more = f" and {len(links) - most} more" if len(links) > most else ""
        shown = ", ".join(links[:most]) + more if number not in reasons else f"none: {reasons[number]}"
        lines.append(f"| {number} | {title} | {shown} |")
    return "\n".join(lines)


def settings() -> str:
    """Return the settings of the server extension in Markdown."""
    lines = ["| setting | default | what for |", "|---|---|---|"]
    for name, trait in sorted(NbSocketApp.class_own_traits(config=True).items()):
        lines.append(f"| `{name}` | `{trait.default_value!r}` | {trait.help} |")
    return "\n".join(lines)


def main() -> int:
    """Write the tables; with ``--check`` only say whether they are up to date."""
    stale = []
    made = {
        "reliability.md": table("fault"),
        "security.md": table("threat"),
        "promises.md": table("promise"),
        "deployment.md": settings(),
    }
    for name, rows in made.items():
        file = ROOT / "docs" / name
        text = file.read_text(encoding="utf-8")
        before, _, rest = text.partition(BEGIN)
        _, _, after = rest.partition(END)
        new = f"{before}{BEGIN}\n{rows}\n{END}{after}"
        if new != text:
            stale.append(name)
            if "--check" not in sys.argv:
                file.write_text(new, encoding="utf-8")
    print(f"{'stale' if '--check' in sys.argv else 'made'}: {', '.join(stale) or 'nothing'}")
    return int(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
