"""The two walks of docs/architecture.md, made by a real message: from a page to a handler, from an emit to a page."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from support import stage
from support.walks import Walk
from tornado.websocket import websocket_connect

from nbsocket.carriers import link as link_module
from nbsocket.carriers.discovery import KernelIdentity
from nbsocket.carriers.link import LinkCarrier

ARCHITECTURE = Path(__file__).parents[2] / "docs" / "architecture.md"
KEY = b"the kernel's key"
MARKER = "follow-me"


@pytest.fixture
def url(extension, jp_fetch, jp_http_port, jp_base_url, monkeypatch):
    """The server's address; it knows a kernel, which is in this process."""
    kernel = SimpleNamespace(session=SimpleNamespace(key=KEY), provisioner=None)
    monkeypatch.setattr(extension.kernels, "find", lambda _kernel_id: kernel)
    address = f"http://127.0.0.1:{jp_http_port}{jp_base_url}"
    monkeypatch.setattr(link_module, "candidate_urls", lambda: [address])
    return address


async def until(what):
    for _ in range(500):
        if found := what():
            return found
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come about")


async def walks(url):
    """Return the hops of an event that a client emits, and of one that a cell emits."""
    walk = Walk(MARKER)
    loop = asyncio.get_running_loop()
    surroundings = stage.Surroundings(LinkCarrier(KernelIdentity("kernel-1", KEY, "walks.ipynb")))
    made = await loop.run_in_executor(None, lambda: stage.Stage(surroundings))
    try:
        got = []
        made.server.on("event", lambda _, text: got.append((text, list(walk.hops))))
        ticket = await loop.run_in_executor(None, made.server.ticket)
        made.server.channel.let_in()
        query = urlencode({"EIO": 4, "transport": "websocket", "join_token": ticket.value})
        socket = await websocket_connect(f"{url.replace('http', 'ws')}nbsocket/stage/socket.io/?{query}")
        await socket.read_message()
        await socket.write_message("40")
        assert (await socket.read_message()).startswith("40")
        walk.is_followed = True
        await socket.write_message(f'42["event","{MARKER}"]')
        await until(lambda: got)
        walk.is_followed = False
        inward = got[0][1]
        walk.hops.clear()
        walk.is_followed = True
        # As a cell would: on a thread that is neither the link's nor the handlers'.
        await loop.run_in_executor(None, made.server.emit, "event", MARKER)
        assert MARKER in await socket.read_message()
        walk.is_followed = False
        outward = list(walk.hops)
        socket.close()
        return inward, outward
    finally:
        walk.end()
        await loop.run_in_executor(None, made.here.carrier.close)
        made.close()


def written(title: str) -> list[str]:
    """Return the hops in a section's table."""
    section = ARCHITECTURE.read_text(encoding="utf-8").split(f"## {title}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ") and "`" in line]
    return [row.split("`")[1] for row in rows]


async def test_the_walks_are_as_they_are_written(url):
    inward, outward = await walks(url)
    print("\n".join(["inward", *inward, "outward", *outward]))
    assert inward == written("An event from a page to a handler")
    assert outward == written("An event from a cell to a page")
    assert len(inward) < 14, "it was 18 by this count, and 14 by hand"
    assert len(outward) < 15
