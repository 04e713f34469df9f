"""Makes the tables of docs/reliability.md, security.md and promises.md from the marks of the tests.

python docs/make_tables.py [--check]
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from support.tables import TABLES

BEGIN, END = "<!-- made by docs/make_tables.py -->", "<!-- end -->"
MARK = re.compile(r"^( *)@pytest\.mark\.(fault|threat|promise)\(([\d, ]+)\)$")
TEST = re.compile(r"^ *(?:async )?def (test_\w+)\(")
SHOWN = 4


def marked() -> dict[tuple[str, int], list[str]]:
    """Return links to the tests of each row."""
    found: dict[tuple[str, int], list[str]] = {}
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        pending: list[tuple[str, int]] = []
        for line in file.read_text(encoding="utf-8").splitlines():
            mark, test = MARK.match(line), TEST.match(line)
            if mark:
                pending += [(mark[2], int(number)) for number in mark[3].split(",")]
            elif test:
                name = file.relative_to(ROOT).as_posix()
                for row in pending:
                    found.setdefault(row, []).append(
                        f"[{test[1].removeprefix('test_')}](../{name}#{test[1]})"
                    )
                pending = []
    found.setdefault(("fault", 1), []).append("[one test a rule](../tests/conformance/test_engine_io.py)")
    return found


def table(kind: str) -> str:
    """Return a table in Markdown."""
    titles, reasons = TABLES[kind]
    tests = marked()
    lines = [f"| # | {kind} | tests |", "|---|---|---|"]
    for number, title in titles.items():
        links = tests.get((kind, number), [])
        more = f" and {len(links) - SHOWN} more" if len(links) > SHOWN else ""
        shown = ", ".join(links[:SHOWN]) + more if number not in reasons else f"none: {reasons[number]}"
        lines.append(f"| {number} | {title} | {shown} |")
    return "\n".join(lines)


def main() -> int:
    """Write the tables; with ``--check`` only say whether they are up to date."""
    stale = []
    for name, kind in (("reliability.md", "fault"), ("security.md", "threat"), ("promises.md", "promise")):
        file = ROOT / "docs" / name
        text = file.read_text(encoding="utf-8")
        before, _, rest = text.partition(BEGIN)
        _, _, after = rest.partition(END)
        new = f"{before}{BEGIN}\n{table(kind)}\n{END}{after}"
        if new != text:
            stale.append(name)
            if "--check" not in sys.argv:
                file.write_text(new, encoding="utf-8")
    print(f"{'stale' if '--check' in sys.argv else 'made'}: {', '.join(stale) or 'nothing'}")
    return int(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
