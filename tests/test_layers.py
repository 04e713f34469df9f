"""The folder tells which process the code runs in; imports run downwards only."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "nbsocket"

# The rooms of the house, the top floor first. Each may import what stands below it, and of other packages those
# that are named with it.
ROOMS = {
    "__init__": {"IPython"},
    "server": set(),
    "command": {"jupyter_server", "jupyter_core"},
    "classroom": {"pandas", "confusable_homoglyphs"},
    "testing": {"tornado", "typing_extensions"},
    "widgets": {"anywidget", "traitlets", "IPython", "typing_extensions"},
    "notebook": {"IPython", "ipykernel", "jupyter_core"},
    "socketio": {"msgspec"},
    "carriers": {"js", "pyodide", "msgspec", "tornado", "jupyter_core", "IPython", "ipykernel"},
    "extension": {"tornado", "jupyter_server", "jupyter_core", "prometheus_client", "traitlets"},
    "gateway": {"tornado"},
    "errors": set(),
    "abilities": {"pyodide"},
    "link": {"msgspec"},
    "protocol": {"msgspec", "tornado"},
    "_version": set(),
}
FLOORS = list(ROOMS)
THREADS_LIVE_IN = {
    "carriers/link.py",
    "carriers/local.py",
    "socketio/handler_thread.py",
    "testing/loop.py",
}


def imports_of(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def files_of(room):
    folder = PACKAGE / room
    return sorted(folder.glob("*.py")) if folder.is_dir() else [PACKAGE / f"{room}.py"]


def test_every_file_stands_in_a_room():
    found = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in PACKAGE.rglob("*.py")}
    assert found == set(ROOMS)


@pytest.mark.parametrize("room", FLOORS)
def test_imports_run_downwards_only(room):
    """Those for types alone and those within functions, too."""
    below = {room, *FLOORS[FLOORS.index(room) + 1 :]}
    wrong = []
    for file in files_of(room):
        for name in imports_of(file):
            top, *rest = name.split(".")
            if top == "nbsocket":
                if rest and rest[0] not in below:
                    wrong.append(f"{file.name}: {name}")
            elif top not in sys.stdlib_module_names and top not in ROOMS[room]:
                wrong.append(f"{file.name}: {name}")
    assert wrong == []


def test_the_protocol_has_no_io_no_clock_and_no_randomness():
    forbidden = {"asyncio", "socket", "time", "random", "secrets", "threading", "os", "datetime"}
    for folder in ("protocol", "link"):
        for file in (PACKAGE / folder).glob("*.py"):
            assert not forbidden & {name.split(".")[0] for name in imports_of(file)}, file


def test_the_protocol_takes_only_pure_functions_of_tornado():
    for file in (PACKAGE / "protocol").glob("*.py"):
        taken = {name for name in imports_of(file) if name.split(".")[0] == "tornado"}
        assert taken <= {"tornado.util"}, file


def test_threads_are_started_where_they_live():
    starters = {
        str(file.relative_to(PACKAGE))
        for file in PACKAGE.rglob("*.py")
        if "threading.Thread(" in file.read_text() or "threading.Timer(" in file.read_text()
    }
    assert starters == THREADS_LIVE_IN


def test_nothing_dangerous_is_called():
    """Neither pickle nor eval, and no attribute by a name that came from outside."""
    for file in PACKAGE.rglob("*.py"):
        text = file.read_text()
        tree = ast.parse(text)
        assert not {"pickle", "marshal", "shelve"} & set(imports_of(file)), file
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"eval", "exec", "compile"}, file


def test_importing_nbsocket_loads_nothing_heavy():
    code = (
        "import sys, nbsocket; heavy = {'tornado', 'jupyter_server', 'anywidget', 'msgspec', 'IPython'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("[]", "['msgspec']")


def test_every_public_name_can_be_had():
    import nbsocket

    for name in nbsocket.__all__:
        assert getattr(nbsocket, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = nbsocket.nothing
