"""Each row of the tables has a test, or a reason in words."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.tables import TABLES

TESTS = Path(__file__).parent


def marked(table):
    text = "\n".join(file.read_text() for file in TESTS.rglob("test_*.py"))
    text += (TESTS / "conformance" / "rules.py").read_text()
    found = re.findall(rf"pytest\.mark\.{table}\(([\d, ]+)\)", text)
    return {int(number) for one in found for number in one.split(",")}


@pytest.mark.parametrize("table", TABLES)
def test_every_row_has_a_test_or_a_reason(table):
    titles, reasons = TABLES[table]
    assert marked(table) | set(reasons) == set(titles)
    assert marked(table) & set(reasons) == set()


@pytest.mark.parametrize(("script", "target"), [("make_tables", "tables"), ("make_performance", "figures")])
def test_the_documents_say_the_same(script, target):
    done = subprocess.run(
        [sys.executable, TESTS.parent / "docs" / f"{script}.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"run  make {target}  ({done.stdout})"
