"""A long run with churn: clients come, talk in every way, and go; what they took is given back."""

import asyncio
import os
import random
import time

import pytest
from faults.conftest import SOAK, Vitals
from support.crowd import Member
from support.wire import Wire

SECONDS = float(os.environ.get("NBSOCKET_SOAK_S", "10"))
COMING_PER_S = 5
STAYING = 20
SERVER = """
io = nbsocket.Server("soak")
came, left = [0], [0]

@io.on("connection")
def connected(socket):
    came[0] += 1
    socket.join("room")
    socket.data["since"] = time.monotonic()

@io.on("disconnect")
def gone(socket, why):
    left[0] += 1

@io.on("echo")
def echo(socket, *args):
    return args

@io.on("all")
def tell_all(socket, *args):
    io.to("room").emit("told", *args)

@io.on("later")
async def later(socket, seconds):
    await asyncio.sleep(seconds)
    socket.emit("now")
"""


class Visitor:
    """One client that stays a while."""

    def __init__(self, jupyter, ticket, chance):
        self._wire = Wire(jupyter, "soak", ticket)
        self._chance = chance
        self.answers = 0

    async def stay(self):
        if self._chance.random() < 0.3:
            await self._poll()
        else:
            await self._talk()

    async def _poll(self):
        session = await self._wire.polling()
        await session.post("40")
        await session.get()
        for number in range(self._chance.randrange(1, 5)):
            await session.post(f'42{number}["echo",{number}]')
            packets = await session.until(f"43{number}[{number}]")
            assert all(one.startswith("42") for one in packets)
            self.answers += 1
        if self._chance.random() < 0.7:
            await session.post("1")
        # Else it is gone without a word, and its heartbeat tells.

    async def _talk(self):
        async with self._wire.websocket() as socket:
            await socket.send("40")
            await socket.next()
            for number in range(self._chance.randrange(1, 20)):
                text = "x" * self._chance.choice([1, 10, 1000, 50_000])
                if self._chance.random() < 0.2:
                    await socket.send(
                        f'451-{number}["echo",{{"_placeholder":true,"num":0}}]', text.encode()
                    )
                elif self._chance.random() < 0.2:
                    await socket.send(
                        '42["all","hello"]', '42["later",0.05]', f'42{number}["echo","{text}"]'
                    )
                else:
                    await socket.send(f'42{number}["echo","{text}"]')
                while True:
                    said = await socket.next()
                    if isinstance(said, str) and said.startswith((f"43{number}[", f"461-{number}[")):
                        break
                self.answers += 1
                await asyncio.sleep(self._chance.random() * 0.1)


@pytest.mark.fault(34)
@pytest.mark.timeout(180 + SECONDS * 1.5)
async def test_a_run_with_churn_gives_everything_back(calm_jupyter, calm_kernel, figure):
    chance = random.Random(34)
    loop = asyncio.get_running_loop()
    assert not (await calm_kernel.run(SERVER, cell="server")).error
    ticket = await loop.run_in_executor(None, calm_jupyter.ticket, "soak", "owner", 6000)
    vitals = await Vitals.of(calm_jupyter, calm_kernel)
    staying = [
        await Member.come(calm_jupyter, "soak", ticket, on_text=lambda _: None) for _ in range(STAYING)
    ]
    tasks = (await vitals.now())["server tasks"]
    visitors, visits = [], set()

    async def churn(seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            visitor = Visitor(calm_jupyter, ticket, random.Random(chance.random()))
            visitors.append(visitor)
            task = asyncio.ensure_future(visitor.stay())
            visits.add(task)
            await asyncio.sleep(1 / COMING_PER_S)
            for done in [one for one in visits if one.done()]:
                visits.discard(done)
                done.result()
        await asyncio.gather(*visits)
        visits.clear()

    async def settled():
        """Revoking is no part of it: who vanished is cut by closing its session."""
        end = time.monotonic() + 30
        while await calm_kernel.value("len(io.sockets)") > STAYING:
            await calm_kernel.run("[one.disconnect(True) for one in list(io.sockets.values())[20:]]")
            assert time.monotonic() < end, "somebody stays"
        return await vitals.at_rest(tasks + 2)

    await churn(max(5, SECONDS / 10))
    before = await settled()
    lines = []
    parts = max(1, min(10, int(SECONDS // 60)))
    for part in range(parts):
        await churn(SECONDS / parts)
        now = await settled()
        lines.append((part, now))
    after = lines[-1][1]
    came, left = await calm_kernel.value("[came[0], left[0]]")
    grown = {name: after[name] - before[name] for name in after}
    figure(
        f"{SECONDS:.0f} s, {len(visitors)} visitors, {sum(one.answers for one in visitors)} answers: {grown}"
    )
    if len(lines) > 2:
        third = lines[len(lines) // 3 :]
        hours = SECONDS / parts * (len(third) - 1) / 3600
        slopes = {
            name: (third[-1][1][name] - third[0][1][name]) / 1024 / hours
            for name in ("server KiB", "kernel KiB")
        }
        figure(
            "growth over the last two thirds, MiB an hour: "
            + ", ".join(f"{k[:6]} {v:+.1f}" for k, v in slopes.items())
        )
        if SOAK:
            # What an allocator keeps moves by some MiB in either direction within such a time.
            assert max(slopes.values()) < 16
    assert came - left == STAYING
    assert abs(grown["server descriptors"]) <= 2
    assert abs(grown["kernel descriptors"]) <= 2
    assert grown["server tasks"] <= 2
    assert max(grown["server KiB"], grown["kernel KiB"]) < 16 * 1024
    assert not any(member.closed.is_set() for member in staying)
    for member in staying:
        member.leave()
