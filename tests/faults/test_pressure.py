"""Floods and clients that do not read: bounded, slowed down, nothing lost that may not be."""

import asyncio
import os
import statistics
import time

import pytest
from faults.conftest import SOAK, Vitals
from support.crowd import Member, crowd, percentile, server_text
from support.processes import Peak
from support.waiting import until

EMITS = int(os.environ.get("NBSOCKET_EMITS", "5000"))
CLIENTS = int(os.environ.get("NBSOCKET_CLIENTS", "50"))
TICKS = 500 if SOAK else 100
ROUNDS = 5 if SOAK else 1
SERVER = """
io = nbsocket.Server("pressure")
got = []

@io.on("up")
def up(socket, number):
    got.append(number)

@io.on("echo")
def echo(socket, value):
    return value

def tick(count, size):
    # One event every 20 ms, with the time at which it was sent: far from what the test itself can read.
    filling = "x" * size
    for _ in range(count):
        io.to("readers").emit("at", time.monotonic(), filling)
        io.to("stuck").emit("at", time.monotonic(), filling)
        time.sleep(0.02)
"""


async def echo(member):
    """Ask once; return how many seconds the answer took."""
    answered = asyncio.get_running_loop().create_future()
    member._on_text = answered.set_result
    began = time.monotonic()
    member.send('427["echo",7]')
    assert await asyncio.wait_for(answered, 30) == "437[7]"
    return time.monotonic() - began


@pytest.fixture
def pressed(calm_kernel, jp_asyncio_loop):
    result = jp_asyncio_loop.run_until_complete(calm_kernel.run(SERVER, cell="server"))
    assert not result.error, result
    return calm_kernel


@pytest.fixture
def owner(pressed, calm_jupyter):
    return calm_jupyter.ticket("pressure", "owner")


@pytest.mark.fault(11)
@pytest.mark.timeout(900)
async def test_a_cell_that_floods_everybody_loses_nothing_and_needs_little(
    pressed, calm_jupyter, owner, figure
):
    members = await crowd(calm_jupyter, "pressure", owner, CLIENTS)
    stream = b"".join(server_text(f'42["n","{number:06}"]') for number in range(EMITS))
    for member in members:
        member.expect(stream)
    pids = calm_jupyter.process.pid, await pressed.value("os.getpid()")
    async with Peak(*pids) as peak:
        began = time.monotonic()
        request = await pressed.send(f"for n in range({EMITS}):\n    io.emit('n', f'{{n:06}}')")
        await asyncio.wait_for(asyncio.gather(*[member.matched.wait() for member in members]), 800)
        took = time.monotonic() - began
        assert not (await pressed.result(request, 60)).error
    assert [member.broken for member in members if member.broken] == []
    server, kernel = peak.grown_mib
    figure(
        f"{EMITS:,} emits to {CLIENTS} clients in {took:.1f} s: 0 lost, 0 doubled, 0 out of order; "
        f"server {server:+.0f} MiB, kernel {kernel:+.0f} MiB at most"
    )
    # What waits in all queues together may not grow with the flood.
    assert server < 200
    assert kernel < 100
    for member in members:
        member.leave()


async def _latencies(pressed, members):
    """Run ticks; return how many seconds each took to each reader."""
    late = []
    for member in members:
        member._on_text = lambda text: late.append(time.monotonic() - float(text.split(",")[1]))
    await pressed.run(f"tick({TICKS}, 1000)", timeout=120)
    await until(lambda: len(late) >= TICKS * len(members), 20, "not every tick came to every reader")
    return late


@pytest.mark.fault(9)
@pytest.mark.timeout(900)
async def test_one_client_that_reads_nothing_does_not_hold_up_the_others(
    pressed, calm_jupyter, owner, figure
):
    others = await crowd(calm_jupyter, "pressure", owner, CLIENTS)
    await pressed.run("io.sockets_join('readers')")
    ratios, grown = [], []
    for _ in range(ROUNDS):
        alone = await _latencies(pressed, others)
        stuck = await Member.come(calm_jupyter, "pressure", owner)
        stuck.pause()
        await pressed.run("[one.join('stuck') for one in io.except_('readers').fetch_sockets()]")
        # Its TCP buffers are full from here on; the flood comes on top.
        await pressed.run("[io.to('stuck').emit('fill', 'x' * 50_000) for _ in range(120)]")
        async with Peak(calm_jupyter.process.pid) as peak:
            beside = await _latencies(pressed, others)
        grown += peak.grown_mib
        ratios.append(percentile(beside, 99) / percentile(alone, 99))
        stuck.leave()
    ratio = statistics.median(ratios)
    figure(
        f"{CLIENTS} others: p99 {percentile(alone, 99) * 1000:.1f} ms alone, "
        f"{percentile(beside, 99) * 1000:.1f} ms beside it (median ratio {ratio:.2f} of {ROUNDS}); "
        f"server {max(grown):+.1f} MiB; nothing lost"
    )
    assert max(grown) < 12
    assert percentile(beside, 99) < 2
    if SOAK:
        assert ratio <= 1.5
    for member in others:
        member.leave()


@pytest.mark.fault(9)
async def test_who_is_full_and_reads_nothing_is_cut_and_counted(pressed, calm_jupyter, owner, figure):
    stuck = await Member.come(calm_jupyter, "pressure", owner)
    other = await Member.come(calm_jupyter, "pressure", owner)
    stuck.pause()
    before = await pressed.value("io.stats()['traffic']['cut_stalled']")
    began = time.monotonic()
    request = await pressed.send(
        "for n in range(400):\n    io.volatile.emit('v', 'x' * 1000)\n    io.emit('n', n, 'x' * 50_000)"
    )
    await until(lambda: count_of_n(other) >= 400, 30, "not all 400 came to the other client")
    assert not (await pressed.result(request)).error
    await pressed.becomes("len(io.sockets)", 1, 30)
    traffic = await pressed.value("io.stats()['traffic']")
    assert traffic["cut_stalled"] == before + 1
    assert traffic["dropped_volatile"] > 0, "volatile events went first"
    assert [text for text in other.texts if '["n"' in text] == [
        f'42["n",{n},"{"x" * 50_000}"]' for n in range(400)
    ]
    figure(
        f"cut after {time.monotonic() - began:.1f} s, {traffic['dropped_volatile']} volatile events dropped"
    )
    other.leave()


def count_of_n(member):
    return sum('["n"' in text for text in member.texts)


@pytest.mark.fault(10)
@pytest.mark.timeout(600)
async def test_a_guest_that_sends_without_end_is_slowed_down_and_keeps_its_place(
    pressed, calm_jupyter, owner, figure
):
    loop = asyncio.get_running_loop()
    ticket = await loop.run_in_executor(None, calm_jupyter.ticket, "pressure")
    good = await Member.come(calm_jupyter, "pressure", owner)

    async def echoes(seconds):
        took = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            took.append(await echo(good))
        return took

    seconds = 5 if SOAK else 1
    alone = await echoes(seconds)
    flooder = await Member.come(calm_jupyter, "pressure", ticket)
    began = time.monotonic()
    flooder.send(*[f'42["up",{number}]' for number in range(100_000)])
    beside = await echoes(seconds)
    got = await pressed.value("got")
    took = time.monotonic() - began
    assert got == list(range(len(got))), "in order, none lost"
    assert len(got) <= 1000 + 200 * took + 200, "the burst, and 200 a second"
    assert not flooder.closed.is_set(), "never cut"
    assert len(got) >= 1000
    ratio = percentile(beside, 99) / percentile(alone, 99)
    figure(
        f"100,000 sent at once, {len(got)} taken in {took:.1f} s, not cut; another client's echo: p99 "
        f"{percentile(alone, 99) * 1000:.1f} ms alone, {percentile(beside, 99) * 1000:.1f} ms beside it ({ratio:.2f})"
    )
    flooder.leave()
    good.leave()


@pytest.mark.fault(28)
@pytest.mark.timeout(300)
async def test_acknowledgements_that_never_come_leave_nothing_behind(pressed, calm_jupyter, owner, figure):
    silent = await Member.come(calm_jupyter, "pressure", owner, on_text=lambda _: None)
    count = 100_000 if SOAK else 10_000
    ask = (
        "async def ask(count):\n"
        "    for start in range(0, count, 1000):\n"
        "        asks = [io.timeout(0.01).emit_with_ack('never') for _ in range(1000)]\n"
        "        done = await asyncio.gather(*asks, return_exceptions=True)\n"
        "        assert {type(one) for one in done} == {nbsocket.AckTimeout}, done[0]\n"
    )
    assert not (await pressed.run(f"{ask}\nawait ask(2000)")).error
    vitals = await Vitals.of(calm_jupyter, pressed)
    before = await vitals.now()
    result = await pressed.run(f"await ask({count})", timeout=240)
    assert not result.error, result
    after = await vitals.now()
    assert await pressed.value("[one._member.unanswered for one in io.sockets.values()]") == [0]
    grown = {key: after[key] - before[key] for key in ("server KiB", "kernel KiB")}
    figure(f"{count:,} lost acknowledgements: {grown}")
    assert max(grown.values()) < 8 * 1024
    # A client that leaves with questions open frees who asked.
    asked = asyncio.Event()
    silent._on_text = lambda text: "the last" in text and asked.set()
    request = await pressed.send("io.timeout(60).call('the last')")
    await asyncio.wait_for(asked.wait(), 10)
    silent.leave()
    assert (await pressed.result(request)).error == "AckTimeout"


@pytest.mark.fault(12)
@pytest.mark.timeout(120)
async def test_handlers_go_on_beside_a_busy_cell(pressed, calm_jupyter, owner, figure):
    seconds = 60 if SOAK else 3
    member = await Member.come(calm_jupyter, "pressure", owner)
    request = await pressed.send(f"end = time.monotonic() + {seconds}\nwhile time.monotonic() < end: pass")
    took = []
    while len(took) < seconds * 20:
        took.append(await echo(member))
        await asyncio.sleep(0.01)
    assert not (await pressed.result(request, 90)).error
    figure(f"{len(took)} answers beside a busy cell: p99 {percentile(took, 99) * 1000:.0f} ms")
    assert max(took) < seconds / 2, "no answer waited for the end of the cell"
    if SOAK:
        assert percentile(took, 99) < 0.1
    member.leave()
