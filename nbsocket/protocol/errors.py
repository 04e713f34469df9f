"""The two ways a protocol is broken: by the other side, or by the caller on this side."""

from __future__ import annotations


class NbSocketError(Exception):
    """What all errors of nbsocket have in common."""


class ProtocolError(ValueError):
    """What a peer sent breaks the protocol; that peer, and only that peer, is closed.

    The message is safe to log: it never quotes more than a few characters of what arrived.
    """


class EncodeError(NbSocketError, ValueError):
    """A value that the caller wants to send cannot be written as a Socket.IO packet.

    Raised at the caller's ``emit``, never at a peer.
    The message names the path of the value, such as ``args[0]["speed"]``.
    """

    def __init__(self, path: str, problem: str) -> None:
        """Say where (``path``) and what (``problem``)."""
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem
