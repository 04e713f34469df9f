"""Makes the tables and the plots of docs/performance.md from the results of the benchmarks.

python docs/make_performance.py            # from what make bench found, kept as performance.json
python docs/make_performance.py --check    # whether the page is what performance.json makes
"""

from __future__ import annotations

import json
import re
import statistics
import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
PAGE, KEPT = DOCS / "performance.md", DOCS / "performance.json"
LATEST = DOCS.parent / "benchmarks" / "results" / "latest.json"
OURS = "nbsocket"
COLORS = {
    "nbsocket": "#1565c0",
    "nbsocket in chromium": "#1565c0",
    "node socket.io": "#2e7d32",
    "python-socketio, tornado": "#c77800",
    "python-socketio, uvicorn": "#8d6e63",
    "bare tornado": "#757575",
    "bare tornado, two hops": "#9e9e9e",
    "jupyter-server-proxy": "#6a1b9a",
    "comm": "#c62828",
}


def short(value: float) -> str:
    """Return a figure in three digits, or whole."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def targets_table(kept: dict[str, Any]) -> str:
    """Return every target with what was reached."""
    lines = ["| scenario | target | reached | |", "|---|---|---|---|"]
    for one in kept["targets"]:
        aim, _, reached = one["target"].rpartition(": ")
        lines.append(f"| `{one['scenario']}` | {aim} | {reached} | {'met' if one['met'] else 'not met'} |")
    return "\n".join(lines)


def results_table(kept: dict[str, Any]) -> str:
    """Return every scenario's medians."""
    lines = ["| scenario | peer | median | least to most | nbsocket is |", "|---|---|---|---|---|"]
    for name, result in kept["results"].items():
        peers = list(result["figures"].items())
        mine = statistics.median(peers[0][1])
        for index, (peer, found) in enumerate(peers):
            middle = statistics.median(found)
            ratio = f"{mine / middle:.3g} of it" if index and middle else ""
            what = f"`{name}`: {result['what']}, {result['unit']}" if not index else ""
            spread = f"{short(min(found))} to {short(max(found))}"
            lines.append(f"| {what} | {peer} | {short(middle)} | {spread} | {ratio} |")
    return "\n".join(lines)


def about(kept: dict[str, Any]) -> str:
    """Return under which circumstances it was measured."""
    said = kept["about"]
    return (
        f"Measured on {said['day']}, {said['cores']} cores ({said['machine']}), Python {said['python']}, "
        f"Node {said['node']}; {said['rounds']} rounds, {said['seconds'] / 60:.0f} minutes for all."
    )


def page_with(text: str, kept: dict[str, Any]) -> str:
    """Return the page with its generated parts generated again."""
    for name, made in (
        ("about", about(kept)),
        ("targets", targets_table(kept)),
        ("results", results_table(kept)),
    ):
        begin = f"<!-- {name}, made by docs/make_performance.py -->\n"
        head, mark, rest = text.partition(begin)
        if not mark:
            raise SystemExit(f"{PAGE.name} lacks the mark {begin}")
        text = f"{head}{mark}{made}\n<!-- end -->{rest.partition('<!-- end -->')[2]}"
    return text


def series(kept: dict[str, Any], prefix: str) -> dict[str, list[tuple[float, float]]]:
    """Return for each peer its medians over the number in the scenarios' names."""
    found: dict[str, list[tuple[float, float]]] = {}
    for name, result in kept["results"].items():
        match = re.fullmatch(rf"{prefix}-(\d+)", name)
        if match:
            for peer, figures in result["figures"].items():
                found.setdefault(peer, []).append((float(match[1]), statistics.median(figures)))
    return {peer: sorted(points) for peer, points in found.items()}


def draw(kept: dict[str, Any]) -> None:
    """Draw the plots."""
    import matplotlib as mpl  # noqa: PLC0415 - --check does without

    mpl.use("svg")
    import matplotlib.pyplot as plt  # noqa: PLC0415 - likewise

    mpl.rcParams.update({"svg.hashsalt": OURS, "font.size": 9, "axes.spines.top": False})
    mpl.rcParams.update({"axes.spines.right": False, "svg.fonttype": "none"})
    (DOCS / "images").mkdir(exist_ok=True)
    for file, prefix, title, x, y in (
        ("burst", "burst", "Fan-out in bursts", "clients", "deliveries a second"),
        ("one", "one", "One event, until the last client has it", "clients", "milliseconds"),
        ("size", "size", "Echo of text, four under way", "bytes", "MB a second each way"),
        ("binary", "binary", "Echo of attachments, four under way", "bytes", "MB a second each way"),
    ):
        figure, axes = plt.subplots(figsize=(5.2, 3.2), layout="constrained")
        for peer, points in series(kept, prefix).items():
            style = {"linewidth": 2.2 if peer.startswith(OURS) else 1.2, "marker": "o", "markersize": 4}
            axes.plot(*zip(*points, strict=True), label=peer, color=COLORS.get(peer, "#444"), **style)
        axes.set(title=title, xlabel=x, ylabel=y, xscale="log", yscale="log")
        axes.grid(visible=True, which="major", color="#ddd", linewidth=0.6)
        axes.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
        figure.savefig(DOCS / "images" / f"performance-{file}.svg", metadata={"Date": None})
        plt.close(figure)


def main() -> int:
    """Make them; with ``--check`` only say whether the page is up to date."""
    is_check = "--check" in sys.argv[1:]
    if not is_check:
        KEPT.write_text(LATEST.read_text(encoding="utf-8"), encoding="utf-8")
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    text = PAGE.read_text(encoding="utf-8")
    made = page_with(text, kept)
    if is_check:
        if made != text:
            print("docs/performance.md is not what docs/performance.json makes")
        return int(made != text)
    PAGE.write_text(made, encoding="utf-8")
    draw(kept)
    return 0


if __name__ == "__main__":
    sys.exit(main())
