"""The kernel's end of a tunnel: what a page sends over a comm becomes bytes of a client at the gateway."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from nbsocket.link.agreement import ENGINE_IO
from nbsocket.link.messages import CloseTunnel, HoldTunnels, OpenTunnel, TunnelData, TunnelRead

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbsocket.link.messages import Sequenced


@dataclass(frozen=True, slots=True)
class Visit:
    """A client that reaches this process, and not the gateway.

    Args:
        channel: The channel.
        role: ``owner`` or ``guest``.
        owner_id: Stands for the client where others have the id of their ticket.
        handshake: What handlers see of it.
        opens: ``ENGINE_IO`` or ``WIRE``.
    """

    channel: str
    role: str
    owner_id: str
    handshake: dict[str, Any]
    opens: str = ENGINE_IO


class TunnelEvents(Protocol):
    """What a tunnel tells the page's end, on the carrier's thread."""

    def arrived(self, data: bytes) -> None:
        """The gateway sent bytes for the page."""

    def taken(self, count: int) -> None:
        """The gateway processed so many of the page's bytes."""

    def held(self, *, on: bool) -> None:
        """What the page sends waits for a cell from now on, or no longer does."""

    def ended(self, why: str) -> None:
        """The gateway closed the tunnel, or refused it: then it says ``why``."""


class TunnelEnd:
    """One tunnel; its methods may be called from any thread.

    Args:
        number: Its number on the link.
        send: Sends a message to the gateway.
    """

    def __init__(self, number: int, send: Callable[[Sequenced], None]) -> None:
        """Begin open."""
        self.number = number
        self._send = send

    def write(self, data: bytes) -> None:
        """Pass the page's bytes on."""
        self._send(TunnelData(self.number, data))

    def read(self, count: int) -> None:
        """Note that the page has so many bytes."""
        self._send(TunnelRead(self.number, count))

    def close(self) -> None:
        """Close it: the page is gone."""
        self._send(CloseTunnel(self.number))


class TunnelEnds:
    """All tunnels of a process.

    Args:
        send: Sends a message to the gateway.
    """

    def __init__(self, send: Callable[[Sequenced], None]) -> None:
        """Begin without tunnels."""
        self._send = send
        self._numbers = itertools.count(1)
        self._events: dict[int, TunnelEvents] = {}
        self.acts: dict[type, Callable[[Any], None]] = {
            TunnelData: self._arrived,
            TunnelRead: self._taken,
            CloseTunnel: self._ended,
        }

    def open(self, visit: Visit, events: TunnelEvents) -> TunnelEnd:
        """Open a tunnel; see ``Carrier.open_tunnel``."""
        number = next(self._numbers)
        self._events[number] = events
        opening = OpenTunnel(
            number, visit.channel, visit.role, visit.owner_id, visit.handshake, visit.opens
        )
        self._send(opening)
        return TunnelEnd(number, self._send)

    def hold_clock(self, *, on: bool) -> None:
        """Let the ping clock of all tunnels stand still, or go on."""
        if self._events:
            self._send(HoldTunnels(list(self._events), on))

    def hold(self, *, on: bool) -> None:
        """Note that what pages send waits for a cell, or no longer does."""
        if self._events:
            self.hold_clock(on=on)
            for events in list(self._events.values()):
                events.held(on=on)

    def lost(self) -> None:
        """End all: the gateway was restarted, and does not know them."""
        for number in list(self._events):
            self._ended(CloseTunnel(number, "the Jupyter server was restarted"))

    def _arrived(self, message: TunnelData) -> None:
        events = self._events.get(message.tunnel)
        if events is not None:
            events.arrived(message.data)

    def _taken(self, message: TunnelRead) -> None:
        events = self._events.get(message.tunnel)
        if events is not None:
            events.taken(message.count)

    def _ended(self, message: CloseTunnel) -> None:
        events = self._events.pop(message.tunnel, None)
        if events is not None:
            events.ended(message.why)
