"""What the source itself must not do."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent.parent / "nbsocket"
FRONT = PACKAGE.parent / "js" / "src"
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_MODULES = {"pickle", "cPickle", "marshal", "shelve", "dill", "yaml"}
FORBIDDEN_IN_PAGES = (
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "dangerouslySetInnerHTML",
    "document.write",
    "eval(",
    "new Function(",
)


def nodes():
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            yield file.relative_to(PACKAGE), node


@pytest.mark.threat(22)
def test_no_name_from_outside_becomes_code():
    """No pickle, no eval, no ``getattr`` or ``format`` by a name that is not written in the source."""
    wrong = []
    for file, node in nodes():
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
            )
            wrong += [(str(file), name) for name in names if name.split(".")[0] in FORBIDDEN_MODULES]
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        attribute = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if name in FORBIDDEN_CALLS:
            wrong.append((str(file), name))
        if name in {"getattr", "setattr"} and not _is_known(file, node.args[1]):
            wrong.append((str(file), ast.unparse(node)))
        if attribute in {"format", "format_map"} and not isinstance(
            node.func.value, (ast.Constant, ast.Name)
        ):
            wrong.append((str(file), ast.unparse(node)))
    assert wrong == []


def _is_known(file, name):
    """A constant; or a method that Tornado has checked, or the name of a field of our own."""
    if isinstance(name, ast.Constant):
        return True
    return (str(file), ast.unparse(name)) in {
        ("extension/doors.py", "(self.request.method or '').lower()"),
        ("extension/app.py", "name"),
        ("extension/metrics.py", "field"),
        ("carriers/local.py", "name"),
        ("__init__.py", "name"),
    }


@pytest.mark.threat(7)
def test_the_front_end_makes_no_markup_from_text():
    wrong = [
        (file.name, word)
        for file in [*FRONT.rglob("*.ts"), *FRONT.rglob("*.tsx"), *FRONT.rglob("*.html")]
        for word in FORBIDDEN_IN_PAGES
        if word in file.read_text()
    ]
    # It reads a page of io.page as text, which only a sandboxed frame shows.
    assert wrong == [("inlined.ts", "outerHTML")]
