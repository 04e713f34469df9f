"""The command line of ``nbsocket``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nbsocket._version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_FOLDER = "nbsocket-tutorial"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status.

    Args:
        arguments: What follows the command's name; the process's own if None.
    """
    parser = argparse.ArgumentParser(
        prog="nbsocket", description="Socket.IO between notebook cells and browsers."
    )
    parser.add_argument("--version", action="version", version=f"nbsocket {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="{doctor,settings,demo}")
    doctor = commands.add_parser(
        "doctor", help="find out what keeps nbsocket from working, and how to fix it"
    )
    doctor.add_argument(
        "--url", help="the Jupyter server's address as in a browser; by default the one that runs here"
    )
    doctor.add_argument("--token", help="its token, if it does not run here")
    commands.add_parser("settings", help="list the settings of the server extension, with their defaults")
    demo = commands.add_parser("demo", help="open JupyterLab on a copy of the tutorial")
    demo.add_argument(
        "folder", nargs="?", default=DEFAULT_FOLDER, help=f"where to copy it; by default ./{DEFAULT_FOLDER}"
    )
    demo.add_argument("--port", type=int, default=8888, help="JupyterLab's port, or the next free one")
    demo.add_argument("--no-browser", action="store_true", help="print the address, open no browser")
    given = parser.parse_args(arguments)
    if given.command == "doctor":
        from nbsocket.command.doctor import examine  # noqa: PLC0415 - only for this command

        report = examine(given.url, given.token, lambda said: print(said, file=sys.stderr))  # noqa: T201 - likewise
        print(report)  # noqa: T201 - a command's output
        return 0 if report.is_well else 1
    if given.command == "settings":
        from nbsocket.command.settings import settings  # noqa: PLC0415 - only for this command

        print(settings())  # noqa: T201 - a command's output
        return 0
    from nbsocket.command.demo import open_demo  # noqa: PLC0415 - only for this command

    return open_demo(Path(given.folder), given.port, is_quiet=given.no_browser)


if __name__ == "__main__":
    sys.exit(main())
