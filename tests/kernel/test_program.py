"""The same server outside Jupyter: ``python app.py``."""

import asyncio
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
from support.jupyter import free_port
from support.peers import Peer
from support.program import Program
from support.waiting import until
from support.wire import Wire

HANDLERS = """
@io.on("connection")
def connected(socket):
    print("hello", socket.role)
    socket.emit("welcome")

    @socket.on("echo")
    def echo(*args):
        return args

    @socket.on("disconnect")
    def gone(reason):
        print("gone:", reason)
"""
OPEN = "import nbsocket\nio = nbsocket.Server('chat', open=True)\n" + HANDLERS


@pytest.fixture
def program(tmp_path):
    running = []

    def start(code, **options):
        script = tmp_path / "app.py"
        script.write_text(code)
        one = Program(script, **options)
        running.append(one)
        return one.__enter__()

    yield start
    for one in running:
        one.__exit__()


def status_of(url, headers=None, method="GET"):
    request = urllib.request.Request(url, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


HANDSHAKE = "socket.io/?EIO=4&transport=polling"


@pytest.mark.parametrize("transports", [("websocket",), ("polling",), ("polling", "websocket")])
@pytest.mark.parametrize("ending", ["", "io.run()\n"])
async def test_a_script_serves_the_same_routes_and_goes_on_until_ctrl_c(program, transports, ending):
    app = program(OPEN + ending)
    app.says(f"nbsocket: 'chat' listens on {app.url} (no ticket needed)")
    async with Peer(app, "chat", "", transports) as peer:
        assert await peer.next() == ("welcome",)
        assert await peer.call("echo", 1, b"x") == (1, b"x")
    app.says("hello guest")
    app.says("gone: ")
    assert app.interrupt() == 0, app.said
    assert "Traceback" not in app.said


async def test_the_first_server_stands_at_the_root_where_stock_clients_look(program):
    app = program(OPEN + "nbsocket.Server('other', open=True)\n")
    app.says("'other' listens")
    import socketio

    client = socketio.AsyncClient(reconnection=False)
    await client.connect(app.url)
    assert await client.call("echo", "root") == "root"
    await client.disconnect()


def test_several_servers_share_the_port_of_the_first(program):
    port = free_port()
    app = program(
        f"import nbsocket\nnbsocket.Server('a', open=True, port={port})\nnbsocket.Server('b', open=True)\n"
    )
    app.says(f"'b' listens on http://127.0.0.1:{port}/")
    assert status_of(f"http://127.0.0.1:{port}/nbsocket/b/{HANDSHAKE}")[0] == 200


async def test_without_open_a_ticket_is_needed(program):
    app = program(
        "import nbsocket\nio = nbsocket.Server('chat')\n"
        + HANDLERS
        + "print('TICKET', io.ticket().value)\n"
    )
    value = app.says("TICKET").split("TICKET ")[1].split()[0]
    assert "clients need a ticket" in app.said
    for path in ("", "nbsocket/chat/", "nbsocket/unknown/"):
        assert status_of(app.url + path + HANDSHAKE)[0] == 403
    async with Peer(app, "chat", value) as peer:
        assert await peer.next() == ("welcome",)


async def test_an_open_server_is_closed_to_foreign_pages(program):
    app = program(OPEN.replace("open=True", "open=True, origins=['https://friend.example']"))
    app.says("listens")
    own = f"127.0.0.1:{app.port}"
    allowed = [{}, {"Origin": f"http://{own}"}, {"Origin": "https://friend.example"}]
    refused = [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": f"http://127.0.0.1:{app.port + 1}"},
        # A foreign name that its owner points to this machine.
        {"Origin": f"http://evil.example:{app.port}", "Host": f"evil.example:{app.port}"},
        {"Host": "evil.example"},
    ]
    for headers in allowed:
        assert status_of(app.url + HANDSHAKE, headers)[0] == 200, headers
    for headers in refused:
        assert status_of(app.url + HANDSHAKE, headers)[0] == 403, headers
        sid = "socket.io/?EIO=4&transport=websocket"
        upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", **headers}
        assert status_of(app.url + sid, upgrade)[0] == 403


@pytest.mark.threat(40)
@pytest.mark.parametrize("site", ["cross-site", "same-site", "CROSS-SITE", "nonsense"])
async def test_an_open_server_is_closed_to_what_a_foreign_page_loads_without_an_origin(program, site):
    """``<img src="http://127.0.0.1:…/socket.io/?…">``: a browser sends no Origin with it, but says whose it is."""
    app = program(OPEN)
    app.says("listens")
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    for method in ("GET", "POST", "PUT"):
        assert status_of(app.url + HANDSHAKE, headers, method)[0] == 403
    statuses = await asyncio.gather(
        *[asyncio.to_thread(status_of, app.url + HANDSHAKE, headers) for _ in range(500)]
    )
    assert {status for status, _, _ in statuses} == {403}
    for own in ("same-origin", "none", ""):
        status, _, body = status_of(app.url + HANDSHAKE, {"Sec-Fetch-Site": own} if own else {})
        assert (status, body[:1]) == (200, b"0")
    async with Peer(app, "chat", "") as peer:
        assert await peer.next() == ("welcome",)


async def test_pages_and_the_client_bundle_are_served(program, tmp_path):
    (tmp_path / "page.html").write_text('<script src="/socket.io/socket.io.js"></script>')
    app = program(OPEN + f"io.page({str(tmp_path / 'page.html')!r})\n")
    app.says("listens")
    await until(lambda: status_of(app.url)[0] == 200, why="the page is not served")
    status, headers, body = status_of(app.url)
    assert (status, body) == (200, b'<script src="socket.io/socket.io.js"></script>')
    assert "Content-Security-Policy" not in headers, "its client must keep its origin"
    status, headers, body = status_of(app.url + "socket.io/socket.io.js")
    assert status == 200
    assert b"socket" in body
    assert status_of(app.url + "nbsocket/chat/")[0] == 200
    assert status_of(app.url + "nothing")[0] == 404


async def test_limits_of_a_script(program):
    app = program(
        OPEN.replace("open=True", "open=True, ping_interval=0.2, ping_timeout=0.2, max_payload=1000")
    )
    app.says("listens")
    async with Wire(app, "chat", "").websocket() as socket:
        await socket.send("40")
        assert (await socket.closed())[-1] == "2"
    async with Wire(app, "chat", "").websocket() as socket:
        await socket.send("4" + "x" * 1001)
        await socket.closed()
        assert socket.connection.close_code == 1009


def test_it_binds_to_loopback_unless_told_otherwise(program):
    app = program(OPEN)
    app.says("listens")
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in others - {"127.0.0.1"}:
        with pytest.raises(OSError, match=r"refused|unreachable"):
            socket.create_connection((address, app.port), 1)


def test_a_taken_port_is_said_with_the_way_out(program):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        app = program(OPEN, port=taken.getsockname()[1])
        assert app.ends() == 1
    assert "nbsocket cannot listen on 127.0.0.1:" in app.said
    assert "set PORT, or nbsocket.Server(port=" in app.said


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("nbsocket.Server('chat', ping_intervall=3)", "has no setting 'ping_intervall'; there are "),
        ("nbsocket.Server('Chat')", "'Chat' is not a valid channel name"),
        ("nbsocket.Server('a'); nbsocket.Server('b', port=1)", "listens on http://127.0.0.1:"),
    ],
)
def test_mistakes_are_said(program, code, said):
    app = program(f"import nbsocket\n{code}\n")
    assert app.ends() == 1
    assert said in app.said


def test_closing_the_last_server_ends_the_program(program):
    app = program(OPEN + "io.close()\nprint('closed')\n")
    assert app.ends() == 0
    assert app.said.endswith("closed\n")


def test_a_script_that_fails_ends(program):
    app = program(OPEN + "raise RuntimeError('my own')\n")
    assert app.ends() == 1
    assert "my own" in app.said


def test_the_default_name_is_the_scripts(program):
    app = program("import nbsocket\nprint(nbsocket.Server(open=True).name)\n")
    app.says("'app' listens")


async def test_nothing_is_lost_in_a_flood_and_the_emitter_is_slowed_down(program):
    app = program(
        OPEN + "import time\n"
        "while not io.sockets: time.sleep(0.01)\n"
        "time.sleep(0.2)\n"
        "for n in range(400): io.emit('n', n, b'x' * 100_000)\n"
        "print('emitted')\n"
    )
    app.says("listens")
    async with Peer(app, "chat", "", ("websocket",)) as peer:
        assert await peer.next() == ("welcome",)
        got = [(await peer.next(30))[1] for _ in range(400)]
    assert got == list(range(400))


def test_in_a_notebook_it_is_refused(kernel, jp_asyncio_loop):
    for code in ("nbsocket.Server('x', open=True)", "nbsocket.Server('x', port=3000)"):
        result = jp_asyncio_loop.run_until_complete(kernel.run(code))
        assert result.error == "ValueError"
        assert "c.NbSocketApp" in result.message
    result = jp_asyncio_loop.run_until_complete(kernel.run("nbsocket.Server('x').run()"))
    assert "nothing to run" in result.message


def test_port_3000_is_the_default():
    code = (
        "import os; os.environ.pop('PORT', None)\n"
        "from nbsocket.carriers.listen import where_to_listen\n"
        "print(where_to_listen(None, None, {}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "Listening(host='127.0.0.1', port=3000, limits={}, is_private=False)\n"
    assert free_port() != 3000
