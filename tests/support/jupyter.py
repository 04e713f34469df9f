"""A real Jupyter server in a process of its own, and kernels behind it."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from nbsocket.carriers.ws_client import UnixResolver

if TYPE_CHECKING:
    import ssl
    from typing import Self

TOKEN = "jupyter-token-of-the-test"
START_S = 120.0
PYTHON = os.environ.get("NBSOCKET_TEST_PYTHON", sys.executable)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


LEAN = tuple(
    f"--ServerApp.jpserver_extensions={name}=False"
    for name in ("jupyterlab", "notebook", "notebook_shim", "jupyter_lsp", "jupyter_server_proxy")
)
"""A server that nobody opens in a browser starts without what only makes pages: a third of the work."""


class JupyterProcess:
    """``jupyter server`` (or ``lab``) as a user starts it.

    Args:
        root: The folder that it serves; its runtime files go there, too.
        base_url: Its prefix.
        app: ``server`` or ``lab``.
        options: Further command line options.
        python: The interpreter of the environment that it runs from.
        environment: Further environment variables.
        prefix: A command that starts it, such as one that sets limits.
        port: The port it is told to take; any that is free if None.
        retries: Whether it may take another one.
        host: The address that it listens on.
        ssl_context: How to check its certificate, if it has one.
        unix_socket: The Unix socket that it listens on, instead of a port.
    """

    def __init__(
        self,
        root: Path,
        base_url: str = "/",
        app: str = "server",
        options: tuple[str, ...] = (),
        python: Path | str | None = None,
        environment: dict[str, str] | None = None,
        prefix: tuple[str, ...] = (),
        port: int | None = None,
        retries: bool = False,
        host: str = "127.0.0.1",
        ssl_context: ssl.SSLContext | None = None,
        unix_socket: Path | None = None,
    ) -> None:
        self.root = root
        self.base_url = base_url
        self.port = port or free_port()
        self.unix_socket = unix_socket
        self.ssl_context = ssl_context
        self._retries = retries
        self._host = "127.0.0.1" if host == "0.0.0.0" else f"[{host}]" if ":" in host else host
        self.log = root / "jupyter.log"
        self._command = [
            *prefix,
            str(Path(python or PYTHON).parent / f"jupyter-{app}"),
            *("--no-browser", "--allow-root"),
            *([f"--ServerApp.port={self.port}", f"--ServerApp.ip={host}"] if unix_socket is None else []),
            f"--ServerApp.port_retries={50 if retries else 0}",
            f"--ServerApp.base_url={base_url}",
            f"--IdentityProvider.token={TOKEN}",
            f"--ServerApp.root_dir={root}",
            *(LEAN if app == "server" else ()),
            *options,
        ]
        self._environment = {
            **os.environ,
            "JUPYTER_RUNTIME_DIR": str(root / ".runtime"),
            "JUPYTER_DATA_DIR": str(root / ".data"),
            "JUPYTER_CONFIG_DIR": str(root / ".config"),
            "IPYTHONDIR": str(root / ".ipython"),
            **(environment or {}),
        }

    @property
    def url(self) -> str:
        """Its address."""
        scheme = "https" if self.ssl_context is not None else "http"
        return f"{scheme}://{self._host}:{self.port}{self.base_url}"

    def _find_port(self) -> None:
        """Read which port it took in the end."""
        info = self.root / ".runtime" / f"jpserver-{self.process.pid}.json"
        if info.exists() and info.read_text().strip():
            self.port = json.loads(info.read_text())["port"]

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self._command, stdout=log, stderr=subprocess.STDOUT, env=self._environment, cwd=self.root
            )
        until = time.monotonic() + START_S
        while True:
            try:
                if self._retries:
                    self._find_port()
                self.api("api/status")
            except (OSError, http.client.HTTPException) as error:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise RuntimeError(self.log.read_text()) from error
                time.sleep(0.1)
            else:
                return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def api(self, path: str, method: str = "GET", body: object = None) -> Any:
        """Call a Jupyter API with the token; return its JSON."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, data, {"Authorization": f"token {TOKEN}"}, method=method
        )
        if self.unix_socket is not None:
            return self._api_by_socket(path, method, data)
        with urllib.request.urlopen(request, timeout=20, context=self.ssl_context) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def _api_by_socket(self, path: str, method: str, data: bytes | None) -> Any:
        connection = http.client.HTTPConnection("localhost", timeout=20)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(self.unix_socket))
        connection.request(method, self.base_url + path, data, {"Authorization": f"token {TOKEN}"})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        assert answer.status < 300, text
        return json.loads(text) if text else None

    def get(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """GET without any credential; return status, headers, body."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=20) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()

    def ticket(self, channel: str, role: str = "guest", ttl: float = 600) -> str:
        """Mint a ticket by the admin API."""
        path = f"nbsocket/api/channels/{channel}/tickets"
        return str(self.api(path, "POST", {"role": role, "ttl": ttl})["value"])


@dataclass
class Result:
    """What a cell showed.

    ``text`` is what it printed and returned, ``error`` the name of what it raised,
    ``elsewhere`` what was shown under earlier cells meanwhile.
    """

    text: str = ""
    error: str = ""
    message: str = ""
    elsewhere: dict[str, str] = field(default_factory=dict)


class Kernel:
    """A kernel driven through the server's own kernel WebSocket, as a front end does it."""

    def __init__(self, jupyter: JupyterProcess, kernel_id: str | None = None) -> None:
        self.jupyter = jupyter
        self.id = kernel_id or ""
        self._socket: WebSocketClientConnection | None = None
        self._cells: dict[str, str] = {}
        self.shown: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        if not self.id:
            made = await loop.run_in_executor(None, self.jupyter.api, "api/kernels", "POST", {})
            self.id = made["id"]
        await self.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._socket is not None:
            self._socket.close()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self.jupyter.api, f"api/kernels/{self.id}", "DELETE")

    async def connect(self) -> None:
        unix_socket = self.jupyter.unix_socket
        address = self.jupyter.url.replace("http", "ws", 1)
        if unix_socket is not None:
            address = f"ws://localhost{self.jupyter.base_url}"
        request = HTTPRequest(
            f"{address}api/kernels/{self.id}/channels?token={TOKEN}", ssl_options=self.jupyter.ssl_context
        )
        resolver = UnixResolver(path=str(unix_socket)) if unix_socket is not None else None
        # Read all the time: a client that does not read does not answer Jupyter's pings either.
        self._messages: asyncio.Queue[Any] = asyncio.Queue()
        self._socket = await websocket_connect(
            request, resolver=resolver, on_message_callback=self._messages.put_nowait
        )

    async def api(self, path: str, method: str = "POST") -> Any:
        """Call an API of this kernel without stopping this loop."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            None, self.jupyter.api, f"api/kernels/{self.id}/{path}", method, {}
        )

    async def restart(self) -> None:
        """Restart as JupyterLab's button does."""
        await self.api("restart")
        assert self._socket is not None
        self._socket.close()
        await self.connect()

    async def send(self, code: str, cell: str | None = None) -> str:
        """Begin to run a cell; return the request's id."""
        request = uuid.uuid4().hex
        self._cells[request] = cell or request
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        }
        header = {
            "msg_id": request,
            "username": "test",
            "session": "test",
            "msg_type": "execute_request",
            "version": "5.3",
        }
        message = {
            "header": header,
            "parent_header": {},
            "metadata": {"cellId": cell} if cell else {},
            "content": content,
            "channel": "shell",
            "buffers": [],
        }
        assert self._socket is not None
        await self._socket.write_message(json.dumps(message))
        return request

    async def result(self, request: str, timeout: float = 30) -> Result:
        """Wait for the end of the cell with this request id."""
        result = Result()
        is_idle = has_reply = False
        while not (is_idle and has_reply):
            message = await self._next(timeout)
            kind, content = message["msg_type"], message["content"]
            mine = message["parent_header"].get("msg_id") == request
            text = self._text_of(kind, content)
            cell = self._cells.get(message["parent_header"].get("msg_id"), "")
            self.shown[cell] = self.shown.get(cell, "") + text
            if not mine:
                result.elsewhere[cell] = result.elsewhere.get(cell, "") + text
                continue
            result.text += text
            if kind == "error":
                result.error, result.message = content["ename"], content["evalue"]
            has_reply = has_reply or kind == "execute_reply"
            is_idle = is_idle or (kind == "status" and content["execution_state"] == "idle")
        return result

    async def _next(self, timeout: float) -> dict[str, Any]:
        data = await asyncio.wait_for(self._messages.get(), timeout)
        if data is None:
            msg = "the kernel's WebSocket was closed"
            raise ConnectionError(msg)
        return json.loads(data)

    @staticmethod
    def _text_of(kind: str, content: dict[str, Any]) -> str:
        if kind == "stream":
            return str(content["text"])
        if kind in ("execute_result", "display_data"):
            return str(content["data"].get("text/plain", ""))
        return ""

    async def run(self, code: str, cell: str | None = None, timeout: float = 30) -> Result:
        """Run a cell to its end."""
        return await self.result(await self.send(code, cell), timeout)

    async def value(self, expression: str) -> Any:
        """Return a Python literal that the kernel computes."""
        result = await self.run(f"import json; print('VALUE', json.dumps({expression}))")
        assert not result.error, result
        return json.loads(result.text.split("VALUE ", 1)[1])

    async def becomes(self, expression: str, wanted: Any, timeout: float = 10) -> None:
        """Wait until an expression has a value."""
        end = time.monotonic() + timeout
        while (now := await self.value(expression)) != wanted:
            assert time.monotonic() < end, f"{expression} is {now!r}, not {wanted!r}"
            await asyncio.sleep(0.03)

    async def shows(self, cell: str, text: str, timeout: float = 10) -> str:
        """Wait until the output under ``cell`` holds ``text``; return that output."""
        until = time.monotonic() + timeout
        while text not in self.shown.get(cell, ""):
            left = until - time.monotonic()
            assert left > 0, f"{text!r} is not under {cell!r}: {self.shown}"
            message = await self._next(left)
            under = self._cells.get(message["parent_header"].get("msg_id"), "")
            shown = self._text_of(message["msg_type"], message["content"])
            self.shown[under] = self.shown.get(under, "") + shown
        return self.shown[cell]
