"""A bad network between clients and server, and between server and kernel: nothing lost, doubled, out of order."""

import asyncio
import json
import os
import random
import time
from types import SimpleNamespace

import pytest
from support.jupyter import JupyterProcess, Kernel
from support.peers import Peer
from support.proxy import Proxy, Toxics
from support.wire import Wire
from tornado.httpclient import HTTPError
from tornado.websocket import WebSocketError

# make soak: the figure that the fault table asks for.
CUTS = int(os.environ.get("NBSOCKET_CUTS", "60"))
SERVER = """
import nbsocket
io = nbsocket.Server("faults")
got, gone = [], []

@io.on("up")
def up(socket, number):
    got.append(number)
    io.emit("down", number)

@io.on("disconnect")
def left(socket, why):
    gone.append(why)
"""


def through(proxy, jupyter):
    """The Jupyter server as seen through the proxy."""
    return SimpleNamespace(
        base_url=jupyter.base_url, url=f"http://127.0.0.1:{proxy.port}{jupyter.base_url}"
    )


@pytest.mark.fault(17)
@pytest.mark.timeout(120 + CUTS)
async def test_a_link_cut_at_any_byte_loses_and_doubles_nothing(kernel, jupyter, figure):
    """Both ends alive, the link reset at random bytes while events go both ways."""
    chance = random.Random(17)
    toxics = Toxics(limit_data=lambda: chance.randrange(1200, 40_000) if proxy.cuts < CUTS else None)
    async with Proxy(jupyter.port, toxics) as proxy:
        address = f"http://127.0.0.1:{proxy.port}{jupyter.base_url}"
        # Nor by the other way that a kernel knows.
        await kernel.run(
            f"import os; os.environ['NBSOCKET_URL'] = {address!r}; os.environ.pop('JPY_PARENT_PID')"
        )
        result = await kernel.run(SERVER, cell="server")
        assert not result.error, result
        async with Wire(jupyter, "faults", jupyter.ticket("faults", "owner")).websocket() as socket:
            await socket.send("40")
            assert (await socket.next()).startswith("40")
            sent, back, began = 0, [], time.monotonic()
            while proxy.cuts < CUTS or len(back) < sent:
                if proxy.cuts < CUTS and sent - len(back) < 50:
                    await socket.send(f'42["up",{sent}]')
                    sent += 1
                    continue
                message = await asyncio.wait_for(socket.next(), 20)
                assert message.startswith('42["down",'), message
                back.append(json.loads(message[2:])[1])
            took = time.monotonic() - began
            assert back == list(range(sent))
            assert await kernel.value("got") == back
            assert await kernel.value("gone") == [], "no client noticed"
    figure(f"{CUTS} cuts in {took:.0f} s, {sent} events each way: 0 lost, 0 doubled, 0 disconnects")


@pytest.mark.fault(8)
@pytest.mark.parametrize("transports", [("websocket",), ("polling",), ("polling", "websocket")])
@pytest.mark.parametrize(
    "toxics",
    [Toxics(latency_s=0.05, jitter_s=0.1), Toxics(bandwidth=40_000), Toxics(slicer=1), Toxics(slicer=7)],
    ids=["latency and jitter", "narrow", "single bytes", "seven bytes"],
)
async def test_a_slow_network_is_slow_and_nothing_else(kernel, jupyter, transports, toxics):
    await kernel.run(SERVER, cell="server")
    async with (
        Proxy(jupyter.port, toxics) as proxy,
        Peer(through(proxy, jupyter), "faults", jupyter.ticket("faults"), transports) as peer,
    ):
        for number in range(100):
            await peer.emit("up", number)
        assert [(await peer.next(30))[1] for _ in range(100)] == list(range(100))
        assert await kernel.value("got") == list(range(100))


@pytest.mark.fault(6)
@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_a_client_that_is_reset_at_any_byte_ends_once(kernel, jupyter, transport):
    """In the middle of a header, a frame, a body."""
    await kernel.run(SERVER, cell="server")
    ticket = jupyter.ticket("faults")
    chance = random.Random(6)
    for at in sorted(chance.sample(range(1, 1500), 15)):
        async with Proxy(jupyter.port, Toxics(limit_data=lambda at=at: at)) as proxy:
            wire = Wire(through(proxy, jupyter), "faults", ticket)
            try:
                if transport == "websocket":
                    async with wire.websocket() as socket:
                        await socket.send("40", '42["up",1]', '42["up",2]')
                        await socket.closed()
                else:
                    session = await wire.polling()
                    await session.post("40", '42["up",1]')
                    await session.get()
            except (TimeoutError, OSError, AssertionError, ValueError, HTTPError, WebSocketError):
                continue
    async with Peer(jupyter, "faults", ticket) as peer:
        await kernel.run("got.clear()")
        await peer.emit("up", 7)
        assert await peer.next() == ("down", 7), "the others go on"
    if transport == "websocket":
        await kernel.becomes("io.stats()['clients']", 0)
    stats = await kernel.value("io.stats()")
    opened, ended = stats["traffic"]["clients_opened"], sum(stats["traffic"]["ended"].values())
    assert opened > 5, "most were cut after their session had begun"
    assert opened == ended + stats["clients"], (
        "each ended once; a polling client that vanished waits for its heartbeat"
    )


@pytest.mark.fault(4)
async def test_an_upgrade_that_fails_half_way_leaves_polling_as_it_was(kernel, jupyter, figure):
    """The WebSocket is cut at each step before the client says that it upgrades; events go on both ways."""
    await kernel.run(SERVER, cell="server")
    ticket = jupyter.ticket("faults", "owner")
    session = await Wire(jupyter, "faults", ticket).polling()
    await session.post("40")
    assert (await session.get())[0].startswith("40")
    async with (
        Proxy(jupyter.port) as whole,
        Wire(through(whole, jupyter), "faults", ticket).websocket(opened=False, sid=session.sid),
    ):
        handshake = whole.passed_bytes
    # In the handshake, then at each byte of the frames with 2probe and 3probe.
    probe = range(handshake + 1, handshake + 21)
    sent, back, offsets = 0, [], [*range(1, handshake, 23), *probe]
    for at in offsets:
        async with Proxy(jupyter.port, Toxics(limit_data=lambda at=at: at)) as proxy:
            try:
                probing = Wire(through(proxy, jupyter), "faults", ticket)
                async with probing.websocket(opened=False, sid=session.sid) as socket:
                    await socket.send("2probe")
                    for _ in range(5):
                        await session.post(f'42["up",{sent}]')
                        sent += 1
                    await socket.closed()
            except (TimeoutError, OSError, AssertionError, HTTPError, WebSocketError):
                pass
        while len(back) < sent:
            for packet in await session.get():
                if packet.startswith("42"):
                    back.append(json.loads(packet[2:])[1])
                elif packet == "2":
                    await session.post("3")
    assert sent >= 5 * len(probe), "who got through the handshake went on to probe"
    assert back == list(range(sent))
    assert await kernel.value("got") == back
    assert await kernel.value("gone") == []
    figure(f"{len(offsets)} upgrades cut at different bytes, {sent} events each way: 0 lost, 0 doubled")


@pytest.mark.fault(7)
async def test_a_peer_that_is_gone_without_a_word_is_noticed_by_its_heartbeat(tmp_path, figure):
    loop = asyncio.get_running_loop()
    options = ("--NbSocketApp.ping_interval=1", "--NbSocketApp.ping_timeout=0.8")
    with JupyterProcess(tmp_path, options=options) as jupyter:
        async with Kernel(jupyter) as kernel, Proxy(jupyter.port) as proxy:
            assert not (await kernel.run(SERVER)).error
            ticket = await loop.run_in_executor(None, jupyter.ticket, "faults", "owner")
            wire = Wire(through(proxy, jupyter), "faults", ticket)
            async with wire.websocket() as socket:
                await socket.send("40")
                await socket.next()
                session = await wire.polling()
                await session.post("40")
                await session.get()
                proxy.toxics.blackhole = True
                began = time.monotonic()
                await kernel.becomes("len(gone)", 2)
                took = time.monotonic() - began
                assert await kernel.value("gone") == ["ping timeout", "ping timeout"]
                figure(
                    f"gone {took:.1f} s after the cable was pulled (ping_interval 1 s, ping_timeout 0.8 s)"
                )
