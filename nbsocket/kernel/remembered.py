"""What the gateway keeps of a client for the kernel's next process: with recovery on, in a notebook.

Written by this package and read by this package; the gateway does not look inside.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nbsocket.kernel.socket import Socket

MAX_STATE_BYTES = 64 * 1024
"""How much is kept of one client; if it is more, ``socket.data`` is left out."""


class Remembered(msgspec.Struct, array_like=True, omit_defaults=True):
    """One client in one namespace.

    Args:
        id: The socket's id.
        pid: Its private id, by which it may come back.
        auth: The data of its CONNECT.
        rooms: The rooms that it is in.
        data: Of ``socket.data`` what JSON can hold.
    """

    id: str
    pid: str
    auth: dict[str, Any]
    rooms: list[str]
    data: dict[str, Any]


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Remembered]).decode


def state_of(sockets: Iterable[Socket]) -> bytes:
    """Return what is to be kept of a client's sockets; empty if it is too much."""
    entries = {socket.namespace.name: _entry(socket) for socket in sockets}
    state = _encode(entries)
    if len(state) > MAX_STATE_BYTES:
        for entry in entries.values():
            entry.data = {}
        state = _encode(entries)
    return state if len(state) <= MAX_STATE_BYTES else b""


def _entry(socket: Socket) -> Remembered:
    rooms = sorted(socket.rooms - {socket.id})
    return Remembered(socket.id, socket._pid, dict(socket.handshake.auth), rooms, _plain(socket.data))


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries that come back as they were."""
    plain = {}
    for key, value in list(data.items()):
        try:
            same = isinstance(key, str) and json.loads(json.dumps(value, allow_nan=False)) == value
        except (TypeError, ValueError, RecursionError):
            continue
        if same:
            plain[key] = value
    return plain


def read_state(state: bytes) -> dict[str, Remembered]:
    """Return the sockets of a client by namespace.

    Raises:
        msgspec.DecodeError: An earlier version of this package wrote it otherwise.
    """
    return _decode(state)
