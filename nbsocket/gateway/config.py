"""Every limit of the gateway in one place, each with a finite default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from nbsocket.protocol.engine_session import Timing


@dataclass(frozen=True, slots=True)
class Limits:
    """What the gateway allows. Seconds and bytes; ``NbSocketApp`` has a trait for each.

    Args:
        ping_interval: Seconds between a client's pong and the next ping.
        ping_timeout: Seconds that a pong may take.
        connect_timeout: Seconds within which a client must send its Socket.IO CONNECT.
        max_payload: Bytes of one payload or message from a client.
        max_clients: Clients on all channels together.
        max_half_open: Clients on all channels together that have not yet asked for a namespace.
        guest_clients_per_ticket: Clients that may share one guest ticket.
        guest_events_per_s: Units of work per second that a guest is read at; one is an ordinary event.
        guest_burst: Units of work that a guest may send at once.
        max_pending_bytes: Bytes that may be queued for one client that does not read.
        stall: Seconds without progress after which a client with a full backlog is cut.
        grace: Seconds that a channel outlives its link while the kernel is alive.
    """

    ping_interval: float = 25.0
    ping_timeout: float = 20.0
    connect_timeout: float = 45.0
    max_payload: int = 1_000_000
    max_clients: int = 2000
    max_half_open: int = 4000
    guest_clients_per_ticket: int = 500
    guest_events_per_s: float = 200.0
    guest_burst: int = 1000
    max_pending_bytes: int = 4 * 1024 * 1024
    stall: float = 2.0
    grace: float = 30.0

    @property
    def timing(self) -> Timing:
        """The limits that a protocol session needs."""
        return Timing(
            ping_interval_s=self.ping_interval,
            ping_timeout_s=self.ping_timeout,
            max_payload_bytes=self.max_payload,
        )


class LimitOptions(TypedDict, total=False):
    """``Limits`` as keyword arguments of ``Server``; any of them may be missing."""

    ping_interval: float
    ping_timeout: float
    connect_timeout: float
    max_payload: int
    max_clients: int
    max_half_open: int
    guest_clients_per_ticket: int
    guest_events_per_s: float
    guest_burst: int
    max_pending_bytes: int
    stall: float
    grace: float
