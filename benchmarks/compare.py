"""Two commits side by side: memory of an idle client, and pipelined echo through server and kernel.

    python benchmarks/compare.py fef0af8 HEAD --rounds 5

Rounds of both commits alternate, so that a change of the machine's mood meets both. Medians are compared.
Each round starts a Jupyter server and a kernel that import nbsocket from a work tree of the commit.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from support.crowd import frame
from support.jupyter import JupyterProcess, Kernel
from support.processes import memory_kib

if TYPE_CHECKING:
    from collections.abc import Iterator

IDLE_CLIENTS = 400
WINDOW = 256
ECHOES = 20_000
ACK_ID = 1_000_000
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
}


class RawClient:
    """A WebSocket written by hand, so that the client costs next to nothing."""

    def __init__(self, url: str, ticket: str) -> None:
        """Connect to the channel and to its default namespace."""
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname, parts.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        path = f"{parts.path}nbsocket/compare/socket.io/?EIO=4&transport=websocket&join_token={ticket}"
        self._socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        self._read_until(b"maxPayload")
        self._socket.sendall(frame("40"))
        self._read_until(b'40{"sid"')

    def _read_until(self, mark: bytes) -> None:
        seen = b""
        while mark not in seen:
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionError(seen[:300])
            seen += data

    def echo(self, count: int) -> float:
        """Ask ``count`` times, ``WINDOW`` questions under way; return answers a second."""
        text = "x" * 100
        question = frame(f'42{ACK_ID}["echo","{text}"]')
        answer_bytes = len(f'43{ACK_ID}["{text}"]') + 2
        began = time.perf_counter()
        self._socket.sendall(question * WINDOW)
        sent, received_bytes = WINDOW, 0
        while received_bytes < count * answer_bytes:
            received_bytes += len(self._socket.recv(262_144))
            due = min(count, received_bytes // answer_bytes + WINDOW) - sent
            if due > 0:
                self._socket.sendall(question * due)
                sent += due
        return count / (time.perf_counter() - began)

    def close(self) -> None:
        """Close it."""
        self._socket.close()


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
    with tempfile.TemporaryDirectory() as folder, JupyterProcess(Path(folder)) as jupyter:
        async with Kernel(jupyter) as kernel:
            said = (await kernel.run(SERVER)).text.split()
            kernel_pid, server_pid = int(said[0]), jupyter.process.pid
            if Path(said[1]).parent != tree:
                raise RuntimeError(said)
            ticket = await loop.run_in_executor(None, jupyter.ticket, "compare", "owner")

            def clients(count: int) -> list[RawClient]:
                return [RawClient(jupyter.url, ticket) for _ in range(count)]

            # What is made once must not count for the clients that follow.
            warm = await loop.run_in_executor(None, clients, 20)
            await loop.run_in_executor(None, warm[0].echo, 2000)
            before = memory_kib(server_pid), memory_kib(kernel_pid)
            idle = await loop.run_in_executor(None, clients, IDLE_CLIENTS)
            await asyncio.sleep(0.5)
            after = memory_kib(server_pid), memory_kib(kernel_pid)
            rates = [await loop.run_in_executor(None, warm[0].echo, ECHOES) for _ in range(3)]
            for client in warm + idle:
                client.close()
    grown = [(late - early) / IDLE_CLIENTS for early, late in zip(before, after, strict=True)]
    return dict(zip(METRICS, [*grown, statistics.median(rates)], strict=True))


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
    print(f"\n{title:30} {'before':>10} {'after':>10} {'ratio':>7}   ratios of the rounds")
    is_within = True
    for metric, better in METRICS.items():
        early, late = ([one[metric] for one in found[name]] for name in ("before", "after"))
        ratio = statistics.median(late) / statistics.median(early)
        ratios = sorted(new / old for new, old in zip(late, early, strict=True))
        worse = ratio - 1 if better == "lower" else 1 - ratio
        is_within = is_within and worse <= chosen.limit
        print(
            f"{metric:30} {statistics.median(early):10.1f} {statistics.median(late):10.1f} {ratio:7.2f}   "
            f"{ratios[0]:.2f} to {ratios[-1]:.2f}"
        )
    print("within the limit" if is_within else f"worse than the limit of {chosen.limit:.0%}")
    return int(not is_within)


if __name__ == "__main__":
    sys.exit(main())
