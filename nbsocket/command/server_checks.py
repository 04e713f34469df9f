"""What the doctor checks on a Jupyter server, through whatever is in front of it."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

from nbsocket._version import __version__
from nbsocket.command.findings import ENABLE, FAULT, GOOD, NOTE, START, Finding, numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import Message

_WAIT_S = 5.0
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
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


def running() -> Iterator[dict[str, Any]]:
    """Yield what Jupyter knows about each server of this user that runs here."""
    try:
        from jupyter_server.serverapp import list_running_servers  # noqa: PLC0415 - only where Jupyter is
    except ImportError:
        return
    yield from list_running_servers()


def look_at_server(
    url: str, token: str, progress: Callable[[str], None] | None, *, is_proxied: bool
) -> Iterator[Finding]:
    """Check a server, and what is in front of it.

    Args:
        url: Its address as in a browser.
        token: Its token.
        progress: Called with a sentence about what takes long, if not None.
        is_proxied: Whether a proxy may be in front of it.
    """
    base = url if url.endswith("/") else f"{url}/"
    try:
        answer = _get(base, "api", token)
    except OSError as error:
        yield Finding(FAULT, f"Nothing answers at {base} ({error}).", START)
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
            f"in the server's environment:  pip install nbsocket; {ENABLE}  and restart it",
        )
        return
    said = json.loads(answer.body)
    if said["version"] == __version__:
        yield Finding(GOOD, f"It runs nbsocket {said['version']}, as this environment does.")
    else:
        newest = max(said["version"], __version__, key=numbers)
        yield Finding(
            FAULT,
            f"The server runs nbsocket {said['version']}, this environment has {__version__}.",
            f"in both environments:  pip install nbsocket=={newest}  and restart both",
        )
    idle_s = min(_LONGEST_IDLE_S, said.get("ping_interval", 0) + 1) if is_proxied else 0.0
    if progress is not None and idle_s:
        progress(f"Leaving a connection idle for {idle_s:.0f} s, to see whether a proxy cuts it …")
    yield from _websockets(base, token, idle_s)
    yield reach(said["public_url"] or base, bool(said["public_url"]))


def _dead_backend(base: str, status: int) -> Finding:
    """Report a proxy with no server behind it, and where it should lead."""
    path = urlsplit(base).path
    what = f"A proxy answers at {base}, and nothing behind it (HTTP status {status})."
    there = sorted(running(), key=lambda one: urlsplit(one["url"]).path != path)
    if there:
        return Finding(FAULT, what, _passes_to(there[0]))
    prefix = "" if path == "/" else f" --ServerApp.base_url={path}"
    return Finding(
        FAULT, what, f"jupyter lab --ServerApp.port=PORT{prefix}, with the port that proxy_pass names"
    )


def _passes_to(known: dict[str, Any] | None) -> str:
    """Return the configuration line that makes a proxy pass requests on unchanged."""
    address = urlsplit(known["url"]).netloc if known else "127.0.0.1:8888"
    return f"{_NGINX}proxy_pass http://{address};"


def _wrong_base(base: str, answer: _Answer, token: str) -> Finding:
    """Report where the server really is, if the address leads to one at all."""
    parts = urlsplit(base)
    # Jupyter names its own base URL in the policy of each page, even of one that does not exist.
    named = _OWN_BASE.search(answer.headers.get("content-security-policy", ""))
    own = named[1] if named else ""
    direct = next((one for one in running() if one["port"] == parts.port), None)
    if own == parts.path and not direct:
        known = next((one for one in running() if urlsplit(one["url"]).path == own), None)
        return Finding(
            FAULT,
            f"The proxy takes {own} off each address before passing it on, but Jupyter's base URL has it "
            "(there is a slash or a path after the port in proxy_pass).",
            _passes_to(known),
        )
    if own and not direct and not _leads_to(base, own, token):
        return Finding(
            FAULT,
            f"The proxy passes on addresses that begin with {parts.path}, and Jupyter's base URL is {own}.",
            f"jupyter lab --ServerApp.base_url={parts.path}  instead of how it was started",
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
    """Return whether a Jupyter server answers at this path on the same host."""
    try:
        answer = _get(urljoin(base, path), "api", token)
    except OSError:
        return False
    return answer.status == http.client.OK and b"version" in answer.body


def _led_to(base: str, token: str) -> str:
    """Return the base URL to which the root of the address redirects; empty if it does not."""
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
    """Try one of Jupyter's own WebSockets, since it needs no channel: as a program, then as a page."""
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
    # A browser sends cookies and its page's origin, which Jupyter then compares with the Host.
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
            f"An idle connection is cut after {answer.open_s:.0f} s; "
            f"the server's heartbeat comes every {idle_s - 1:.0f} s.",
            _PATIENT,
        )
    else:
        yield Finding(GOOD, f"An idle connection lasts {idle_s:.0f} s or longer.")


def _open(base: str, headers: dict[str, str], idle_s: float = 0.0) -> _Answer:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    return _get(base, "api/events/subscribe", "", {**upgrade, **headers}, idle_s)


def reach(url: str, is_public: bool) -> Finding:
    """Report whether other devices can reach the address that links lead to."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in _LOOPBACK or parts.scheme.endswith("unix"):
        return Finding(
            NOTE,
            "Phones cannot join: the server listens only on this computer.",
            "to let them join:  jupyter lab --NbSocketApp.public_listen=0.0.0.0:9000",
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
    return Finding(GOOD, f"Other devices can reach {url} ({kind}), as far as can be seen from here.")


@dataclass(frozen=True, slots=True)
class _Answer:
    """A response: status, headers, the first bytes; for a WebSocket, the seconds that it stayed open."""

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
        # The server is only probed, not trusted; it gets no secret but its own token.
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
    """Return the seconds that an idle connection lasts; ``most_s`` if nobody cuts it."""
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
