"""Client state that the gateway keeps for the kernel's next process: in a notebook, with recovery on.

Only this package writes and reads it; the gateway does not look inside.
"""

from __future__ import annotations

import json
from collections.abc import Sized
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbsocket.socketio.member import Member

MAX_STATE_BYTES = 64 * 1024
"""How much state is kept for one client; if there is more, ``socket.data`` is left out."""


class SessionState(msgspec.Struct, array_like=True, omit_defaults=True):
    """One client in one namespace.

    Args:
        id: The socket's id.
        pid: Its private id, by which it may come back.
        auth: The data of its CONNECT.
        rooms: The rooms that it is in.
        data: The part of ``socket.data`` that JSON can hold.
    """

    id: str
    pid: str
    auth: dict[str, Any]
    rooms: list[str]
    data: dict[str, Any]


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, SessionState]).decode


def state_of(members: Iterable[Member]) -> bytes:
    """Return the state to keep for a client's members; empty if it is too large."""
    entries = {member.namespace.name: _entry(member) for member in members}
    state = _encode(entries)
    if len(state) > MAX_STATE_BYTES:
        for entry in entries.values():
            entry.data = {}
        state = _encode(entries)
    return state if len(state) <= MAX_STATE_BYTES else b""


def _entry(member: Member) -> SessionState:
    # As plain strings: a name may be an instance of a user's subclass.
    rooms = sorted("".join(room) for room in member.rooms if room != member.id)
    return SessionState(member.id, member.pid, dict(member.handshake.auth), rooms, _plain(member.data))


def _plain(data: Any) -> dict[str, Any]:
    """Return the entries that survive a round trip through JSON unchanged."""
    plain: dict[str, Any] = {}
    if not isinstance(data, dict):
        return plain
    for key, value in list(data.items()):
        if not isinstance(key, str) or (isinstance(value, Sized) and len(value) > MAX_STATE_BYTES):
            continue
        try:
            text = json.dumps({key: value}, allow_nan=False)
            text.encode()
            back = json.loads(text)
            if back == {key: value}:
                _encode(back)
                plain |= back
        except (TypeError, ValueError, RecursionError):
            continue
    return plain


def read_state(state: bytes) -> dict[str, SessionState]:
    """Return the states of a client's sockets by namespace.

    Raises:
        msgspec.DecodeError: An earlier version of this package wrote it in another format.
    """
    return _decode(state)
