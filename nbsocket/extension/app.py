"""The extension itself: traits, routes, settings."""

from __future__ import annotations

import importlib
import os
import secrets
import sys
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from jupyter_server.extension.application import ExtensionApp
from jupyter_server.utils import url_path_join
from traitlets import Float, Int, TraitError, Unicode, validate

from nbsocket.extension.activity import Activity
from nbsocket.extension.admin_handlers import (
    ChannelHandler,
    ChannelsHandler,
    JupyterClientBundleHandler,
    JupyterEngineIOHandler,
    JupyterJoinHandler,
    JupyterPageHandler,
    JupyterUnknownHandler,
    TicketHandler,
    TicketsHandler,
    VersionHandler,
)
from nbsocket.extension.bench_handler import BenchHandler
from nbsocket.extension.kernel_links import KernelLinks
from nbsocket.extension.kernels import Kernels
from nbsocket.extension.link_handler import LinkHandler
from nbsocket.extension.metrics import Metrics
from nbsocket.extension.wire_handler import WireHandler
from nbsocket.gateway.config import Limits
from nbsocket.gateway.hub import Hub
from nbsocket.gateway.public_port import PublicPort
from nbsocket.gateway.public_routes import PublicHandlers, public_routes
from nbsocket.gateway.tickets import TicketSigner
from nbsocket.link.agreement import URL_ENVIRONMENT

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

HUB_URL_ENVIRONMENT = "JUPYTERHUB_PUBLIC_URL"
"""The address of this user's server from outside: set by JupyterHub 5 if ``public_url`` is configured."""

_DEFAULTS = Limits()
_RESERVED_DESCRIPTORS = 100
"""For Jupyter itself: its kernels, its files, and requests that are refused for lack of room."""

_PUBLIC = PublicHandlers(
    JupyterClientBundleHandler,
    JupyterJoinHandler,
    JupyterEngineIOHandler,
    JupyterPageHandler,
    JupyterUnknownHandler,
)
_ANY_ADDRESS = frozenset({"", "*", "0.0.0.0", "::", "localhost"})  # noqa: S104 - compared, never bound


class NbSocketApp(ExtensionApp):
    """Socket.IO between notebook cells and browsers, through this Jupyter server."""

    name = "nbsocket"
    public_port: PublicPort | None = None
    description = __doc__

    ping_interval = Float(
        _DEFAULTS.ping_interval,
        config=True,
        help="Seconds between a client's pong and the server's next ping.",
    )
    ping_timeout = Float(
        _DEFAULTS.ping_timeout,
        config=True,
        help="Seconds that a client may take to answer a ping; after that it counts as gone.",
    )
    connect_timeout = Float(
        _DEFAULTS.connect_timeout,
        config=True,
        help="Seconds within which a client must ask for a namespace (Socket.IO CONNECT), or be closed.",
    )
    max_payload = Int(
        _DEFAULTS.max_payload,
        config=True,
        help="Bytes that one polling payload or WebSocket message from a client may have.",
    )
    max_clients = Int(
        _DEFAULTS.max_clients,
        config=True,
        help="Clients on all channels together; more are answered with 503.",
    )
    max_half_open = Int(
        _DEFAULTS.max_half_open,
        config=True,
        help="Clients on all channels together that are connected but have not yet asked for a namespace; "
        "they do not count as clients, and if there are more, the oldest are closed.",
    )
    guest_clients_per_ticket = Int(
        _DEFAULTS.guest_clients_per_ticket,
        config=True,
        help="Clients that may share one guest ticket; more are answered with 503.",
    )
    guest_events_per_s = Float(
        _DEFAULTS.guest_events_per_s,
        config=True,
        help="Work per second that is read from one guest, in ordinary events (large messages, and "
        "whatever is not a message, count for more); above that, reading pauses and nothing is lost.",
    )
    guest_burst = Int(
        _DEFAULTS.guest_burst,
        config=True,
        help="Work, in ordinary events, that a guest may send at once before guest_events_per_s applies.",
    )
    max_pending_bytes = Int(
        _DEFAULTS.max_pending_bytes,
        config=True,
        help="Bytes that may be queued for one client; "
        "if they are used up and it reads nothing for stall seconds, it is cut.",
    )
    stall = Float(
        _DEFAULTS.stall,
        config=True,
        help="Seconds that a client whose max_pending_bytes are used up may read nothing before it is cut.",
    )
    public_listen = Unicode(
        "",
        config=True,
        help="A second port, such as 0.0.0.0:9000, that serves what a ticket opens and nothing else of "
        "Jupyter, so that phones reach the class while Jupyter itself stays on loopback.",
    )
    public_url = Unicode(
        "",
        config=True,
        help="The address at which phones and guests reach this server, or its public_listen, through a "
        "proxy, such as https://class.example.org/: links and QR codes lead there.",
    )
    grace = Float(
        _DEFAULTS.grace,
        config=True,
        help="Seconds that a channel and its clients survive a cut kernel link while the kernel is alive.",
    )

    def initialize_settings(self) -> None:
        """Build the gateway; keep session ids out of Jupyter's log, too."""
        serverapp = self._server()
        self.kernels = kernels = Kernels(serverapp.kernel_manager)
        names = [field.name for field in fields(Limits) if self.has_trait(field.name)]
        limits = Limits(**{name: getattr(self, name) for name in names})
        limits = self._within_descriptors(limits, raise_descriptor_limit() - _RESERVED_DESCRIPTORS)
        # Jupyter copies the web application's settings here, and back when this is done.
        settings = self.settings
        scrubbed = settings.get("extra_log_scrub_param_keys") or []
        settings["extra_log_scrub_param_keys"] = [*scrubbed, "sid"]
        self.hub = Hub(limits, TicketSigner(settings["cookie_secret"]))
        self.hub.on_activity = Activity(settings, kernels).note
        self.kernel_links = KernelLinks(self.hub, kernels)
        self.metrics = Metrics(self.hub)
        self.metrics.register()

    def _within_descriptors(self, limits: Limits, room: int) -> Limits:
        """Share ``room`` open files between clients and half-open ones if there are not enough for both."""
        half_open = max(1, min(limits.max_half_open, room // 4))
        clients = max(1, min(limits.max_clients, room - half_open))
        if clients < limits.max_clients:
            self.log.warning(
                "nbsocket: the limit on open files of this process leaves room for %d clients, "
                "not %d; raise the limit (ulimit -n) before you start Jupyter.",
                clients,
                limits.max_clients,
            )
        return replace(limits, max_clients=clients, max_half_open=half_open)

    def _server(self) -> ServerApp:
        if self.serverapp is None:
            msg = "the extension is set up by a Jupyter server"
            raise RuntimeError(msg)
        return self.serverapp

    def initialize_handlers(self) -> None:
        """Mount the public routes, the kernel link and the admin API."""
        shared = {"hub": self.hub}
        link = {
            "kernel_links": self.kernel_links,
            "kernels": self.kernels,
            "server_id": secrets.token_hex(16),
            "limits": asdict(self.hub.limits),
            "public_url": self._public_url,
        }
        self.handlers.extend(
            [
                (r"/nbsocket/link", LinkHandler, link),
                (
                    r"/nbsocket/api/version",
                    VersionHandler,
                    {"public_url": self._public_url, "ping_interval": self.ping_interval},
                ),
                (r"/nbsocket/api/channels", ChannelsHandler, shared),
                (r"/nbsocket/api/channels/([^/]+)", ChannelHandler, shared),
                (r"/nbsocket/api/channels/([^/]+)/wire", WireHandler, shared),
                (r"/nbsocket/api/channels/([^/]+)/bench/(poll|long|sse|counts)", BenchHandler, shared),
                (r"/nbsocket/api/channels/([^/]+)/tickets", TicketsHandler, shared),
                (r"/nbsocket/api/channels/([^/]+)/tickets/([^/]+)", TicketHandler, shared),
                *public_routes(self.hub, _PUBLIC),
            ]
        )

    def _public_url(self) -> str:
        """Return the address at which others reach the public routes; empty if unknown."""
        if self.public_url:
            return self.public_url
        if self.public_port is not None:
            return self.public_port.url
        # On a JupyterHub whose configuration has its public address.
        return os.environ.get(HUB_URL_ENVIRONMENT, "")

    async def _start_jupyter_server_extension(self, serverapp: ServerApp) -> None:
        """Publish the address for kernels: only now is the port bound and known."""
        os.environ[URL_ENVIRONMENT] = address_of(serverapp)
        if self.public_listen:
            self._open_public_port(serverapp)

    def _open_public_port(self, serverapp: ServerApp) -> None:
        certificate = {"certfile": serverapp.certfile, "keyfile": serverapp.keyfile or None}
        public_port = PublicPort(
            self.hub,
            certificate if serverapp.certfile else None,
            base=serverapp.base_url,
            trusts_proxy=serverapp.trust_xheaders,
        )
        host, port = split_address(self.public_listen)
        try:
            public_port.listen(host, port)
        except OSError as error:
            self.log.error(  # noqa: TRY400 - the reader needs the next step, not a traceback
                "nbsocket: the public port %s cannot be opened (%s): classes are not reachable there. "
                "Choose another with --NbSocketApp.public_listen=ADDRESS:PORT.",
                self.public_listen,
                error.strerror or error,
            )
            return
        self.public_port = public_port
        self.log.info("nbsocket: classes are served at %s", public_port.url)

    @validate("public_listen")
    def _validate_public_listen(self, proposal: Any) -> str:
        try:
            split_address(proposal["value"] or "127.0.0.1:0")
        except ValueError as error:
            msg = f"NbSocketApp.public_listen: {error}"
            raise TraitError(msg) from error
        return str(proposal["value"])

    @validate("public_url")
    def _validate_public_url(self, proposal: Any) -> str:
        text = str(proposal["value"])
        parts = urlsplit(text)
        is_web = parts.scheme in ("http", "https") and bool(parts.netloc)
        if text and (not is_web or parts.query or parts.fragment):
            msg = f"NbSocketApp.public_url: {text!r} is not an address such as https://class.example.org/"
            raise TraitError(msg)
        return f"{text.rstrip('/')}/" if text else ""

    async def stop_extension(self) -> None:
        """Close every link and transport."""
        self.metrics.unregister()
        await self.kernel_links.close()
        if self.public_port is not None:
            await self.public_port.close()


def address_of(serverapp: ServerApp) -> str:
    """Return the URL at which a kernel on this machine reaches the server; it holds no token."""
    if serverapp.sock:
        return url_path_join(f"http+unix://{quote(serverapp.sock, safe='')}", serverapp.base_url)
    ip = serverapp.ip
    host = "127.0.0.1" if ip in _ANY_ADDRESS else f"[{ip}]" if ":" in ip else ip
    scheme = "https" if serverapp.certfile else "http"
    return url_path_join(f"{scheme}://{host}:{serverapp.port}", serverapp.base_url)


def split_address(text: str) -> tuple[str, int]:
    """Return host and port of an address such as ``0.0.0.0:9000`` or ``[::]:9000``.

    Raises:
        ValueError: It is not such an address.
    """
    host, colon, port = text.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 0xFFFF:  # noqa: PLR2004 - the highest port
        msg = f"{text!r} is not an address with a port, such as 0.0.0.0:9000"
        raise ValueError(msg)
    return host.removeprefix("[").removesuffix("]"), int(port)


def raise_descriptor_limit() -> int:
    """Raise the limit on open files as far as the system allows; return it."""
    if sys.platform == "win32":
        return sys.maxsize
    resource = importlib.import_module("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return sys.maxsize if hard == resource.RLIM_INFINITY else int(hard)


def main() -> None:
    """Run a Jupyter server with this extension (``jupyter nbsocket``), or show its settings."""
    NbSocketApp.launch_instance()  # type: ignore[no-untyped-call]
