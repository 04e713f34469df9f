"""Who registered a handler."""

import functools
import linecache

from nbsocket.socketio.cell_run import NO_CELL, CellRun, code_of, is_typed_in


def plain():
    """Be a function."""


class Thing:
    def method(self):
        """Be a method."""


def test_the_code_is_that_of_the_innermost_function():
    @functools.wraps(plain)
    def wrapper():
        """Wrap."""

    assert code_of(plain) is plain.__code__
    assert code_of(functools.partial(wrapper)) is plain.__code__
    assert code_of(Thing().method) is Thing.method.__code__
    assert code_of(len) is None


def test_code_of_a_file_is_not_typed_in(monkeypatch):
    assert not is_typed_in(__file__)
    assert is_typed_in("<stdin>")
    # As IPython does: what it has no time for is not looked up on the disk.
    monkeypatch.setitem(linecache.cache, "/tmp/ipykernel_1/2.py", (0, None, [], ""))  # noqa: S108
    assert is_typed_in("/tmp/ipykernel_1/2.py")  # noqa: S108
    monkeypatch.setitem(linecache.cache, "/a/module.py", (0, 1.5, [], ""))
    assert not is_typed_in("/a/module.py")


def test_runs_know_their_cell_and_have_a_number():
    run = CellRun("id", 3, {"header": {}})
    assert (run.cell_id, run.number, run.context) == ("id", 3, None)
    assert (NO_CELL.cell_id, NO_CELL.number) == (None, 0)
