"""A channel between two processes of its kernel: sessions stay open, what clients send waits.

Only a channel that asked for it (``Register.keeps``) gets one; any other is closed with its kernel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbsocket.gateway.flow_control import FlowControl
from nbsocket.link.messages import ClientMessage, Closed, Opened, Sequenced
from nbsocket.link.reliable import WINDOW_BYTES, size_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbsocket.gateway.client_session import ClientSession
    from nbsocket.gateway.hub import Channel, Hub


class DetachedEndpoint(FlowControl):
    """Stands where the channel's kernel port stood (``hub.Endpoint``), until the next one comes.

    Nothing is refused and nothing lost: once 8 MiB wait, clients are read no more.
    New clients are answered with 503, as without a kernel.

    Args:
        hub: Whose channel.
        channel: Which.
        kernel_id: Whose tickets open it.
        sessions: Who stays, by number.
    """

    is_attached = False
    takes_clients = False

    def __init__(
        self,
        hub: Hub,
        channel: Channel,
        kernel_id: str,
        sessions: dict[int, ClientSession],
    ) -> None:
        """Take the place of the port."""
        super().__init__()
        self.kernel_id = kernel_id
        self.sessions = sessions
        self._hub = hub
        self._channel = channel
        # By session: in the order sent for each, which is what is promised.
        self._kept: dict[int, list[Opened | ClientMessage]] = {}
        self._kept_bytes = 0
        channel.endpoint = self

    def send(self, message: Sequenced) -> None:
        """Keep what a client sends; a client that leaves takes it along, counted as dropped."""
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
        """Return what the next process of the kernel has to be told; its time ends."""
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
