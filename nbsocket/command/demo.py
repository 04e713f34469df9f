"""``nbsocket demo``: JupyterLab on a copy of the tutorial, from an installed package."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

FIRST = "01-first-socket.ipynb"
_INSTALLED = Path(__file__).parent.parent / "notebooks"
_CHECKOUT = Path(__file__).parent.parent.parent / "notebooks"


def tutorial_folder() -> Path:
    """Return the folder of the tutorial's notebooks, in the package or in the checkout it runs from.

    Raises:
        FileNotFoundError: There are no notebooks in either.
    """
    for folder in (_INSTALLED, _CHECKOUT):
        if (folder / FIRST).exists():
            return folder
    msg = "This installation of nbsocket has no tutorial: install it again with  pip install nbsocket."
    raise FileNotFoundError(msg)


def copy_tutorial(target: Path) -> list[str]:
    """Copy the files that are not there yet; files already there stay as they are.

    Returns:
        The names of the files that were copied.
    """
    source = tutorial_folder()
    target.mkdir(parents=True, exist_ok=True)
    copied = []
    for file in sorted(source.iterdir()):
        if file.is_file() and not (target / file.name).exists():
            shutil.copyfile(file, target / file.name)
            copied.append(file.name)
    return copied


def open_demo(target: Path, port: int, *, is_quiet: bool) -> int:
    """Copy the tutorial and start JupyterLab on it; return its exit status.

    Args:
        target: The folder of the copy.
        port: JupyterLab's port; the next free one is taken.
        is_quiet: Whether to open no browser.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        print("JupyterLab is not installed here:  pip install 'nbsocket[demo]'", file=sys.stderr)  # noqa: T201
        return 1
    copied = copy_tutorial(target)
    print(f"nbsocket: {len(copied)} files copied to {target.resolve()}; your own changes there stay.")  # noqa: T201
    command = [
        *(sys.executable, "-m", "jupyterlab"),
        f"--ServerApp.port={port}",
        f"--ServerApp.root_dir={target.resolve()}",
        f"--LabApp.default_url=/lab/tree/{FIRST}",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    if is_quiet or _has_no_display():
        command.append("--no-browser")
        print("nbsocket: open the address that JupyterLab prints below, the one with ?token=.")  # noqa: T201
    sys.stdout.flush()
    if os.name == "posix":
        # This process becomes JupyterLab, so stopping the command stops it.
        os.execv(sys.executable, command)  # noqa: S606 - our own words
    try:
        return subprocess.run(command, check=False).returncode  # noqa: S603 - our own words
    except KeyboardInterrupt:
        return 0


def _has_no_display() -> bool:
    return sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
