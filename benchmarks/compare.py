"""Two commits side by side: memory of an idle client, CPU of an event, pipelined echo by server and kernel.

    python benchmarks/compare.py fef0af8 HEAD --rounds 5

Rounds of both commits alternate, so that a change of the machine's mood meets both. Medians are compared.
Each round starts a Jupyter server and a kernel that import nbsocket from a work tree of the commit.
CPU is that of guests, whose work is counted; their limits are set so high that nobody waits.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import selectors
import statistics
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benchmarks")]

from load import Address, Connection, connect, pipelined
from support.crowd import server_text
from support.jupyter import JupyterProcess, Kernel
from support.processes import cpu_s, memory_kib

if TYPE_CHECKING:
    from collections.abc import Iterator

IDLE_CLIENTS = 400
WINDOW = 256
ECHOES = 20_000
EVENTS, RECEIVERS = 2000, 200
GAP_S = 0.002
"""Between events, so that each goes by itself: how many go together is the machine's mood."""

UNLIMITED = ("--NbSocketApp.guest_events_per_s=1e9", "--NbSocketApp.guest_burst=1000000000")
SERVER = """
import nbsocket, os
io = nbsocket.Server("compare")

@io.on("connection")
def connected(socket):
    socket.on("echo", lambda text: text)

print(os.getpid(), os.path.dirname(nbsocket.__file__))
"""
METRICS = {
    "server, KiB an idle client": "lower",
    "kernel, KiB an idle client": "lower",
    "pipelined echo, 1/s": "higher",
    "server, µs CPU a guest's echo": "lower",
    "kernel, µs CPU a guest's echo": "lower",
    "server, µs CPU an event to one of 200": "lower",
    "kernel, µs CPU an event to one of 200": "lower",
}


@contextmanager
def work_tree(commit: str) -> Iterator[Path]:
    """Check a commit out beside the repository, for a while."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        subprocess.run(
            ["git", "-C", str(ROOT), "worktree", "add", "--detach", str(tree), commit],
            check=True,
            capture_output=True,
        )
        try:
            yield tree
        finally:
            subprocess.run(["git", "-C", str(ROOT), "worktree", "remove", "--force", str(tree)], check=True)


async def measure(tree: Path) -> dict[str, float]:
    """Run one round with the nbsocket of ``tree``."""
    os.environ["PYTHONPATH"] = str(tree)
    loop = asyncio.get_running_loop()
    with (
        tempfile.TemporaryDirectory() as folder,
        JupyterProcess(Path(folder), options=UNLIMITED) as jupyter,
    ):
        async with Kernel(jupyter) as kernel:
            said = (await kernel.run(SERVER)).text.split()
            kernel_pid, server_pid = int(said[0]), jupyter.process.pid
            if Path(said[1]).parent != tree:
                raise RuntimeError(said)
            ticket = await loop.run_in_executor(None, jupyter.ticket, "compare", "owner")
            path = f"/nbsocket/compare/socket.io/?EIO=4&transport=websocket&join_token={ticket}"
            address = Address(jupyter.port, path)
            # What is made once must not count for the clients that follow.
            warm = await loop.run_in_executor(None, connect, address, 20)
            await loop.run_in_executor(None, pipelined, warm[:1], 2000, WINDOW)
            before = memory_kib(server_pid), memory_kib(kernel_pid)
            idle = await loop.run_in_executor(None, connect, address, IDLE_CLIENTS)
            await asyncio.sleep(0.5)
            after = memory_kib(server_pid), memory_kib(kernel_pid)
            rates = [
                await loop.run_in_executor(None, pipelined, warm[:1], ECHOES, WINDOW) for _ in range(3)
            ]
            for client in warm + idle:
                client.close()
            guest = await loop.run_in_executor(None, jupyter.ticket, "compare", "guest")
            address = Address(jupyter.port, path.replace(ticket, guest))
            guests = await loop.run_in_executor(None, connect, address, RECEIVERS)
            pids = server_pid, kernel_pid
            await loop.run_in_executor(None, pipelined, guests[:1], 2000, WINDOW)
            began = [cpu_s(pid) for pid in pids]
            for _ in range(3):
                await loop.run_in_executor(None, pipelined, guests[:1], ECHOES, WINDOW)
            echo_us = [(cpu_s(pid) - at) / (3 * ECHOES) * 1e6 for pid, at in zip(pids, began, strict=True)]
            began = [cpu_s(pid) for pid in pids]
            taking = loop.run_in_executor(None, take_events, guests)
            emitted = await kernel.run(
                f"import time\nfor n in range({EVENTS}): io.emit('event', 'x' * 100); time.sleep({GAP_S})",
                timeout=60,
            )
            if emitted.error:
                raise RuntimeError(emitted)
            await taking
            size = EVENTS * RECEIVERS
            event_us = [(cpu_s(pid) - at) / size * 1e6 for pid, at in zip(pids, began, strict=True)]
            for client in guests:
                client.close()
    grown = [(late - early) / IDLE_CLIENTS for early, late in zip(before, after, strict=True)]
    return dict(zip(METRICS, [*grown, statistics.median(rates), *echo_us, *event_us], strict=True))


def take_events(clients: list[Connection]) -> None:
    """Read all events of all clients, as they come."""
    size = EVENTS * len(server_text(f'42["event","{"x" * 100}"]'))
    left = dict.fromkeys(clients, size)
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client.socket, selectors.EVENT_READ, client)
        while left:
            for key, _ in selector.select():
                client = key.data
                left[client] -= len(client.socket.recv(min(65536, left[client])))
                if not left[client]:
                    selector.unregister(client.socket)
                    del left[client]


def main() -> int:
    """Print the table; the exit status says whether the second commit keeps within the limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before")
    parser.add_argument("after")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--limit", type=float, default=0.10, help="how much worse a median may be")
    chosen = parser.parse_args()
    found: dict[str, list[dict[str, float]]] = {"before": [], "after": []}
    with work_tree(chosen.before) as before, work_tree(chosen.after) as after:
        for number in range(chosen.rounds):
            for name, tree in (("before", before), ("after", after)):
                found[name].append(asyncio.run(measure(tree)))
                shown = ", ".join(f"{key} {value:.1f}" for key, value in found[name][-1].items())
                print(f"round {number + 1} {name:6} {shown}", flush=True)
    title = f"median of {chosen.rounds}"
    print(f"\n{title:38} {'before':>10} {'after':>10} {'ratio':>7}   ratios of the rounds")
    is_within = True
    for metric, better in METRICS.items():
        early, late = ([one[metric] for one in found[name]] for name in ("before", "after"))
        ratio = statistics.median(late) / statistics.median(early)
        ratios = sorted(new / old for new, old in zip(late, early, strict=True))
        worse = ratio - 1 if better == "lower" else 1 - ratio
        is_within = is_within and worse <= chosen.limit
        print(
            f"{metric:38} {statistics.median(early):10.1f} {statistics.median(late):10.1f} {ratio:7.2f}   "
            f"{ratios[0]:.2f} to {ratios[-1]:.2f}"
        )
    print("within the limit" if is_within else f"worse than the limit of {chosen.limit:.0%}")
    return int(not is_within)


if __name__ == "__main__":
    sys.exit(main())
