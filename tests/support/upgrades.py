"""Upgrades from polling to WebSocket under traffic both ways, each step at a random moment."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from support.jupyter import JupyterProcess, Kernel
from support.wire import Wire

if TYPE_CHECKING:
    from support.wire import WebSocket

EVENTS = 20
PATIENCE_S = 30.0
SERVER = f"""
import asyncio, random, time, nbsocket
io = nbsocket.Server("upgrades")
chance = random.Random(1)

@io.on("connection")
async def connected(socket):
    got = []

    @socket.on("up")
    def up(number, at):
        got.append([number, time.monotonic() - at])

    @socket.on("check")
    def check():
        return got

    for number in range({EVENTS}):
        socket.emit("down", number, time.monotonic())
        await asyncio.sleep(chance.random() * 0.01)
"""


@dataclass
class Outcome:
    """What was found on all clients."""

    lost: int = 0
    doubled: int = 0
    disordered: int = 0
    failed: list[str] = field(default_factory=list)
    delays_s: list[float] = field(default_factory=list)

    def judge(self, numbers: list[int]) -> None:
        """Compare what arrived in one direction with what was sent."""
        self.lost += EVENTS - len(set(numbers))
        self.doubled += len(numbers) - len(set(numbers))
        self.disordered += sum(later < earlier for earlier, later in pairwise(numbers))


class Upgrader:
    """One client, written out step by step: polls, posts, probes, pauses, upgrades."""

    def __init__(self, wire: Wire, chance: random.Random) -> None:
        """Begin with nothing received."""
        self._wire = wire
        self._chance = chance
        self._socket: WebSocket | None = None
        self._buffer: list[str] = []
        self._posting = asyncio.Lock()
        self._paused = False
        self.down: list[tuple[int, float]] = []
        self.answer: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._connected = asyncio.Event()
        self._all_down = asyncio.Event()

    async def _wait(self, longest_s: float = 0.02) -> None:
        await asyncio.sleep(self._chance.random() * longest_s)

    def _take(self, packets: list[str]) -> None:
        for packet in packets:
            if packet.startswith("40"):
                self._connected.set()
            elif packet.startswith('42["down"'):
                _, number, at = json.loads(packet[2:])
                self.down.append((number, time.monotonic() - at))
                if len(self.down) >= EVENTS:
                    self._all_down.set()
            elif packet.startswith("430"):
                self.answer.set_result(json.loads(packet[3:])[0])
            elif packet == "2":
                self._buffer.append("3")

    async def _flush(self) -> None:
        """Send what is buffered on the transport of the moment."""
        async with self._posting:
            while self._buffer and (self._socket is not None or not self._paused):
                packets, self._buffer = self._buffer, []
                if self._socket is not None:
                    await self._socket.send(*packets)
                else:
                    await self._session.post(*packets)

    async def _poll(self) -> None:
        while not self._paused:
            self._take(await self._session.get())
            await self._flush()

    async def _send(self) -> None:
        for number in range(EVENTS):
            self._buffer.append(f'42["up",{number},{time.monotonic()}]')
            await self._flush()
            await self._wait(0.01)

    async def run(self, outcome: Outcome) -> None:
        """Go through one upgrade."""
        self._session = await self._wire.polling()
        await self._session.post("40")
        polling = asyncio.ensure_future(self._poll())
        await self._connected.wait()
        sending = asyncio.ensure_future(self._send())
        await self._wait()
        async with self._wire.websocket(opened=False, sid=self._session.sid) as socket:
            await self._wait()
            await socket.send("2probe")
            assert await socket.raw() == "3probe"
            await self._wait()
            self._paused = True
            await polling
            async with self._posting:
                await self._wait()
                await socket.send("5")
                self._socket = socket
            reading = asyncio.ensure_future(self._read(socket))
            await sending
            await self._flush()
            await self._all_down.wait()
            await self._wait()
            await socket.send('420["check"]')
            got = await self.answer
            reading.cancel()
        outcome.judge([number for number, _ in self.down])
        outcome.judge([number for number, _ in got])
        outcome.delays_s += [delay for _, delay in self.down] + [delay for _, delay in got]

    async def _read(self, socket: WebSocket) -> None:
        while (message := await socket.connection.read_message()) is not None:
            self._take([message])
            await self._flush()


async def measure(jupyter: JupyterProcess, count: int, together: int, seed: int) -> Outcome:
    """Run ``count`` upgrades, ``together`` at a time."""
    outcome = Outcome()
    done = 0
    async with Kernel(jupyter) as kernel:
        started = await kernel.run(SERVER)
        assert not started.error, started
        ticket = await asyncio.get_running_loop().run_in_executor(None, jupyter.ticket, "upgrades", "owner")
        wire = Wire(jupyter, "upgrades", ticket)
        numbers = iter(range(count))

        async def work() -> None:
            nonlocal done
            for number in numbers:
                client = Upgrader(wire, random.Random(seed * count + number))
                try:
                    await asyncio.wait_for(client.run(outcome), PATIENCE_S)
                except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
                    outcome.failed.append(f"{number}: {type(error).__name__} {error}")
                done += 1
                if done % max(1, count // 20) == 0 and sys.stderr.isatty():
                    sys.stderr.write(f"\r{done} of {count} upgrades")

        await asyncio.gather(*[work() for _ in range(together)])
    return outcome
