"""A real nginx before a Jupyter server, with and without the WebSocket upgrade."""

import contextlib
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

from support.jupyter import free_port
from support.processes import is_open
from support.waiting import soon

NGINX = """
daemon off; error_log {root}/error.log; pid {root}/nginx.pid;
events {{}}
http {{
  access_log off; client_body_temp_path {root}/body; proxy_temp_path {root}/proxy;
  fastcgi_temp_path {root}/f; uwsgi_temp_path {root}/u; scgi_temp_path {root}/s;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
  server {{
    listen 127.0.0.1:{port};
    location {base} {{
      proxy_pass http://127.0.0.1:{target}; proxy_set_header Host $http_host; proxy_http_version 1.1;
      proxy_read_timeout 60s;
      {upgrade}
    }}
  }}
}}
"""
UPGRADE = "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;"


@contextlib.contextmanager
def nginx(root, target, upgrade, base="/class/"):
    """nginx before a port of this machine; yields where it stands."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    assert Path(program).exists(), "nginx is missing: make sets it up, or  apt-get install nginx-light"
    root.mkdir()
    port = free_port()
    (root / "nginx.conf").write_text(
        NGINX.format(root=root, port=port, target=target, upgrade=upgrade, base=base)
    )
    process = subprocess.Popen([program, "-c", str(root / "nginx.conf"), "-p", str(root)])
    try:
        soon(lambda: is_open(port), why="nginx does not listen")
        yield SimpleNamespace(base_url=base, url=f"http://127.0.0.1:{port}{base}", port=port)
    finally:
        process.terminate()
        process.wait(10)
