"""Protocol errors: caused by the other side, or by the caller on this side."""

from __future__ import annotations


class NbSocketError(Exception):
    """Base class of all errors of nbsocket that users may see."""


class ProtocolError(NbSocketError, ValueError):
    """A peer violated the protocol; that peer, and only that peer, is closed.

    The message is safe to log: it never quotes more than a few characters of what arrived.
    """


class EncodeError(NbSocketError, ValueError):
    """A value that the caller wants to send cannot be written as a Socket.IO packet.

    Raised at the caller's ``emit``, never at a peer.
    The message names the path of the value, such as ``args[0]["speed"]``.
    """

    def __init__(self, path: str, problem: str) -> None:
        """Report ``problem`` at ``path``."""
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem
