"""One Engine.IO session as a state machine: packets and the time go in, packets and Incoming come out.

It makes the protocol's decisions (handshake, heartbeat, upgrade, close) according to the tables of
``engine_states``. It does not queue messages, know the transports' sockets, or read a clock:
the caller passes ``now`` (seconds on any monotonic clock) and calls ``tick`` at ``deadline``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from nbsocket.protocol import reasons
from nbsocket.protocol.engine_packet import PROBE, Packet, PacketType
from nbsocket.protocol.engine_states import (
    HEARTBEAT_TRANSITIONS,
    TRANSPORT_TRANSITIONS,
    Beat,
    Heartbeat,
    State,
    Trigger,
)


@dataclass(frozen=True, slots=True)
class Timing:
    """The timing and size limits that a session announces and observes.

    Args:
        ping_interval_s: Seconds from a pong (or the handshake) to the next ping.
        ping_timeout_s: Seconds that a pong may take.
        upgrade_timeout_s: Seconds from a probe to its UPGRADE packet.
        max_payload_bytes: The largest payload or message a client may send.
    """

    ping_interval_s: float = 25.0
    ping_timeout_s: float = 20.0
    upgrade_timeout_s: float = 10.0
    max_payload_bytes: int = 1_000_000


@dataclass(frozen=True, slots=True)
class PacketDue:
    """The caller must send ``packet`` on the session's transport, or on the probed WebSocket."""

    packet: Packet


@dataclass(frozen=True, slots=True)
class Upgraded:
    """The WebSocket carries the session from now on; queued packets go out on it."""


@dataclass(frozen=True, slots=True)
class ProbeRefused:
    """The probed WebSocket broke the rules: close it; the session stays on polling."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The session is over. ``reason`` is one of ``protocol.reasons``."""

    reason: str


Incoming = PacketDue | Upgraded | ProbeRefused | Closed


class Session:
    """The protocol side of one client's session.

    Args:
        sid: The session id, unguessable, chosen by the caller.
        timing: The limits to announce and observe.
    """

    __slots__ = ("_heartbeat", "_heartbeat_at", "_probe_until", "_timing", "sid", "state")

    def __init__(self, sid: str, timing: Timing) -> None:
        """Begin in OPENING; call ``open`` next."""
        self.sid = sid
        self.state = State.OPENING
        self._timing = timing
        self._heartbeat = Heartbeat.QUIET
        self._heartbeat_at = 0.0
        self._probe_until: float | None = None

    @property
    def deadline(self) -> float:
        """When ``tick`` must be called next, in the caller's clock; infinity once closed."""
        if self.state is State.CLOSED:
            return float("inf")
        if self._probe_until is not None:
            return min(self._heartbeat_at, self._probe_until)
        return self._heartbeat_at

    def open(self, handshake: Trigger, now: float, upgrades: bool = True) -> Packet:
        """Complete the handshake; the caller must send the returned OPEN packet.

        Args:
            handshake: ``POLLING_HANDSHAKE`` or ``WEBSOCKET_HANDSHAKE``.
            now: Seconds.
            upgrades: Whether a polling client is offered the WebSocket.
        """
        self._move(handshake)
        self._heartbeat_at = now + self._timing.ping_interval_s
        offer = ["websocket"] if upgrades and self.state is State.POLLING else []
        announced = {
            "sid": self.sid,
            "upgrades": offer,
            "pingInterval": round(self._timing.ping_interval_s * 1000),
            "pingTimeout": round(self._timing.ping_timeout_s * 1000),
            "maxPayload": self._timing.max_payload_bytes,
        }
        return Packet(PacketType.OPEN, json.dumps(announced, separators=(",", ":")))

    def receive(self, packet: Packet, now: float) -> Incoming | None:
        """Process a packet that arrived on the session's transport."""
        if self.state is State.CLOSED:
            return None
        if packet.type is PacketType.PONG:
            self._heartbeat = HEARTBEAT_TRANSITIONS[self._heartbeat][Beat.PONG]
            self._heartbeat_at = now + self._timing.ping_interval_s
            return None
        if packet.type is PacketType.CLOSE:
            return self.close(reasons.TRANSPORT_CLOSE)
        if packet.type is PacketType.PING:
            # In v4 only the server pings.
            return self.close(reasons.TRANSPORT_ERROR)
        return None

    def receive_on_probe(self, packet: Packet, now: float) -> Incoming | None:
        """Process a packet that arrived on a second WebSocket, opened with this session's sid."""
        is_probe = packet.type is PacketType.PING and packet.data == PROBE
        if self.state is State.POLLING and is_probe:
            self._move(Trigger.PROBE)
            self._probe_until = now + self._timing.upgrade_timeout_s
            return PacketDue(Packet(PacketType.PONG, PROBE))
        if self.state is State.UPGRADING and packet.type is PacketType.UPGRADE:
            self._move(Trigger.UPGRADE)
            self._probe_until = None
            return Upgraded()
        self.probe_lost()
        return ProbeRefused()

    def probe_lost(self) -> None:
        """Note that the probed WebSocket is gone; polling continues."""
        if self.state is State.UPGRADING:
            self._move(Trigger.PROBE_LOST)
            self._probe_until = None

    def tick(self, now: float, *, is_reading: bool = True) -> Incoming | None:
        """Do what is due at ``now``: send a ping, notice a missed pong, give up a probe.

        Args:
            now: Seconds.
            is_reading: Whether the client is being read. If not, no pong can be missed,
                but pings continue, since the client would give up otherwise.
        """
        if self.state is State.CLOSED:
            return None
        if self._probe_until is not None and now >= self._probe_until:
            self.probe_lost()
            return ProbeRefused()
        if now < self._heartbeat_at:
            return None
        if self._heartbeat is Heartbeat.QUIET:
            self._heartbeat = HEARTBEAT_TRANSITIONS[self._heartbeat][Beat.INTERVAL_OVER]
            self._heartbeat_at = now + self._timing.ping_timeout_s
            return PacketDue(Packet(PacketType.PING))
        if not is_reading:
            self._heartbeat_at = now + self._timing.ping_timeout_s
            return PacketDue(Packet(PacketType.PING))
        self._heartbeat = HEARTBEAT_TRANSITIONS[self._heartbeat][Beat.TIMEOUT_OVER]
        return self.close(reasons.PING_TIMEOUT)

    def extend(self, seconds: float) -> None:
        """Postpone by ``seconds``, in which the server did not read, what the client was to answer.

        Not the next ping: the client gives up if none comes for ``ping_interval`` and ``ping_timeout``.
        """
        if self._heartbeat is not Heartbeat.QUIET:
            self._heartbeat_at += seconds
        if self._probe_until is not None:
            self._probe_until += seconds

    def close(self, reason: str) -> Closed | None:
        """End the session; None if it has already ended."""
        if self.state is State.CLOSED:
            return None
        self._move(Trigger.CLOSE)
        self._probe_until = None
        return Closed(reason)

    def _move(self, trigger: Trigger) -> None:
        self.state = TRANSPORT_TRANSITIONS[self.state][trigger]
