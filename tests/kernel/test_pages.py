"""``io.page``: files read in the kernel, served by the Jupyter server, in a sandbox."""

import asyncio

import pytest

PAGE = """<!doctype html><title>t</title>
<script src="/socket.io/socket.io.js"></script>
<script src='socket.io/socket.io.min.js'></script>
<script async src=./socket.io/socket.io.js></script>
<script src="app.js"></script><p>/socket.io/socket.io.js</p>
"""


@pytest.fixture
def files(jupyter):
    (jupyter.root / "page.html").write_text(PAGE)
    (jupyter.root / "app.js").write_text("io()")
    (jupyter.root / "data.bin").write_bytes(b"\x00\xff")
    return jupyter.root


async def get(jupyter, path):
    return await asyncio.get_running_loop().run_in_executor(None, jupyter.get, f"nbsocket/pages/{path}")


@pytest.fixture
def server(kernel, files, jp_asyncio_loop):
    result = jp_asyncio_loop.run_until_complete(kernel.run("io = nbsocket.Server('pages')", cell="server"))
    assert not result.error
    return kernel


async def test_a_page_and_its_assets_are_served_sandboxed(server, jupyter):
    assert (await get(jupyter, ""))[0] == 404
    result = await server.run("io.page('page.html', assets=['app.js', 'data.bin']);")
    assert not result.error, result
    status, headers, body = await get(jupyter, "")
    assert status == 200
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Content-Security-Policy"].endswith("sandbox allow-scripts allow-forms allow-modals")
    assert body.count(b'src="socket.io/socket.io.js"') == 3
    assert b"<p>/socket.io/socket.io.js</p>" in body
    assert (await get(jupyter, "app.js"))[2] == b"io()"
    assert (await get(jupyter, "app.js"))[1]["Content-Type"].startswith("text/javascript")
    assert (await get(jupyter, "data.bin"))[2] == b"\x00\xff"
    assert (await get(jupyter, "socket.io/socket.io.js"))[0] == 200


@pytest.mark.parametrize(
    "path", ["page.html", "../page.html", "..%2fpage.html", "%2e%2e/app.js", "app.js%00", "/app.js"]
)
async def test_nothing_else_is_served(server, jupyter, path):
    await server.run("io.page('page.html');")
    assert (await get(jupyter, path))[0] == 404


async def test_a_page_below_finds_the_client_above(server, jupyter):
    await server.run("io.page('page.html', at='/teacher/', assets=['app.js']);")
    body = (await get(jupyter, "teacher/"))[2]
    assert body.count(b'src="../socket.io/socket.io.js"') == 3
    assert (await get(jupyter, "teacher/app.js"))[0] == 200


@pytest.mark.parametrize("at", ["/socket.io", "/join", "/a/../b"])
async def test_a_page_cannot_stand_where_something_else_does(server, at):
    result = await server.run(f"io.page('page.html', at={at!r})")
    assert result.error == "ValueError"


async def test_two_files_of_one_name_are_refused(server, files):
    (files / "sub").mkdir(exist_ok=True)
    (files / "sub" / "app.js").write_text("")
    result = await server.run("io.page('page.html', assets=['app.js', 'sub/app.js'])")
    assert result.error == "ValueError"
    assert "app.js" in result.message


async def test_a_page_is_gone_with_its_server(server, jupyter):
    await server.run("io.page('page.html');")
    assert (await get(jupyter, ""))[0] == 200
    await server.run("io.close()")
    assert (await get(jupyter, ""))[0] == 404


async def test_a_ticket_hides_its_secret_and_can_be_revoked(server, jupyter):
    shown = await server.run(
        "t = io.ticket(ttl=60)\nprint(repr(t), t.value in repr(t), t.code in repr(t))\n"
        "print(t.value in t.link, t.link.endswith('/join#code=' + t.code))\nt"
    )
    assert "False False\nFalse True\n" in shown.text
    assert "as guest" in shown.text
    value = await server.value("t.value")
    path = f"socket.io/?EIO=4&transport=polling&join_token={value}"
    assert (await get(jupyter, path))[0] == 200
    await server.run("t.revoke()")
    assert (await get(jupyter, path))[0] == 403
    assert (await server.run("io.ticket(role='admin')")).error == "ValueError"
    assert (await server.run("io.ticket(ttl=-1)")).error == "ValueError"
