"""One client in one namespace, as the server sees it (Socket.IO server API, "Socket")."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbsocket.kernel.broadcast import DEFAULT_ACK_TIMEOUT_S, BroadcastOperator
from nbsocket.kernel.handlers import HandlerTable, Registration
from nbsocket.kernel.registering import Registering
from nbsocket.kernel.waiting import Arrival, value_of
from nbsocket.protocol.socket_packet import Packet, PacketType, encode_packet
from nbsocket.protocol.socket_states import (
    CONNECTION_TRANSITIONS,
    DISCONNECT_REASONS,
    State,
    Trigger,
)

if TYPE_CHECKING:
    from nbsocket.kernel.acks import PendingAck
    from nbsocket.kernel.client import Client
    from nbsocket.kernel.namespace import Namespace


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a client brought when it came. It never holds a credential.

    Attributes:
        headers: Request headers, names in lower case, without Cookie and Authorization.
        query: Query parameters, without ``join_token`` and ``_xsrf``.
        auth: The data of the client's CONNECT.
        address: The address it came from.
        url: The path it asked for.
        secure: Whether it came over TLS.
        xdomain: Whether it came from a page of another origin.
    """

    headers: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    auth: dict[str, Any] = field(default_factory=dict)
    address: str = ""
    url: str = ""
    secure: bool = False
    xdomain: bool = False


class Socket(Registering):
    """One client's connection to one namespace.

    Attributes:
        id: Its name, unguessable, new for every connection. It is also a room of its own.
        data: Whatever handlers want to keep with it.
        handshake: What the client brought.
        role: ``owner`` or ``guest``, from its ticket and from nothing else.
        recovered: Whether an earlier connection's state was restored.
    """

    def __init__(self, namespace: Namespace, client: Client, handshake: Handshake) -> None:
        """Made by the namespace, never by users."""
        self.id = secrets.token_urlsafe(15)
        self.data: dict[str, Any] = {}
        self.handshake = handshake
        self.role = client.role
        self.recovered = False
        self.namespace = namespace
        self._client = client
        self._table = HandlerTable()
        self._state = State.CONNECTING
        self._acks: dict[int, PendingAck] = {}
        self._greeted_by: set[Registration] = set()

    def __repr__(self) -> str:
        """Show who it is, without any secret."""
        return f"<Socket {self.id} in {self.namespace.name} {self._state.value}>"

    # --- state ------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether the client is there."""
        return self._state is State.CONNECTED

    @property
    def rooms(self) -> frozenset[str]:
        """The rooms it is in; its own id is one of them."""
        return self.namespace.rooms_of(self)

    def join(self, *rooms: str) -> None:
        """Join ``rooms``."""
        self.namespace.join(self, rooms)

    def leave(self, room: str) -> None:
        """Leave ``room``."""
        self.namespace.leave(self, room)

    def disconnect(self, close: bool = False) -> None:
        """Disconnect the client from this namespace; it will not come back by itself.

        Args:
            close: Close its connection, and so all its namespaces, instead.
        """
        if close:
            self._client.close()
        elif self.connected:
            self._send(Packet(PacketType.DISCONNECT, self.namespace.name))
            self.namespace.left(self, Trigger.SERVER_LEFT)

    def move(self, trigger: Trigger) -> bool:
        """Follow the table of states; False if the trigger means nothing now."""
        following = CONNECTION_TRANSITIONS[self._state].get(trigger)
        if following is None:
            return False
        self._state = following
        return True

    # --- emitting ---------------------------------------------------------------------------

    def emit(self, event: str, *args: Any) -> None:
        """Emit ``event`` to this client, in order, from any thread.

        To a client that is gone it does nothing, as in Socket.IO.

        Raises:
            EncodeError: A value cannot be sent; the message names its path.
            BlockingCallError: In an ``async def`` handler, while the server has no room for more.
        """
        frames = encode_packet(Packet(PacketType.EVENT, self.namespace.name, [event, *args]))
        self.namespace.deliver_to(self, frames)

    def call(self, event: str, *args: Any, timeout: float = DEFAULT_ACK_TIMEOUT_S) -> Any:
        """Emit ``event``, wait for this client's acknowledgement and return it.

        Args:
            event: Its name.
            *args: What to send.
            timeout: Seconds to wait.

        Returns:
            One argument as itself, several as a tuple, none as None.

        Raises:
            AckTimeout: It did not come in time, or the client left.
            BlockingCallError: In an ``async def`` handler; await ``emit_with_ack`` there.
        """
        return self._me().timeout(timeout).call(event, *args)[0]

    async def emit_with_ack(self, event: str, *args: Any, timeout: float = DEFAULT_ACK_TIMEOUT_S) -> Any:
        """Do what ``call`` does, for code that awaits.

        Raises:
            AckTimeout: It did not come in time, or the client left.
        """
        return (await self._me().timeout(timeout).emit_with_ack(event, *args))[0]

    def to(self, *rooms: str) -> BroadcastOperator:
        """Choose everybody in ``rooms`` but this client."""
        return self.broadcast.to(*rooms)

    @property
    def broadcast(self) -> BroadcastOperator:
        """Choose everybody but this client."""
        return self.namespace.except_(self.id)

    @property
    def volatile(self) -> BroadcastOperator:
        """Emit to this client what it may miss if it is not ready."""
        return self._me().volatile

    def _me(self) -> BroadcastOperator:
        return BroadcastOperator(self.namespace, rooms=frozenset({self.id}))

    def _send(self, packet: Packet) -> None:
        self._client.send(encode_packet(packet))

    # --- waiting ----------------------------------------------------------------------------

    def wait_for(self, event: str, timeout: float | None = None) -> Any:
        """Block until this client emits ``event``; events since the running cell began count.

        Raises:
            TimeoutError: It did not within ``timeout`` seconds.
            BlockingCallError: In an ``async def`` handler; await ``next`` there.
        """
        return self.namespace.wait_for_arrival(event, self, timeout)

    async def next(self, event: str) -> Any:
        """Do what ``wait_for`` does, for code that awaits."""
        return value_of((await self.namespace.next_arrival(event, self)).args)

    # --- what the namespace does with it ----------------------------------------------------

    def _add(self, registration: Registration) -> None:
        self._table.add(registration)

    def _registrations(self) -> HandlerTable:
        return self._table

    def _wiring(self) -> Namespace:
        return self.namespace

    def expect_ack(self, ack_id: int, pending: PendingAck) -> None:
        """Have the acknowledgement of this id given to ``pending``."""
        self._acks[ack_id] = pending

    def acknowledged(self, ack_id: int, args: list[Any]) -> None:
        """Take an acknowledgement; one that nobody waits for is ignored."""
        pending = self._acks.pop(ack_id, None)
        if pending is not None:
            pending.answered(self.id, args)

    def answer(self, ack_id: int, args: list[Any]) -> None:
        """Send the acknowledgement of an event."""
        if self.connected:
            self._send(Packet(PacketType.ACK, self.namespace.name, args, ack_id))

    def let_go(self) -> None:
        """Leave the connection, and tell everybody who waits for an answer that this client left."""
        self._client.sockets.pop(self.namespace.name, None)
        self._client.namespaces.discard(self.namespace.name)
        acks, self._acks = self._acks, {}
        for pending in acks.values():
            pending.gone(self.id)

    def arrival(self, packet: Packet) -> Arrival:
        """Return what waits for events may take."""
        return Arrival(packet.data[0], self, packet.data[1:])

    @property
    def session(self) -> int:
        """The number of its Engine.IO session."""
        return self._client.session

    def greet(self, registration: Registration) -> bool:
        """Note that a connection handler runs for this socket; False if it did before."""
        if registration in self._greeted_by:
            return False
        self._greeted_by.add(registration)
        return True


def reason_of(trigger: Trigger) -> str:
    """Return the disconnect reason that handlers get."""
    return DISCONNECT_REASONS[trigger]
