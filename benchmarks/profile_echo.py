"""Where the time of a pipelined echo goes: CPU time of both processes, and who holds Python's lock.

    python benchmarks/profile_echo.py [--seconds 8]

CPU time is what the operating system counted; the rest is sampled by py-spy, 500 times a second,
only where the lock is held.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import load
import running

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
WINDOW = 256
SHOWN = 25
_LINE = re.compile(r":\d+\)$")


def cpu_s(pid: int) -> float:
    """Return the CPU time that a process took so far, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def sample(pid: int, seconds: int, keep_busy: load.Connection) -> Counter[tuple[str, ...]]:
    """Return how often each stack held the lock while echoes go on."""
    program = shutil.which("py-spy", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    with tempfile.NamedTemporaryFile("r", suffix=".raw") as raw:
        command = [program or "py-spy", "record", "--gil", "-p", str(pid), "-d", str(seconds)]
        command += ["-r", "500", "-f", "raw", "-o", raw.name]
        spy = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while spy.poll() is None:
            load.pipelined([keep_busy], 5000, WINDOW)
        stacks: Counter[tuple[str, ...]] = Counter()
        for line in raw:
            stack, _, count = line.rpartition(" ")
            stacks[tuple(_LINE.sub(")", frame) for frame in stack.split(";"))] += int(count)
    return stacks


def show(name: str, stacks: Counter[tuple[str, ...]]) -> None:
    """Print the share of each thread and of each function itself."""
    whole = stacks.total() or 1
    threads: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    for stack, count in stacks.items():
        whose = [
            thread for thread in ("LinkCarrier._run", "HandlerThread._run") if thread in ";".join(stack)
        ]
        threads[whose[0] if whose else "main thread"] += count
        functions[stack[-1]] += count
    print(f"\n{name}: of {whole} samples with the lock held")
    for thread, count in threads.most_common():
        print(f"  {count / whole:6.1%}  {thread}")
    print("  by function itself:")
    for function, count in functions.most_common(SHOWN):
        print(f"  {count / whole:6.1%}  {function}")


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=8)
    seconds = parser.parse_args().seconds
    with running.ours() as peer:
        (client,) = load.connect(peer.address, 1)
        load.pipelined([client], 5000, WINDOW)
        before, began, count = [cpu_s(pid) for pid in peer.pids], time.perf_counter(), 100_000
        rate = load.pipelined([client], count, WINDOW)
        took = time.perf_counter() - began
        print(f"{count:,} echoes, {WINDOW} under way: {rate:,.0f} a second")
        for name, pid, early in zip(("server", "kernel"), peer.pids, before, strict=True):
            spent = cpu_s(pid) - early
            print(
                f"  {name}: {spent / count * 1e6:.1f} µs of CPU each, busy {spent / took:.0%} of the time"
            )
        for name, pid in zip(("kernel", "server"), reversed(peer.pids), strict=True):
            show(name, sample(pid, seconds, client))
    return 0


if __name__ == "__main__":
    sys.exit(main())
