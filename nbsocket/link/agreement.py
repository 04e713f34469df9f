"""What both ends of the link take for granted: names, sizes, and when to say that something has arrived."""

from __future__ import annotations

import re

CHANNEL_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
RESERVED_CHANNELS = frozenset({"api", "link", "static", "join"})
"""Names that are routes of nbsocket's own."""

URL_ENVIRONMENT = "NBSOCKET_URL"
"""The environment variable in which a Jupyter server tells its kernels its address: no secret."""

MAX_MESSAGE_BYTES = 64 * 1024 * 1024
"""What one WebSocket message of the link may have."""

ACKNOWLEDGE_BYTES = 256 * 1024
"""Credit that the other end has not heard of is told at once from here on,"""

ACKNOWLEDGE_S = 0.05
"""and less of it after so many seconds."""
