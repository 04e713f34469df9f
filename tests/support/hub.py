"""A real JupyterHub with its proxy, and users whose servers run as processes of this account."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from support.jupyter import free_port

if TYPE_CHECKING:
    from typing import Self

PROXY = Path(__file__).parent.parent.parent / "js" / "node_modules" / ".bin" / "configurable-http-proxy"
START_S = 60.0
CONFIG = """
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {root!r} + "/home/{{username}}"
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser", "--allow-root"]
c.Spawner.args = ["--LabApp.expose_app_in_browser=True"]
c.Spawner.start_timeout = 60
c.Spawner.http_timeout = 60
# A server that does not end when it is interrupted is not waited for long.
c.LocalProcessSpawner.interrupt_timeout = 3
c.LocalProcessSpawner.term_timeout = 3
c.LocalProcessSpawner.kill_timeout = 3
c.JupyterHub.bind_url = "http://127.0.0.1:{port}/hub-of-the-school"
c.JupyterHub.public_url = "http://127.0.0.1:{port}/hub-of-the-school"
c.JupyterHub.hub_port = {hub_port}
c.JupyterHub.db_url = "sqlite:///" + {root!r} + "/hub.sqlite"
c.JupyterHub.cookie_secret_file = {root!r} + "/cookie_secret"
c.ConfigurableHTTPProxy.command = [{node!r}, {proxy!r}]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api_port}"
c.ConfigurableHTTPProxy.pid_file = {root!r} + "/proxy.pid"
"""


class Hub:
    """``jupyterhub`` as an administrator starts it.

    Args:
        root: The folder for its database and its users' homes.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/hub-of-the-school/"
        self.log = root / "hub.log"

    def __enter__(self) -> Self:
        node = shutil.which("node")
        assert node, "the hub's proxy needs Node.js"
        for user in ("alice", "bob"):
            (self.root / "home" / user).mkdir(parents=True)
        config = self.root / "jupyterhub_config.py"
        config.write_text(
            CONFIG.format(
                root=str(self.root),
                python=sys.executable,
                node=node,
                proxy=str(PROXY.resolve()),
                port=self.port,
                hub_port=free_port(),
                api_port=free_port(),
            )
        )
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jupyterhub", "-f", str(config)],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.root,
            )
        until = time.monotonic() + START_S
        while True:
            try:
                urllib.request.urlopen(f"{self.url}hub/health", timeout=5).close()
            except (OSError, urllib.error.URLError):
                assert time.monotonic() < until, self.log.read_text()
                assert self.process.poll() is None, self.log.read_text()
                time.sleep(0.2)
            else:
                return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
