"""A program of a user's own, in a process of its own: ``python app.py``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

from support.jupyter import free_port

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self


class Program:
    """A running script.

    Args:
        script: Its file.
        port: What ``PORT`` says; any that is free if None.
    """

    base_url = "/"

    def __init__(self, script: Path, port: int | None = None) -> None:
        self.port = port if port is not None else free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self._script = script
        self.said = ""

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            [sys.executable, "-u", str(self._script)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PORT": str(self.port), "PYTHONFAULTHANDLER": "1"},
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line

    def says(self, text: str, timeout: float = 15) -> str:
        """Wait until it has printed ``text``; return all that it printed."""
        until = time.monotonic() + timeout
        while text not in self.said:
            assert time.monotonic() < until, self.said
            time.sleep(0.02)
        return self.said

    def ends(self, timeout: float = 10) -> int:
        """Wait for its end; return its exit status."""
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            # Say where it stands.
            self.process.send_signal(signal.SIGABRT)
            self._reader.join(timeout)
            raise AssertionError(self.said) from None
        self._reader.join(timeout)
        return status

    def interrupt(self) -> int:
        """Press Ctrl-C; return its exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.ends()

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
