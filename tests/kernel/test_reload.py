"""Code that is executed again: a module reloaded, a file run again, cells, handlers made in loops; and other processes."""

import pytest
from support.peers import Peer

MODULE = """
import nbsocket
io = nbsocket.Server("again")

@io.on("which")
def which(socket):
    return VERSION

@io.on("connection")
def connected(socket):
    @socket.on("mine")
    def mine():
        return VERSION

io.on("short", lambda socket: VERSION)

for number in (1, 2, 3):
    io.on(f"made {number}", lambda socket, number=number: [VERSION, number])

class Room:
    def __init__(self, name):
        self.name = name
    def asked(self, socket):
        return [VERSION, self.name]

io.on("method", Room("a").asked)
calls = []
for name in ("x", "y"):
    def several(socket, name=name):
        calls.append([VERSION, name])
    io.on("several", several)
"""

RELOADS = {
    "importlib.reload": "import sys; sys.path.insert(0, '.'); import importlib, lesson_a; importlib.reload(lesson_a); m = lesson_a",
    "%run": "%run lesson_b.py",
    "%run -i": "%run -i lesson_c.py",
    "exec of the file": "exec(compile(open('lesson_d.py').read(), 'lesson_d.py', 'exec'))",
    "%autoreload": (
        "import sys; sys.path.insert(0, '.'); import lesson_e; m = lesson_e\n"
        "get_ipython().run_line_magic('load_ext', 'autoreload'); get_ipython().run_line_magic('autoreload', '2')"
    ),
    "a cell": None,
}
FILES = dict(zip(RELOADS, "abcdef", strict=True))


def write(jupyter, letter, version):
    file = jupyter.root / f"lesson_{letter}.py"
    file.write_text(MODULE.replace("VERSION", repr(version)) + f"# {'x' * version}\n")


async def execute(kernel, how, version, cell):
    code = RELOADS[how] or MODULE.replace("VERSION", repr(version))
    result = await kernel.run(code, cell=cell)
    assert not result.error, result


@pytest.mark.fault(39)
@pytest.mark.parametrize("how", RELOADS)
async def test_the_latest_execution_answers_and_alone(kernel, jupyter, how):
    await kernel.run(
        f"import os; os.chdir({str(jupyter.root)!r}); import sys; sys.dont_write_bytecode = True"
    )
    for version in (1, 2, 3):
        write(jupyter, FILES[how], version)
        # The same cell again for what a learner would run again; another one else.
        await execute(kernel, how, version, "the cell" if how in ("a cell", "%run") else f"cell {version}")
        async with Peer(jupyter, "again", jupyter.ticket("again")) as alice:
            for event, answer in {
                "which": version,
                "mine": version,
                "short": version,
                "made 1": [version, 1],
                "made 3": [version, 3],
                "method": [version, "a"],
            }.items():
                assert await alice.call(event) == answer, event
            await alice.call("several")
        calls = await kernel.value("m.calls" if "m = " in (RELOADS[how] or "") else "calls")
        assert calls == [[version, "x"], [version, "y"]], "both that a loop has made, and nothing twice"


@pytest.mark.fault(39)
async def test_what_a_loop_or_a_function_makes_erases_nothing(kernel, jupyter):
    code = """
io = nbsocket.Server("loops")
calls = []
for name in "abc":
    io.on("one", lambda socket, name=name: calls.append(name))
def make(name):
    def made(socket):
        calls.append(name)
    return made
for name in "de":
    io.on("one", make(name))
import functools
for name in "fg":
    io.on("one", functools.partial(lambda name, socket: calls.append(name), name))
"""
    for _ in range(3):
        assert not (await kernel.run(code, cell="loops")).error
        async with Peer(jupyter, "loops", jupyter.ticket("loops")) as alice:
            await alice.call("one")
        assert await kernel.value("calls") == list("abcdefg")


@pytest.mark.fault(39)
async def test_a_generator_is_refused_where_it_is_written(kernel):
    result = await kernel.run(
        "io = nbsocket.Server('gen')\n@io.on('ask')\ndef ask(socket):\n    yield 1\n", cell="gen"
    )
    assert result.error == "TypeError"
    assert "contains a yield" in result.message
    assert "return" in result.message


CHILD = """
import json, os, pickle, time
io = globals().get("io") or nbsocket.Server("children")

def tried(act):
    began = time.monotonic()
    try:
        act()
        said = "nothing"
    except BaseException as error:
        said = f"{type(error).__name__}: {error}"
    return [said, time.monotonic() - began < 2]

def all_of_it():
    acts = {
        "emit": lambda: io.emit("from a child", 1),
        "room": lambda: io.to("room").emit("x"),
        "volatile": lambda: io.volatile.emit("x"),
        "namespace": lambda: io.of("/x").emit("x"),
        "stats": io.stats,
        "ticket": io.ticket,
        "call": lambda: io.timeout(1).call("x"),
        "page": lambda: io.page("none.html"),
        "wait_for": lambda: io.wait_for("x", timeout=1),
        "disconnect_sockets": io.disconnect_sockets,
        "close": io.close,
        "another server": lambda: nbsocket.Server("in-a-child"),
    }
    for socket in list(io.sockets.values())[:1]:
        acts["socket.emit"] = lambda: socket.emit("x")
        acts["socket.join"] = lambda: socket.join("x")
    return {name: tried(act) for name, act in acts.items()}

def in_a_fork(run):
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(writing, json.dumps(run()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as stream:
        said = stream.read()
    os.waitpid(pid, 0)
    return json.loads(said)
"""


@pytest.mark.fault(40)
@pytest.mark.timeout(90)
async def test_in_a_forked_child_everything_says_so_at_once(kernel, jupyter):
    assert not (await kernel.run(CHILD, cell="children")).error
    async with Peer(jupyter, "children", jupyter.ticket("children")) as alice:
        told = await kernel.value("in_a_fork(all_of_it)")
        assert len(told) == 14
        assert [name for name, (_, is_quick) in told.items() if not is_quick] == []
        assert told.pop("socket.join")[0] == "nothing"
        assert told.pop("page")[0].startswith("FileNotFoundError: there is no file 'none.html'")
        for name, (said, _) in told.items():
            assert said.startswith("ForkedProcessError: This is process "), (name, said)
            assert "child" in said
        await kernel.run("io.emit('after', 1)")
        assert await alice.next() == ("after", 1)
        assert await kernel.value("len(io.sockets)") == 1, "the parent's clients are all there"
