"""Errors that users may see; each message names the next step."""

from __future__ import annotations

from typing import Any

from nbsocket.protocol.errors import EncodeError, NbSocketError


class NoServerError(NbSocketError):
    """This kernel's Jupyter server was not found."""


class ExtensionNotLoadedError(NbSocketError):
    """The Jupyter server runs without the nbsocket extension."""


class VersionMismatchError(NbSocketError):
    """Server and kernel have incompatible versions of nbsocket."""


class ServerClosedError(NbSocketError):
    """The server was closed, or another notebook has taken its channel."""


class LinkLostError(NbSocketError):
    """The link to the Jupyter server is down."""


class ChannelInUse(NbSocketError):  # noqa: N818 - the name is part of the public contract
    """Another live kernel holds the channel's name.

    Attributes:
        notebook: The notebook that holds it.
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
    """A blocking call was made in an ``async def`` handler."""


class AckTimeout(NbSocketError, TimeoutError):  # noqa: N818 - the name is part of the public contract
    """Not every acknowledgement arrived in time.

    Attributes:
        responses: The answers that did arrive, in the order of the sockets asked.
        missing: The sockets that did not answer.
    """

    def __init__(self, message: str, responses: list[Any], missing: list[Any]) -> None:
        """Keep the answers and the sockets that did not answer."""
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
