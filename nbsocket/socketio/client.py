"""One connection of one client: what it sends is read and handled here (Socket.IO server API, "Client").

``read`` runs before ``handle``, and may run on another thread; see ``turns``.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from nbsocket.link.messages import (
    CloseSession,
    Deliver,
    SaveState,
    Will,
)
from nbsocket.link.troubles import NO_PACKET
from nbsocket.protocol import reasons
from nbsocket.protocol.errors import ProtocolError
from nbsocket.protocol.socket_packet import DEFAULT_NAMESPACE, Decoder, Packet, PacketType, encode_packet
from nbsocket.protocol.socket_states import Trigger
from nbsocket.protocol.values import MAX_ATTACHMENTS
from nbsocket.socketio.session_state import read_state, state_of
from nbsocket.socketio.turns import Turn

if TYPE_CHECKING:
    from nbsocket.link.messages import Opened
    from nbsocket.socketio.channel import Channel
    from nbsocket.socketio.member import Member
    from nbsocket.socketio.session_state import SessionState

log = logging.getLogger("nbsocket")

RESTARTING = "server_restarting"
RESTARTED = "server_restarted"
"""The events that clients get when their kernel goes down, and when its next process has taken over."""

MAX_NAMESPACES = 256
"""How many namespaces one client may be in."""

_ATTACHMENTS_S = 10.0
_ADOPTION_S = 10.0
_EVENT, _ACK, _CONNECT = PacketType.EVENT, PacketType.ACK, PacketType.CONNECT


class Client(Turn):
    """One Engine.IO session, as the kernel sees it.

    Args:
        opened: How the gateway announced it.
        channel: The channel it belongs to.

    Attributes:
        members: What it is in its namespaces, by name; None while a CONNECT is being handled.
    """

    __slots__ = (
        "_is_adopting",
        "_is_cut",
        "_is_expecting",
        "_is_midway",
        "_state",
        "_to",
        "_will",
        "channel",
        "decoder",
        "door",
        "handshake",
        "is_open",
        "members",
        "role",
        "session",
        "ticket_id",
    )

    def __init__(self, opened: Opened, channel: Channel) -> None:
        """Begin in no namespace."""
        super().__init__()
        self.session = opened.session
        self._to = [opened.session]
        self.role = opened.role
        self.ticket_id = opened.ticket_id
        self.handshake = opened.handshake
        self.channel = channel
        # What its ticket opens: a door of its own, or "" for the whole channel.
        self.door = "" if opened.opens == "page" else opened.opens
        # Each attachment comes in a message of its own, so this is the most that the gateway lets through.
        self.decoder = Decoder(max_bytes=MAX_ATTACHMENTS * channel.carrier.max_payload)
        self.members: dict[str, Member | None] = {}
        self.is_open = True
        # Closed by us: whatever else it sent is no longer read.
        self._is_cut = False
        self._is_expecting = False
        self._is_adopting = False
        # Its first messages may be attachments of an event that went to the earlier process.
        self._is_midway = bool(opened.state)
        self._state = b""
        self._will: list[str | bytes] = []

    @property
    def connected(self) -> list[Member]:
        """What it is in the namespaces that it is connected to."""
        return [member for member in self.members.values() if member is not None]

    # --- to the client ----------------------------------------------------------------------

    def send(self, frames: list[str | bytes]) -> None:
        """Send one packet to this client."""
        if self.is_open:
            self.channel.carrier.send(Deliver(frames, self._to))

    def close(self, reason: str = reasons.FORCED_CLOSE, why: str = "") -> None:
        """Close the connection once all earlier messages are written; the client is told ``why``."""
        if self.is_open:
            self.channel.carrier.send(CloseSession(self.session, reason, why))

    def drop(self, reason: str, why: str = "") -> None:
        """Close the connection and read nothing more from it; any thread."""
        self._is_cut = True
        self.close(reason, why)
        self.closed(reason)

    def closed(self, reason: str) -> None:
        """Handle the end of the session, after everything the client sent; any thread."""
        if not self.is_open:
            return
        self.is_open = False
        self.channel.forget(self)
        self.channel.handlers.post(partial(self._leave, reason), self)

    def _leave(self, reason: str) -> None:
        for member in self.connected:
            member.namespace.admission.left(member, Trigger.TRANSPORT_LOST, reason)

    # --- from the client, first: read -------------------------------------------------------

    def read(self, data: str | bytes, arrived_at: float) -> Packet | None:
        """Decode a message and pass it to whoever waits for it; return the packet if it needs handling."""
        if self._is_cut or (self._is_midway and self._is_leftover(data)):
            return None
        try:
            packet = self.decoder.receive(data)
            if packet is None:
                if not self._is_expecting:
                    self._expect_attachments()
                return None
            kind = packet.type
            if kind is _CONNECT:
                return packet
            member = self.members.get(packet.namespace)
            if member is None:
                if kind is _EVENT:
                    msg = "an event in a namespace that the client is not connected to"
                    raise ProtocolError(msg)  # noqa: TRY301 - reported in one place
                return None
            if kind is _ACK:
                member.acknowledged(packet.ack_id or 0, packet.data)
                return None
            if kind is _EVENT:
                member.namespace.arrivals.note(
                    member.socket, packet.data, self.decoder.packet_bytes, arrived_at
                )
        except ProtocolError as error:
            self._broke(error)
            return None
        return packet

    def _is_leftover(self, data: str | bytes) -> bool:
        """Whether a message is an attachment of an event that the earlier process got."""
        self._is_midway = isinstance(data, bytes)
        return self._is_midway

    def give_up(self) -> None:
        """Close the client, since an internal error kept its message from being read."""
        self.drop(reasons.PARSE_ERROR)

    def _broke(self, error: ProtocolError) -> None:
        self.channel.trouble(
            NO_PACKET,
            f"A client ({self.role}) sent what is not a Socket.IO packet, or not one that is allowed "
            f"at that point ({error}); it was closed.",
        )
        self.drop(reasons.PARSE_ERROR, str(error))

    def _expect_attachments(self) -> None:
        """Close the client if its packet is not continued in time, since it takes up memory."""
        self._is_expecting = True
        progress = self.decoder.progress

        def check() -> None:
            self._is_expecting = False
            if not self.decoder.incomplete or not self.is_open:
                return
            # The client is not to blame while the link is cut, or while we are behind and read from nobody.
            is_ours = self.channel.carrier.up_for_s < _ATTACHMENTS_S or self.channel.waiting > 0
            if is_ours or self.decoder.progress != progress:
                self._expect_attachments()
            else:
                why = f"attachments of a packet did not come within {_ATTACHMENTS_S:g} s"
                self.channel.trouble(NO_PACKET, f"A client ({self.role}) was closed: {why}.")
                self.drop(reasons.PARSE_ERROR, why)

        self.channel.handlers.later(_ATTACHMENTS_S, check)

    # --- then: handle, on the handler thread ------------------------------------------------

    def handle(self, packet: Packet) -> None:
        """Act on a packet."""
        member = self.members.get(packet.namespace)
        if packet.type is _CONNECT:
            try:
                self._connect(packet.namespace, packet.data)
            except ProtocolError as error:
                self._broke(error)
        elif member is None:
            # It has left in the meantime.
            return
        elif packet.type is _EVENT:
            member.namespace.dispatch.receive(member, packet)
        else:
            member.namespace.admission.left(member, Trigger.CLIENT_LEFT)

    def handled(self, took_s: float) -> None:
        """Note how long after its arrival a packet was handled."""
        channel = self.channel
        channel.latency.handled += 1
        channel.latency.note(took_s)
        if channel.keeps:
            # Handlers may have changed ``socket.data``.
            self.remember()

    def _connect(self, name: str, auth: Any) -> None:
        """Handle a CONNECT.

        Raises:
            ProtocolError: The client is already in that namespace.
        """
        if name in self.members:
            msg = "a second CONNECT to the same namespace"
            raise ProtocolError(msg)
        if self.door and not self._passes_door(name, auth):
            return
        if len(self.members) >= MAX_NAMESPACES:
            self._refuse(name, "Invalid namespace")
            return
        self.members[name] = None
        self.channel.handlers.step(self._enter(name, auth))

    async def _enter(self, name: str, auth: Any) -> None:
        namespace = await self.channel.find(name, auth)
        if namespace is not None:
            await namespace.admission.connect(self, auth)
            return
        del self.members[name]
        self._refuse(name, "Invalid namespace")
        if self.channel.keeps:
            self.remember()

    def _passes_door(self, name: str, auth: Any) -> bool:
        """Whether a client whose ticket opens a door may enter a namespace; if not, tell it why."""
        door = self.channel.doors.get(self.door)
        if name != DEFAULT_NAMESPACE:
            self._refuse(name, "Invalid namespace")
        elif door is None:
            # The kernel was restarted and the door's owner is not there yet: let the client reconnect.
            self.drop(reasons.TRANSPORT_CLOSE)
        elif why := door(auth if isinstance(auth, dict) else {}):
            self._refuse(name, why)
        else:
            return True
        return False

    def _refuse(self, name: str, message: str) -> None:
        self.send(encode_packet(Packet(PacketType.CONNECT_ERROR, name, {"message": message})))

    # --- while the kernel restarts ----------------------------------------------------------

    def adopt(self, state: bytes) -> None:
        """Take the client over from an earlier process of this kernel; what it sent since then waits."""
        handlers = self.channel.handlers
        handlers.turns.hold(self)
        self._is_adopting = True
        handlers.later(_ADOPTION_S, self._adopt_in_time)
        try:
            past = read_state(state)
        except msgspec.DecodeError:
            past = {}
        handlers.step(self._adopt(past))

    async def _adopt(self, past: dict[str, SessionState]) -> None:
        try:
            # A client behind a door in the earlier process is behind none here.
            is_adopted = bool(past) and not self.door
            for name, state in past.items():
                namespace = await self.channel.find(name, state.auth) if is_adopted else None
                is_adopted = namespace is not None and namespace.admission.adopt(self, state)
        except Exception:
            log.exception("nbsocket: internal error in nbsocket; a client has to reconnect")
            is_adopted = False
        if is_adopted:
            self._adopted()
        else:
            self._begin_again()

    def _adopt_in_time(self) -> None:
        if self._is_adopting:
            self._begin_again()

    def _begin_again(self) -> None:
        # The namespace changed; drop the client so that it reconnects.
        self.drop(reasons.TRANSPORT_CLOSE)
        self._adopted()

    def _adopted(self) -> None:
        if self._is_adopting:
            self._is_adopting = False
            self.channel.handlers.release(self)

    def remember(self) -> None:
        """Let the gateway save the state that the kernel's next process needs; on the handler thread."""
        if not self.is_open:
            return
        members = self.connected
        # A new process could not finish a CONNECT that is being handled: the client must then reconnect.
        is_settled = len(members) == len(self.members)
        state = state_of(members) if members and is_settled else b""
        if state == self._state:
            return
        self._state = state
        carrier = self.channel.carrier
        carrier.send(SaveState(self.session, state))
        if not state:
            self._will = []
            return
        told: list[str | bytes] = []
        for member in members:
            # No offset: this event is not one that a client can miss.
            told += encode_packet(Packet(PacketType.EVENT, member.namespace.name, [RESTARTING, {}]))
        if told != self._will:
            self._will = told
            carrier.send(Will(told, [self.session]))
