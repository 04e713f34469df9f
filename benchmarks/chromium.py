"""The same questions from a page in JupyterLab in Chromium: over nbsocket and over anywidget's comm."""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from load import Address
from running import Peer
from support.chromium import OPTIONS, chromium_path
from support.jupyter import TOKEN, JupyterProcess
from support.lab import Notebook

if TYPE_CHECKING:
    from collections.abc import Iterator

TRIPS = """
window.received = 0;
window.trips = async (count) => {
  const took = [];
  for (let number = 0; number < count; number++) {
    const began = performance.now();
    await window.ask(number);
    took.push(performance.now() - began);
  }
  return took.sort((a, b) => a - b)[Math.floor(count / 2)];
};
window.many = async (count) => {
  const began = performance.now();
  await Promise.all(Array.from({ length: count }, (_, number) => window.ask(number)));
  return count / (performance.now() - began) * 1000;
};
"""
COMM = f"""
import anywidget

class Echo(anywidget.AnyWidget):
    _esm = '''
    export default {{
      render({{ model, el }}) {{
        {TRIPS}
        const open = new Map();
        window.ask = (number) => new Promise((resolve) => {{
          open.set(number, resolve);
          model.send({{ number }});
        }});
        model.on("msg:custom", (message) => {{
          if (message.burst) {{ window.received += 1; return; }}
          open.get(message.number)(); open.delete(message.number);
        }});
        el.textContent = "ready"; el.id = "bench-ready";
      }}
    }};
    '''
    def __init__(self):
        super().__init__()
        self.on_msg(lambda _widget, content, _buffers: self.send(content))

echo = Echo()
echo
"""
BUSY = "import time\nuntil = time.monotonic() + 3\nwhile time.monotonic() < until: pass"
COMM_CELLS = {
    "burst": "for n in range(10_000):\n    echo.send({'burst': n})\nprint('sent')",
    "busy": BUSY,
    "load": """
import threading, time
def stream():
    until = time.monotonic() + 3
    while time.monotonic() < until:
        for _ in range(5): echo.send({"burst": 0})
        time.sleep(0.005)
threading.Thread(target=stream).start()
""",
}
SOCKET = """
import nbsocket
io = nbsocket.Server("bench")
io.on("echo", lambda socket, value: value)
print(io.ticket("owner").value)
"""
SOCKET_CELLS = {
    "burst": "for n in range(10_000):\n    io.emit('burst', n)\nprint('sent')",
    "busy": BUSY,
    "load": COMM_CELLS["load"].replace('echo.send({"burst": 0})', 'io.emit("burst", 0)'),
    "million": "for n in range(1_000_000):\n    io.emit('burst', n)\nprint('sent')",
    "pane": "io.pane('bench')",
    "wire": "io.wire()",
    "flood": """
import threading, time
def flood():
    began, sent = time.monotonic(), 0
    while (now := time.monotonic() - began) < 10:
        due = int(now * 5000) - sent
        for n in range(due): io.emit("burst", n)
        sent += due
        time.sleep(0.005)
threading.Thread(target=flood).start()
""",
}
CONNECT = f"""async ([base, ticket]) => {{
  {TRIPS}
  const script = document.createElement("script");
  script.src = base + "nbsocket/bench/socket.io/socket.io.js";
  await new Promise((resolve) => {{ script.onload = resolve; document.head.append(script); }});
  const socket = io(location.origin, {{
    path: base + "nbsocket/bench/socket.io/", query: {{ join_token: ticket }}, transports: ["websocket"],
  }});
  window.ask = (number) => socket.emitWithAck("echo", number);
  socket.on("burst", () => {{ window.received += 1; }});
  await new Promise((resolve) => socket.on("connect", resolve));
}}"""

_shared: dict[str, Any] = {}


def _browser() -> Any:
    if not _shared:
        _shared["playwright"] = sync_playwright().start()
        _shared["browser"] = _shared["playwright"].chromium.launch(
            executable_path=chromium_path(), args=OPTIONS
        )
    return _shared["browser"]


def close() -> None:
    """Close the browser, if one was opened."""
    if _shared:
        _shared["browser"].close()
        _shared["playwright"].stop()
        _shared.clear()


@contextlib.contextmanager
def page_over(kind: str, *shown: str) -> Iterator[Peer]:
    """A notebook in JupyterLab whose page asks its kernel over ``comm`` or ``nbsocket``.

    Args:
        kind: Which of the two.
        shown: What stands in the notebook beside it: ``pane``, ``wire``.
    """
    first, cells = (COMM, COMM_CELLS) if kind == "comm" else (SOCKET, SOCKET_CELLS)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        made = nbformat.v4.new_notebook()
        made.cells = [nbformat.v4.new_code_cell(cell) for cell in (first, *cells.values())]
        made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(made, root / "bench.ipynb")
        options = ("--LabApp.expose_app_in_browser=True", "--NbSocketApp.ping_interval=600")
        with JupyterProcess(root, app="lab", options=options) as jupyter:
            context = _browser().new_context()
            page = context.new_page()
            page.goto(f"{jupyter.url}lab/tree/bench.ipynb?reset&token={TOKEN}")
            notebook = Notebook(page, root / "bench.ipynb")
            notebook.wait_ready()
            said = notebook.run(0).strip()
            path = "/"
            if kind == "comm":
                page.wait_for_selector("#bench-ready")
            else:
                page.evaluate(CONNECT, ["/", said])
                path = f"/nbsocket/bench/socket.io/?EIO=4&transport=websocket&join_token={said}"
            for one in shown:
                notebook.run(1 + list(cells).index(one))
                page.wait_for_selector(f".nbs-{one}:is([data-state=connected], [data-state=live])")
            yield Peer(
                "comm" if kind == "comm" else "nbsocket in chromium",
                Address(jupyter.port, path),
                [jupyter.process.pid],
                jupyter,
                notebook=notebook,
                cells=list(cells),
            )
            context.close()


def _notebook(peer: Peer | None) -> Notebook:
    if peer is None or peer.notebook is None:
        raise ValueError
    return peer.notebook


def _begin(peer: Peer | None, cell: str) -> Notebook:
    """Run a cell; whether it ended is not asked: a flood of the comm channel may swallow that, too."""
    notebook = _notebook(peer)
    notebook.begin(1 + peer.cells.index(cell))  # type: ignore[union-attr]
    return notebook


def trip_ms(peer: Peer | None, is_quick: bool) -> float:
    """Return the median of round trips, one question at a time."""
    return float(_notebook(peer).page.evaluate("(count) => window.trips(count)", 20 if is_quick else 60))


def busy_trip_ms(peer: Peer | None, _: bool) -> float:
    """Return the median of round trips that begin while a cell computes for 3 seconds."""
    notebook = _begin(peer, "busy")
    count = 1 if peer is not None and peer.name == "comm" else 20
    found = float(notebook.page.evaluate("(count) => window.trips(count)", count))
    notebook.page.wait_for_timeout(3000)
    return found


def loaded_trip_ms(peer: Peer | None, _: bool) -> float:
    """Return the median of round trips while a thread of the kernel sends 1,000 events a second."""
    page = _begin(peer, "load").page
    found = float(page.evaluate("(count) => window.trips(count)", 20))
    page.wait_for_timeout(3000)
    return found


def input_delay_ms(peer: Peer | None, _: bool) -> float:
    """Return the p95 of how long clicks wait while 5,000 events a second arrive for 10 seconds."""
    page = _notebook(peer).page
    page.evaluate("""() => {
      window.delays = [];
      new PerformanceObserver((list) => {
        for (const one of list.getEntries()) {
          if (one.name === "pointerdown") window.delays.push(one.processingStart - one.startTime);
        }
      }).observe({ type: "event", durationThreshold: 16 });
    }""")
    _begin(peer, "flood")
    clicks, until = 0, time.monotonic() + 10
    while time.monotonic() < until:
        page.mouse.click(5, 5)
        clicks += 1
        time.sleep(0.1)
    page.wait_for_timeout(1000)
    # What took less than 16 ms in all is not reported: it waited less than that.
    delays = sorted(page.evaluate("window.delays"))
    return float(delays[-max(1, round(clicks * 0.05))]) if len(delays) >= clicks * 0.05 else 16.0


def page_growth_mib(peer: Peer | None, _: bool) -> float:
    """Return by how much the page grows in ten seconds of 5,000 events each, after ten that filled it."""
    page = _notebook(peer).page
    _flood_to_its_end(peer)
    before = _heap_mib(page)
    _flood_to_its_end(peer)
    return _heap_mib(page) - before


def _flood_to_its_end(peer: Peer | None) -> None:
    page = _begin(peer, "flood").page
    page.wait_for_timeout(13_000)


def _heap_mib(page: Any) -> float:
    """Return what the page's JavaScript and documents hold once the garbage is gone."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.enable")
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")
    session.detach()
    return float(used["usedSize"] + used.get("backingStorageSize", 0)) / 2**20


def many_per_s(peer: Peer | None, is_quick: bool) -> float:
    """Return how many questions a second are answered that are all asked at once."""
    page = _notebook(peer).page
    return float(page.evaluate("(count) => window.many(count)", 200 if is_quick else 1000))


def lost_of_burst(peer: Peer | None, _: bool) -> float:
    """Return how many of 10,000 events from one cell never reached the page."""
    return 10_000.0 - _received(peer, "burst")


def lost_of_million(peer: Peer | None, _: bool) -> float:
    """Return how many of 1,000,000 events from one cell never reached the page."""
    return 1_000_000.0 - _received(peer, "million")


def _received(peer: Peer | None, cell: str) -> int:
    page = _notebook(peer).page
    page.evaluate("window.received = 0")
    _begin(peer, cell)
    page.wait_for_function("window.received > 0")
    before = -1
    while before != (now := page.evaluate("window.received")):
        before = now
        page.wait_for_timeout(2500)
    return int(before)
