"""The rules of an Engine.IO session, as data: which state follows which, and why.

Two tables, both followed by ``engine_session`` and drawn by the notebooks:

- ``TRANSPORT_TRANSITIONS``: which transport carries the session, from handshake to close;
- ``HEARTBEAT_TRANSITIONS``: whether a pong is outstanding.

A trigger that is missing from a state's row is not allowed in that state.
Source: Engine.IO protocol, sections "Handshake", "Heartbeat", "Upgrade".
"""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class State(Enum):
    """Which transport carries a session."""

    OPENING = "opening"
    POLLING = "polling"
    UPGRADING = "upgrading"
    WEBSOCKET = "websocket"
    CLOSED = "closed"


class Trigger(Enum):
    """What can happen to a session's transport."""

    POLLING_HANDSHAKE = "GET with transport=polling, no sid"
    WEBSOCKET_HANDSHAKE = "WebSocket with transport=websocket, no sid"
    PROBE = "'2probe' on a WebSocket with this sid"
    UPGRADE = "'5' on the probed WebSocket"
    PROBE_LOST = "the probed WebSocket closed, or was silent too long"
    CLOSE = "'1', a lost transport, a missed pong, or a broken packet"


TRANSPORT_TRANSITIONS: Final[Mapping[State, Mapping[Trigger, State]]] = MappingProxyType(
    {
        State.OPENING: {
            Trigger.POLLING_HANDSHAKE: State.POLLING,
            Trigger.WEBSOCKET_HANDSHAKE: State.WEBSOCKET,
            Trigger.CLOSE: State.CLOSED,
        },
        State.POLLING: {
            Trigger.PROBE: State.UPGRADING,
            Trigger.CLOSE: State.CLOSED,
        },
        State.UPGRADING: {
            Trigger.UPGRADE: State.WEBSOCKET,
            Trigger.PROBE_LOST: State.POLLING,
            Trigger.CLOSE: State.CLOSED,
        },
        State.WEBSOCKET: {Trigger.CLOSE: State.CLOSED},
        State.CLOSED: {},
    }
)


class Heartbeat(Enum):
    """Whether the server waits for a pong."""

    QUIET = "quiet"
    PING_SENT = "ping sent"
    MISSED = "missed"


class Beat(Enum):
    """What moves the heartbeat."""

    INTERVAL_OVER = "ping_interval is over: the server sends '2'"
    PONG = "'3' arrived"
    TIMEOUT_OVER = "ping_timeout is over without '3'"


HEARTBEAT_TRANSITIONS: Final[Mapping[Heartbeat, Mapping[Beat, Heartbeat]]] = MappingProxyType(
    {
        Heartbeat.QUIET: {Beat.INTERVAL_OVER: Heartbeat.PING_SENT, Beat.PONG: Heartbeat.QUIET},
        Heartbeat.PING_SENT: {
            Beat.PONG: Heartbeat.QUIET,
            Beat.TIMEOUT_OVER: Heartbeat.MISSED,
        },
        Heartbeat.MISSED: {},
    }
)
