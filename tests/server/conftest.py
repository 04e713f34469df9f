"""The extension inside pytest-jupyter's server, under its awkward base URL."""

from __future__ import annotations

import pytest

from nbsocket.gateway.port import KernelPort
from nbsocket.gateway.switchboard import Channel
from nbsocket.link.messages import ClientMessage, CloseSession, Deliver, Opened

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
def switchboard(extension):
    return extension.switchboard


class Desk:
    """Stands where a kernel would: keeps what arrives, accepts and echoes like a Socket.IO server."""

    def __init__(self, switchboard, kernel_id="kernel-1"):
        self.received = []
        self.port = KernelPort(switchboard, kernel_id, self._take)
        self.port.channels[CHANNEL] = channel = Channel(CHANNEL, self.port, "demo.ipynb")
        switchboard.attach(channel)
        self.replies = []

    def _take(self, message):
        self.received.append(message)

    def messages(self):
        return [m.data for m in self.received if isinstance(m, ClientMessage)]

    def opened(self):
        return [m for m in self.received if isinstance(m, Opened)]

    async def deliver(self, frames, to, volatile=False):
        await self.port.receive([Deliver(frames, to, volatile)])

    async def close(self, session):
        await self.port.receive([CloseSession(session, "forced close")])


@pytest.fixture
def desk(switchboard, jp_asyncio_loop):
    async def take_place():
        return Desk(switchboard)

    return jp_asyncio_loop.run_until_complete(take_place())


@pytest.fixture
def ticket(switchboard, desk):
    """A good guest ticket's value."""
    return switchboard.tickets.mint(CHANNEL, "guest", desk.port.kernel_id, 60)[0]
