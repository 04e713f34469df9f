"""One client in one namespace, as the server keeps it; user code gets its ``socket``."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from nbsocket.link.agreement import OWNER
from nbsocket.protocol import reasons
from nbsocket.protocol.socket_packet import Packet, PacketType, encode_packet
from nbsocket.protocol.socket_states import CONNECTION_TRANSITIONS, State, Trigger
from nbsocket.socketio.handler_table import HandlerTable, Registration
from nbsocket.socketio.socket import Socket

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbsocket.socketio.acks import PendingAck
    from nbsocket.socketio.cell_run import CellRuns
    from nbsocket.socketio.client import Client
    from nbsocket.socketio.handshake import Handshake
    from nbsocket.socketio.namespace_core import NamespaceCore
    from nbsocket.socketio.session_state import SessionState

_CONNECTED, _ACK = State.CONNECTED, PacketType.ACK


class Member:
    """One client's connection to one namespace.

    Args:
        namespace: The namespace.
        client: The client's connection to the server.
        handshake: Headers, query and ``auth`` of that connection.
        earlier: What it resumes: a connection to this process, or what an earlier process saved.

    Attributes:
        socket: What user code sees of it.
        id: Its id; see ``Socket.id``.
        pid: The private id by which the client may come back; empty if it may not.
        session: The number of its Engine.IO session: a fan-out asks every member for it.
        table: The handlers that are registered on its socket.
        is_in_rooms: Whether its handlers still see its rooms.
        is_adopted: Whether it was taken over from an earlier process of this kernel.
    """

    __slots__ = (
        "_acks",
        "_greeted_by",
        "_state",
        "client",
        "handshake",
        "id",
        "is_adopted",
        "is_in_rooms",
        "namespace",
        "pid",
        "session",
        "socket",
        "table",
    )

    def __init__(
        self,
        namespace: NamespaceCore,
        client: Client,
        handshake: Handshake,
        earlier: Member | SessionState | None = None,
    ) -> None:
        """Begin unconnected."""
        self.id: str = secrets.token_urlsafe(15) if earlier is None else earlier.id
        self.pid: str = "" if earlier is None else earlier.pid
        self.namespace = namespace
        self.client = client
        self.session = client.session
        self.handshake = handshake
        self.table = HandlerTable()
        self.is_in_rooms = True
        self.is_adopted = False
        self._state = State.CONNECTING
        self._acks: dict[int, PendingAck] = {}
        self._greeted_by: set[Registration] = set()
        self.socket = Socket(self, earlier)

    # --- state ------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether the client is connected."""
        return self._state is _CONNECTED

    @property
    def state(self) -> State:
        """Where it stands in the state table."""
        return self._state

    @property
    def role(self) -> str:
        """``owner`` or ``guest``, determined by its ticket alone."""
        return self.client.role

    @property
    def data(self) -> dict[str, Any]:
        """Whatever handlers keep with its socket."""
        return self.socket.data

    def move(self, trigger: Trigger) -> bool:
        """Follow the state table; False if the trigger does not apply in this state."""
        following = CONNECTION_TRANSITIONS[self._state].get(trigger)
        if following is None:
            return False
        self._state = following
        return True

    def may_go_on_as(self, client: Client) -> bool:
        """Whether ``client`` may take its place: it has the same ticket, or both are owners."""
        mine = self.client
        return client.role == mine.role and (client.role == OWNER or client.ticket_id == mine.ticket_id)

    def disconnect(self, *, close: bool) -> None:
        """Disconnect it; with ``close``, disconnect the client from all its namespaces."""
        for member in self.client.connected if close else [self]:
            # Before the client is told: it may close at once, which would then become the reason.
            if member.connected and member.namespace.admission.left(member, Trigger.SERVER_LEFT):
                member.send(Packet(PacketType.DISCONNECT, member.namespace.name))
        if close:
            self.client.close()

    def drop_connection(self) -> None:
        """Close its connection without a DISCONNECT packet; the client may come back."""
        self.client.close(reasons.TRANSPORT_CLOSE)

    def let_go(self) -> None:
        """Leave the connection, and tell whoever waits for an answer that this client has left."""
        self.client.members.pop(self.namespace.name, None)
        acks, self._acks = self._acks, {}
        for pending in acks.values():
            pending.gone(self.id)

    # --- rooms ------------------------------------------------------------------------------

    @property
    def rooms(self) -> frozenset[str]:
        """The rooms it is in; see ``Socket.rooms``."""
        return self.namespace.members.rooms_of(self) if self.is_in_rooms else frozenset()

    def join(self, rooms: Iterable[str]) -> None:
        """Join rooms, if it is connected."""
        self.namespace.members.join(self, rooms)
        self.namespace.rooms_changed(self)

    def leave(self, rooms: Iterable[str]) -> None:
        """Leave rooms."""
        for room in rooms:
            self.namespace.members.leave(self, room)
            self.namespace.rooms_changed(self)

    # --- acknowledgements -------------------------------------------------------------------

    def expect_ack(self, ack_id: int, pending: PendingAck) -> None:
        """Pass the acknowledgement with this id to ``pending`` when it arrives."""
        self._acks[ack_id] = pending

    def expect_no_ack(self, pending: PendingAck) -> None:
        """Forget an acknowledgement that did not arrive in time."""
        for ack_id in [ack_id for ack_id, one in list(self._acks.items()) if one is pending]:
            self._acks.pop(ack_id, None)

    @property
    def unanswered(self) -> int:
        """How many acknowledgements it still owes."""
        return len(self._acks)

    def acknowledged(self, ack_id: int, args: list[Any]) -> None:
        """Handle an acknowledgement; ignore one that nobody waits for."""
        pending = self._acks.pop(ack_id, None)
        if pending is not None:
            pending.answered(self.id, args)

    def answer(self, ack_id: int, args: list[Any]) -> None:
        """Send the acknowledgement of an event."""
        if self._state is _CONNECTED:
            self.send(Packet(_ACK, self.namespace.name, args, ack_id))

    def send(self, packet: Packet) -> None:
        """Send a packet to this client alone."""
        self.client.send(encode_packet(packet))

    # --- handlers ---------------------------------------------------------------------------

    @property
    def cells(self) -> CellRuns:
        """Tells which cell a registration belongs to."""
        return self.namespace.cells

    def registered(self) -> None:
        """Note that a cell registers something."""
        self.namespace.registered()

    def add(self, registration: Registration) -> None:
        """Register a handler, a listener or a middleware."""
        self.table.add(registration)
        self.namespace.overheard(registration)

    def greet(self, registration: Registration) -> bool:
        """Note that a connection handler runs for it; False if it has run before."""
        if registration in self._greeted_by:
            return False
        self._greeted_by.add(registration)
        return True

    def handled(self) -> None:
        """Note that an ``async def`` handler of this client has finished."""
        if self.namespace.keeps:
            self.client.remember()
