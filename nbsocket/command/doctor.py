"""``nbsocket doctor``: what keeps it from working here, and the line that fixes it."""

from __future__ import annotations

import importlib.metadata
import secrets
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from nbsocket.command.findings import FAULT, GOOD, START, Finding, Report, numbers
from nbsocket.command.server_checks import look_at_server, reach, running
from nbsocket.errors import NbSocketError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# What a notebook needs in addition to the package's dependencies: name, minimum version, and the fix.
_BESIDE = (
    ("ipykernel", (6, 29), "pip install --upgrade ipykernel"),
    ("jupyterlab", (4, 0), "pip install --upgrade jupyterlab"),
    ("notebook", (7, 0), "pip install --upgrade notebook"),
    ("ipywidgets", (8, 1), "pip install --upgrade ipywidgets"),
    ("anywidget", (0, 9), "pip install --upgrade anywidget"),
)


def examine(
    url: str | None = None, token: str | None = None, progress: Callable[[str], None] | None = None
) -> Report:
    """Check this environment, and a Jupyter server.

    Args:
        url: The server's address as in a browser, through any proxies; the one that runs here if None.
            A connection to it is left idle for a while, to see whether a proxy cuts it.
        token: Its token; not needed for a server that runs here.
        progress: Called with a sentence about what takes long.
    """
    findings = [*_environment(), *_extension()]
    servers = list(running())
    if url is None and not servers:
        findings.append(Finding(FAULT, "No Jupyter server runs here.", START))
        return Report(findings)
    known = servers[0] if servers else {}
    target = url if url is not None else str(known["url"])
    secret = token if token is not None else str(known.get("token", ""))
    is_proxied = url is not None and not any(one["port"] == urlsplit(url).port for one in servers)
    findings += look_at_server(target, secret, progress if is_proxied else None, is_proxied=is_proxied)
    return Report(findings)


def doctor() -> Report:
    """Check this kernel and the Jupyter server that started it; outside a kernel, do what the command does.

    Returns:
        What was found; shown if it is a cell's last line.
    """
    from nbsocket.carriers.discovery import candidate_urls, is_kernel  # noqa: PLC0415 - only here

    if not is_kernel():
        return examine()
    findings = list(_environment())
    urls = candidate_urls()
    if not urls:
        findings.append(Finding(FAULT, "This kernel was not started by a Jupyter server.", START))
        return Report(findings)
    import nbsocket  # noqa: PLC0415 - the package itself, once there is something to connect to

    try:
        server = nbsocket.Server(f"doctor-{secrets.token_hex(4)}")
    except NbSocketError as error:
        words, _, fix = str(error).partition(". ")
        findings.append(Finding(FAULT, f"The link to {urls[0]} does not come up: {words}.", fix))
        return Report(findings)
    findings.append(Finding(GOOD, f"The link to {server.url} is up."))
    findings.append(reach(server.public_url or server.url, bool(server.public_url)))
    server.close()
    return Report(findings)


def _environment() -> Iterator[Finding]:
    static = Path(__file__).parent.parent / "static" / "pane.js"
    if static.exists():
        yield Finding(GOOD, "The front end is built.")
    else:
        yield Finding(FAULT, "The front end is not built.", "pip install --force-reinstall nbsocket")
    for name, least, fix in _BESIDE:
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            if name in ("jupyterlab", "notebook"):
                continue
            yield Finding(FAULT, f"{name} is not installed in this environment.", fix)
            continue
        if numbers(found) < least:
            wanted = ".".join(map(str, least))
            yield Finding(FAULT, f"{name} {found} is too old; {wanted} or newer is needed.", fix)
        else:
            yield Finding(GOOD, f"{name} {found}")


def _extension() -> Iterator[Finding]:
    try:
        from jupyter_core.paths import (  # noqa: PLC0415 - only where Jupyter is
            jupyter_config_dir,
            jupyter_config_path,
        )
        from jupyter_server.extension.config import ExtensionConfigManager  # noqa: PLC0415 - likewise
    except ImportError:
        yield Finding(
            FAULT, "jupyter_server is not installed in this environment.", "pip install jupyter_server"
        )
        return
    enabled, decided_by = False, ""
    # The last one that mentions it wins, as in Jupyter itself.
    for path in reversed(jupyter_config_path()):
        manager = ExtensionConfigManager(read_config_path=[path], write_config_dir=path)
        said = manager.get_jpserver_extensions().get("nbsocket")  # type: ignore[no-untyped-call]
        if said is not None:
            enabled, decided_by = bool(said), path
    if enabled:
        yield Finding(GOOD, "The server extension is enabled in this environment.")
        return
    # At another level it would be overridden.
    level = "--user " if decided_by == jupyter_config_dir() else ""
    fix = f"jupyter server extension enable {level}nbsocket"
    yield Finding(FAULT, "The server extension is disabled in this environment.", fix)
