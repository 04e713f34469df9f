"""The tunnels of one kernel: clients that reach it, not this server, are sessions like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbsocket.gateway.engine_websocket import EngineWebSocket
from nbsocket.gateway.hub import RefusedError
from nbsocket.gateway.ticket import Ticket
from nbsocket.gateway.tunnel import Tunnel
from nbsocket.gateway.wire_tunnel import WireTunnel
from nbsocket.gateway.wiretap import MAX_WATCHERS
from nbsocket.link.agreement import ENGINE_IO, WIRE
from nbsocket.link.messages import (
    CloseTunnel,
    HoldTunnels,
    OpenTunnel,
    Sequenced,
    TunnelData,
    TunnelRead,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbsocket.gateway.client_session import ClientSession
    from nbsocket.gateway.hub import Hub, HubChannel


class Tunnels:
    """Opens tunnels for a kernel, and ends them with it.

    Args:
        hub: The hub.
        kernel_id: The kernel.
        send: Carries a message to the kernel, in order.
    """

    def __init__(self, hub: Hub, kernel_id: str, send: Callable[[Sequenced], None]) -> None:
        """Begin without tunnels."""
        self._hub = hub
        self._kernel_id = kernel_id
        self._send = send
        self._tunnels: dict[int, Tunnel] = {}
        self._sessions: dict[int, ClientSession] = {}
        self._held: set[int] = set()

    def open(self, message: OpenTunnel, channel: HubChannel | None) -> None:
        """Take a client in; or tell the kernel why not."""
        number = message.tunnel
        if channel is None:
            self._send(CloseTunnel(number, f"nobody holds the channel {message.channel!r}"))
            return
        tunnel = Tunnel(number, self._send, self._forget)
        if message.opens == WIRE:
            if channel.wire is not None and channel.wire.viewer_count >= MAX_WATCHERS:
                self._send(CloseTunnel(number, f"{MAX_WATCHERS} wire views are open already; close one"))
                return
            self._tunnels[number] = tunnel
            WireTunnel(tunnel, channel).start()
            return
        if message.opens != ENGINE_IO:
            self._send(CloseTunnel(number, f"there is nothing of the name {message.opens!r} to open"))
            return
        ticket = Ticket(message.owner_id, channel.name, message.role, self._kernel_id, float("inf"))
        try:
            session = self._hub.open_session(ticket, message.handshake)
        except RefusedError as error:
            self._send(CloseTunnel(number, error.message))
            return
        self._tunnels[number] = tunnel
        self._sessions[number] = session
        websocket = EngineWebSocket(tunnel, session)
        session.open(websocket)
        websocket.start()

    def receive(self, message: TunnelData) -> None:
        """Pass a client's bytes on."""
        tunnel = self._tunnels.get(message.tunnel)
        if tunnel is not None:
            tunnel.receive(message.data)

    def read(self, message: TunnelRead) -> None:
        """Note what a client has read."""
        tunnel = self._tunnels.get(message.tunnel)
        if tunnel is not None:
            tunnel.read(message.count)

    def close(self, message: CloseTunnel) -> None:
        """End a tunnel whose client is gone."""
        tunnel = self._tunnels.get(message.tunnel)
        if tunnel is not None:
            tunnel.lost()

    def _forget(self, number: int) -> None:
        self._release(number)
        self._tunnels.pop(number, None)
        self._sessions.pop(number, None)

    def hold(self, message: HoldTunnels) -> None:
        """Let the ping clock of these clients stand still, or go on."""
        for number in message.tunnels:
            if not message.on:
                self._release(number)
            elif number in self._sessions and number not in self._held:
                self._held.add(number)
                self._sessions[number].intake.hold()

    def _release(self, number: int) -> None:
        if number in self._held:
            self._held.discard(number)
            self._sessions[number].intake.release()

    def end(self) -> None:
        """End all of them, with their kernel."""
        for number in list(self._tunnels):
            self.close(CloseTunnel(number))
