"""Whose page a request comes from: checked for open channels, which need no ticket, and private ports."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

_OWN_SITES = frozenset({"", "none", "same-origin"})
"""Not a browser, an address typed in by hand, and a page of the same origin."""


@dataclass(frozen=True, slots=True)
class RequestOrigin:
    """Where a request says it comes from and where it says it goes.

    Args:
        origin: Its ``Origin`` header; browsers send it, other clients need not.
        host: Its ``Host`` header.
        fetch_site: Its ``Sec-Fetch-Site`` header, in which browsers say whose page asks even when they
            send no origin, as for an image.
    """

    origin: str
    host: str
    fetch_site: str = ""

    def is_trusted(self, others: frozenset[str]) -> bool:
        """Whether the request does not come from a foreign web page.

        Pages of this host are trusted, and those of ``others`` (``"*"`` for all). The host must be an IP
        address or a name of this machine; a foreign name that was made to point here is not trusted.
        """
        if "*" in others or self.origin in others:
            return True
        name = urlsplit(f"//{self.host}").hostname or ""
        if not _is_this_machine(name):
            return False
        if self.origin:
            return urlsplit(self.origin).netloc.lower() == self.host.lower()
        return self.fetch_site in _OWN_SITES

    @property
    def is_loopback(self) -> bool:
        """Whether the host is a loopback address, and so is the origin, if there is one.

        The origin of a sandboxed page is ``null``, whoever serves it: there the ticket decides.
        """
        if not _is_loopback(urlsplit(f"//{self.host}").hostname or ""):
            return False
        return self.origin in {"", "null"} or _is_loopback(urlsplit(self.origin).hostname or "")


def _is_loopback(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _is_this_machine(name: str) -> bool:
    if name in {"localhost", socket.gethostname().lower()} or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
