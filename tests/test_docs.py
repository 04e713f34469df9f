"""What the documents say is there."""

import importlib
import re
from pathlib import Path

import pytest

import nbsocket

ROOT = Path(__file__).parent.parent
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "notebooks").glob("*.md")]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")


NONE = "\u2013"


def slug(heading):
    text = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return text.replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    wrong = []
    for link in LINK.findall(page.read_text()):
        target = link[0] or link[1]
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists():
            wrong.append(target)
        elif anchor and file.suffix == ".py":
            if f"def {anchor}(" not in file.read_text():
                wrong.append(target)
        elif anchor and file.suffix == ".md":
            headings = re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)
            if anchor not in map(slug, headings):
                wrong.append(target)
    assert wrong == []


def test_every_row_of_parity_names_its_test_or_says_why_not():
    rows = [
        line for line in (ROOT / "docs" / "parity.md").read_text().splitlines() if line.startswith("| ")
    ]
    rows = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]
    for row in rows:
        assert len(row) == 4, row
        if row[3] == NONE:
            assert row[2].startswith((NONE, "*not needed*")), row
    assert sum("tests/" in row[3] for row in rows) > 40


def test_the_api_reference_has_every_public_name_and_no_other():
    text = (ROOT / "docs" / "api.md").read_text()
    listed = set(re.findall(r"^\.\. auto\w+:: nbsocket\.([\w.]+)$", text, re.MULTILINE))
    public = set(nbsocket.__all__) - {"__version__"}
    for name in ("classroom", "testing"):
        module = importlib.import_module(f"nbsocket.{name}")
        public |= {f"{name}.{one}" for one in module.__all__}
    assert listed == public
