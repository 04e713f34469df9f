"""``nbsocket doctor``: what keeps it from working here, and the line that fixes it."""

from __future__ import annotations

import http.client
import importlib.metadata
import json
import re
import secrets
import socket
import ssl
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

from nbsocket._version import __version__
from nbsocket.errors import NbSocketError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import Message

GOOD, NOTE, FAULT = "ok", "note", "fault"
_MARKS = {GOOD: "✓", NOTE: "•", FAULT: "✗"}
_WAIT_S = 5.0
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

# What a notebook needs beside what the package requires: name, least version, the line that mends it.
_BESIDE = (
    ("ipykernel", (6, 29), "pip install --upgrade ipykernel"),
    ("jupyterlab", (4, 0), "pip install --upgrade jupyterlab"),
    ("notebook", (7, 0), "pip install --upgrade notebook"),
    ("ipywidgets", (8, 1), "pip install --upgrade ipywidgets"),
    ("anywidget", (0, 9), "pip install --upgrade anywidget"),
)
_NGINX = "in the proxy's block for Jupyter (nginx):  "
_UPGRADE = (
    f"{_NGINX}proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; "
    'proxy_set_header Connection "upgrade";'
)
_HOST = f"{_NGINX}proxy_set_header Host $http_host;"
_PATIENT = f"{_NGINX}proxy_read_timeout 60s;"
_NO_BACKEND = frozenset({502, 503, 504})
_OWN_BASE = re.compile(r"report-uri (/\S*?)api/security/csp-report")
_LONGEST_IDLE_S = 60.0
_START = "jupyter lab"
_ENABLE = "jupyter server extension enable nbsocket"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        state: ``ok``, ``note`` or ``fault``.
        what: What was found, in a sentence.
        mend: The line that mends it; empty if there is nothing to mend.
    """

    state: str
    what: str
    mend: str = ""

    def __str__(self) -> str:
        """Show it as a line, and what mends it as another."""
        line = f"{_MARKS[self.state]} {self.what}"
        return f"{line}\n    → {self.mend}" if self.mend else line


class Report:
    """What the doctor found.

    Attributes:
        findings: In the order in which they were looked at.
    """

    def __init__(self, findings: list[Finding]) -> None:
        """Keep them."""
        self.findings = findings

    @property
    def faults(self) -> list[Finding]:
        """What keeps nbsocket from working."""
        return [one for one in self.findings if one.state == FAULT]

    @property
    def is_well(self) -> bool:
        """Whether nothing does."""
        return not self.faults

    def __str__(self) -> str:
        """Show all findings, and the sum of them."""
        count = len(self.faults)
        begin = f"nbsocket {__version__}, Python {sys.version.split()[0]}"
        end = f"{count} to mend, the first one first." if count else "Nothing keeps nbsocket from working."
        return "\n".join([begin, *map(str, self.findings), end])

    __repr__ = __str__


def examine(
    url: str | None = None, token: str | None = None, progress: Callable[[str], None] | None = None
) -> Report:
    """Look at this environment, and at a Jupyter server.

    Args:
        url: The server as a browser sees it, through whatever proxies; the one that runs here if None.
            A connection to it is left idle for a while, to see whether a proxy cuts it.
        token: Its token; that of a server that runs here is known.
        progress: Told in a sentence what takes long.
    """
    findings = [*_environment(), *_extension()]
    servers = list(_running())
    if url is None and not servers:
        findings.append(Finding(FAULT, "No Jupyter server runs here.", _START))
        return Report(findings)
    known = servers[0] if servers else {}
    target = url if url is not None else str(known["url"])
    secret = token if token is not None else str(known.get("token", ""))
    is_proxied = url is not None and not any(one["port"] == urlsplit(url).port for one in servers)
    findings += _server(target, secret, progress if is_proxied else None, is_proxied=is_proxied)
    return Report(findings)


def doctor() -> Report:
    """Look at this kernel and the Jupyter server that started it; elsewhere do what the command does.

    Returns:
        What was found; as a cell's last line it is shown.
    """
    from nbsocket.kernel.discovery import candidate_urls, is_kernel  # noqa: PLC0415 - only here

    if not is_kernel():
        return examine()
    findings = list(_environment())
    urls = candidate_urls()
    if not urls:
        findings.append(Finding(FAULT, "This kernel was not started by a Jupyter server.", _START))
        return Report(findings)
    import nbsocket  # noqa: PLC0415 - the package itself, once there is something to connect to

    try:
        server = nbsocket.Server(f"doctor-{secrets.token_hex(4)}")
    except NbSocketError as error:
        words, _, mend = str(error).partition(". ")
        findings.append(Finding(FAULT, f"The link to {urls[0]} does not come up: {words}.", mend))
        return Report(findings)
    findings.append(Finding(GOOD, f"The link to {server.url} is up."))
    findings.append(_reach(server.public_url or server.url, bool(server.public_url)))
    server.close()
    return Report(findings)


# --- this environment -------------------------------------------------------------------------


def _environment() -> Iterator[Finding]:
    static = Path(__file__).parent.parent / "static" / "pane.js"
    if static.exists():
        yield Finding(GOOD, "The front end is built.")
    else:
        yield Finding(FAULT, "The front end is not built.", "pip install --force-reinstall nbsocket")
    for name, least, mend in _BESIDE:
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            if name in ("jupyterlab", "notebook"):
                continue
            yield Finding(FAULT, f"{name} is not installed in this environment.", mend)
            continue
        if _numbers(found) < least:
            wanted = ".".join(map(str, least))
            yield Finding(FAULT, f"{name} {found} is too old; {wanted} or newer is needed.", mend)
        else:
            yield Finding(GOOD, f"{name} {found}")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


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
    # The last one that says something of it wins, as in Jupyter itself.
    for path in reversed(jupyter_config_path()):
        manager = ExtensionConfigManager(read_config_path=[path], write_config_dir=path)
        said = manager.get_jpserver_extensions().get("nbsocket")  # type: ignore[no-untyped-call]
        if said is not None:
            enabled, decided_by = bool(said), path
    if enabled:
        yield Finding(GOOD, "The server extension is enabled in this environment.")
        return
    # Written elsewhere it would be overruled.
    level = "--user " if decided_by == jupyter_config_dir() else ""
    mend = f"jupyter server extension enable {level}nbsocket"
    yield Finding(FAULT, "The server extension is disabled in this environment.", mend)


# --- a server ---------------------------------------------------------------------------------


def _running() -> Iterator[dict[str, Any]]:
    try:
        from jupyter_server.serverapp import list_running_servers  # noqa: PLC0415 - only where Jupyter is
    except ImportError:
        return
    yield from list_running_servers()


def _server(
    url: str, token: str, progress: Callable[[str], None] | None, *, is_proxied: bool
) -> Iterator[Finding]:
    base = url if url.endswith("/") else f"{url}/"
    try:
        answer = _get(base, "api", token)
    except OSError as error:
        yield Finding(FAULT, f"Nothing answers at {base} ({error}).", _START)
        return
    if answer.status in _NO_BACKEND:
        yield _dead_backend(base, answer.status)
        return
    if answer.status != http.client.OK or b"version" not in answer.body:
        yield _wrong_base(base, answer, token)
        return
    yield Finding(GOOD, f"A Jupyter server answers at {base}.")
    answer = _get(base, "nbsocket/api/version", token)
    if answer.status == http.client.FORBIDDEN:
        yield Finding(
            FAULT,
            f"The server at {base} does not accept this token.",
            "nbsocket doctor --url URL --token TOKEN, with what  jupyter server list  prints",
        )
        return
    if answer.status != http.client.OK:
        yield Finding(
            FAULT,
            f"The server at {base} runs without the nbsocket extension.",
            f"in the server's environment:  pip install nbsocket; {_ENABLE}  and restart it",
        )
        return
    said = json.loads(answer.body)
    if said["version"] == __version__:
        yield Finding(GOOD, f"It runs nbsocket {said['version']}, as this environment does.")
    else:
        newest = max(said["version"], __version__, key=_numbers)
        yield Finding(
            FAULT,
            f"The server runs nbsocket {said['version']}, this environment has {__version__}.",
            f"in both environments:  pip install nbsocket=={newest}  and restart both",
        )
    idle_s = min(_LONGEST_IDLE_S, said.get("ping_interval", 0) + 1) if is_proxied else 0.0
    if progress is not None and idle_s:
        progress(f"Leaving a connection idle for {idle_s:.0f} s, to see whether a proxy cuts it …")
    yield from _websockets(base, token, idle_s)
    yield _reach(said["public_url"] or base, bool(said["public_url"]))


def _dead_backend(base: str, status: int) -> Finding:
    """A proxy answers and has nobody behind it: say where it should lead."""
    path = urlsplit(base).path
    what = f"A proxy answers at {base}, and nothing behind it (HTTP status {status})."
    there = sorted(_running(), key=lambda one: urlsplit(one["url"]).path != path)
    if there:
        return Finding(FAULT, what, _passes_to(there[0]))
    prefix = "" if path == "/" else f" --ServerApp.base_url={path}"
    return Finding(
        FAULT, what, f"jupyter lab --ServerApp.port=PORT{prefix}, with the port that proxy_pass names"
    )


def _passes_to(running: dict[str, Any] | None) -> str:
    """Return the line that has a proxy pass requests on whole."""
    address = urlsplit(running["url"]).netloc if running else "127.0.0.1:8888"
    return f"{_NGINX}proxy_pass http://{address};"


def _wrong_base(base: str, answer: _Answer, token: str) -> Finding:
    """Say where the server really is, if the address leads to one at all."""
    parts = urlsplit(base)
    # Jupyter names its own base URL in the policy of each page, also of one that it does not find.
    named = _OWN_BASE.search(answer.headers.get("content-security-policy", ""))
    own = named[1] if named else ""
    direct = next((one for one in _running() if one["port"] == parts.port), None)
    if own == parts.path and not direct:
        running = next((one for one in _running() if urlsplit(one["url"]).path == own), None)
        return Finding(
            FAULT,
            f"The proxy takes {own} off each address before it passes it on, and Jupyter's base URL has it "
            "(a slash or a path stands behind the port in proxy_pass).",
            _passes_to(running),
        )
    if own and not direct and not _leads_to(base, own, token):
        return Finding(
            FAULT,
            f"The proxy passes on addresses that begin with {parts.path}, and Jupyter's base URL is {own}.",
            f"jupyter lab --ServerApp.base_url={parts.path}  in the place of how it was started",
        )
    right = own or (urlsplit(direct["url"]).path if direct else "") or _led_to(base, token)
    if right and right != parts.path:
        return Finding(
            FAULT,
            f"At {base} there is no Jupyter server (HTTP status {answer.status}); its base URL is {right}.",
            f"nbsocket doctor --url {parts.scheme}://{parts.netloc}{right}",
        )
    return Finding(
        FAULT,
        f"At {base} there is no Jupyter server (HTTP status {answer.status}).",
        "nbsocket doctor --url URL, with an address that  jupyter server list  prints",
    )


def _leads_to(base: str, path: str, token: str) -> bool:
    """Say whether a Jupyter server answers at this path of the same host."""
    try:
        answer = _get(urljoin(base, path), "api", token)
    except OSError:
        return False
    return answer.status == http.client.OK and b"version" in answer.body


def _led_to(base: str, token: str) -> str:
    """Return the base URL to which the address's root redirects a browser; empty if it does not."""
    origin = urljoin(base, "/")
    try:
        answer = _get(origin, "", token)
    except OSError:
        return ""
    led = urljoin(origin, answer.headers.get("location", ""))
    for word in ("/lab", "/tree", "/login", "/hub"):
        before, found, _ = led.partition(word)
        if found:
            return urlsplit(f"{before}/").path
    return ""


def _websockets(base: str, token: str, idle_s: float) -> Iterator[Finding]:
    """Try a WebSocket of Jupyter's own, so that no channel is needed: as a program, then as a page."""
    try:
        answer = _open(base, {"Authorization": f"token {token}"} if token else {})
    except OSError as error:
        yield Finding(FAULT, f"A WebSocket cannot be opened at {base} ({error}).", _UPGRADE)
        return
    if answer.status != http.client.SWITCHING_PROTOCOLS:
        yield Finding(
            FAULT,
            f"WebSockets do not get through to the server (HTTP status {answer.status}): a proxy drops the "
            "upgrade. Events go by long-polling meanwhile; notebooks themselves need WebSockets, too.",
            _UPGRADE,
        )
        return
    parts = urlsplit(base)
    # A browser has cookies and says from which page it comes; then Jupyter compares that with the Host.
    given = _get(base, "api", token).headers.get_all("set-cookie", [])
    cookies = "; ".join(one.partition(";")[0] for one in given)
    as_page = {"Cookie": cookies, "Origin": f"{parts.scheme}://{parts.netloc}"}
    answer = _open(base, as_page, idle_s)
    if answer.status == http.client.FORBIDDEN and cookies:
        yield Finding(
            FAULT,
            f"Browsers are refused at {base} (HTTP status 403): "
            "the proxy does not pass on which host they asked.",
            _HOST,
        )
        return
    yield Finding(GOOD, "WebSockets get through.")
    if not idle_s:
        return
    if answer.open_s < idle_s:
        yield Finding(
            FAULT,
            f"A connection on which nothing happens is cut after {answer.open_s:.0f} s; "
            f"the server's heartbeat comes every {idle_s - 1:.0f} s.",
            _PATIENT,
        )
    else:
        yield Finding(GOOD, f"A connection on which nothing happens lasts {idle_s:.0f} s and longer.")


def _open(base: str, headers: dict[str, str], idle_s: float = 0.0) -> _Answer:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    return _get(base, "api/events/subscribe", "", {**upgrade, **headers}, idle_s)


def _reach(url: str, is_public: bool) -> Finding:
    """Say whether other devices get to the address that links lead to."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in _LOOPBACK or parts.scheme.endswith("unix"):
        return Finding(
            NOTE,
            "Phones cannot join: the server listens on this computer alone.",
            "if they are to:  jupyter lab --NbSocketApp.public_listen=0.0.0.0:9000",
        )
    try:
        socket.create_connection(
            (host, parts.port or (443 if parts.scheme == "https" else 80)), _WAIT_S
        ).close()
    except OSError as error:
        return Finding(
            FAULT, f"{url} cannot be reached from here ({error}).", "open this port in the firewall"
        )
    kind = "the class's own port" if is_public else "the Jupyter server itself"
    return Finding(GOOD, f"Other devices reach {url} ({kind}), as far as can be seen from here.")


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came back: status, headers, the first bytes; of a WebSocket the seconds that it stayed open."""

    status: int
    headers: Message
    body: bytes
    open_s: float = 0.0


def _get(
    base: str, path: str, token: str, headers: dict[str, str] | None = None, idle_s: float = 0.0
) -> _Answer:
    """GET a path below ``base`` without following redirects; watch a WebSocket for ``idle_s``."""
    parts = urlsplit(urljoin(base, path))
    if parts.scheme == "https":
        # It is asked how it answers, not trusted; no secret but its own token goes there.
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            parts.netloc,
            timeout=_WAIT_S,
            context=ssl._create_unverified_context(),  # noqa: S323, SLF001 - see above
        )
    else:
        connection = http.client.HTTPConnection(parts.netloc, timeout=_WAIT_S)
    sent = {"Authorization": f"token {token}"} if token else {}
    target = (quote(parts.path, safe="/%@:+~") or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("GET", target, headers={**sent, **(headers or {})})
        answer = connection.getresponse()
        if answer.status == http.client.SWITCHING_PROTOCOLS:
            open_s = _stays_open(connection.sock, idle_s) if idle_s else 0.0
            return _Answer(answer.status, answer.headers, b"", open_s)
        return _Answer(answer.status, answer.headers, answer.read(65536))
    except http.client.HTTPException as error:
        raise OSError(str(error) or type(error).__name__) from error
    finally:
        connection.close()


def _stays_open(stream: socket.socket, most_s: float) -> float:
    """Return the seconds that a connection lasts on which we say nothing; ``most_s`` if nobody cuts it."""
    began = time.monotonic()
    while (left := began + most_s - time.monotonic()) > 0:
        stream.settimeout(left)
        try:
            if not stream.recv(4096):
                return time.monotonic() - began
        except TimeoutError:
            break
        except OSError:
            return time.monotonic() - began
    return most_s
