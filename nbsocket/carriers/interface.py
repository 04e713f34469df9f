"""The interface between the Socket.IO side and whatever carries it to a gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbsocket.link.messages import Opened, Reply, Sequenced


class ChannelEvents(Protocol):
    """What a carrier tells a channel, on the carrier's own thread: it must not block."""

    def opened(self, opened: Opened) -> ClientEvents:
        """A client sent its first message; what is returned stands for it from now on."""

    def watched(self, *, on: bool) -> None:
        """Somebody begins or stops watching the channel."""

    def troubled(self, text: str) -> None:
        """Something went wrong with a client: for the author of the server."""

    def lost(self, by: str) -> None:
        """Another kernel took the channel over."""

    def reset(self) -> None:
        """All sessions are gone, without a word: the gateway was started again."""


class ClientEvents(Protocol):
    """What a carrier tells a client, likewise."""

    def closed(self, reason: str) -> None:
        """It is gone, after all that it sent."""


class Carrier(Protocol):
    """What the Socket.IO side needs; every method may be called from any thread."""

    on_messages: Callable[[list[tuple[Any, Any, float]]], None]
    """Told each batch of clients' messages on the carrier's thread. Of each: the client, as
    ``ChannelEvents.opened`` returned it; an Engine.IO message; when it arrived. What they cost, like
    ``link.reliable.size_of``, is to be told to ``consumed``."""

    on_arrival: Callable[[int], None] | None
    """While somebody watches: told the number of each client's message as it arrives."""

    @property
    def base_url(self) -> str:
        """The path below which the gateway's routes stand, such as ``/``."""

    @property
    def url(self) -> str:
        """The address of the gateway, as seen from this process."""

    @property
    def public_url(self) -> str:
        """The address of a port that serves the public routes alone; empty if there is none."""

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

        ``keeps`` lets sessions stay open while this kernel restarts.

        Raises:
            ChannelInUse: Another live kernel holds it.
            ValueError: It is not a valid channel name, or cannot be open here.
        """

    def wait_up(self) -> None:
        """Block until the gateway can be talked to.

        Raises:
            NbSocketError: It cannot; a subclass says what to do.
        """

    def close(self) -> None:
        """Let go of the gateway."""

    def close_channel(self, name: str) -> None:
        """Give the name back."""

    def send(self, message: Sequenced) -> None:
        """Send ``message`` after all that was sent before. Never blocks."""

    def wait_writable(self, timeout_s: float | None = None) -> bool:
        """Block until the gateway has room for more; False on time-out."""

    @property
    def writable(self) -> bool:
        """Whether the gateway has room for more."""

    def check_process(self) -> None:
        """Refuse to go on in a forked child.

        Raises:
            ForkedProcessError: This is one.
        """

    def request(self, kind: type, **fields: object) -> Reply:
        """Send a message that is answered, and wait for the answer.

        Raises:
            LinkLostError: No answer came in time.
        """

    def consumed(self, size: int) -> None:
        """Say that received messages of this size are worked off."""

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call ``call`` on the carrier's own thread in some seconds."""

    def gather(self) -> None:
        """Coalesce what is sent from now on, for up to a millisecond."""

    def release(self) -> None:
        """Let nothing wait any more."""
