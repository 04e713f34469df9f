"""Builds the tutorial that runs inside the browser: ``python docs/make_live.py TARGET``; see docs/hosts.md.

JupyterLite with Pyodide and all that they load in one folder of static files: a page that opens it asks no
other host for anything. The tools have an environment of their own, ``.make/live``.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).parent.parent
HERE = ROOT / "docs" / "live"
WORK = ROOT / ".make" / "live"
BIN = WORK / "venv" / "bin"
PYTHON, ABI = "3.14", "pyemscripten_2026_0_wasm32"
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
NOT_IN_KERNEL = {"widgetsnbextension", "jupyterlab-widgets"}
"""Parts of JupyterLab, which the site has as extensions."""
MARKERS = {
    "sys_platform": "emscripten",
    "platform_system": "Emscripten",
    "os_name": "posix",
    "platform_machine": "wasm32",
    "python_version": PYTHON,
    "python_full_version": f"{PYTHON}.0",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "extra": "",
}


def run(*command: str | Path, folder: Path = WORK) -> str:
    """Run a program, and return what it prints; all is shown if it fails."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def prepare() -> None:
    """Make the environment of the tools, once for each set of them."""
    wanted = (HERE / "site-requirements.txt").read_text()
    mark = WORK / "installed.txt"
    if mark.exists() and mark.read_text() == wanted:
        return
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    venv.create(WORK / "venv", with_pip=True)
    run(BIN / "pip", "install", "--quiet", "-r", HERE / "site-requirements.txt")
    mark.write_text(wanted)


def fetch_pyodide(to: Path) -> Path:
    """Put Pyodide's core into a folder; return the lock file that comes with it."""
    version = run(
        BIN / "python",
        "-c",
        "from jupyterlite_pyodide_kernel.constants import PYODIDE_VERSION as v; print(v)",
    )
    archive = WORK / f"pyodide-{version}.tgz"
    if not archive.exists():
        run("npm", "pack", "--silent", f"pyodide@{version}")
    run("tar", "xzf", archive)
    for name in CORE:
        shutil.copy(WORK / "package" / name, to)
    return WORK / "package" / "pyodide-lock.json"


def fetch_wheels(to: Path) -> None:
    """Put the wheels that the kernel loads into a folder: others', the kernel's own, and ours."""
    pip = [BIN / "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "-d", to]
    where = ["--python-version", PYTHON, "--implementation", "cp", "--abi", f"cp{PYTHON.replace('.', '')}"]
    where += ["--abi", "none", "--platform", ABI, "--platform", "any"]
    run(*pip, *where, "-r", HERE / "kernel-requirements.txt")
    of_kernel = WORK / "venv/share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension/static/pypi"
    for name in ("ipykernel", "piplite", "pyodide_kernel"):
        for wheel in of_kernel.glob(f"{name}-*.whl"):
            shutil.copy(wheel, to)
    run(BIN / "pip", "wheel", "--quiet", "--no-deps", "-w", to, ROOT)


def entry(wheel: Path) -> dict[str, Any]:
    """Return what Pyodide's lock file says of a wheel."""
    name, version, _, _ = parse_wheel_filename(wheel.name)
    imports = set()
    metadata = Message()
    with zipfile.ZipFile(wheel) as archive:
        for path in archive.namelist():
            first, *rest = path.split("/")
            if path.endswith(".dist-info/METADATA"):
                metadata = message_from_bytes(archive.read(path))
            elif first.endswith((".dist-info", ".data")):
                continue
            elif rest:
                imports.add(first)
            elif first.endswith(".py"):
                imports.add(first.removesuffix(".py"))
    needs = map(Requirement, metadata.get_all("Requires-Dist", []))
    depends = {
        canonicalize_name(one.name) for one in needs if one.marker is None or one.marker.evaluate(MARKERS)
    }
    return {
        "name": name,
        "version": str(version),
        "file_name": wheel.name,
        "install_dir": "site",
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "package_type": "package",
        "imports": sorted(imports),
        "depends": sorted(depends - NOT_IN_KERNEL),
        "unvendored_tests": False,
    }


def write_lock(given: Path, folder: Path) -> None:
    """Write the lock file that names just the wheels of a folder."""
    lock = json.loads(given.read_text())
    entries = [entry(wheel) for wheel in sorted(folder.glob("*.whl"))]
    lock["packages"] = {one["name"]: one for one in entries}
    for one in entries:
        missing = set(one["depends"]) - set(lock["packages"])
        if missing:
            sys.exit(
                f"{one['name']} needs {', '.join(missing)}: add it to docs/live/kernel-requirements.txt"
            )
    (folder / "pyodide-lock.json").write_text(json.dumps(lock, indent=1))


def build(target: Path) -> None:
    """Build the site."""
    prepare()
    lite, contents = WORK / "lite", WORK / "contents"
    # What an earlier build left would be taken for done.
    for old in (lite, contents, target):
        shutil.rmtree(old, ignore_errors=True)
    (WORK / ".jupyterlite.doit.db").unlink(missing_ok=True)
    # A place that JupyterLite's builder knows, and tells the kernel.
    folder = lite / "static" / "pyodide"
    folder.mkdir(parents=True)
    contents.mkdir()
    lock = fetch_pyodide(folder)
    fetch_wheels(folder)
    write_lock(lock, folder)
    shutil.copy(HERE / "jupyter-lite.json", lite)
    for file in (ROOT / "notebooks").iterdir():
        if file.suffix in {".ipynb", ".html"}:
            shutil.copy(file, contents)
    command = [BIN / "jupyter", "lite", "build", "--lite-dir", lite, "--contents", contents]
    run(*command, "--output-dir", target, "--no-sourcemaps")
    size = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
    print(f"{os.path.relpath(target)}: {size / 2**20:.0f} MiB")


if __name__ == "__main__":
    build(Path(sys.argv[1] if len(sys.argv) > 1 else WORK / "site").resolve())
