"""Builds the documentation as a site: ``python docs/make_site.py [target]``; any warning is an error.

The pages are those of ``docs/``, with the notebooks, the changelog and the decisions beside them.
Links that lead into the source tree become plain text there: the site has no source.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from html import escape
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
WORK = ROOT / ".make" / "site"
MERMAID = ROOT / "js" / "node_modules" / "mermaid" / "dist" / "mermaid.min.js"
PARTS = {
    "Learn": ["tutorial"],
    "How to": ["classroom", "deployment", "hosts", "testing", "wire", "bench"],
    "Reference": ["api", "parity", "changelog"],
    "Explanation": [
        "architecture",
        "protocol",
        "security",
        "reliability",
        "promises",
        "performance",
        "decisions",
    ],
}
TITLES = {
    "tutorial": "Tutorial",
    "classroom": "Classroom",
    "bench": "Bench",
    "deployment": "Deployment",
    "hosts": "Hosts",
    "testing": "Testing",
    "wire": "Wire view",
    "api": "API",
}
"""What the header of every page calls them, so that it is one row."""
LIVE = "../live/lab/index.html?path={}"
"""Where a notebook runs inside the browser, as seen from its page; ``make_live.py`` builds it."""
_DIAGRAM = re.compile(r"^```mermaid\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_OUTSIDE = re.compile(
    r"(?<!!)\[([^\]]*)\]\((?:\.\./(?!notebooks/|CHANGELOG|DECISIONS)|(?=make_|conf))[^)]*\)"
)
_MOVED = {
    "../CHANGELOG.md": "changelog.md",
    "../DECISIONS.md": "decisions.md",
    "../notebooks/README.md": "tutorial.md",
    "../notebooks/": "notebooks/",
}


def page(text: str) -> str:
    """Return a page's text as Sphinx is to read it."""
    text = text.replace("](../CHANGELOG.md", "](changelog.md").replace(
        "](../DECISIONS.md", "](decisions.md"
    )
    text = text.replace("](../notebooks/README.md", "](tutorial.md").replace(
        "](../notebooks/", "](notebooks/"
    )
    return _OUTSIDE.sub(r"\1", _DIAGRAM.sub(diagram, text))


def diagram(found: re.Match[str]) -> str:
    """Return a Mermaid diagram as what the page's own copy of Mermaid draws."""
    return f'```{{raw}} html\n<pre class="mermaid">\n{escape(found[1])}</pre>\n```'


def notebook(text: str, name: str) -> str:
    """Return a notebook as it is to be read: diagrams drawn, links within the site, a way to run it."""
    made = json.loads(text)
    title = made["cells"][0]["source"]
    title[0] += f'\n\n<p><a class="try" href="{LIVE.format(name)}">Try it here, in the browser</a></p>\n'
    for cell in made["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            source = page(source.replace("](../docs/", "](../"))
        if source.startswith("%%client"):
            # Browser JavaScript, which Python's highlighter does not know.
            source = f"```javascript\n// {source}\n```"
            cell.update(cell_type="markdown")
            for key in ("outputs", "execution_count"):
                cell.pop(key, None)
        cell["source"] = source
    return json.dumps(made)


def gather() -> Path:
    """Put all sources into one folder; return it."""
    source = WORK / "source"
    shutil.rmtree(WORK, ignore_errors=True)
    (source / "notebooks").mkdir(parents=True)
    (source / "_static").mkdir()
    shutil.copytree(DOCS / "images", source / "images")
    shutil.copy(DOCS / "conf.py", source / "conf.py")
    shutil.copy(MERMAID, source / "_static" / "mermaid.min.js")
    for name in ("diagrams.js", "diagrams.css"):
        shutil.copy(DOCS / name, source / "_static" / name)
    for file in DOCS.glob("*.md"):
        (source / file.name).write_text(page(file.read_text()))
    for name in ("CHANGELOG", "DECISIONS"):
        text = (ROOT / f"{name}.md").read_text().replace("](docs/", "](")
        text = text.replace("](notebooks/README.md", "](tutorial.md")
        (source / f"{name.lower()}.md").write_text(page(text))
    files = sorted((ROOT / "notebooks").glob("*.ipynb"))
    for file in files:
        (source / "notebooks" / file.name).write_text(notebook(file.read_text(), file.name))
    listed = "\n".join(f"notebooks/{file.stem}" for file in files)
    with (source / "tutorial.md").open("a") as tutorial:
        tutorial.write(f"\n```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n")
    with (source / "index.md").open("a") as index:
        for title, names in PARTS.items():
            entries = "\n".join(f"{TITLES[name]} <{name}>" if name in TITLES else name for name in names)
            index.write(f"\n```{{toctree}}\n:hidden:\n:caption: {title}\n\n{entries}\n```\n")
    return source


def main() -> int:
    """Build the site; return Sphinx's exit status."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else WORK / "html"
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-n", "-W", "--keep-going", "-q"]
    status = subprocess.run([*command, str(gather()), str(target)], check=False).returncode
    if status == 0:
        print(f"the site is in {target}")
    return status


if __name__ == "__main__":
    sys.exit(main())
