"""The extension inside pytest-jupyter's server, under its awkward base URL."""

from __future__ import annotations

import pytest

from nbsocket.gateway.hub import HubChannel
from nbsocket.gateway.kernel_endpoint import KernelEndpoint
from nbsocket.link.messages import (
    ClientMessage,
    CloseSession,
    Deliver,
    Opened,
)

CHANNEL = "chat"


@pytest.fixture
def jp_server_config():
    """Load nbsocket; let nothing be open by accident."""
    return {
        "ServerApp": {
            "jpserver_extensions": {"nbsocket": True},
            "allow_unauthenticated_access": False,
        },
        "NbSocketApp": {"max_payload": 10_000, "max_clients": 20, "guest_clients_per_ticket": 5},
    }


@pytest.fixture
def extension(jp_serverapp):
    """The running NbSocketApp."""
    (app,) = jp_serverapp.extension_manager.extension_apps["nbsocket"]
    return app


@pytest.fixture
def hub(extension):
    return extension.hub


class Desk:
    """Stands where a kernel would: keeps what arrives, accepts and echoes like a Socket.IO server."""

    def __init__(self, hub, kernel_id="kernel-1"):
        self.received = []
        self.endpoint = KernelEndpoint(hub, kernel_id, self._take)
        self.endpoint.channels[CHANNEL] = channel = HubChannel(CHANNEL, self.endpoint, "demo.ipynb")
        hub.attach(channel)
        self.replies = []

    def _take(self, message):
        self.received.append(message)

    def messages(self):
        return [m.data for m in self.received if isinstance(m, ClientMessage)]

    def opened(self):
        return [m for m in self.received if isinstance(m, Opened)]

    async def deliver(self, frames, to, volatile=False):
        await self.endpoint.receive([Deliver(frames, to, volatile)])

    async def close(self, session):
        await self.endpoint.receive([CloseSession(session, "forced close")])


@pytest.fixture
def desk(hub, jp_asyncio_loop):
    async def take_place():
        return Desk(hub)

    return jp_asyncio_loop.run_until_complete(take_place())


@pytest.fixture
def ticket(hub, desk):
    """A good guest ticket's value."""
    return hub.tickets.mint(CHANNEL, "guest", desk.endpoint.kernel_id, 60)[0]
