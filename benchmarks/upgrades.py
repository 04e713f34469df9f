"""Upgrades from polling to WebSocket under traffic both ways, with random delays at each step.

    python benchmarks/upgrades.py --count 10000

Every client begins on polling, upgrades, and sends and receives numbered events all the while.
What arrived on either side is compared with what was sent. It starts a real Jupyter server and kernel.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.jupyter import JupyterProcess
from support.upgrades import EVENTS, measure


def main() -> int:
    """Print the figures; the exit status says whether all is well."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--together", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        JupyterProcess(Path(folder), base_url="/a%40b/") as jupyter,
    ):
        outcome = asyncio.run(measure(jupyter, chosen.count, chosen.together, chosen.seed))
    delays = sorted(outcome.delays_s)
    stalls = sum(delay > 1 for delay in delays)
    took_s = time.monotonic() - began
    print(f"upgrades           {chosen.count} ({chosen.together} at a time, {took_s:.0f} s)")
    print(f"events             {len(delays)} (both ways; {2 * EVENTS} for each client)")
    print(f"failed             {len(outcome.failed)}")
    print(f"lost               {outcome.lost}")
    print(f"doubled            {outcome.doubled}")
    print(f"out of order       {outcome.disordered}")
    print(f"stalls over 1 s    {stalls}")
    if delays:
        at = [delays[min(len(delays) - 1, int(len(delays) * part))] for part in (0.99, 0.999)]
        print(
            f"delay of an event  p50 {statistics.median(delays) * 1000:.1f} ms, p99 {at[0] * 1000:.1f} ms, "
            f"p99.9 {at[1] * 1000:.1f} ms, max {delays[-1] * 1000:.1f} ms"
        )
    for line in outcome.failed[:10]:
        print("  ", line)
    bad = outcome.failed or outcome.lost or outcome.doubled or outcome.disordered or stalls
    expected = chosen.count * 2 * EVENTS
    return int(bool(bad) or len(delays) != expected)


if __name__ == "__main__":
    sys.exit(main())
