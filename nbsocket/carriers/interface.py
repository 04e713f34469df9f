"""The interface between the Socket.IO side and whatever carries it to a gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbsocket.carriers.tunnel_end import TunnelEnd, TunnelEvents, Visit
    from nbsocket.link.messages import Opened, Reply, Sequenced


class ChannelEvents(Protocol):
    """What a carrier tells a channel, on the carrier's own thread: it must not block."""

    def opened(self, opened: Opened) -> ClientEvents:
        """A client sent its first message; the returned object represents it from now on."""

    def watched(self, *, on: bool) -> None:
        """Somebody started or stopped watching the channel."""

    def troubled(self, text: str) -> None:
        """Something went wrong with a client; ``text`` is for the author of the server."""

    def lost(self, by: str) -> None:
        """Another kernel took the channel over."""

    def gateway_restarted(self) -> None:
        """The gateway was restarted: all sessions are gone without notice."""


class ClientEvents(Protocol):
    """What a carrier tells a client, on the carrier's own thread."""

    def closed(self, reason: str) -> None:
        """The client is gone, after everything it sent."""


class Carrier(Protocol):
    """What the Socket.IO side needs; every method may be called from any thread."""

    on_messages: Callable[[list[tuple[Any, Any, float]]], None]
    """Called on the carrier's thread with each batch of clients' messages. Each entry is the client, as
    returned by ``ChannelEvents.opened``, an Engine.IO message, and when it arrived. Report their cost, as
    in ``link.reliable.size_of``, to ``consumed``."""

    on_arrival: Callable[[int], None] | None
    """While somebody watches: called with the number of each client's message as it arrives."""

    @property
    def base_url(self) -> str:
        """The path prefix of the gateway's routes, such as ``/``."""

    @property
    def url(self) -> str:
        """The address of the gateway, as seen from this process."""

    @property
    def public_url(self) -> str:
        """The address of a port that serves only the public routes; empty if there is none."""

    @property
    def port_key(self) -> bytes:
        """With what ``url`` proves to a page of this machine that it is ours; empty if it cannot."""

    @property
    def max_payload(self) -> int:
        """How many bytes one message from a client may have."""

    @property
    def up_for_s(self) -> float:
        """For how many seconds the gateway has been within reach; 0 while it is not."""

    def open_channel(
        self,
        name: str,
        events: ChannelEvents,
        *,
        takeover: bool,
        is_open: bool = False,
        origins: Sequence[str] = (),
        keeps: bool = False,
    ) -> None:
        """Take the name ``name``; ``is_open`` lets clients in without a ticket.

        ``keeps`` keeps sessions open while this kernel restarts.

        Raises:
            ChannelInUse: Another live kernel holds it.
            ValueError: It is not a valid channel name, or cannot be open here.
        """

    def wait_up(self) -> None:
        """Block until the gateway is reachable.

        Raises:
            NbSocketError: It is not reachable; a subclass says what to do.
        """

    def close(self) -> None:
        """Disconnect from the gateway."""

    def close_channel(self, name: str) -> None:
        """Release the name."""

    @property
    def has_tunnels(self) -> bool:
        """Whether the gateway knows tunnels; an older one does not."""

    def open_tunnel(self, visit: Visit, events: TunnelEvents) -> TunnelEnd:
        """Let in a client that reaches this process and not the gateway; ``events`` gets what comes."""

    def hold_tunnels(self, *, on: bool) -> None:
        """Note that what clients send through this process waits for a cell, or no longer does."""

    def send(self, message: Sequenced) -> None:
        """Send ``message`` after everything sent before. Never blocks."""

    def wait_writable(self, timeout_s: float | None = None) -> bool:
        """Block until the gateway has room for more; False on time-out."""

    async def drained(self) -> None:
        """Wait until the gateway has room for more."""

    @property
    def writable(self) -> bool:
        """Whether the gateway has room for more."""

    def check_process(self) -> None:
        """Refuse to go on in a forked child.

        Raises:
            ForkedProcessError: This process is one.
        """

    def request(self, kind: type, **fields: object) -> Reply:
        """Send a request, and wait for its reply.

        Raises:
            LinkLostError: No answer came in time.
        """

    def consumed(self, size: int) -> None:
        """Note that received messages of this size have been processed."""

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call ``call`` on the carrier's own thread after ``seconds``."""

    def gather(self) -> None:
        """Coalesce what is sent from now on, for up to a millisecond."""

    def release(self) -> None:
        """Send what was gathered, and stop coalescing."""
