"""Why a client was disconnected: the words that handlers of ``disconnect`` get.

Source: Socket.IO server API, Events, "disconnect".
"""

from __future__ import annotations

from typing import Final

CLIENT_LEFT: Final = "client namespace disconnect"
"""The client called ``socket.disconnect()``."""

SERVER_LEFT: Final = "server namespace disconnect"
"""The server called ``socket.disconnect()``."""

TRANSPORT_CLOSE: Final = "transport close"
"""The connection was closed, or the network or the page went away."""

TRANSPORT_ERROR: Final = "transport error"
"""The connection broke."""

PING_TIMEOUT: Final = "ping timeout"
"""No PONG came in time (Engine.IO protocol, "Heartbeat")."""

PARSE_ERROR: Final = "parse error"
"""What the client sent is not a packet, or not one that may come then."""

FORCED_CLOSE: Final = "forced close"
"""The server closed the connection after it had disconnected the client from all namespaces."""

RECOVERABLE: Final = frozenset({TRANSPORT_CLOSE, TRANSPORT_ERROR, PING_TIMEOUT})
"""After these a client may come back, and go on where it stopped."""
