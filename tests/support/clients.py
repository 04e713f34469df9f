"""Clients that are not ours, each in a process of its own, driven by lines of JSON."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import Self

    from support.jupyter import JupyterProcess

FOLDER = Path(__file__).parent.parent / "interop"
NPM = "npm socket.io-client"
PYTHON_ASYNC = "python-socketio async"
PYTHON_SYNC = "python-socketio sync"
KINDS = (NPM, PYTHON_ASYNC, PYTHON_SYNC)


def _program(kind: str) -> list[str]:
    if kind == NPM:
        node = shutil.which("node")
        assert node, "the npm client needs Node.js"
        return [node, str(FOLDER / "client.mjs")]
    return [sys.executable, str(FOLDER / "client_python.py"), kind.rsplit(" ", 1)[1]]


class Client:
    """One client process.

    Args:
        kind: Which library.
        jupyter: The server.
        channel: Its channel.
        ticket: Its ticket; ``-`` for none.
        transports: Parted by commas; two of them for an upgrade.
        namespaces: Parted by commas.
    """

    def __init__(
        self,
        kind: str,
        jupyter: JupyterProcess,
        channel: str,
        ticket: str,
        transports: str,
        namespaces: str = "/",
    ) -> None:
        origin = jupyter.url.removesuffix(jupyter.base_url)
        path = f"{jupyter.base_url}nbsocket/{channel}/socket.io/"
        self._command = [*_program(kind), origin, path, ticket, transports, namespaces]
        self._later: list[dict[str, Any]] = []

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process.returncode is None:
            await self.do("end")
            try:
                await asyncio.wait_for(self._process.wait(), 5)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()

    async def do(self, command: str, *args: Any, namespace: str = "/") -> None:
        assert self._process.stdin is not None
        line = json.dumps({"command": command, "namespace": namespace, "args": args})
        self._process.stdin.write(line.encode() + b"\n")
        await self._process.stdin.drain()

    async def next(self, kind: str, timeout: float = 60.0, **wanted: Any) -> Any:
        """Return the next of this kind with these details; what else happened is kept for later."""

        def fits(said: dict[str, Any]) -> bool:
            return said["kind"] == kind and all(
                said["detail"][key] == value for key, value in wanted.items()
            )

        for index, said in enumerate(self._later):
            if fits(said):
                return self._later.pop(index)["detail"]
        assert self._process.stdout is not None
        while True:
            line = await asyncio.wait_for(self._process.stdout.readline(), timeout)
            assert line, "the client ended"
            said = json.loads(line)
            if fits(said):
                return said["detail"]
            self._later.append(said)
