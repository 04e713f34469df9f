"""Build hook: the front end, by esbuild, into ``nbsocket/static``.

A tree that already has the bundle (an sdist, or after ``make``) needs no Node.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
JS = ROOT / "js"
BUNDLE = ROOT / "nbsocket" / "static" / "pane.js"


class FrontEndHook(BuildHookInterface):
    """Runs npm before anything is packed."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Build, unless the bundle is newer than all of its sources, or told not to."""
        if os.environ.get("SKIP_JUPYTER_BUILDER") == "1" or not _is_stale():
            return
        npm = shutil.which("npm")
        if npm is None:
            msg = (
                "Building nbsocket from source needs Node.js 20 or newer (npm was not found). "
                "Install Node, or install the wheel, which needs none."
            )
            raise RuntimeError(msg)
        if not (JS / "node_modules").exists():
            subprocess.run([npm, "install", "--no-save", "--no-audit", "--no-fund"], cwd=JS, check=True)
        subprocess.run([npm, "run", "build"], cwd=JS, check=True)


def _is_stale() -> bool:
    if not BUNDLE.exists():
        return True
    sources = [JS / "package-lock.json", JS / "build.mjs", JS / "browsers.mjs", *(JS / "src").rglob("*.*")]
    built = BUNDLE.stat().st_mtime
    return any(source.exists() and source.stat().st_mtime > built for source in sources)
