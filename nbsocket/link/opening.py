"""The opening of the kernel link: hello, proofs of both ends, then ``Welcome`` or ``Refusal``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from nbsocket.protocol.errors import NbSocketError

if TYPE_CHECKING:
    from collections.abc import Callable

LINK_PROTOCOL = (1, 2)
"""The oldest and the newest revision of the link's vocabulary that this package speaks; 2 has tunnels."""

TUNNELS_SINCE = 2
"""The revision that has tunnels."""

UNKNOWN_KERNEL = "unknown_kernel"
"""The code of a refusal: this server did not start the kernel."""


class LinkMessage(msgspec.Struct, array_like=True, gc=False):
    """What every message has in common: an array with the tag first."""


class Hello(LinkMessage, tag="hello"):
    """Kernel → server: who I am. Carries no secret: it may reach the wrong server."""

    oldest: int
    newest: int
    version: str
    kernel_id: str
    epoch: str
    nonce: bytes
    url: str
    resume_epoch: str = ""
    received: int = 0
    credit: int = 0


class ServerProof(LinkMessage, tag="server_proof"):
    """Server → kernel: the server proves first that it holds the kernel's key."""

    server_id: str
    nonce: bytes
    mac: bytes


class KernelProof(LinkMessage, tag="kernel_proof"):
    """Kernel → server: now the kernel proves it."""

    mac: bytes


class Welcome(LinkMessage, tag="welcome"):
    """Server → kernel: the link is up.

    ``resumed`` says whether the earlier link's sessions continue;
    ``received`` is the kernel's last batch that the server has.
    """

    protocol: int
    version: str
    epoch: str
    resumed: bool
    received: int
    credit: int
    base_url: str
    limits: dict[str, float]
    public_url: str = ""


class Refusal(LinkMessage, tag="refusal"):
    """Server → kernel: no link. ``code`` is for programs, ``message`` for people."""

    code: str
    message: str


encode: Callable[[LinkMessage], bytes] = msgspec.msgpack.Encoder().encode
Opening = Hello | ServerProof | KernelProof | Welcome | Refusal
_decode_opening: Callable[[bytes], Opening] = msgspec.msgpack.Decoder(Opening).decode


class LinkError(NbSocketError, ValueError):
    """The other end of the link sent an invalid message."""


def decode_opening(data: bytes) -> Opening:
    """Return one message of the opening handshake.

    Raises:
        LinkError: The message is invalid.
    """
    try:
        return _decode_opening(data)
    except (msgspec.DecodeError, ValueError) as error:
        raise LinkError(str(error)) from error
