"""Sends the events of one namespace to those they are meant for."""

from __future__ import annotations

import itertools
import secrets
from functools import partial
from typing import TYPE_CHECKING, Any

from nbsocket.errors import LinkLostError
from nbsocket.link.messages import Deliver
from nbsocket.protocol.socket_packet import Packet, PacketType, encode_packet
from nbsocket.socketio.acks import PendingAck
from nbsocket.socketio.handler_run import LIT, HandlerRun
from nbsocket.socketio.handler_table import Hook

if TYPE_CHECKING:
    from nbsocket.carriers.interface import Carrier
    from nbsocket.socketio.dispatch import Dispatch
    from nbsocket.socketio.handler_thread import HandlerThread
    from nbsocket.socketio.member import Member
    from nbsocket.socketio.members import Members
    from nbsocket.socketio.recovery import Frames
    from nbsocket.socketio.socket import Socket


class Fanout:
    """Emits to one member, or to a choice of them (``choice.Scope``); any thread.

    Args:
        name: The namespace's name.
        carrier: How to reach clients.
        handlers: Where user code runs.
        members: The namespace's members.
        dispatch: Calls the listeners for outgoing events.
        keeps: Whether clients stay connected while this kernel restarts.

    Attributes:
        is_overheard: Whether anybody listens to outgoing events.
    """

    def __init__(
        self,
        name: str,
        carrier: Carrier,
        handlers: HandlerThread,
        members: Members,
        dispatch: Dispatch,
        *,
        keeps: bool,
    ) -> None:
        """Begin without a packet sent."""
        self.handlers = handlers
        self.is_overheard = bool(dispatch.of(Hook.ANY_OUTGOING))
        self._name = name
        self._carrier = carrier
        self._members = members
        self._dispatch = dispatch
        # An acknowledgement meant for an earlier process must not be mistaken for one of ours.
        self._ack_ids = itertools.count(secrets.randbelow(2**40) if keeps else 0)

    # --- a choice ---------------------------------------------------------------------------

    def select(self, rooms: frozenset[str], excluded: frozenset[str]) -> list[Socket]:
        """Return the sockets in any of ``rooms`` (all, if empty) and in none of ``excluded``."""
        return [member.socket for member in self._members.select(rooms, excluded)]

    def light_up(self, rooms: frozenset[str], excluded: frozenset[str]) -> list[Socket]:
        """Light up the panes that such sockets belong to; return the sockets."""
        chosen = self._members.select(rooms, excluded)
        for member in chosen:
            self.handlers.output.tell(HandlerRun("", member), LIT)
        return [member.socket for member in chosen]

    def broadcast(
        self,
        event: str,
        args: tuple[Any, ...],
        rooms: frozenset[str],
        excluded: frozenset[str],
        *,
        volatile: bool,
    ) -> None:
        """Emit an event to those who are chosen at this moment."""
        frames = encode_packet(Packet(PacketType.EVENT, self._name, [event, *args]))
        if volatile and not self._carrier.writable:
            return
        self.wait_for_room()
        # Choose and send under one lock, so that nobody joins or leaves in between.
        with self._members.lock:
            self._send(self._members.reached(rooms, excluded), frames, event, args, volatile)

    def ask(
        self, event: str, args: tuple[Any, ...], rooms: frozenset[str], excluded: frozenset[str]
    ) -> PendingAck:
        """Emit an event that everyone who is chosen at this moment is to acknowledge."""
        self.wait_for_room()
        with self._members.lock:
            members = self._members.select(rooms, excluded)
            pending = PendingAck(event, members)
            self.ask_these(event, args, members, pending)
        return pending

    def ask_these(
        self, event: str, args: tuple[Any, ...], members: list[Member], pending: PendingAck
    ) -> None:
        """Send an event to members, and expect their acknowledgements."""
        ack_id = next(self._ack_ids)
        frames = encode_packet(Packet(PacketType.EVENT, self._name, [event, *args], ack_id))
        for member in members:
            member.expect_ack(ack_id, pending)
        if members:
            self._carrier.send(Deliver(frames, [member.session for member in members]))
            self._tell_outgoing(members, event, args)

    # --- one --------------------------------------------------------------------------------

    def emit_to(self, member: Member, event: str, args: tuple[Any, ...]) -> None:
        """Emit an event to one member."""
        frames = encode_packet(Packet(PacketType.EVENT, self._name, [event, *args]))
        self.wait_for_room()
        with self._members.lock:
            self._send([member.id], frames, event, args)

    def ask_one(self, member: Member, event: str, args: tuple[Any, ...]) -> PendingAck:
        """Emit an event that one member answers; nobody waits for one that is gone."""
        self.wait_for_room()
        pending = PendingAck(event, [member])
        with self._members.lock:
            if member.connected:
                self.ask_these(event, args, [member], pending)
            else:
                pending.gone(member.id)
        return pending

    def send_event(self, member: Member, event: str) -> None:
        """Send an event without arguments; the caller holds the members' lock."""
        frames = encode_packet(Packet(PacketType.EVENT, self._name, [event]))
        self._send([member.id], frames, event, ())

    # --- both -------------------------------------------------------------------------------

    def wait_for_room(self) -> None:
        """Block while clients read more slowly than the caller emits; nothing is lost.

        Raises:
            LinkLostError: The link is closed for good.
            BlockingCallError: In an ``async def`` handler.
        """
        if self._carrier.writable:
            return
        self.handlers.blocking("emit", "io.drain()")
        what = "an emit that waits for slower clients"
        if not self.handlers.wait_for_room(what):
            msg = "The kernel link is closed."
            raise LinkLostError(msg)

    def _send(
        self, ids: list[str], frames: Frames, event: str, args: tuple[Any, ...], volatile: bool = False
    ) -> None:
        members = self._members
        if members.recovery is not None:
            frames = members.recovery.record(frames, ids, volatile=volatile)
        by_id = members.by_id
        to = [by_id[one].session for one in ids if one in by_id]
        if to:
            self._carrier.send(Deliver(frames, to, volatile))
            if self.is_overheard:
                self._tell_outgoing([by_id[one] for one in ids if one in by_id], event, args)

    def _tell_outgoing(self, members: list[Member], event: str, args: tuple[Any, ...]) -> None:
        if self.is_overheard:
            self.handlers.post(partial(self._dispatch.tell_outgoing, members, event, args))
