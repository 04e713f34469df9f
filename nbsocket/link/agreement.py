"""What both ends of the link agree on: names and sizes."""

from __future__ import annotations

import re

CHANNEL_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
RESERVED_CHANNELS = frozenset({"api", "link", "static", "join"})
"""Names that nbsocket uses as routes."""

URL_ENVIRONMENT = "NBSOCKET_URL"
"""The environment variable with which a Jupyter server tells its kernels its address; not a secret."""

MAX_MESSAGE_BYTES = 64 * 1024 * 1024
"""The largest WebSocket message on the link."""

OWNER, GUEST = "owner", "guest"
"""The roles of clients."""

ENGINE_IO, WIRE = "engine.io", "wire"
"""What a tunnel opens: a client of the channel, or a wire view of it."""
