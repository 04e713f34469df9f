"""The details of a client's handshake (Socket.IO server API, ``socket.handshake``)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a client sent when it connected. It never holds a credential.

    Attributes:
        headers: Request headers, names in lower case, without Cookie and Authorization.
        query: Query parameters, without ``join_token`` and ``_xsrf``.
        auth: The data of the client's CONNECT.
        address: The client's address.
        url: The path it requested.
        secure: Whether it connected over TLS.
        xdomain: Whether it connected from a page of another origin.
        heard_on: The thread to which its messages come, if that is one that also runs cells, as with a
            widget's comm in some hosts; else 0.

    Source: Socket.IO server API, ``socket.handshake``.
    """

    headers: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    auth: dict[str, Any] = field(default_factory=dict)
    address: str = ""
    url: str = ""
    secure: bool = False
    xdomain: bool = False
    heard_on: int = field(default=0, repr=False)

    @classmethod
    def of(cls, details: Mapping[str, Any], auth: dict[str, Any]) -> Handshake:
        """Return the handshake that the gateway reported, with ``auth`` from the CONNECT packet."""
        return cls(
            headers=dict(details.get("headers", {})),
            query=dict(details.get("query", {})),
            auth=auth,
            address=details.get("address", ""),
            url=details.get("url", ""),
            secure=bool(details.get("secure")),
            xdomain=bool(details.get("xdomain")),
            heard_on=int(details.get("heard_on", 0)),
        )
