"""The documentation as a site: it builds without a warning, its links hold, nothing comes from elsewhere."""

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parent.parent


class Page(HTMLParser):
    """What a page loads, where it leads, what can be led to in it."""

    def __init__(self, text):
        super().__init__()
        self.leads, self.loads, self.names = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.names.update(given[name] for name in ("id", "name") if given.get(name))
        if tag == "a" and given.get("href"):
            self.leads.append(given["href"])
        if given.get("src"):
            self.loads.append(given["src"])
        if tag == "link" and given.get("href"):
            self.loads.append(given["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    target = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "make_site.py", target],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stderr
    return {file: Page(file.read_text()) for file in target.rglob("*.html") if "_static" not in file.parts}


@pytest.mark.timeout(300)
def test_its_links_hold_and_nothing_comes_from_elsewhere(site):
    assert len(site) > 25
    wrong = []
    for file, page in site.items():
        for link in page.leads + page.loads:
            parts = urlsplit(link)
            if parts.scheme in ("http", "https"):
                if link in page.loads:
                    wrong.append(f"{file.name} loads {link}")
                continue
            if parts.scheme:
                continue
            if parts.path == "../live/lab/index.html":
                # Built beside it, and tried in tests/browser/test_live.py.
                assert (ROOT / "notebooks" / parts.query.removeprefix("path=")).is_file()
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            if not target.exists() or (
                parts.fragment and target in site and unquote(parts.fragment) not in site[target].names
            ):
                wrong.append(f"{file.name}: {link}")
    assert wrong == []


@pytest.mark.timeout(300)
def test_every_notebook_and_every_page_is_in_it(site):
    names = {file.stem for file in site}
    for file in [*(ROOT / "docs").glob("*.md"), *(ROOT / "notebooks").glob("*.ipynb")]:
        assert file.stem in names
