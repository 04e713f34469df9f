"""Which Chromium, and how it is started."""

from __future__ import annotations

import os
import shutil

OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium_path() -> str | None:
    """Return the system's Chromium; None lets Playwright look for its own."""
    named = os.environ.get("NBSOCKET_CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("chromium-browser")
