"""What Linux says of a process, and of a port."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self


def memory_kib(pid: int) -> int:
    """Return its resident memory, in KiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def cpu_s(pid: int) -> float:
    """Return how many seconds of CPU it has used, to a hundredth."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def is_running(pid: int) -> bool:
    """Whether it is there, and no mere entry for its parent to read."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def is_open(port: int) -> bool:
    """Whether somebody listens on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def descriptors(pid: int) -> int:
    """Return how many files and sockets it has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


class Peak:
    """Looks at the memory of processes while something happens; ``grown_mib`` is the most above the start."""

    def __init__(self, *pids: int) -> None:
        self._pids = pids
        self._before = [memory_kib(pid) for pid in pids]
        self._most = list(self._before)

    async def __aenter__(self) -> Self:
        self._task = asyncio.ensure_future(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()

    async def _watch(self) -> None:
        while True:
            self._most = [
                max(most, memory_kib(pid)) for most, pid in zip(self._most, self._pids, strict=True)
            ]
            await asyncio.sleep(0.05)

    @property
    def grown_mib(self) -> list[float]:
        """How many MiB each process had more at its worst."""
        return [(most - before) / 1024 for most, before in zip(self._most, self._before, strict=True)]
