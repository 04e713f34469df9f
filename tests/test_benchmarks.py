"""The benchmarks still start; what they find is not judged here."""

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parent.parent / "benchmarks" / "bench.py"


def test_the_table_is_printed_with_its_targets():
    done = subprocess.run(
        [sys.executable, BENCH, "import", "bundle", "--quick"], capture_output=True, text=True, check=True
    )
    assert "import of nbsocket in a kernel" in done.stdout
    assert done.stdout.count("target at most") == 2
    assert "2 scenarios, 2 rounds" in done.stdout


def test_an_unknown_scenario_is_named():
    done = subprocess.run([sys.executable, BENCH, "nothing"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "there is no scenario nothing" in done.stderr
