"""What happens on one channel: clients come, send and go. Protocol here, user code on its own thread."""

from __future__ import annotations

import logging
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from nbsocket.link.troubles import NO_PACKET, Troubles
from nbsocket.protocol.errors import ProtocolError
from nbsocket.protocol.socket_packet import DEFAULT_NAMESPACE, Packet, PacketType, encode_packet
from nbsocket.protocol.socket_states import Trigger
from nbsocket.socketio.client import MAX_NAMESPACES, Client
from nbsocket.socketio.handler_run import HandlerRun
from nbsocket.socketio.latency_stats import LatencyStats
from nbsocket.socketio.namespace import Namespace
from nbsocket.socketio.parent_namespace import ParentNamespace
from nbsocket.socketio.session_state import read_state
from nbsocket.socketio.startup_gate import StartupGate

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

    from nbsocket.link.messages import Opened
    from nbsocket.socketio.cell_run import CellRun
    from nbsocket.socketio.surroundings import Surroundings

log = logging.getLogger("nbsocket")

_ATTACHMENTS_S = 10.0
_ADOPTION_S = 10.0


class Channel:
    """The channel as its carrier and its notebook see it (``carriers.interface.ChannelEvents``).

    Args:
        name: The channel.
        here: The process.
        recovery: Whether clients that come back go on where they stopped.
    """

    def __init__(self, name: str, here: Surroundings, *, recovery: bool) -> None:
        """Begin without clients and without namespaces."""
        self.name = name
        self.recovery = recovery
        self.namespaces: dict[str, Namespace] = {}
        self._parents: list[ParentNamespace] = []
        self._clients: dict[int, Client] = {}
        self._here = here
        self._carrier = here.carrier
        self._gate = StartupGate(here)
        # A process that ends takes its own port along.
        self.keeps = recovery and here.is_linked
        self.doors: dict[str, Callable[[dict[str, Any]], str]] = {}
        """By what tickets open: returns why a CONNECT with this ``auth`` is refused; empty if it is not."""
        self.pace = LatencyStats()
        self.troubles = Troubles()
        self.cell = here.cells.running()
        """The run that asked for the server latest: there its author reads."""

    def namespace(self, name: str) -> Namespace:
        """Return the namespace of this name; it exists from now on."""
        if name not in self.namespaces:
            self.namespaces[name] = self.make(name)
        self.namespaces[name]._is_lasting = True
        return self.namespaces[name]

    def make(self, name: str, parent: ParentNamespace | None = None) -> Namespace:
        """Return a new namespace of this channel."""
        return Namespace(
            name,
            self._carrier,
            self._here.handlers,
            self._here.cells,
            self._gate.registered,
            self._gate.post,
            self.recovery,
            parent,
            keeps=self.keeps,
        )

    def parent_of(
        self, matching: re.Pattern[str] | Callable[[str, dict[str, Any]], Any]
    ) -> ParentNamespace:
        """Return the parent of all namespaces whose names match."""
        parent = ParentNamespace(
            matching,
            self._here.handlers,
            self._here.cells,
            self._gate.registered,
            make=self.make,
            forget=lambda child: self.namespaces.pop(child.name, None),
        )
        for index, old in enumerate(self._parents):
            if old.is_same(parent):
                # The same cell again, or the same pattern elsewhere: its handlers and its clients stay.
                self._parents[index].check = parent.check
                return old
        self._parents.append(parent)
        return parent

    def let_in(self) -> None:
        """Wait for no more registrations: clients are let in."""
        self._gate.open()

    # --- cells ------------------------------------------------------------------------------

    def cell_begins(self, _: CellRun) -> None:
        """Count events for ``wait_for`` from here on."""
        for namespace in list(self.namespaces.values()):
            namespace.arrivals.clear()

    def cell_ended(self, cell: CellRun, *, ok: bool) -> None:
        """Apply the end of a cell run to every socket; let in who waited for the cell to end."""
        for parent in self._parents:
            parent.cell_ended(cell, ok=ok)
        for namespace in list(self.namespaces.values()):
            namespace._cell_ended(cell, ok=ok)
        self._gate.cell_ended(cell)
        if self.keeps:
            # The cell may have changed ``socket.data``.
            for client in list(self._clients.values()):
                self._gate.post(client.remember)

    # --- what the carrier says, on its thread -----------------------------------------------

    def opened(self, opened: Opened) -> None:
        """Take a new client."""
        client = self._clients[opened.session] = Client(opened, self._carrier)
        if opened.state:
            self._gate.post(lambda: self._adopt(client, opened.state), client.session)

    def message(self, session: int, data: str | bytes, size: int) -> None:
        """Take a message; protocol here, user code on the handler thread."""
        client = self._clients.get(session)
        if client is None:
            self._carrier.consumed(size)
        elif not client.hold(data, size):
            self._take(client, data, size)

    def _take(self, client: Client, data: str | bytes, size: int) -> None:
        if not client.is_open or client.is_leftover(data):
            self._carrier.consumed(size)
            return
        try:
            packet = client.decoder.receive(data)
            job = None if packet is None else self._job_for(client, packet)
            if packet is None and client.decoder.incomplete and not client.is_awaiting_attachments:
                self._expect_attachments(client)
        except ProtocolError as error:
            self.trouble(
                NO_PACKET,
                f"A client ({client.role}) sent what is not a Socket.IO packet, or not one that may come "
                f"then ({error}); it was closed.",
            )
            self._drop(client, "parse error", str(error))
            job = None
        if job is None:
            self._carrier.consumed(size)
            return

        self.pace.arrived += 1
        self._gate.post(partial(self._work_off, job, client, size, time.monotonic()), client.session)

    def _work_off(self, job: Callable[[], Any], client: Client, size: int, arrived_at: float) -> Any:
        try:
            return job()
        finally:
            pace = self.pace
            pace.handled += 1
            pace.note(time.monotonic() - arrived_at)
            self._here.handlers.worked_off(size)
            if self.keeps:
                # Handlers may have changed ``socket.data``.
                client.remember()

    def _expect_attachments(self, client: Client) -> None:
        """Close a client whose packet does not go on in time; it would hold memory for nothing."""
        client.is_awaiting_attachments = True
        progress = client.decoder.progress

        def check() -> None:
            client.is_awaiting_attachments = False
            if not client.decoder.incomplete or not client.is_open:
                return
            # It is not to blame while the link is cut, or while we are behind and let nobody be read.
            is_ours = self._carrier.up_for_s < _ATTACHMENTS_S or self.pace.arrived > self.pace.handled
            if is_ours or client.decoder.progress != progress:
                self._expect_attachments(client)
            else:
                why = f"attachments of a packet did not come within {_ATTACHMENTS_S:g} s"
                self.trouble(NO_PACKET, f"A client ({client.role}) was closed: {why}.")
                self._drop(client, "parse error", why)

        self._here.handlers.later(_ATTACHMENTS_S, check)

    def _job_for(self, client: Client, packet: Packet) -> Callable[[], Any] | None:
        """Return what is to be done on the handler thread.

        Raises:
            ProtocolError: The packet is not allowed now.
        """
        namespace = self.namespaces.get(packet.namespace)
        if packet.type is PacketType.CONNECT:
            return self._connecting(client, packet)
        socket = client.sockets.get(packet.namespace)
        if socket is None or namespace is None:
            if packet.type is PacketType.EVENT:
                msg = "an event in a namespace that the client is not connected to"
                raise ProtocolError(msg)
            return None
        if packet.type is PacketType.EVENT:
            namespace.arrivals.note(socket._arrival(packet))
            return partial(namespace._dispatch.receive, socket, packet)
        if packet.type is PacketType.ACK:
            socket._acknowledged(packet.ack_id or 0, packet.data)
            return None
        return lambda: namespace._admission.left(socket, Trigger.CLIENT_LEFT)

    def _connecting(self, client: Client, packet: Packet) -> Callable[[], Any] | None:
        name, auth = packet.namespace, packet.data
        if name in client.namespaces:
            msg = "a second CONNECT to the same namespace"
            raise ProtocolError(msg)
        if client.door and not self._passes_door(client, name, auth):
            return None
        namespace = self.namespaces.get(name)
        if (namespace is None and not self._parents) or len(client.namespaces) >= MAX_NAMESPACES:
            _refuse(client, name, "Invalid namespace")
            return None
        client.namespaces.add(name)
        if namespace is not None:
            return lambda: namespace._admission.connect(client, auth)

        def enter(found: Namespace | None) -> None:
            if found is not None:
                found._admission.connect(client, auth)
                return
            client.namespaces.discard(name)
            _refuse(client, name, "Invalid namespace")
            if self.keeps:
                client.remember()

        return lambda: self._find(name, auth, list(self._parents), enter)

    def _passes_door(self, client: Client, name: str, auth: Any) -> bool:
        """Whether a client whose ticket opens a door may enter a namespace; if not, it is told why."""
        door = self.doors.get(client.door)
        if name != DEFAULT_NAMESPACE:
            _refuse(client, name, "Invalid namespace")
        elif door is None:
            # The kernel has been restarted, and what the door belongs to is not there yet: it tries again.
            self._drop(client, "transport close")
        elif why := door(auth if isinstance(auth, dict) else {}):
            _refuse(client, name, why)
        else:
            return True
        return False

    def _find(
        self,
        name: str,
        auth: Any,
        parents: list[ParentNamespace],
        enter: Callable[[Namespace | None], None],
    ) -> None:
        """Call ``enter`` with the namespace, asking one parent after another whether it is its own."""
        namespace = self.namespaces.get(name)
        if namespace is not None or not parents:
            enter(namespace)
            return

        def answer(matches: bool) -> None:
            if matches and name not in self.namespaces:
                self.namespaces[name] = parents[0].child(name)
            self._find(name, auth, parents[1:], enter)

        parents[0].matches(name, dict(auth or {}), answer)

    def _adopt(self, client: Client, state: bytes) -> None:
        """Take over a client that an earlier process of this kernel left; then what it sent since."""
        try:
            left = list(read_state(state).items())
        except msgspec.DecodeError:
            left = []

        def go_on() -> None:
            if not left:
                self._take_held(client)
                return
            name, past = left.pop(0)

            def enter(namespace: Namespace | None) -> None:
                if namespace is not None and namespace._admission.adopt(client, past):
                    go_on()
                else:
                    give_up()

            self._find(name, past.auth, list(self._parents), enter)

        def give_up() -> None:
            # The namespace changed; drop the client so that it reconnects.
            self._drop(client, "transport close")
            self._take_held(client)

        def in_time() -> None:
            if client.is_held:
                give_up()

        self._here.handlers.later(_ADOPTION_S, in_time)
        try:
            # Whoever is behind a door there was is behind none here.
            begin = go_on if left and not client.door else give_up
            begin()
        except Exception:
            log.exception("nbsocket: internal error in nbsocket; a client begins anew")
            give_up()

    def _take_held(self, client: Client) -> None:
        while (held := client.next_held()) is not None:
            self._take(client, *held)

    def trouble(self, kind: str, text: str) -> None:
        """Count what went wrong with a client, and say it under the server's cell, not too often."""
        told = self.troubles.note(kind, text, time.monotonic())
        if told:
            self.troubled(told)

    def troubled(self, text: str) -> None:
        """Say under the server's cell what went wrong with a client."""
        output = self._here.output

        def say() -> None:
            context = output.context_of(self.cell, HandlerRun("", None))
            context.run(lambda: sys.stderr.write(f"nbsocket, {self.name!r}: {text}\n"))

        self._here.handlers.post(say)

    def _drop(self, client: Client, reason: str, why: str = "") -> None:
        client.close(reason, why)
        self.closed(client.session, reason)

    def closed(self, session: int, reason: str) -> None:
        """Take a client's end, after all that it sent before."""
        client = self._clients.pop(session, None)
        if client is None:
            return
        client.is_open = False

        def leave() -> None:
            for socket in list(client.sockets.values()):
                socket.namespace._admission.left(socket, Trigger.TRANSPORT_LOST, reason)

        self._gate.post(leave, session)

    def watched(self, *, on: bool) -> None:
        """Start or stop activity reporting."""
        self._here.activity.watch(self.name, on=on)

    def reset(self) -> None:
        """Take the end of all clients."""
        for session in list(self._clients):
            self.closed(session, "transport close")

    def lost(self, by: str) -> None:
        """Take the loss of the channel to another notebook."""
        self._here.forget(self.name)
        self.reset()
        message = (
            f"nbsocket: the channel {self.name!r} was taken over by {by or 'another notebook'}. "
            "This server is closed."
        )
        self._here.handlers.post(lambda: print(message))  # noqa: T201 - for the notebook's reader


def _refuse(client: Client, name: str, message: str) -> None:
    client.send(encode_packet(Packet(PacketType.CONNECT_ERROR, name, {"message": message})))
