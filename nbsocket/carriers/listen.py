"""Where a process that is not linked to a Jupyter server listens, and under which limits."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from nbsocket.gateway.config import LimitOptions

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 3000
PORT_ENVIRONMENT = "PORT"


@dataclass(frozen=True)
class Listening:
    """One port for all servers of a process.

    Args:
        host: The address to bind.
        port: The port to bind; 0 for any free one.
        limits: Settings of the gateway by name, such as ``ping_interval``; seconds and bytes.
        is_private: Whether it serves only pages of this machine: a ticket is always required, and Host and
            Origin must be loopback addresses.
    """

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    limits: LimitOptions = field(default_factory=LimitOptions)
    is_private: bool = False


OF_A_NOTEBOOK = Listening(port=0, is_private=True)
"""What a notebook's kernel opens by itself where there is no Jupyter server."""


def where_to_listen(host: str | None, port: int | None, limits: LimitOptions) -> Listening:
    """Return where to listen; the default is loopback and the port in ``PORT``, or 3000.

    Raises:
        ValueError: ``PORT`` is not a port.
    """
    if port is None:
        text = os.environ.get(PORT_ENVIRONMENT) or str(DEFAULT_PORT)
        if not text.isascii() or not text.isdigit() or int(text) > 0xFFFF:  # noqa: PLR2004 - the highest port
            msg = f"the environment variable PORT is {text!r}, which is not a port: use 0 to 65535"
            raise ValueError(msg)
        port = int(text)
    return Listening(DEFAULT_HOST if host is None else host, port, limits)
