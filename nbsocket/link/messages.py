"""The messages of an open kernel link (``Batch``, ``Ping``, ``Pong``), as MessagePack structs of both ends.

What comes before them is in ``opening``.
A field is only ever added at the end and with a default, so that an older end can ignore it;
a message with an unknown tag is ignored too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from nbsocket.link.opening import LinkError, LinkMessage

if TYPE_CHECKING:
    from collections.abc import Callable

# --- kernel → server ------------------------------------------------------------------------


class Register(LinkMessage, tag="register"):
    """Take a channel name. Answered by a ``Reply``."""

    request: int
    channel: str
    notebook: str = ""
    takeover: bool = False
    is_open: bool = False
    origins: list[str] = []
    keeps: bool = False


class Unregister(LinkMessage, tag="unregister"):
    """Release a channel name; its clients' transports are closed."""

    channel: str


class Deliver(LinkMessage, tag="deliver"):
    """Engine.IO messages for the sessions in ``to``: one whole Socket.IO packet, in order.

    ``at`` is the kernel's clock when it was emitted, while somebody watches; else 0.
    """

    frames: list[Any]  # str | bytes, a union that msgspec has not
    to: list[int]
    volatile: bool = False
    at: float = 0.0


class CloseSession(LinkMessage, tag="close_session"):
    """End a client's session after all earlier deliveries; the client is told ``why``."""

    session: int
    reason: str
    why: str = ""


class MintTicket(LinkMessage, tag="mint_ticket"):
    """Ask for a ticket; the ``Reply`` holds value, id, role, expires_at, code.

    ``opens`` says what the ticket gives access to, and what the join page does with the code:
    ``page`` for the whole channel, else a door of its own, such as ``class``.
    """

    request: int
    channel: str
    role: str
    ttl_s: float
    opens: str = "page"


class RevokeTicket(LinkMessage, tag="revoke_ticket"):
    """Revoke a ticket and disconnect the clients that used it."""

    request: int
    channel: str
    ticket_id: str


class PageFile(msgspec.Struct, array_like=True):
    """One file of a page."""

    content_type: str
    body: bytes


class PublishPage(LinkMessage, tag="publish_page"):
    """Serve ``files`` (path below the channel's URL → file); replaces what was at these paths."""

    request: int
    channel: str
    files: dict[str, PageFile]


class AskStats(LinkMessage, tag="ask_stats"):
    """Ask for the figures of a channel; the ``Reply`` holds them."""

    request: int
    channel: str


class SaveState(LinkMessage, tag="remember"):
    """The state of a session for a new process of this kernel: ``Opened.state``; opaque to the server."""

    session: int
    state: bytes


class ActivityReport(LinkMessage, tag="doings"):
    """What the kernel did recently, for wire views; times are seconds on the kernel's clock.

    ``arrived``: number of a ``ClientMessage``, and when it arrived.
    ``ran``: session, event, when its handler began and when it ended (0: still running).
    ``cells``: number of a cell run, when it began and when it ended (0: still running).
    ``left_out``: how many of all these are missing.
    """

    channel: str
    now: float
    arrived: list[tuple[int, float]]
    ran: list[tuple[int, str, float, float]]
    cells: list[tuple[int, float, float]]
    left_out: int = 0


class Post(LinkMessage, tag="post"):
    """An event of a duplex bench, for pages that ask by HTTP: its number, and the event as JSON.

    Number 0 carries no event; it announces a bench.
    """

    channel: str
    number: int
    text: str


class OpenTunnel(LinkMessage, tag="open_tunnel"):
    """Take in a client whose bytes come through the kernel: a WebSocket, after its opening handshake.

    ``opens`` is ``engine.io`` for a client of the channel, ``wire`` for a wire view of it.
    ``owner_id`` stands for the client where others have the id of their ticket.
    """

    tunnel: int
    channel: str
    role: str
    owner_id: str
    handshake: dict[str, Any]
    opens: str = "engine.io"


class HoldTunnels(LinkMessage, tag="hold_tunnels"):
    """Whether what these clients send waits for a cell: their ping clock stands still meanwhile."""

    tunnels: list[int]
    on: bool


class Goodbye(LinkMessage, tag="goodbye"):
    """The kernel exits cleanly: no grace period is needed."""


# --- server → kernel ------------------------------------------------------------------------


class Opened(LinkMessage, tag="opened"):
    """A client's first message arrived; its number is never used again in this epoch.

    With a ``state``, the client was connected to an earlier process of this kernel, which saved that state.
    ``opens`` is what its ticket opens: ``page`` for the whole channel, else a door such as ``class``.
    """

    session: int
    channel: str
    role: str
    ticket_id: str
    handshake: dict[str, Any]
    state: bytes = b""
    opens: str = "page"


class ClientMessage(LinkMessage, tag="message"):
    """One Engine.IO message from a client, opaque to the server.

    ``number`` identifies it in wire views, while somebody watches: the kernel reports when it arrived.
    """

    session: int
    data: Any  # str | bytes
    number: int = 0


class Closed(LinkMessage, tag="closed"):
    """A client's session ended."""

    session: int
    reason: str


class Watch(LinkMessage, tag="watch"):
    """Somebody started or stopped watching a channel; the kernel reports its activity only in between."""

    channel: str
    on: bool


class Trouble(LinkMessage, tag="trouble"):
    """A problem with a client that the server's author would not notice; ``text`` says what to do."""

    channel: str
    text: str


class ChannelLost(LinkMessage, tag="channel_lost"):
    """Another kernel took the channel over."""

    channel: str
    by: str


class Reply(LinkMessage, tag="reply"):
    """The answer to the request with this number; ``error`` is empty if it was granted."""

    request: int
    value: dict[str, Any] = {}
    error: str = ""
    message: str = ""


# --- either way -----------------------------------------------------------------------------


class Will(LinkMessage, tag="will"):
    """Kernel → server: what to deliver to these sessions if the kernel goes; replaces an earlier will."""

    frames: list[Any]  # str | bytes, a union that msgspec has not
    to: list[int]


class TunnelData(LinkMessage, tag="tunnel_data"):
    """Bytes of a tunnel."""

    tunnel: int
    data: bytes


class TunnelRead(LinkMessage, tag="tunnel_read"):
    """So many bytes of a tunnel have been processed, and the other end may send as many more."""

    tunnel: int
    count: int


class CloseTunnel(LinkMessage, tag="close_tunnel"):
    """The end of a tunnel. To the kernel, ``why`` says why it was not opened."""

    tunnel: int
    why: str = ""


Sequenced = (
    Register
    | Unregister
    | Deliver
    | CloseSession
    | MintTicket
    | RevokeTicket
    | PublishPage
    | AskStats
    | SaveState
    | ActivityReport
    | Post
    | OpenTunnel
    | HoldTunnels
    | Goodbye
    | Opened
    | ClientMessage
    | Closed
    | Watch
    | Trouble
    | ChannelLost
    | Reply
    | Will
    | TunnelData
    | TunnelRead
    | CloseTunnel
)


class Batch(LinkMessage, tag="batch"):
    """Messages with one sequence number, and acknowledgement and credit for the other direction.

    With ``sequence`` 0 it carries no messages. ``received`` acknowledges every batch up to that one;
    ``credit`` is the total of bytes, counted from the start of the link, that the other end may send.
    """

    sequence: int
    received: int
    credit: int
    messages: list[Sequenced] = []


class RawBatch(LinkMessage, tag="batch"):
    """A ``Batch`` whose messages are decoded one by one, to skip unknown tags."""

    sequence: int
    received: int
    credit: int
    messages: list[msgspec.Raw] = []


class Ping(LinkMessage, tag="ping"):
    """Is the other end there, and what does its clock say?"""

    at: float


class Pong(LinkMessage, tag="pong"):
    """The answer to a ``Ping``: the asker's time and one's own."""

    asked_at: float
    at: float


encode = msgspec.msgpack.Encoder().encode
Open = Batch | Ping | Pong
_decode: Callable[[bytes], Open] = msgspec.msgpack.Decoder(Open).decode
_decode_raw = msgspec.msgpack.Decoder(RawBatch).decode
_decode_one: Callable[[msgspec.Raw], Sequenced] = msgspec.msgpack.Decoder(Sequenced).decode


def decode(data: bytes) -> Open:
    """Return one message of an open link; unknown messages in a batch are left out.

    Raises:
        LinkError: The message is invalid.
    """
    try:
        return _decode(data)
    except (msgspec.DecodeError, ValueError) as error:
        try:
            raw = _decode_raw(data)
        except (msgspec.DecodeError, ValueError):
            raise LinkError(str(error)) from error
    known = [message for message in map(_decode_known, raw.messages) if message is not None]
    return Batch(raw.sequence, raw.received, raw.credit, known)


def _decode_known(one: msgspec.Raw) -> Sequenced | None:
    try:
        return _decode_one(one)
    except msgspec.ValidationError:
        return None
