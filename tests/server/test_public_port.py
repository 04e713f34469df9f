"""A second port with the public routes alone, so that phones reach the class and nothing else of Jupyter."""

import urllib.error
import urllib.request
from types import SimpleNamespace

import pytest
from support.jupyter import TOKEN, JupyterProcess, Kernel, free_port
from support.peers import Peer

from nbsocket.extension.app import split_address

SERVER = """
import nbsocket
io = nbsocket.Server("class")
@io.on("echo")
def echo(socket, *args):
    return args
ticket = io.ticket()
print(ticket.link, ticket.value)
"""


def status_of(url, headers=None):
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, headers=headers or {}), timeout=5
        ) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def page_at(url):
    """Return where a browser ends, and whether that is the join page."""
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.url, b"<title>Join</title>" in answer.read()


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    port = free_port()
    options = (f"--NbSocketApp.public_listen=127.0.0.1:{port}",)
    with JupyterProcess(tmp_path_factory.mktemp("public"), base_url="/a%40b/", options=options) as jupyter:
        yield jupyter, f"http://127.0.0.1:{port}/"


@pytest.fixture
def link(both, jp_asyncio_loop):
    """The link that a cell prints."""
    kernel = Kernel(both[0])
    jp_asyncio_loop.run_until_complete(kernel.__aenter__())
    yield jp_asyncio_loop.run_until_complete(kernel.run(SERVER)).text.strip()
    jp_asyncio_loop.run_until_complete(kernel.__aexit__())


async def test_clients_come_in_by_the_link_of_a_ticket(both, link):
    _, public = both
    link, value = link.split()
    assert link.startswith(f"{public}nbsocket/class/join#code=")
    for transports in (("websocket",), ("polling",), ("polling", "websocket")):
        async with Peer(SimpleNamespace(base_url="/", url=public), "class", value, transports) as peer:
            assert await peer.call("echo", 1, b"x") == (1, b"x")


async def test_nothing_else_of_jupyter_is_there(both, link):
    _, public = both
    assert status_of(f"{public}nbsocket/class/socket.io/socket.io.js") == 200
    assert status_of(f"{public}nbsocket/class/socket.io/?EIO=4&transport=polling") == 403
    for path in (
        "api/status",
        "lab",
        "tree",
        "login",
        "metrics",
        "a%40b/api/status",
        "nbsocket/link",
        "nbsocket/api/channels",
        "nbsocket/api/channels/class",
        "static/base/images/logo.png",
    ):
        for headers in ({}, {"Authorization": f"token {TOKEN}"}):
            assert status_of(public + path, headers) == 404, path


@pytest.mark.promise(15)
async def test_addresses_with_jupyters_own_prefix_lead_there_too(both, link):
    jupyter, public = both
    _, value = link.split()
    below = f"{public}{jupyter.base_url.strip('/')}/"
    for root in (public, below):
        assert status_of(f"{root}nbsocket/class/socket.io/socket.io.js") == 200
        assert status_of(f"{root}nbsocket/class/join") == 200
        server = SimpleNamespace(base_url=root.removeprefix(public.rstrip("/")), url=root)
        async with Peer(server, "class", value, ("polling", "websocket")) as peer:
            assert await peer.call("echo", 1) == 1
        # Who types the host alone comes to where one joins.
        assert page_at(root) == (f"{root}nbsocket/join", True)
    assert status_of(f"{public}other/nbsocket/class/join") == 404


@pytest.mark.promise(15)
async def test_links_lead_to_the_address_that_the_administrator_names(tmp_path):
    options = (
        f"--NbSocketApp.public_listen=127.0.0.1:{free_port()}",
        "--NbSocketApp.public_url=https://class.example.org/a",
    )
    with JupyterProcess(tmp_path, options=options) as jupyter:
        async with Kernel(jupyter) as kernel:
            link, _ = (await kernel.run(SERVER)).text.split()
            assert link.startswith("https://class.example.org/a/nbsocket/class/join#code=")
            assert await kernel.value("io.public_url") == "https://class.example.org/a/"


def test_a_taken_port_is_said_and_jupyter_goes_on(both, tmp_path):
    _, public = both
    taken = public.rsplit(":", 1)[1].strip("/")
    options = (f"--NbSocketApp.public_listen=127.0.0.1:{taken}",)
    with JupyterProcess(tmp_path, options=options) as jupyter:
        assert jupyter.api("nbsocket/api/channels")["channels"] == []
        assert f"the public port 127.0.0.1:{taken} cannot be opened" in jupyter.log.read_text()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.0.0.0:9000", ("0.0.0.0", 9000)),
        (":9000", ("", 9000)),
        ("[::1]:9000", ("::1", 9000)),
        ("host:0", ("host", 0)),
    ],
)
def test_addresses(text, expected):
    assert split_address(text) == expected


@pytest.mark.parametrize("text", ["9000", "host", "host:", "host:x", "host:99999", "host:-1", "host:²"])
def test_what_is_no_address_is_said(text):
    with pytest.raises(ValueError, match="is not an address with a port"):
        split_address(text)
