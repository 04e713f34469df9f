"""How clients enter and leave a namespace. Runs on the handler thread.

They pass the middleware, resume where they left off, or are taken over from an earlier process
(Socket.IO protocol, "Connection to a namespace", "Disconnection from a namespace").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbsocket.errors import NbSocketError
from nbsocket.protocol import reasons
from nbsocket.protocol.socket_packet import Packet, PacketType, encode_packet
from nbsocket.protocol.socket_states import DISCONNECT_REASONS, Trigger
from nbsocket.socketio.client import RESTARTED
from nbsocket.socketio.handler_table import Hook
from nbsocket.socketio.handshake import Handshake
from nbsocket.socketio.member import Member
from nbsocket.socketio.recovery import MAX_ABSENCE_S, Frames

if TYPE_CHECKING:
    from nbsocket.socketio.client import Client
    from nbsocket.socketio.dispatch import Dispatch
    from nbsocket.socketio.members import Members
    from nbsocket.socketio.namespace_core import NamespaceCore
    from nbsocket.socketio.session_state import SessionState


class ConnectionRefused(NbSocketError):  # noqa: N818 - named after Socket.IO's term
    """Raised by a middleware to refuse a client.

    Args:
        message: The message of the client's ``connect_error``.
        data: A JSON value to send with it.

    Source: Socket.IO protocol, section "Connection to a namespace" (CONNECT_ERROR).
    """

    def __init__(self, message: str, data: Any = None) -> None:
        """Refuse with ``message``."""
        super().__init__(message)
        self.message = message
        self.data = data


class Admission:
    """Lets clients into one namespace, and out.

    Args:
        namespace: The namespace.
        members: Who is in it.
        dispatch: Runs its middleware and its connection handlers.
        keeps: Whether clients stay connected while this kernel restarts.
    """

    def __init__(
        self,
        namespace: NamespaceCore,
        members: Members,
        dispatch: Dispatch,
        *,
        keeps: bool,
    ) -> None:
        """Made by a namespace."""
        self._namespace = namespace
        self._members = members
        self._dispatch = dispatch
        self._keeps = keeps

    # --- coming -----------------------------------------------------------------------------

    async def connect(self, client: Client, auth: Any) -> None:
        """Handle a CONNECT: run the middleware, then accept or refuse."""
        if self._keeps:
            client.remember()
        handshake = Handshake.of(client.handshake, dict(auth or {}))
        if self._members.recovery is not None:
            pid = handshake.auth.pop("pid", None)
            offset = handshake.auth.pop("offset", None)
            restored = self._restore(client, handshake, pid, offset)
            if restored is not None:
                self._accept(*restored, client)
                return
        member = Member(self._namespace, client, handshake)
        for registration in self._dispatch.of(Hook.MIDDLEWARE):
            reply = await self._namespace.handlers.ask(
                registration, (member.socket,), member, (ConnectionRefused,)
            )
            if reply.failure is not None:
                self._refuse(member, client, reply.failure.error)
                return
        self._accept(member, [], client)

    def _restore(
        self, client: Client, handshake: Handshake, pid: Any, offset: Any
    ) -> tuple[Member, list[Frames]] | None:
        """Return a member that resumes an earlier one, and what it missed; None if that is not possible."""
        members = self._members
        recovery = members.recovery
        old = recovery.find(pid) if recovery is not None else None
        if recovery is None or old is None or not old.may_go_on_as(client):
            return None
        if old.connected:
            # The client knows better than we do that its earlier connection is dead.
            old.drop_connection()
            self.left(old, Trigger.TRANSPORT_LOST, reasons.TRANSPORT_CLOSE)
        with members.lock:
            member = Member(self._namespace, client, handshake, old)
            missed = recovery.restore(old, member, offset)
            if missed is None:
                members.leave_all(old)
                return None
            return member, missed

    def _refuse(self, member: Member, client: Client, error: BaseException) -> None:
        member.move(Trigger.REFUSED)
        member.let_go()
        said: dict[str, Any] = {"message": "Not accepted"}
        if isinstance(error, ConnectionRefused):
            said = {"message": error.message}
            if error.data is not None:
                said["data"] = error.data
        client.send(encode_packet(Packet(PacketType.CONNECT_ERROR, self._namespace.name, said)))
        if self._keeps:
            client.remember()

    def _accept(self, member: Member, missed: list[Frames], client: Client) -> None:
        members = self._members
        with members.lock:
            if not client.is_open or not member.move(Trigger.ACCEPTED):
                if members.lost(member, reasons.TRANSPORT_CLOSE):
                    self._expire_later()
                return
            answer = {"sid": member.id}
            if members.recovery is not None:
                member.pid = member.pid or members.recovery.begin(member)
                answer["pid"] = member.pid
            self._enter(member, client)
            if self._keeps:
                client.remember()
            # Before any handler runs, so that the answer precedes whatever a handler emits.
            client.send(encode_packet(Packet(PacketType.CONNECT, self._namespace.name, answer)))
            for frames in missed:
                client.send(frames)
        self._dispatch.welcome(member)

    def adopt(self, client: Client, past: SessionState) -> bool:
        """Take over a client from an earlier process of this kernel; False if that is not possible."""
        members = self._members
        recovery = members.recovery
        if recovery is None:
            return False
        member = Member(self._namespace, client, Handshake.of(client.handshake, past.auth), past)
        with members.lock:
            if not client.is_open or not member.move(Trigger.ACCEPTED):
                return False
            member.is_adopted = True
            recovery.begin(member, past.pid)
            self._enter(member, client)
            members.join(member, past.rooms)
            # With an offset of ours: once that comes back, everything sent before has arrived.
            self._namespace.fanout.send_event(member, RESTARTED)
            client.remember()
        self._dispatch.welcome(member)
        return True

    def _enter(self, member: Member, client: Client) -> None:
        self._members.enter(member)
        client.members[self._namespace.name] = member

    # --- going ------------------------------------------------------------------------------

    def left(self, member: Member, trigger: Trigger, reason: str | None = None) -> bool:
        """Forget a member that disconnected, and run its disconnect handlers once; any thread.

        Returns:
            Whether this call ended it.
        """
        why = reason or DISCONNECT_REASONS[trigger]
        members = self._members
        with members.lock:
            if not member.move(trigger):
                return False
            was_here = members.by_id.pop(member.id, None) is not None
            stays = was_here and members.lost(member, why)
        member.let_go()
        self._namespace.remember(member)
        if was_here:
            if stays:
                self._expire_later()
            self._namespace.handlers.post(lambda: self._say_gone(member, why, stays=stays))
        return True

    def _expire_later(self) -> None:
        self._namespace.handlers.later(MAX_ABSENCE_S, self._expire)

    def _expire(self) -> None:
        self._members.expire()
        self._namespace.perhaps_empty()

    def _say_gone(self, member: Member, why: str, *, stays: bool) -> None:
        self._dispatch.tell_end("disconnecting", member, why)
        # A client that may come back keeps its rooms, so that what it misses can be recorded.
        if not stays:
            self._members.leave_all(member)
        member.is_in_rooms = False
        self._dispatch.tell_end("disconnect", member, why)
        self._namespace.perhaps_empty()
