"""What strangers who are let in may send to a real kernel, and what comes of it."""

import asyncio
import json
import re
import urllib.request

import nbformat
import pytest
from support.clients import NPM, Client
from support.crowd import Member
from support.jupyter import TOKEN, JupyterProcess, Kernel
from support.processes import memory_kib
from support.waiting import until
from support.wire import Wire

SERVER = """
import nbsocket, os, logging
io = nbsocket.Server("strangers")
roles = []

@io.on("connection")
def connected(socket):
    roles.append([socket.role, sorted(socket.rooms - {socket.id})])

@io.on("echo")
def echo(socket, value=None):
    return value

@io.on("pass on")
def pass_on(socket, *args):
    io.emit("passed", *args)

@io.on("wrong")
def wrong(socket, value):
    raise ValueError(value)
"""


@pytest.fixture
def strangers(kernel, jp_asyncio_loop):
    result = jp_asyncio_loop.run_until_complete(kernel.run(SERVER, cell="server"))
    assert not result.error, result
    return kernel


@pytest.mark.threat(14)
async def test_a_role_comes_from_the_ticket_and_a_room_from_the_server(strangers, jupyter):
    wire = Wire(jupyter, "strangers", jupyter.ticket("strangers"))
    claims = '{"role":"owner","rooms":["staff"],"token":"x","join_token":"y","id":"z"}'
    async with wire.websocket() as socket:
        await socket.send(f"40{claims}")
        answer = json.loads((await socket.next())[2:])
        assert answer["sid"] != "z"
    async with Wire(jupyter, "strangers", jupyter.ticket("strangers")).websocket(role="owner") as socket:
        await socket.send("40")
        await socket.next()
    assert await strangers.value("roles") == [["guest", []], ["guest", []]]


HOSTILE = [
    {"__proto__": {"polluted": 1}},
    {"constructor": {"prototype": {"polluted": 1}}},
    {"_placeholder": True, "num": 0},
    {"_placeholder": True, "num": -1},
    {"_placeholder": "x"},
    "\ud83d cut",
    "\u2028\u2029\u0000\u001e\ufeff",
    "</script><script>alert(1)</script>",
    2**53,
    -(2**53),
    1e308,
    5e-324,
    -0.0,
    [[[[[[[[1]]]]]]]],
    {"": ""},
    {"toString": None, "hasOwnProperty": 1, "length": -1},
    ["connect", "disconnect", "error"],
    None,
]


@pytest.mark.threat(19)
async def test_what_one_sends_and_all_get_breaks_nobody(strangers, jupyter, figure):
    """An echo room with the stock client: whatever a raw client sends is passed on to it."""
    loop = asyncio.get_running_loop()
    ticket = await loop.run_in_executor(None, jupyter.ticket, "strangers", "owner")
    async with Client(NPM, jupyter, "strangers", ticket, "websocket") as stock:
        await stock.next("connect")
        accepted = 0
        for value in HOSTILE:
            member = await Member.come(jupyter, "strangers", ticket)
            member.send("42" + json.dumps(["pass on", value]))
            member.send("42" + json.dumps(["pass on", "end"]))
            await until(
                lambda member=member: member.closed.is_set() or any('"end"' in one for one in member.texts)
            )
            accepted += not member.closed.is_set()
            member.leave()
        assert accepted == len(HOSTILE)
        passed = [(await stock.next("event", event="passed"))["args"] for _ in range(2 * len(HOSTILE))]
        assert passed[1::2] == [["end"]] * len(HOSTILE)
        await strangers.run("io.emit('still here', 1)")
        said = await stock.next("event", event="still here")
        assert said["args"] == [1]
    figure(f"{len(HOSTILE)} hostile values passed on; the stock client stays")


@pytest.mark.threat(20)
@pytest.mark.timeout(300)
async def test_names_without_end_leave_nothing_behind(strangers, jupyter, figure):
    """Event names, namespaces, acknowledgement numbers: a hundred thousand of each."""
    loop = asyncio.get_running_loop()
    ticket = await loop.run_in_executor(None, jupyter.ticket, "strangers", "owner")
    kernel_pid = await strangers.value("os.getpid()")
    pids = {"server": jupyter.process.pid, "kernel": kernel_pid}
    member = await Member.come(jupyter, "strangers", ticket, on_text=lambda _: None)
    answered = asyncio.Event()

    async def storm(count, start):
        answered.clear()
        member._on_text = lambda text: answered.set() if text.startswith(f"43{start}") else None
        for first in range(start, start + count, 2000):
            for number in range(first, min(first + 2000, start + count)):
                member.send(
                    f'42["name {number}",{number}]',
                    f"40/space-{number},",
                    f"43{number}[1]",
                    f"41/space-{number},",
                )
            await asyncio.sleep(0)
        member.send(f'42{start}["echo",1]')
        await asyncio.wait_for(answered.wait(), 120)

    # What waits and what is kept of the latest is bounded: a first storm of the same size fills it.
    await storm(100_000, 1_000_000)
    before = {name: memory_kib(pid) for name, pid in pids.items()}
    await storm(100_000, 2_000_000)
    grown = {name: memory_kib(pid) - before[name] for name, pid in pids.items()}
    figure(f"100,000 names of each kind: {grown} KiB")
    # A hundred bytes for each of them would be thirty megabytes.
    assert max(grown.values()) < 20 * 1024
    assert not member.closed.is_set()
    member.leave()


ANSI = "\x1b[31mred\x1b[0m\r\nGET /fake HTTP/1.1 \x07\x00" + "x" * 5000


@pytest.mark.threat(21)
async def test_logs_show_no_control_characters_and_no_floods(strangers, jupyter):
    loop = asyncio.get_running_loop()
    ticket = await loop.run_in_executor(None, jupyter.ticket, "strangers")
    before = jupyter.log.read_text()
    member = await Member.come(jupyter, "strangers", ticket)
    for _ in range(50):
        member.send("42" + json.dumps([ANSI, ANSI]), '42["echo",1]')
    member.send('420["echo",1]')
    await until(lambda: any(one.startswith("430") for one in member.texts))
    member.send("42" + json.dumps(["connect"]))
    await asyncio.wait_for(member.closed.wait(), 10)
    with pytest.raises(ConnectionError):
        await Member.come(jupyter, "strangers", b"\x1bwrong".hex())
    await until(lambda: "nbsocket/strangers/socket.io/" in jupyter.log.read_text()[len(before) :])
    said = jupyter.log.read_text()[len(before) :]
    assert "\x1b[31mred" not in said
    assert "GET /fake" not in said
    assert "xxxxxxxxxx" not in said
    assert len(said) < 4000, "one client, a few lines"


@pytest.mark.threat(15)
@pytest.mark.timeout(120)
async def test_bodies_that_are_huge_slow_or_odd(strangers, jupyter, figure):
    loop = asyncio.get_running_loop()
    ticket = await loop.run_in_executor(None, jupyter.ticket, "strangers", "owner")
    wire = Wire(jupyter, "strangers", ticket)
    pid = jupyter.process.pid

    async def post(headers, chunks):
        session = await wire.polling()
        address = wire.url(sid=session.sid)
        path = address[address.index("/", 8) :]
        reader, writer = await asyncio.open_connection("127.0.0.1", jupyter.port)
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{jupyter.port}\r\n{headers}\r\n\r\n".encode()
        )
        try:
            for chunk in chunks:
                writer.write(chunk)
                await writer.drain()
        except ConnectionError:
            pass
        try:
            answer = await asyncio.wait_for(reader.read(4096), 15)
        except ConnectionError:
            answer = b""
        writer.transport.abort()
        return answer.split(b"\r\n")[0]

    await post("Content-Length: 3\r\nContent-Type: text/plain", [b"4x1"])
    before = memory_kib(pid)
    plain = "Content-Type: text/plain\r\n"
    block = b"x" * 65536
    answers = {
        "512 MiB announced": await post(f"{plain}Content-Length: {512 * 2**20}", []),
        "chunks without end": await post(
            f"{plain}Transfer-Encoding: chunked", [b"10000\r\n" + block + b"\r\n"] * 200
        ),
        "multipart": await post(
            "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 20000", [b"--x\r\n" * 4000]
        ),
        "slow": await post(f"{plain}Content-Length: 100", [b"4"]),
    }
    grown = memory_kib(pid) - before
    assert answers == {
        "512 MiB announced": b"HTTP/1.1 413 Request Entity Too Large",
        "chunks without end": b"",
        "multipart": b"HTTP/1.1 400 Bad Request",
        "slow": b"",
    }
    assert grown < 4 * 1024
    figure(f"{len(answers)} bodies refused ({', '.join(answers)}); memory {grown:+} KiB")


@pytest.mark.threat(10)
@pytest.mark.timeout(120)
async def test_no_secret_is_written_anywhere(tmp_path, figure):
    """A class with a ticket, a page, a fault and a log at its most talkative; then all is searched."""
    loop = asyncio.get_running_loop()
    with JupyterProcess(tmp_path, options=("--debug",)) as jupyter:
        async with Kernel(jupyter) as kernel:
            assert not (await kernel.run(SERVER, cell="server")).error
            shown = await kernel.run("ticket = io.ticket(); ticket")
            again = await kernel.run("print([ticket], repr(ticket), str(ticket))")
            fault = await kernel.run("def f(mine):\n    raise ValueError(mine)\nf(ticket)")
            value, code = await kernel.value("[ticket.value, ticket.code]")
            member = await Member.come(jupyter, "strangers", value)
            member.send('42["wrong","x"]', '420["echo",1]')
            await until(lambda: any(one.startswith("430") for one in member.texts))
            answer = await loop.run_in_executor(
                None, jupyter.get, "nbsocket/strangers/socket.io/?join_token=" + value
            )
            assert answer[0] == 400
            child = (
                await kernel.run(
                    "import subprocess, sys\n"
                    "print(subprocess.run([sys.executable, '-c', 'import os; print(dict(os.environ))'],"
                    " capture_output=True, text=True).stdout)"
                )
            ).text
            metrics = (await loop.run_in_executor(None, _metrics, jupyter)) + json.dumps(
                await kernel.value("io.stats()")
            )
        log = jupyter.log.read_text()
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_code_cell(
            "", outputs=[nbformat.v4.new_output("stream", text=one.text + one.message)]
        )
        for one in (shown, again, fault)
    ]
    places = {
        "log": log,
        "notebook": nbformat.writes(notebook),
        "environment of a child": child,
        "metrics": metrics,
    }
    assert "nbsocket/strangers/socket.io/" in log, "requests are logged, without their secrets"
    for name, text in places.items():
        assert value not in text, name
        assert code not in text, name
    assert not re.search(r"sid=(?!\[secret\])[A-Za-z0-9_-]{10}", log)
    figure(f"searched for ticket and code: {', '.join(places)}: 0 found")


def _metrics(jupyter):
    request = urllib.request.Request(f"{jupyter.url}metrics", headers={"Authorization": f"token {TOKEN}"})
    with urllib.request.urlopen(request) as answer:
        return answer.read().decode()


@pytest.mark.fault(29)
async def test_attachments_that_never_come_close_their_client_after_a_while(strangers, jupyter, figure):
    await strangers.run("import nbsocket.socketio.client as client; client._ATTACHMENTS_S = 0.5")
    async with Wire(jupyter, "strangers", jupyter.ticket("strangers", "owner")).websocket() as socket:
        await socket.send("40")
        await socket.next()
        placeholder = '{"_placeholder":true,"num":0}'
        for _ in range(3):
            await socket.send(f'451-["echo",{placeholder}]', b"whole")
        await socket.send('421["echo",1]')
        assert await socket.next() == "431[1]"
        await socket.send(f'451-["echo",{placeholder}]')
        assert await socket.closed() == []
    assert (await strangers.value("io.stats()['traffic']['ended']"))["parse error"] == 1
    figure("closed with 'parse error'; what it held is freed")


OUTCOMES = [
    ("return 1", "43{}[1]"),
    ("return None", "43{}[]"),
    ("return 1, 2", "43{}[1,2]"),
    ("raise ValueError('x')", None),
    ("return object()", None),
    ("return float('nan')", None),
    ("return {1: 2}", '43{}[{{"1":2}}]'),
    ("raise SystemExit", None),
    ("raise KeyboardInterrupt", None),
    ("raise __import__('asyncio').CancelledError", None),
]


@pytest.mark.fault(27)
async def test_whatever_a_handler_does_the_next_event_is_handled(strangers, jupyter, figure):
    code = "".join(
        f"@io.on('outcome {number}')\ndef outcome_{number}(socket):\n    {body}\n"
        for number, (body, _) in enumerate(OUTCOMES)
    )
    assert not (await strangers.run(code + "def nothing(): pass", cell="outcomes")).error
    async with Wire(jupyter, "strangers", jupyter.ticket("strangers", "owner")).websocket() as socket:
        await socket.send("40")
        await socket.next()
        for number, (_, wanted) in enumerate(OUTCOMES):
            await socket.send(f'42{number}["outcome {number}"]', f'42{100 + number}["echo",{number}]')
            if wanted is not None:
                assert await socket.next() == wanted.format(number)
            assert await socket.next() == f"43{100 + number}[{number}]"
    for said in ("ValueError: x", "EncodeError", "not a JSON number", "SystemExit", "KeyboardInterrupt"):
        await strangers.shows("outcomes", said)
    assert "internal error in nbsocket" not in strangers.shown["outcomes"]
    figure(f"{len(OUTCOMES)} outcomes: each shown to its author, the next event handled")


@pytest.mark.fault(31)
@pytest.mark.timeout(120)
async def test_a_flood_of_output_stays_below_jupyters_limit(strangers, jupyter, figure):
    """A handler prints without end while a pane listens: few messages to the pane, none lost to the limit."""
    made = await strangers.run("pane = io.pane('alice'); pane.pane_id")
    pane_id = made.text.strip().strip("'")
    wire = Wire(jupyter, "strangers", jupyter.ticket("strangers", "owner"))
    await strangers.run(
        "@io.on('talk')\ndef talk(socket, count):\n    for n in range(count):\n        print('line', n)\n    return 'done'",
        cell="talk",
    )
    async with wire.websocket(pane=pane_id) as socket:
        await socket.send("40")
        await socket.next()
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in range(20):
            await socket.send(f'42{number}["talk",500]')
            assert await socket.next() == f'43{number}["done"]'
        count = 0
        while loop.time() < began + 3:
            try:
                message = await strangers._next(0.3)
            except TimeoutError:
                break
            count += message["msg_type"] == "comm_msg"
        took = loop.time() - began
    assert count >= 1
    assert count <= 20 * max(1.0, took)
    assert "rate exceeded" not in jupyter.log.read_text()
    figure(f"10,000 lines printed in {took:.1f} s: {count} messages to the pane")
