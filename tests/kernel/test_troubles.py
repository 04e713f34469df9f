"""What goes wrong with a client is said under the cell of its server, once in a while, and counted."""

import asyncio
import json
from urllib.parse import urlsplit

import pytest
from support.jupyter import Kernel
from support.wire import Wire

from nbsocket.link.troubles import TELL_EVERY_S, Troubles

SERVER = "import nbsocket\nio = nbsocket.Server('troubles')\nio.on('echo', lambda socket, value: value)\n"
SERVER += "io.on('connection', lambda socket: socket.emit('welcome'))"


@pytest.fixture
def kernel(jupyter, jp_asyncio_loop):
    run = jp_asyncio_loop.run_until_complete
    kernel = run(Kernel(jupyter).__aenter__())
    result = run(kernel.run(SERVER, "the server's cell"))
    assert not result.error, result
    yield kernel
    run(kernel.__aexit__(None, None, None))


@pytest.fixture
def wire(jupyter, kernel, jp_asyncio_loop):
    return Wire(jupyter, "troubles", jp_asyncio_loop.run_until_complete(kernel.value("io.ticket().value")))


async def said(kernel, text, kind, count=1):
    shown = await kernel.shows("the server's cell", text)
    assert "nbsocket, 'troubles': A client" in shown
    trouble = (await kernel.value("io.stats()['troubles']"))[kind]
    assert trouble["count"] == count
    assert text in trouble["latest"]
    return shown


@pytest.mark.promise(2)
@pytest.mark.fault(30)
@pytest.mark.parametrize("how", ["whole", "fragments", "binary"])
async def test_a_websocket_message_over_the_limit_is_told_with_both_sizes(kernel, wire, how):
    async with wire.websocket() as socket:
        await socket.connect()
        if how == "fragments":
            await socket.send_fragments(b"4" + b"x" * 700_000, b"x" * 700_000)
            size = "1,400,001"
        else:
            big = "4" + "x" * 1_000_000
            await socket.send(big.encode() if how == "binary" else big)
            size = "1,000,001"
        await socket.closed()
        assert socket.connection.close_code == 1009
        assert socket.connection.close_reason == (
            f"a message of {size.replace(',', '')} bytes is over the limit of 1000000"
        )
    shown = await said(kernel, f"sent {size} bytes in one go, over the limit of 1,000,000", "too_big")
    assert "c.NbSocketApp.max_payload" in shown


@pytest.mark.promise(2)
async def test_a_posted_payload_over_the_limit_is_told_and_its_session_ends(kernel, wire):
    session = await wire.polling()
    await session.post("40")
    answer = await wire.http("POST", "4" + "x" * 1_000_000, sid=session.sid)
    assert answer.code == 413
    assert "1000001 bytes is over 1000000" in json.loads(answer.body)["message"]
    assert await session.is_over()
    await said(kernel, "sent 1,000,001 bytes in one go, over the limit of 1,000,000", "too_big")


async def head_of_a_big_post(url):
    """Announce a payload that is too big and send none of it; return the status line."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(
        f"POST {address.path}?{address.query} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        "Content-Type: text/plain\r\nContent-Length: 1000002\r\n\r\n".encode()
    )
    status = await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    return status


@pytest.mark.promise(2)
async def test_without_a_ticket_nothing_is_told(jupyter, kernel, wire):
    session = await wire.polling()
    for stranger in (Wire(jupyter, "troubles", "x"), Wire(jupyter, "another", "x")):
        assert (
            await head_of_a_big_post(stranger.url(sid=session.sid))
            == b"HTTP/1.1 413 Request Entity Too Large\r\n"
        )
        assert (await stranger.http(EIO="3")).code == 403
    assert await kernel.value("io.stats()['troubles']") == {}


@pytest.mark.promise(3)
@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_a_client_of_socket_io_2_is_told_what_to_install(kernel, wire, transport):
    if transport == "polling":
        assert (await wire.http(EIO="3")).code == 400
    else:
        assert await wire.websocket_status(EIO="3") == 400
    shown = await said(kernel, "A client of Socket.IO 2 asked to connect (EIO=3)", "old_client")
    assert '<script src="socket.io/socket.io.js"></script>' in shown
    assert "npm install socket.io-client@4" in shown


# A CONNECT packet as socket.io-msgpack-parser encodes it: {"type": 0, "data": null, "nsp": "/"}.
MSGPACK = b"\x83\xa4type\x00\xa4data\xc0\xa3nsp\xa1/"


@pytest.mark.promise(3)
@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_a_client_with_another_parser_is_told_to_leave_it_out(kernel, wire, transport):
    if transport == "polling":
        session = await wire.polling()
        await session.post("bg6R0eXBlAKRkYXRhwKNuc3ChLw==")
        assert await session.is_over()
    else:
        async with wire.websocket() as socket:
            await socket.send(MSGPACK)
            await socket.closed()
            assert socket.connection.close_reason.startswith("parse error: a CONNECT packet is text")
    await said(kernel, "such as socket.io-msgpack-parser. Leave its option  parser  out.", "other_parser")


@pytest.mark.promise(3)
@pytest.mark.parametrize("message", ["42[", "4nonsense", '47["x"]'])
async def test_what_is_no_packet_is_told_on_both_sides(kernel, wire, message):
    async with wire.websocket() as socket:
        await socket.connect()
        await socket.send(message)
        await socket.closed()
        assert socket.connection.close_code == 1002
        assert socket.connection.close_reason.startswith("parse error: ")
    await said(kernel, "sent what is not a Socket.IO packet", "no_packet")


@pytest.mark.promise(2, 3)
@pytest.mark.threat(21)
async def test_a_flood_of_troubles_is_one_line_and_a_count(kernel, wire):
    for _ in range(50):
        async with wire.websocket() as socket:
            await socket.connect()
            await socket.send("42[")
            await socket.closed()
    shown = await said(kernel, "sent what is not a Socket.IO packet", "no_packet", count=50)
    assert shown.count("nbsocket, 'troubles'") == 1


@pytest.mark.promise(2)
async def test_the_others_go_on(kernel, wire):
    async with wire.websocket() as honest, wire.websocket() as other:
        await honest.connect()
        await other.connect()
        await other.send("4" + "x" * 1_000_001)
        await other.closed()
        await honest.send('421["echo","here"]')
        assert await asyncio.wait_for(honest.next(), 5) == '431["here"]'


def test_what_was_not_told_is_counted_with_the_next():
    troubles = Troubles()
    assert troubles.note("too_big", "a", 100.0) == "a"
    assert [troubles.note("too_big", "b", 100.0 + n) for n in range(3)] == ["", "", ""]
    assert troubles.note("old_client", "other", 101.0) == "other", "each kind has its own pace"
    assert troubles.note("too_big", "c", 100.0 + TELL_EVERY_S) == "c (3 more of this kind before it.)"
    assert troubles.note("too_big", "d", 100.0 + 2 * TELL_EVERY_S) == "d"
    assert troubles.figures() == {
        "too_big": {"count": 6, "latest": "d"},
        "old_client": {"count": 1, "latest": "other"},
    }


FOREIGN = [
    '<script src="https://cdn.socket.io/4.8.1/socket.io.min.js"></script>',
    "<script src='//cdnjs.cloudflare.com/ajax/libs/socket.io/4.8.1/socket.io.js'></script>",
    '<script type="module">import { io } from "https://cdn.socket.io/4.8.1/socket.io.esm.min.js";</script>',
    "<script src='http://127.0.0.1:3000/socket.io/socket.io.js?x=1'></script>",
]


@pytest.mark.promise(3)
@pytest.mark.parametrize("line", FOREIGN)
async def test_a_page_that_loads_its_client_from_elsewhere_is_told_what_to_write(kernel, tmp_path, line):
    (tmp_path / "page.html").write_text(f"<p>hello</p>{line}")
    result = await kernel.run(f"io.page({str(tmp_path / 'page.html')!r});")
    assert "nbsocket: page.html loads " in result.text
    assert '<script src="socket.io/socket.io.js"></script>' in result.text


@pytest.mark.promise(3)
@pytest.mark.parametrize(
    "line",
    [
        '<script src="socket.io/socket.io.js"></script>',
        '<script src="/socket.io/socket.io.js"></script>',
        '<a href="https://socket.io/docs/v4/">docs</a><script src="https://example.org/app.js"></script>',
    ],
)
async def test_a_page_with_its_own_client_is_told_nothing(kernel, tmp_path, line):
    (tmp_path / "page.html").write_text(line)
    result = await kernel.run(f"io.page({str(tmp_path / 'page.html')!r});")
    assert result.text == ""
