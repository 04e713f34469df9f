"""Every peer side by side: each scenario measures all its peers in turns, several rounds.

    python benchmarks/bench.py                    # all scenarios
    python benchmarks/bench.py echo-1 --quick     # one, in under a minute

Prints medians with the least and the most of the rounds, ratios, and each target with what was reached;
writes the same to benchmarks/results/latest.json. Machines are noisy: a ratio of one run compares what ran
side by side, a plain figure only says what this machine did today.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import chromium
from scenarios import ALL, STARTS, Scenario

RESULTS = Path(__file__).parent / "results"


def run(scenario: Scenario, rounds: int, is_quick: bool) -> dict[str, list[float]]:
    """Measure all peers in turns; return each one's figures."""
    figures: dict[str, list[float]] = {name: [] for name in scenario.peers or (scenario.ours,)}
    rounds = min(rounds, scenario.rounds or rounds)
    if scenario.starts_anew:
        for _ in range(rounds):
            for name, found in figures.items():
                with STARTS[name]() as peer:
                    found.append(scenario.measure(peer, is_quick))
        return figures
    with ExitStack() as stack:
        peers = {name: stack.enter_context(STARTS[name]()) for name in scenario.peers}
        if rounds > 1:
            for peer in peers.values():
                # Once without counting: caches, and code that is compiled when it is hot.
                scenario.measure(peer, True)
        for _ in range(rounds):
            for name, found in figures.items():
                found.append(scenario.measure(peers.get(name), is_quick))
    return figures


def show(scenario: Scenario, figures: dict[str, list[float]]) -> list[dict[str, object]]:
    """Print a scenario's table; return its targets with what was reached."""
    better = "more" if scenario.more_is_better else "less"
    print(f"\n{scenario.name}: {scenario.what} ({scenario.unit}, {better} is better)")
    mine = statistics.median(figures[scenario.ours])
    for name, found in figures.items():
        middle = statistics.median(found)
        ratio = "" if name == scenario.ours or not middle else f"   ours is {mine / middle:.3g} of it"
        print(f"  {name:26} {_short(middle):>10}   {_short(min(found))} to {_short(max(found))}{ratio}")
    reached = []
    for target in scenario.targets:
        value = mine / statistics.median(figures[target.of]) if target.of else mine
        is_met = value >= target.limit if scenario.more_is_better else value <= target.limit
        word = "at least" if scenario.more_is_better else "at most"
        later = f", then {_short(target.later)}" if target.later is not None else ""
        against = f" of {target.of}" if target.of else f" {scenario.unit}"
        line = f"{word} {_short(target.limit)}{against}{later}: {_short(value)}"
        print(f"  target {line}  {'met' if is_met else 'NOT MET'}")
        reached.append({"scenario": scenario.name, "target": line, "met": is_met})
    sys.stdout.flush()
    return reached


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def keep(
    results: dict[str, object],
    targets: list[dict[str, object]],
    rounds: int,
    seconds: float,
    *,
    is_part: bool,
) -> None:
    """Write the results down; some scenarios alone take their places in those of the last whole run."""
    node = subprocess.run(["node", "--version"], check=True, capture_output=True, text=True).stdout.strip()
    kept = {
        "about": {
            "day": time.strftime("%Y-%m-%d"),
            "python": platform.python_version(),
            "node": node,
            "machine": platform.machine(),
            "cores": os.cpu_count(),
            "rounds": rounds,
            "seconds": round(seconds),
        },
        "results": results,
        "targets": targets,
    }
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / "latest.json"
    if is_part:
        if not file.exists():
            return
        whole = json.loads(file.read_text(encoding="utf-8"))
        whole["results"].update(results)
        others = [one for one in whole["targets"] if one["scenario"] not in results]
        order = [one.name for one in ALL]
        whole["targets"] = sorted(others + targets, key=lambda one: order.index(one["scenario"]))
        kept = whole
    file.write_text(f"{json.dumps(kept, indent=1)}\n", encoding="utf-8")


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "scenarios", nargs="*", help=f"of {', '.join(one.name for one in ALL)}; all, if none"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="short runs, two rounds")
    chosen = parser.parse_args()
    unknown = set(chosen.scenarios) - {one.name for one in ALL}
    if unknown:
        parser.error(f"there is no scenario {', '.join(sorted(unknown))}")
    rounds = min(chosen.rounds, 2) if chosen.quick else chosen.rounds
    began, results, targets = time.monotonic(), {}, []
    for scenario in ALL:
        if chosen.scenarios and scenario.name not in chosen.scenarios:
            continue
        figures = run(scenario, rounds, chosen.quick)
        targets += show(scenario, figures)
        results[scenario.name] = {
            "day": time.strftime("%Y-%m-%d"),
            "unit": scenario.unit,
            "what": scenario.what,
            "figures": figures,
        }
    chromium.close()
    print(f"\n{len(results)} scenarios, {rounds} rounds, {time.monotonic() - began:.0f} s")
    for target in targets:
        print(f"  {'met' if target['met'] else 'NOT MET':8} {target['scenario']}: {target['target']}")
    if not chosen.quick:
        keep(results, targets, rounds, time.monotonic() - began, is_part=bool(chosen.scenarios))
    return 0


if __name__ == "__main__":
    sys.exit(main())
