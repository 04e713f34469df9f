"""What the notebooks say: what they name is there, what they ask is answered."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FRONT_END = "\n".join(
    path.read_text()
    for path in sorted((ROOT / "js" / "src").rglob("*.ts*"))
    if path.suffix in (".ts", ".tsx")
)
OF_JUPYTERLAB = {"Create New View for Cell Output"}
# What a learner is to find on the screen stands in bold or italics behind one of these words.
NAMED = re.compile(
    r"\b(?:[Pp]ress|[Cc]lick|[Tt]ick|[Oo]pen|[Cc]hoose|into|then|with)\s+(\*{1,2})([A-Z][^*\n]+)\1|\((\*{1,2})([A-Z][^*\n]+)\3\)"
)

pytestmark = pytest.mark.promise(12)


def cells_of(path):
    return [(cell["cell_type"], "".join(cell["source"])) for cell in json.loads(path.read_text())["cells"]]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_it_tells_to_press_is_there(path):
    cells = cells_of(path)
    own = "\n".join(text for kind, text in cells if kind == "code")
    named = {
        found[1] or found[3] for kind, text in cells if kind == "markdown" for found in NAMED.findall(text)
    }
    missing = {one for one in named if one not in FRONT_END and one not in own} - OF_JUPYTERLAB
    assert missing == set()


def test_that_finds_what_is_named():
    found = {
        found[1] or found[3]
        for path in NOTEBOOKS
        for kind, text in cells_of(path)
        if kind == "markdown"
        for found in NAMED.findall(text)
    }
    # Were the pattern wrong, it would look for nothing.
    assert {"Emit", "Pause", "Ask for an acknowledgement", "Add argument", "Network weather"} <= found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_prediction_is_answered_before_the_next(path):
    text = "\n".join(text for kind, text in cells_of(path) if kind == "markdown")
    marks = re.findall(r"\*Predict|<summary>The answer</summary>", text)
    assert len(marks) % 2 == 0
    for question, answer in zip(marks[::2], marks[1::2], strict=True):
        assert question == "*Predict"
        assert answer.startswith("<summary>"), "two predictions without an answer between them"
