"""What ``io.stats()``, the admin API and Jupyter's ``/metrics`` say: the same figures."""

import asyncio
import re
import urllib.request

import pytest
from support.jupyter import TOKEN
from support.peers import Peer
from support.wire import Wire

SERVER = """
import nbsocket, time
io = nbsocket.Server("counted")

@io.on("echo")
def echo(socket, *args):
    return args

@io.on("slow")
def slow(socket):
    time.sleep(0.1)
"""


@pytest.fixture
def counted(kernel, jp_asyncio_loop):
    result = jp_asyncio_loop.run_until_complete(kernel.run(SERVER))
    assert not result.error, result
    return kernel


async def test_clients_messages_queues_and_ends_are_counted(counted, jupyter):
    owner = Wire(jupyter, "counted", jupyter.ticket("counted", "owner"))
    async with Peer(jupyter, "counted", jupyter.ticket("counted")) as peer:
        for number in range(10):
            assert await peer.call("echo", number) == number
        session = await owner.polling()
        await session.post("40")
        assert (await session.get())[0].startswith("40")
        await counted.run("io.emit('waits', 'x' * 1000); io.volatile.emit('missed')")
        stats = await counted.value("io.stats()")
        assert (stats["name"], stats["clients"], stats["link"]) == (
            "counted",
            2,
            {"attached": True, "kernel_reads": True},
        )
        assert [(one["role"], one["transport"], one["dropped_volatile"]) for one in stats["sessions"]] == [
            ("guest", "websocket", 0),
            ("owner", "polling", 1),
        ]
        assert stats["sessions"][0]["queued_bytes"] == 0
        assert 1000 < stats["sessions"][1]["queued_bytes"] == stats["queued_bytes"] < 1100
        traffic = stats["traffic"]
        assert (traffic["clients_opened"], traffic["messages_in"]) == (2, 12)
        # Two CONNECT answers, ten acknowledgements, an event for two, a volatile one for one.
        assert (traffic["messages_out"], traffic["dropped_volatile"]) == (2 + 10 + 2 + 1, 1)
        assert stats["handlers"]["handled"] == 12
        assert stats["handlers"]["waiting"] == 0
        assert 0 < stats["handlers"]["p50_ms"] <= stats["handlers"]["p99_ms"] < 1000
        loop = asyncio.get_running_loop()
        told = await loop.run_in_executor(None, jupyter.api, "nbsocket/api/channels/counted")
        assert {**told, "handlers": stats["handlers"], "rates": stats["rates"]} == stats
        assert set(told["rates"]) == {"in_per_s", "out_per_s"}
    await session.post("1")
    await counted.becomes("io.stats()['clients']", 0)
    stats = await counted.value("io.stats()")
    assert stats["traffic"]["ended"] == {"transport close": 2}
    assert stats["traffic"]["dropped_at_close"] == 1
    before = await loop.run_in_executor(None, metrics_of, jupyter)
    refused = float(re.search(r'^nbsocket_refused_total\{reason="ticket"\} (.*)$', before, re.MULTILINE)[1])
    assert await Wire(jupyter, "counted", "forged").websocket_status() == 403
    text = await loop.run_in_executor(None, metrics_of, jupyter)
    for line in (
        'nbsocket_clients{channel="counted"} 0.0',
        'nbsocket_kernel_attached{channel="counted"} 1.0',
        f'nbsocket_messages_total{{channel="counted",direction="in"}} {stats["traffic"]["messages_in"]}.0',
        f'nbsocket_messages_total{{channel="counted",direction="out"}} {stats["traffic"]["messages_out"]}.0',
        'nbsocket_dropped_total{channel="counted",reason="volatile"} 1.0',
        'nbsocket_dropped_total{channel="counted",reason="at_close"} 1.0',
        'nbsocket_cut_total{channel="counted",reason="stalled"} 0.0',
        f'nbsocket_refused_total{{reason="ticket"}} {refused + 1}',
    ):
        assert line in text


def metrics_of(jupyter):
    request = urllib.request.Request(jupyter.url + "metrics", headers={"Authorization": f"token {TOKEN}"})
    with urllib.request.urlopen(request) as answer:
        return answer.read().decode()


async def test_a_slow_handler_shows(counted, jupyter):
    async with Peer(jupyter, "counted", jupyter.ticket("counted")) as peer:
        for _ in range(5):
            await peer.emit("slow")
        await peer.call("echo", 1)
        figures = await counted.value("io.stats()['handlers']")
        assert figures["p99_ms"] > 300, "the last waited for those before it"


async def test_a_program_has_the_same_figures(tmp_path):
    from support.program import Program

    script = tmp_path / "app.py"
    script.write_text(
        SERVER.replace('"counted"', '"counted", open=True') + "io.on('ask', lambda s: io.stats())\n"
    )
    with Program(script) as app:
        app.says("listens")
        async with Peer(app, "counted", "") as peer:
            stats = await peer.call("ask")
            assert (stats["clients"], stats["traffic"]["messages_in"]) == (1, 2)
