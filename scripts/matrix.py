"""The wheel on every Python and with the oldest and newest libraries that are claimed; prints a table.

    python scripts/matrix.py                 # all columns
    python scripts/matrix.py oldest 3.14     # some

3.13 and 3.14 come from newer suites of Debian. Their C library is newer than this machine's, so each lives
in a folder of its own, into which debootstrap puts it and chroot steps. That wants root, and apt's mirror.
3.12 is in no suite of Debian's that is left: it is claimed, and untested.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / ".make" / "matrix"
SUITES = {
    "protocol": ["tests/protocol", "tests/link"],
    "gateway": ["tests/gateway", "tests/server"],
    "socketio, with a carrier that only keeps": ["tests/socketio"],
    "a real server and kernel": [
        "tests/kernel/test_server.py",
        "tests/kernel/test_link.py",
        "tests/kernel/test_cells.py",
        "tests/kernel/test_program.py",
    ],
    "nbclient, papermill's way": ["tests/kernel/test_alone.py"],
}
NEEDED = [
    "tests",
    "notebooks",
    "examples",
    "docs",
    "jupyter-config",
    "js/test",
    "pyproject.toml",
    "README.md",
]
"""What tests read of the repository: never the package itself, which is to be the wheel's."""

_VERSIONS = (
    "import sys, importlib.metadata as m; print(sys.version.split()[0], *(f'{n} {m.version(n)}' "
    "for n in 'jupyter_server ipykernel tornado anywidget msgspec'.split()))"
)
_SOURCES = (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list"))


@dataclass(frozen=True)
class Column:
    """One environment.

    Args:
        name: Its head in the table.
        suite: The suite of Debian that brings its Python; empty for this machine's own.
        pins: Requirements that narrow what is installed.
    """

    name: str
    suite: str = ""
    pins: tuple[str, ...] = ()


def lower_bounds() -> tuple[str, ...]:
    """Return the oldest version of each requirement that we claim, as pins."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    bounds = [*project["project"]["dependencies"], "ipykernel>=6.29.0"]
    return tuple(re.sub(r">=([\d.]+).*", r"==\1.*", bound) for bound in bounds)


COLUMNS = (
    Column("3.11"),
    Column("oldest", pins=lower_bounds()),
    Column("newest", pins=("ipykernel>=7",)),
    Column("3.13", "trixie"),
    Column("3.14", "testing"),
)


def run(command: list[object], **options: object) -> subprocess.CompletedProcess[str]:
    """Run a command; what it says is shown only if it fails."""
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, **options
    )  # type: ignore[call-overload]
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done  # type: ignore[no-any-return]


def wheel() -> Path:
    """Build it."""
    target = PLACE / "dist"
    shutil.rmtree(target, ignore_errors=True)
    run([sys.executable, "-m", "build", "--wheel", "--outdir", target, ROOT])
    return next(target.glob("*.whl"))


def mirror() -> str:
    """Return where apt gets Debian's packages on this machine."""
    for file in _SOURCES:
        found = re.search(
            r"(?:^URIs:|^deb(?: \[.*?\])?) +(\S+)", file.read_text() if file.exists() else "", re.MULTILINE
        )
        if found:
            return found[1]
    sys.exit("apt has no sources here: the newer Pythons come from Debian's mirror.")


@contextmanager
def root_of(column: Column) -> Iterator[Path]:
    """Return the root folder of a column's system, with what programs expect to be mounted there."""
    if not column.suite:
        yield Path("/")
        return
    root = PLACE / column.suite
    if not (root / "usr/bin/python3").exists():
        if os.geteuid():
            sys.exit(f"The column {column.name} needs root, for chroot.")
        if shutil.which("debootstrap") is None:
            run(["bash", "-c", f". {ROOT}/scripts/packages.sh && system_install debootstrap"])
        packages = "python3,python3-venv,ca-certificates"
        shutil.rmtree(root, ignore_errors=True)
        run(["debootstrap", "--variant=minbase", f"--include={packages}", column.suite, root, mirror()])
    for file in ("etc/resolv.conf", "etc/hosts", "etc/ssl/certs/ca-certificates.crt"):
        shutil.copy(Path("/") / file, root / file)
    mounts = [("proc", "proc"), ("sysfs", "sys"), ("devpts", "dev/pts"), ("tmpfs", "dev/shm")]
    for kind, folder in mounts:
        (root / folder).mkdir(exist_ok=True)
        run(["mount", "-t", kind, kind, root / folder])
    try:
        yield root
    finally:
        for _, folder in reversed(mounts):
            subprocess.run(["umount", "-l", root / folder], check=False)


def environment(column: Column, root: Path, built: Path) -> tuple[list[str], Path]:
    """Make it; return what to put before a command in it, and the folder of the tests, as seen there."""
    home = PLACE / f"run-{column.name}"
    inside = home if root == Path("/") else Path("/matrix")
    there = root / str(inside).lstrip("/")
    enter = [] if root == Path("/") else ["chroot", str(root)]
    shutil.rmtree(there, ignore_errors=True)
    for name in NEEDED:
        source, target = ROOT / name, there / "src" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy(source, target)
    shutil.copy(built, there)
    python = sys.executable if root == Path("/") else "python3"
    run([*enter, python, "-m", "venv", inside / "venv"])
    pip = [*enter, inside / "venv/bin/python", "-m", "pip", "install", "--quiet"]
    # For dependency groups.
    run([*pip, "pip>=25.1"])
    run([*pip, inside / built.name, *column.pins, "--group", f"{inside}/src/pyproject.toml:matrix"])
    return [
        *enter,
        "/usr/bin/env",
        "-C",
        str(inside / "src"),
        f"PATH={inside}/venv/bin:/usr/bin:/bin",
    ], inside


def summary(said: str, code: int) -> str:
    """Return what pytest's last line says."""
    line = next((one for one in reversed(said.splitlines()) if " in " in one), "nothing")
    counts = re.findall(r"(\d+) (passed|failed|skipped|errors?)", line)
    return ", ".join(f"{count} {what}" for count, what in counts) if counts else f"exit {code}"


def main() -> int:
    """Run the chosen columns; the status says whether all were green."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("columns", nargs="*", choices=[column.name for column in COLUMNS] + [[]])
    parser.add_argument("--suite", action="append", help="a row's first word; all if not given")
    chosen = parser.parse_args()
    columns = [column for column in COLUMNS if not chosen.columns or column.name in chosen.columns]
    suites = {
        name: paths
        for name, paths in SUITES.items()
        if not chosen.suite or re.split(r"[ ,]", name)[0] in chosen.suite
    }
    PLACE.mkdir(parents=True, exist_ok=True)
    built = wheel()
    cells: dict[tuple[str, str], str] = {}
    is_green = True
    for column in columns:
        with root_of(column) as root:
            command, inside = environment(column, root, built)
            python = str(inside / "venv/bin/python")
            print(f"{column.name}: {run([*command, python, '-c', _VERSIONS]).stdout.strip()}", flush=True)
            for name, paths in suites.items():
                began = time.monotonic()
                done = subprocess.run(
                    [*command, python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *paths],
                    capture_output=True,
                    text=True,
                    check=False,
                )
                cells[column.name, name] = summary(done.stdout, done.returncode)
                is_green = is_green and done.returncode == 0
                print(f"  {name}: {cells[column.name, name]}, {time.monotonic() - began:.0f} s", flush=True)
                if done.returncode:
                    print(done.stdout[-6000:], done.stderr[-2000:], flush=True)
    print(f"\n| suite | {' | '.join(column.name for column in columns)} |")
    print("|---|" + "---|" * len(columns))
    for name in suites:
        print(f"| {name} | {' | '.join(cells[column.name, name] for column in columns)} |")
    return int(not is_green)


if __name__ == "__main__":
    sys.exit(main())
