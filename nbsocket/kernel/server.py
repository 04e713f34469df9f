"""``nbsocket.Server``: what a notebook writes against."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from typing import TYPE_CHECKING, Any

from nbsocket.kernel.broadcast import Emitter
from nbsocket.kernel.client import Client
from nbsocket.kernel.host import Host, host
from nbsocket.kernel.namespace import Namespace
from nbsocket.kernel.registering import Registering
from nbsocket.kernel.tickets import Ticket
from nbsocket.protocol.errors import ProtocolError
from nbsocket.protocol.socket_packet import (
    DEFAULT_NAMESPACE,
    Packet,
    PacketType,
    encode_packet,
)
from nbsocket.protocol.socket_states import Trigger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from nbsocket.kernel.broadcast import BroadcastOperator
    from nbsocket.kernel.cells import CellRun
    from nbsocket.kernel.handlers import HandlerTable, Registration
    from nbsocket.kernel.socket import Socket
    from nbsocket.link.messages import Opened
    from nbsocket.widgets.page import Page
    from nbsocket.widgets.pane import Pane

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_QUIET_S = 1.0


class Server(Emitter, Registering):
    """A Socket.IO server in this notebook; clients reach it through the Jupyter server.

    Creating it again in the same kernel returns the same server.

    Args:
        name: The channel: ``[a-z0-9][a-z0-9_-]{0,63}``.
            Without it, one is made from the notebook's name and the kernel.
        takeover: Take the name from another notebook that holds it.

    Raises:
        ChannelInUse: Another notebook holds the name.
        NbSocketError: No link within 3 seconds; a subclass says what to do.
        ValueError: The name is no channel name.

    Source: Socket.IO server API, "Server".
    """

    name: str
    _is_made = False

    def __new__(cls, name: str | None = None, **_: Any) -> Server:  # noqa: PYI034 - one per name
        """Return the server of this name if there is one."""
        here = host()
        return here.servers.get(_channel_name(name, here)) or super().__new__(cls)

    def __init__(self, name: str | None = None, *, takeover: bool = False) -> None:
        """Take the channel; see the class."""
        here = host()
        if self._is_made:
            here.carrier.wait_up()
            # The newest server is what panes and magics take by default.
            here.servers[self.name] = here.servers.pop(self.name)
            return
        self.name = _channel_name(name, here)
        self._host = here
        self._carrier = here.carrier
        self._clients: dict[int, Client] = {}
        self._namespaces: dict[str, Namespace] = {}
        self._gate = Gate(here)
        self._default = self.of(DEFAULT_NAMESPACE)
        here.carrier.wait_up()
        here.carrier.open_channel(self.name, self, takeover=takeover)
        here.servers[self.name] = self
        self._is_made = True

    def __repr__(self) -> str:
        """Show the channel and how many clients it has."""
        return f"<nbsocket.Server {self.name!r}, {len(self.sockets)} connected>"

    @property
    def base_url(self) -> str:
        """The path below which the Jupyter server serves everything, such as ``/``."""
        return self._carrier.base_url

    # --- what Socket.IO's server has --------------------------------------------------------

    def of(self, namespace: str) -> Namespace:
        """Return the namespace of this name; it exists from now on."""
        name = namespace if namespace.startswith("/") else f"/{namespace}"
        if name not in self._namespaces:
            self._namespaces[name] = Namespace(
                name,
                self._carrier,
                self._host.handlers,
                self._host.cells,
                self._gate.registered,
                self._gate.post,
            )
        return self._namespaces[name]

    @property
    def sockets(self) -> Mapping[str, Socket]:
        """The sockets connected to ``/`` by id: a live view that cannot be changed."""
        return self._default.sockets

    def use(self, middleware: Callable[[Socket], Any]) -> Callable[[Socket], Any]:
        """Have ``middleware(socket)`` asked before a client is accepted in ``/``."""
        return self._default.use(middleware)

    def wait_for(self, event: str, timeout: float | None = None) -> Any:
        """Block this cell until any client emits ``event``, and return what it sent.

        Events since the running cell began count, each once.

        Args:
            event: Its name.
            timeout: Seconds to wait; None for ever.

        Returns:
            One argument as itself, several as a tuple, none as None.

        Raises:
            TimeoutError: Nobody did in time.
            BlockingCallError: In an ``async def`` handler; await ``next`` there.
        """
        return self._default.wait_for(event, timeout)

    async def next(self, event: str) -> Any:
        """Do what ``wait_for`` does, for code that awaits."""
        return await self._default.next(event)

    async def drain(self) -> None:
        """Await until clients have caught up so far that ``emit`` would not wait."""
        await asyncio.to_thread(self._carrier.wait_writable)

    def _operator(self) -> BroadcastOperator:
        return self._default._operator()

    def _add(self, registration: Registration) -> None:
        self._default._add(registration)

    def _registrations(self) -> HandlerTable:
        return self._default._registrations()

    def _wiring(self) -> Namespace:
        return self._default

    # --- what only a notebook has -----------------------------------------------------------

    def ticket(self, role: str = "guest", ttl: float = 4 * 3600.0) -> Ticket:
        """Return a ticket that lets clients into this channel.

        Args:
            role: ``guest`` or ``owner``; a socket's ``role`` says it.
            ttl: Seconds until it expires, at most seven days.

        Raises:
            ValueError: The role is unknown, or ``ttl`` is out of bounds.
        """
        return Ticket(self._carrier, self.name, role, ttl)

    def pane(self, name: str = "client") -> Pane:
        """Return a client to look at and to type into, beside the cell.

        Args:
            name: What the pane is called, such as ``"alice"``.
        """
        from nbsocket.widgets.pane import Pane  # noqa: PLC0415 - widgets load when first used

        return Pane(self.name, str(name), self._carrier.base_url, self._host.handlers)

    def page(self, file: str | Path, at: str = "/", assets: list[str | Path] | None = None) -> Page:
        """Serve an HTML file at this channel's address, in a sandbox, and show it here.

        In it ``<script src="socket.io/socket.io.js">`` and ``io()`` just work.

        Args:
            file: The HTML file.
            at: Where below the channel's address, such as ``"/"`` or ``"/teacher"``.
            assets: Further files that it loads, served beside it under their own names.

        Raises:
            FileNotFoundError: A file is not there.
        """
        from nbsocket.kernel.pages import publish  # noqa: PLC0415 - only where pages are served
        from nbsocket.widgets.page import Page  # noqa: PLC0415 - widgets load when first used

        path = publish(self._carrier, self.name, file, at, assets or [])
        return Page(self.name, path, self._carrier.base_url)

    def close(self) -> None:
        """Give the channel back; its clients' connections are closed."""
        self._host.servers.pop(self.name, None)
        self._carrier.close_channel(self.name)
        self.reset()

    # --- cells ------------------------------------------------------------------------------

    def cell_begins(self, _: CellRun) -> None:
        """Count events for ``wait_for`` from here on."""
        for namespace in list(self._namespaces.values()):
            namespace.arrivals.clear()

    def cell_ended(self, cell: CellRun, *, ok: bool) -> None:
        """Settle what the cell registered; let in who waited for the cell to end."""
        for namespace in list(self._namespaces.values()):
            namespace.cell_ended(cell, ok=ok)
        self._gate.cell_ended(cell)

    # --- what the carrier says, on its thread -----------------------------------------------

    def opened(self, opened: Opened) -> None:
        """Take a new client."""
        self._clients[opened.session] = Client(opened, self._carrier)

    def message(self, session: int, data: str | bytes, size: int) -> None:
        """Take a message; protocol here, user code on the handler thread."""
        client = self._clients.get(session)
        if client is None or not client.is_open:
            self._carrier.consumed(size)
            return
        try:
            packet = client.decoder.receive(data)
            job = None if packet is None else self._job_for(client, packet)
        except ProtocolError:
            self._drop(client, "parse error")
            job = None
        if job is None:
            self._carrier.consumed(size)
            return

        def run() -> Any:
            try:
                return job()
            finally:
                self._carrier.consumed(size)

        self._gate.post(run)

    def _job_for(self, client: Client, packet: Packet) -> Callable[[], Any] | None:
        """Return what is to be done on the handler thread.

        Raises:
            ProtocolError: The packet is not allowed now.
        """
        namespace = self._namespaces.get(packet.namespace)
        if packet.type is PacketType.CONNECT:
            if namespace is None:
                refusal = {"message": "Invalid namespace"}
                client.send(encode_packet(Packet(PacketType.CONNECT_ERROR, packet.namespace, refusal)))
                return None
            if packet.namespace in client.namespaces:
                msg = "a second CONNECT to the same namespace"
                raise ProtocolError(msg)
            client.namespaces.add(packet.namespace)
            return lambda: namespace.connect(client, packet.data)
        socket = client.sockets.get(packet.namespace)
        if socket is None or namespace is None:
            if packet.type is PacketType.EVENT:
                msg = "an event in a namespace that the client is not connected to"
                raise ProtocolError(msg)
            return None
        if packet.type is PacketType.EVENT:
            namespace.arrivals.note(socket.arrival(packet))
            return lambda: namespace.dispatch(socket, packet)
        if packet.type is PacketType.ACK:
            socket.acknowledged(packet.ack_id or 0, packet.data)
            return None
        return lambda: namespace.left(socket, Trigger.CLIENT_LEFT)

    def _drop(self, client: Client, reason: str) -> None:
        client.close(reason)
        self.closed(client.session, reason)

    def closed(self, session: int, reason: str) -> None:
        """Take a client's end, after all that it sent before."""
        client = self._clients.pop(session, None)
        if client is None:
            return
        client.is_open = False

        def leave() -> None:
            for socket in list(client.sockets.values()):
                socket.namespace.left(socket, Trigger.TRANSPORT_LOST, reason)

        self._gate.post(leave)

    def reset(self) -> None:
        """Take the end of all clients."""
        for session in list(self._clients):
            self.closed(session, "transport close")

    def lost(self, by: str) -> None:
        """Take the loss of the channel to another notebook."""
        self._host.servers.pop(self.name, None)
        self.reset()
        message = (
            f"nbsocket: the channel {self.name!r} was taken over by {by or 'another notebook'}. "
            "This server is closed."
        )
        self._host.handlers.post(lambda: print(message))  # noqa: T201 - for the notebook's reader


class Gate:
    """Holds clients back until the cell that creates the server has ended.

    So nothing arrives before its handler; but at most 1 s after the last registration.

    Args:
        here: Whose handler thread and cells.
    """

    def __init__(self, here: Host) -> None:
        """Begin closed if a cell is running."""
        self._handlers = here.handlers
        self._cell = here.cells.running()
        self._lock = threading.Lock()
        self._held: list[Callable[[], Any]] | None = [] if self._cell is not None else None
        self._registered_at = time.monotonic()
        if self._cell is not None:
            self._handlers.loop.call_soon_threadsafe(self._check)

    def registered(self) -> None:
        """Wait a little longer: the cell still registers handlers."""
        self._registered_at = time.monotonic()

    def post(self, job: Callable[[], Any]) -> None:
        """Have ``job`` run on the handler thread, in order, once the gate is open."""
        with self._lock:
            if self._held is None:
                self._handlers.post(job)
            else:
                self._held.append(job)

    def cell_ended(self, cell: CellRun) -> None:
        """Open, if it is this cell's gate."""
        if cell is self._cell:
            self._open()

    def _check(self) -> None:
        left = self._registered_at + _QUIET_S - time.monotonic()
        if left <= 0:
            self._open()
        elif self._held is not None:
            self._handlers.loop.call_later(left, self._check)

    def _open(self) -> None:
        with self._lock:
            held, self._held = self._held or [], None
            for job in held:
                self._handlers.post(job)


def _channel_name(name: str | None, here: Host) -> str:
    if name is None:
        return here.identity.default_channel
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        msg = (
            f"{name!r} is no channel name: use a to z, 0 to 9, '-' and '_', "
            "64 characters at most, a letter or digit first."
        )
        raise ValueError(msg)
    return name
