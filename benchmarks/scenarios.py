"""What is measured, of whom, and what is aimed at."""

from __future__ import annotations

import contextlib
import gzip
import multiprocessing
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import chromium
import load
import running
from support.crowd import percentile
from support.jupyter import TOKEN
from support.processes import memory_kib

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from running import Peer

STATIC = Path(__file__).parent.parent / "nbsocket" / "static"
OURS = "nbsocket"
NODE = "node socket.io"
PYTHON = "python-socketio, tornado"
RELAY = "bare tornado, two hops"
PAGE = "nbsocket in chromium"
COMM = "comm"
PANE = "nbsocket in chromium, a pane open"
WIRE = "nbsocket in chromium, a pane and a wire view open"

STARTS: dict[str, Callable[[], AbstractContextManager[Peer]]] = {
    OURS: running.ours,
    NODE: running.node,
    PYTHON: lambda: running.python_socketio("tornado"),
    "python-socketio, uvicorn": lambda: running.python_socketio("uvicorn"),
    "bare tornado": running.echo_floor,
    RELAY: running.relay_floor,
    "jupyter-server-proxy": running.behind_jupyter,
    PAGE: lambda: chromium.page_over("nbsocket"),
    COMM: lambda: chromium.page_over("comm"),
    PANE: lambda: chromium.page_over("nbsocket", "pane"),
    WIRE: lambda: chromium.page_over("nbsocket", "pane", "wire"),
}


@dataclass(frozen=True)
class Target:
    """What our median is held against.

    Args:
        of: The peer whose median it is divided by; empty for the plain figure.
        limit: What the ratio (or the figure) must reach: at least where more is better, else at most.
        later: What comes after that.
    """

    of: str
    limit: float
    later: float | None = None


@dataclass(frozen=True)
class Scenario:
    """One thing that is measured of several peers, in turns.

    Args:
        name: For the command line and the table.
        what: In words.
        unit: Of its figures.
        more_is_better: Else less is.
        peers: Whose; ours first.
        measure: Returns one figure of one peer; the flag asks for a short run.
        targets: What is aimed at.
        starts_anew: Whether every figure needs a peer that did nothing before.
        rounds: How many at most; 0 for as many as all others.
    """

    name: str
    what: str
    unit: str
    more_is_better: bool
    peers: tuple[str, ...]
    measure: Callable[[Peer | None, bool], float]
    targets: tuple[Target, ...] = field(default=())
    starts_anew: bool = False
    rounds: int = 0

    @property
    def ours(self) -> str:
        """Which of the peers is ours."""
        return self.peers[0] if self.peers else OURS


def _with_clients(
    count: int, use: Callable[[list[load.Connection], bool], float]
) -> Callable[[Peer | None, bool], float]:
    def measure(peer: Peer | None, is_quick: bool) -> float:
        if peer is None:
            raise ValueError(count)
        clients = load.connect(peer.address, count)
        try:
            return use(clients, is_quick)
        finally:
            for client in clients:
                client.close()

    return measure


def _round_trip(clients: list[load.Connection], is_quick: bool) -> float:
    load.round_trips(clients[0], 100)
    return statistics.median(load.round_trips(clients[0], 300 if is_quick else 1000)) * 1000


def _echo_of_one(clients: list[load.Connection], is_quick: bool) -> float:
    load.pipelined(clients, 1000, 256)
    return load.pipelined(clients, 5000 if is_quick else 20_000, 256)


def _echo_of_many(clients: list[load.Connection], is_quick: bool) -> float:
    load.pipelined(clients, 5, 5)
    return load.pipelined(clients, 25 if is_quick else 100, 8)


def _burst(clients: list[load.Connection], is_quick: bool) -> float:
    load.burst(clients, 5)
    count = max(50, min(20_000, (20_000 if is_quick else 100_000) // len(clients)))
    return count * len(clients) / load.burst(clients, count)


def _one_event(clients: list[load.Connection], is_quick: bool) -> float:
    load.burst(clients, 5)
    return statistics.median(load.burst(clients, 1) for _ in range(10 if is_quick else 40)) * 1000


def _big_echo(size: int, *, is_binary: bool = False) -> Callable[[list[load.Connection], bool], float]:
    def measure(clients: list[load.Connection], is_quick: bool) -> float:
        count = max(10, min(2000, 4_000_000 // size)) // (4 if is_quick else 1)
        rate = load.pipelined(clients, max(4, count), 4, size, is_binary=is_binary)
        return rate * size / 1e6

    return measure


def _connections(peer: Peer | None, is_quick: bool) -> float:
    if peer is None:
        raise ValueError
    count = 50 if is_quick else 200
    began = time.perf_counter()
    clients = load.connect(peer.address, count)
    took = time.perf_counter() - began
    for client in clients:
        client.close()
    return count / took


def _idle_memory(index: int) -> Callable[[Peer | None, bool], float]:
    def measure(peer: Peer | None, is_quick: bool) -> float:
        if peer is None:
            raise ValueError(index)
        pid = peer.pids[index]
        warm = load.connect(peer.address, 20)
        before = memory_kib(pid)
        count = 200 if is_quick else 1000
        clients = load.connect(peer.address, count)
        time.sleep(0.3)
        grown = memory_kib(pid) - before
        for client in [*warm, *clients]:
            client.close()
        time.sleep(0.3)
        return grown / count

    return measure


@contextlib.contextmanager
def _beside(target: Callable[..., None], *args: object) -> Iterator[None]:
    """Run clients in a process of their own; they are there when this begins."""
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Event()
    process = spawn.Process(target=target, args=(*args, ready))
    process.start()
    try:
        if not ready.wait(60):
            msg = "the clients beside do not come"
            raise RuntimeError(msg)
        yield
    finally:
        process.join(60)


def _round_trip_under_load(peer: Peer | None, is_quick: bool) -> float:
    """Ask while 50 other clients get 200 events a second each."""
    if peer is None:
        raise ValueError
    count = 100 if is_quick else 500
    (client,) = load.connect(peer.address, 1)
    with _beside(load.stream, peer.address, 50, 200, 1.5 if is_quick else 4.0):
        took = load.round_trips_among_events(client, count)
    client.close()
    return statistics.median(took) * 1000


def _round_trip_in_busy_cell(peer: Peer | None, is_quick: bool) -> float:
    """Ask while a cell computes."""
    if peer is None or peer.run is None:
        raise ValueError
    (client,) = load.connect(peer.address, 1)
    load.round_trips(client, 20)
    spinning = threading.Thread(target=peer.run, args=(f"spin({1.5 if is_quick else 3})",))
    spinning.start()
    time.sleep(0.3)
    took = load.round_trips(client, 40 if is_quick else 100)
    spinning.join()
    client.close()
    return statistics.median(took) * 1000


def _served(count: int) -> Callable[[Peer | None, bool], float]:
    def measure(peer: Peer | None, is_quick: bool) -> float:
        """Return how many of so many clients are let in and get one event."""
        if peer is None:
            raise ValueError(is_quick)
        clients = load.connect(peer.address, count)
        load.burst(clients, 1)
        for client in clients:
            client.close()
        return float(len(clients))

    return measure


def _status(percent: int) -> Callable[[Peer | None, bool], float]:
    return lambda peer, is_quick: _status_ms(peer, is_quick, percent)


def _status_ms(peer: Peer | None, is_quick: bool, percent: int) -> float:
    """Ask Jupyter's own /api/status while 200 clients get half of what was measured as the most."""
    if peer is None or peer.run is None or peer.jupyter is None:
        raise ValueError
    most = _with_clients(200, _burst)(peer, True)
    seconds = 3.0 if is_quick else 8.0
    request = urllib.request.Request(
        f"{peer.jupyter.url}api/status", headers={"Authorization": f"token {TOKEN}"}
    )
    took = []
    with _beside(load.drain, peer.address, 200, seconds + 1):
        peer.run(f"flood({most / 2 / 200}, {seconds}, 100)")
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            began = time.perf_counter()
            urllib.request.urlopen(request, timeout=30).read()
            took.append(time.perf_counter() - began)
            time.sleep(0.01)
    return percentile(took, percent) * 1000


def _extension_ms(_: Peer | None, __: bool) -> float:
    code = """
import time
from jupyter_server.serverapp import ServerApp
app = ServerApp()
app.initialize(["--ServerApp.jpserver_extensions={}", "--port=0", "--no-browser"])
began = time.perf_counter()
from nbsocket.extension.app import NbSocketApp
NbSocketApp.load_classic_server_extension(app)
print((time.perf_counter() - began) * 1000)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def _import_ms(_: Peer | None, __: bool) -> float:
    code = (
        "import ipykernel.ipkernel, time; began = time.perf_counter(); import nbsocket; nbsocket.Server;"
        "import nbsocket.carriers.link; print((time.perf_counter() - began) * 1000)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(done.stdout)


def _bundle_kb(_: Peer | None, __: bool) -> float:
    return len(gzip.compress((STATIC / "pane.js").read_bytes())) / 1000


ALL = (
    Scenario(
        "round-trip",
        "raw round trip, one question at a time, median",
        "ms",
        False,
        (OURS, RELAY, "bare tornado", NODE, PYTHON, "python-socketio, uvicorn", "jupyter-server-proxy"),
        _with_clients(1, _round_trip),
        (Target(RELAY, 2.0, 1.3),),
    ),
    Scenario(
        "round-trip-load",
        "raw round trip while 50 other clients get 200 events a second each, median",
        "ms",
        False,
        (OURS, NODE, PYTHON),
        _round_trip_under_load,
    ),
    Scenario(
        "round-trip-busy",
        "raw round trip while a cell computes, median",
        "ms",
        False,
        (OURS,),
        _round_trip_in_busy_cell,
    ),
    Scenario(
        "echo-1",
        "pipelined echo of one client",
        "1/s",
        True,
        (OURS, RELAY, NODE, PYTHON, "python-socketio, uvicorn", "jupyter-server-proxy"),
        _with_clients(1, _echo_of_one),
        (Target(NODE, 0.5, 0.8), Target(PYTHON, 5.0)),
    ),
    Scenario(
        "echo-200",
        "pipelined echo of 200 clients",
        "1/s",
        True,
        (OURS, NODE, PYTHON),
        _with_clients(200, _echo_of_many),
    ),
    *(
        Scenario(
            f"burst-{count}",
            f"fan-out in bursts to {count} clients",
            "deliveries/s",
            True,
            (OURS, "bare tornado", NODE, PYTHON),
            _with_clients(count, _burst),
            (Target(NODE, 4.0, 8.0),) if count == 200 else (),
        )
        for count in (1, 10, 50, 200, 1000)
    ),
    *(
        Scenario(
            f"one-{count}",
            f"one event to {count} clients, until the last has it",
            "ms",
            False,
            (OURS, NODE, PYTHON),
            _with_clients(count, _one_event),
            (Target(NODE, 1.0, 0.7),) if count == 200 else (),
        )
        for count in (10, 200, 1000)
    ),
    *(
        Scenario(
            f"size-{size}",
            f"echo of {size:,} bytes, four under way",
            "MB/s each way",
            True,
            (OURS, RELAY, NODE, PYTHON),
            _with_clients(1, _big_echo(size)),
        )
        for size in (16, 1000, 100_000, 900_000)
    ),
    *(
        Scenario(
            f"binary-{size}",
            f"echo of an attachment of {size:,} bytes, four under way",
            "MB/s each way",
            True,
            (OURS, NODE, PYTHON),
            _with_clients(1, _big_echo(size, is_binary=True)),
        )
        for size in (16, 1000, 100_000, 900_000)
    ),
    Scenario(
        "connect", "clients that come, one after the other", "1/s", True, (OURS, NODE, PYTHON), _connections
    ),
    Scenario(
        "memory-server",
        "memory of an idle client, where it is connected",
        "KiB",
        False,
        (OURS, NODE, PYTHON),
        _idle_memory(0),
        (Target("", 20.0, 12.0),),
        starts_anew=True,
        rounds=3,
    ),
    Scenario(
        "memory-kernel",
        "memory of an idle client in the kernel",
        "KiB",
        False,
        (OURS,),
        _idle_memory(1),
        starts_anew=True,
        rounds=3,
    ),
    Scenario(
        "clients-5000",
        "clients that are let in and get an event, of 5,000",
        "clients",
        True,
        (OURS,),
        _served(5000),
        (Target("", 5000.0),),
        rounds=1,
    ),
    *(
        Scenario(
            f"status-p{percent}",
            f"/api/status, p{percent}, during a flood to 200 clients at half the most",
            "ms",
            False,
            (OURS,),
            _status(percent),
            (Target("", 60.0, 20.0),) if percent == 99 else (),
        )
        for percent in (50, 99)
    ),
    Scenario(
        "page-trip",
        "round trip page to kernel and back in JupyterLab in Chromium, median",
        "ms",
        False,
        (PAGE, COMM),
        chromium.trip_ms,
        (Target(COMM, 1 / 30, 1 / 50),),
    ),
    Scenario(
        "page-trip-load",
        "the same while the kernel sends 1,000 events a second to the page",
        "ms",
        False,
        (PAGE, COMM),
        chromium.loaded_trip_ms,
        rounds=3,
    ),
    Scenario(
        "page-trip-busy",
        "the same while a cell computes for 3 seconds",
        "ms",
        False,
        (PAGE, COMM),
        chromium.busy_trip_ms,
        rounds=3,
    ),
    Scenario(
        "page-many",
        "questions from a page that are all asked at once",
        "1/s",
        True,
        (PAGE, COMM),
        chromium.many_per_s,
    ),
    Scenario(
        "page-burst",
        "events of one cell that never reach the page, of 10,000",
        "lost",
        False,
        (PAGE, COMM),
        chromium.lost_of_burst,
        (Target("", 0),),
        rounds=3,
    ),
    Scenario(
        "page-burst-million",
        "events of one cell that never reach the page, of 1,000,000",
        "lost",
        False,
        (PAGE,),
        chromium.lost_of_million,
        rounds=1,
    ),
    Scenario(
        "pane",
        "pipelined echo of a raw client beside a pane and a wire view in JupyterLab in Chromium",
        "1/s",
        True,
        (PANE, WIRE, PAGE),
        _with_clients(1, _echo_of_one),
        rounds=3,
    ),
    Scenario(
        "input-delay",
        "how long clicks wait (p95) while 5,000 events a second arrive; under 16 ms counts as 16",
        "ms",
        False,
        (WIRE, PAGE),
        chromium.input_delay_ms,
        (Target("", 100.0),),
        rounds=1,
    ),
    Scenario(
        "page-memory",
        "growth of the page in the second ten seconds of 5,000 events a second",
        "MiB",
        False,
        (WIRE, PAGE),
        chromium.page_growth_mib,
        (Target("", 16.0),),
        rounds=1,
    ),
    Scenario(
        "extension",
        "import and load of the extension, above the Jupyter server's own start",
        "ms",
        False,
        (),
        _extension_ms,
    ),
    Scenario(
        "import",
        "import of nbsocket in a kernel, above the kernel's own",
        "ms",
        False,
        (),
        _import_ms,
        (Target("", 80.0, 40.0),),
    ),
    Scenario("bundle", "the pane's bundle, gzipped", "kB", False, (), _bundle_kb, (Target("", 120.0),)),
)
