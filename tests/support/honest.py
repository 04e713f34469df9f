"""Honest guests in one process of their own, so that the latency which they measure is not the test's.

``python -m support.honest URL CHANNEL TICKET COUNT RATE MODE EVENT VALUES SECONDS`` prints one line of JSON;
with ``-`` for SECONDS one when all are in, and then one for each number of seconds that it reads.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import random
import sys
import time
from asyncio import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from support.crowd import Member, percentile
from support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from support.jupyter import JupyterProcess

LOST_AFTER_S = 5.0
_START_S = 40.0


class Visitor(Member):
    """A client that learns at once that its namespace refuses it."""

    def _message(self, text: str) -> None:
        if text.startswith("44"):
            self.broken = text
            self._opened.set()
            self.leave()
        else:
            super()._message(text)


class Phone(Visitor):
    """One guest: emits at an even pace, whether it is answered or not, and times each acknowledgement."""

    def __init__(self, _: Callable[[str], None] | None = None) -> None:
        super().__init__(self._take)
        self.took_s: list[float] = []
        self.late_s: list[float] = []
        self.asked: dict[str, float] = {}
        self._numbers = itertools.count()

    def _take(self, text: str) -> None:
        if text.startswith("43"):
            began = self.asked.pop(text[2 : text.index("[")], None)
            if began is not None:
                self.took_s.append(time.perf_counter() - began)
        elif text.startswith('42["class:clock",'):
            # As the page does it.
            self.send(text)

    async def emit(self, events: Sequence[str], times: list[float]) -> None:
        """Emit these events in turns, at these times of the loop's clock."""
        loop = asyncio.get_running_loop()
        for at in times:
            await asyncio.sleep(at - loop.time())
            if self.closed.is_set():
                return
            self.late_s.append(loop.time() - at)
            number = next(self._numbers)
            self.asked[str(number)] = time.perf_counter()
            self.send(f"42{number}{events[number % len(events)]}")


async def _measure(phones: list[Phone], events: Sequence[str], rate: float, seconds: float) -> Any:
    """Have all emit; what is lost counts with the time that it was waited for."""
    gone = sum(one.closed.is_set() for one in phones)
    begin, chance = asyncio.get_running_loop().time(), random.Random(7)
    gap_s = 1 / rate / max(1, len(phones))
    emitting = []
    for place, one in enumerate(phones):
        places = [place + chance.random() for _ in range(int(seconds * rate))]
        emitting.append(one.emit(events, [begin + n / rate + gap_s * at for n, at in enumerate(places)]))
    await asyncio.gather(*emitting)
    with contextlib.suppress(AssertionError):
        await until(lambda: not any(one.asked and not one.closed.is_set() for one in phones), LOST_AFTER_S)
    now = time.perf_counter()
    lost_s = [now - began for one in phones for began in one.asked.values()]
    took_s = [*(s for one in phones for s in one.took_s), *lost_s]
    late_s = [s for one in phones for s in one.late_s]
    for kept in (kept for one in phones for kept in (one.asked, one.took_s, one.late_s)):
        kept.clear()
    # That nobody could ask is worse than any figure.
    p50, p99, most = (round(1000 * percentile(took_s or [float("inf")], p), 2) for p in (50, 99, 100))
    return {
        "samples": len(took_s),
        "p50_ms": p50,
        "p99_ms": p99,
        "max_ms": most,
        # How late this process itself was: more than a few ms is the machine's doing, not the server's.
        "late_p99_ms": round(1000 * percentile(late_s or [0.0], 99), 2),
        "lost": len(lost_s),
        "disconnected": sum(one.closed.is_set() for one in phones) - gone,
    }


async def _main(url: str, channel: str, ticket: str, count: str, rate: str, mode: str, *how: str) -> None:
    event, values, seconds = how
    where: Any = SimpleNamespace(url=url)
    names = [f"phone {number}" for number in range(int(count))]
    auths = [json.dumps({"class": True, "name": name, "key": ""}) for name in names]
    began = time.perf_counter()
    coming = [Phone.come(where, channel, ticket, auth=auth * (mode == "class")) for auth in auths]
    came = await asyncio.gather(*coming, return_exceptions=True)
    phones = [one for one in came if isinstance(one, Phone)]
    come_ms = round(1000 * (time.perf_counter() - began), 2)
    known = {"count": len(came), "refused": len(came) - len(phones), "come_ms": come_ms}
    events = [json.dumps([event, value]) for value in json.loads(values)]
    if seconds != "-":
        print(json.dumps({**known, **await _measure(phones, events, float(rate), float(seconds))}))
        return
    print(json.dumps(known), flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps({**known, **await _measure(phones, events, float(rate), float(line))}), flush=True)


async def start(module: str, *arguments: object) -> subprocess.Process:
    """Start a module of this folder as a program that is read and written by lines."""
    path = os.pathsep.join(filter(None, [str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH")]))
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"support.{module}", *map(str, arguments)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    )


@contextlib.asynccontextmanager
async def phones(
    jupyter: JupyterProcess,
    channel: str,
    ticket: str,
    *,
    count: int = 30,
    rate: float = 4.0,
    mode: str = "echo",
    event: str = "",
    values: Sequence[Any] = ("a", "b"),
) -> AsyncIterator[Callable[[float], Awaitable[dict[str, Any]]]]:
    """Let phones in, and keep them: ``await measure(seconds)``, as often as wanted.

    ``rate`` is for each phone and second. In mode ``class`` they join the class, and the event is ``vote``
    where none is given; in mode ``echo`` they are plain clients, and it is ``echo``. It must be acknowledged.
    """
    event = event or {"echo": "echo", "class": "vote"}[mode]
    given = (jupyter.url, channel, ticket, count, rate, mode, event, json.dumps(values), "-")
    process = await start("honest", *given)
    assert process.stdin is not None
    assert process.stdout is not None

    async def measure(seconds: float) -> dict[str, Any]:
        process.stdin.write(f"{seconds}\n".encode())
        return json.loads(await asyncio.wait_for(process.stdout.readline(), seconds + _START_S))

    try:
        await asyncio.wait_for(process.stdout.readline(), _START_S)
        yield measure
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def honest(
    jupyter: JupyterProcess, channel: str, ticket: str, *, seconds: float = 8.0, **options: Any
) -> dict[str, Any]:
    """Let phones in, measure once, let them go; the options are those of ``phones``."""
    async with phones(jupyter, channel, ticket, **options) as measure:
        return await measure(seconds)


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
