"""A channel between two processes of its kernel: sessions stay open, and what clients send waits.

Only channels that asked for this (``Register.keeps``) get one; others are closed with their kernel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbsocket.gateway.flow_control import FlowControl
from nbsocket.link.messages import ClientMessage, Closed, Opened, Sequenced
from nbsocket.link.reliable import WINDOW_BYTES, size_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbsocket.gateway.client_session import ClientSession
    from nbsocket.gateway.hub import Hub, HubChannel


class DetachedEndpoint(FlowControl):
    """Replaces the channel's kernel endpoint (``hub.Endpoint``) until the next one comes.

    Nothing is refused and nothing lost: once 8 MiB are waiting, clients are no longer read.
    New clients get 503, as without a kernel.

    Args:
        hub: The hub.
        channel: The channel.
        kernel_id: The kernel whose tickets open it.
        sessions: The sessions that stay open, by number.
    """

    is_attached = False
    takes_clients = False

    def __init__(
        self,
        hub: Hub,
        channel: HubChannel,
        kernel_id: str,
        sessions: dict[int, ClientSession],
    ) -> None:
        """Replace the channel's endpoint."""
        super().__init__()
        self.kernel_id = kernel_id
        self.sessions = sessions
        self._hub = hub
        self._channel = channel
        # By session, in the order sent; order across sessions is not guaranteed.
        self._kept: dict[int, list[Opened | ClientMessage]] = {}
        self._kept_bytes = 0
        channel.endpoint = self

    def send(self, message: Sequenced) -> None:
        """Keep what a client sends; if it leaves, its messages are dropped and counted."""
        if isinstance(message, Closed):
            self._forget(message.session)
        elif isinstance(message, (Opened, ClientMessage)):
            self._kept.setdefault(message.session, []).append(message)
            self._kept_bytes += size_of(message)
            if self._kept_bytes >= WINDOW_BYTES:
                self.set_writable(False)

    def _forget(self, number: int) -> None:
        mine = self._kept.pop(number, [])
        self._channel.traffic.dropped_without_kernel += sum(isinstance(one, ClientMessage) for one in mine)
        self._kept_bytes -= sum(map(size_of, mine))
        if self._kept_bytes < WINDOW_BYTES:
            self.set_writable(True)

    @property
    def is_open(self) -> bool:
        """Whether the channel still waits for its kernel."""
        return self._channel.endpoint is self

    def fill(self) -> Sequence[Sequenced]:
        """Return what the kernel's next process must be told, and stop waiting."""
        kept, self._kept = self._kept, {}
        told: list[Sequenced] = []
        for number, session in self.sessions.items():
            if session.state:
                told.append(session.opened())
            told += kept.get(number, [])
        self.set_writable(True)
        return told

    def lose(self, name: str, by: str) -> None:  # noqa: ARG002 - as a kernel port's; there is nobody to be told
        """Give the channel up."""
        self.end()

    def end(self) -> None:
        """Close all transports: the kernel did not come back in time."""
        if self.is_open:
            self._hub.detach(self._channel)
            self.set_writable(True)
