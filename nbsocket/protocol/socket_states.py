"""The rules of one Socket.IO connection to one namespace, as data for the code and the notebooks.

Source: Socket.IO protocol, section "Exchange protocol".
"""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from nbsocket.protocol import reasons

if TYPE_CHECKING:
    from collections.abc import Mapping


class State(Enum):
    """The state of a client's connection to a namespace, as the server sees it."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"


class Trigger(Enum):
    """What can happen to it."""

    ACCEPTED = "middleware agreed: the server sends '0{\"sid\":…}'"
    REFUSED = "no such namespace, or middleware refused: the server sends '4{\"message\":…}'"
    CLIENT_LEFT = "'1' arrived"
    SERVER_LEFT = "socket.disconnect(): the server sends '1'"
    TRANSPORT_LOST = "the Engine.IO session ended"


CONNECTION_TRANSITIONS: Final[Mapping[State, Mapping[Trigger, State]]] = MappingProxyType(
    {
        State.CONNECTING: {
            Trigger.ACCEPTED: State.CONNECTED,
            Trigger.REFUSED: State.DISCONNECTED,
            Trigger.TRANSPORT_LOST: State.DISCONNECTED,
        },
        State.CONNECTED: {
            Trigger.CLIENT_LEFT: State.DISCONNECTED,
            Trigger.SERVER_LEFT: State.DISCONNECTED,
            Trigger.TRANSPORT_LOST: State.DISCONNECTED,
        },
        State.DISCONNECTED: {},
    }
)

DISCONNECT_REASONS: Final[Mapping[Trigger, str]] = MappingProxyType(
    {
        Trigger.CLIENT_LEFT: reasons.CLIENT_LEFT,
        Trigger.SERVER_LEFT: reasons.SERVER_LEFT,
        Trigger.TRANSPORT_LOST: reasons.TRANSPORT_CLOSE,
    }
)
