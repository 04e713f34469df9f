"""What can go wrong for a user, each with the next step in its message."""

from __future__ import annotations

from typing import Any

from nbsocket.protocol.errors import EncodeError, NbSocketError


class NoServerError(NbSocketError):
    """No Jupyter server was found that this kernel belongs to."""


class ExtensionNotLoadedError(NbSocketError):
    """The Jupyter server runs without the nbsocket extension."""


class VersionMismatchError(NbSocketError):
    """Server and kernel have versions of nbsocket that do not understand each other."""


class ServerClosedError(NbSocketError):
    """The server was closed, or another notebook has taken its channel."""


class LinkLostError(NbSocketError):
    """The link to the Jupyter server is down."""


class ChannelInUse(NbSocketError):  # noqa: N818 - the name is part of the public contract
    """Another live kernel holds the channel's name.

    Attributes:
        notebook: Which notebook that is.
    """

    def __init__(self, message: str, notebook: str) -> None:
        """Name the notebook."""
        super().__init__(message)
        self.notebook = notebook


class ForkedProcessError(NbSocketError):
    """A forked child used its parent's server, whose connection stays with the parent."""


class ListenError(NbSocketError, OSError):
    """A server outside Jupyter could not listen on its port."""


class BlockingCallError(NbSocketError):
    """A call that blocks was made inside an ``async def`` handler."""


class AckTimeout(NbSocketError, TimeoutError):  # noqa: N818 - the name is part of the public contract
    """Not every acknowledgement came in time.

    Attributes:
        responses: The answers that did come, in the order of the sockets asked.
        missing: The sockets that did not answer.
    """

    def __init__(self, message: str, responses: list[Any], missing: list[Any]) -> None:
        """Keep what came and who is missing."""
        super().__init__(message)
        self.responses = responses
        self.missing = missing


__all__ = [
    "AckTimeout",
    "BlockingCallError",
    "ChannelInUse",
    "EncodeError",
    "ExtensionNotLoadedError",
    "ForkedProcessError",
    "LinkLostError",
    "ListenError",
    "NbSocketError",
    "NoServerError",
    "ServerClosedError",
    "VersionMismatchError",
]
