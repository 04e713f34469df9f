"""Socket.IO between notebook cells and browsers, through the Jupyter server you already have.

>>> import nbsocket
>>> io = nbsocket.Server("chat")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbsocket._version import __version__
from nbsocket.errors import (
    AckTimeout,
    BlockingCallError,
    ChannelInUse,
    EncodeError,
    ExtensionNotLoadedError,
    ForkedProcessError,
    LinkLostError,
    ListenError,
    NbSocketError,
    NoServerError,
    ServerClosedError,
    VersionMismatchError,
)

if TYPE_CHECKING:
    from nbsocket.command.doctor import doctor
    from nbsocket.server import Server, duplex_bench
    from nbsocket.socketio.broadcast_operator import BroadcastOperator
    from nbsocket.socketio.connect import ConnectionRefused
    from nbsocket.socketio.event_stream import EventStream
    from nbsocket.socketio.handshake import Handshake
    from nbsocket.socketio.idempotent import idempotent
    from nbsocket.socketio.namespace import Namespace
    from nbsocket.socketio.parent_namespace import ParentNamespace
    from nbsocket.socketio.socket import Socket
    from nbsocket.widgets.bench import DuplexBench
    from nbsocket.widgets.ticket import Ticket

__all__ = [
    "AckTimeout",
    "BlockingCallError",
    "BroadcastOperator",
    "ChannelInUse",
    "ConnectionRefused",
    "DuplexBench",
    "EncodeError",
    "EventStream",
    "ExtensionNotLoadedError",
    "ForkedProcessError",
    "Handshake",
    "LinkLostError",
    "ListenError",
    "Namespace",
    "NbSocketError",
    "NoServerError",
    "ParentNamespace",
    "Server",
    "ServerClosedError",
    "Socket",
    "Ticket",
    "VersionMismatchError",
    "__version__",
    "doctor",
    "duplex_bench",
    "idempotent",
]

_LAZY = {
    "DuplexBench": "nbsocket.widgets.bench",
    "doctor": "nbsocket.command.doctor",
    "duplex_bench": "nbsocket.server",
    "BroadcastOperator": "nbsocket.socketio.broadcast_operator",
    "ConnectionRefused": "nbsocket.socketio.connect",
    "EventStream": "nbsocket.socketio.event_stream",
    "Namespace": "nbsocket.socketio.namespace",
    "idempotent": "nbsocket.socketio.idempotent",
    "ParentNamespace": "nbsocket.socketio.parent_namespace",
    "Ticket": "nbsocket.widgets.ticket",
    "Server": "nbsocket.server",
    "Handshake": "nbsocket.socketio.handshake",
    "Socket": "nbsocket.socketio.socket",
}


def __getattr__(name: str) -> Any:
    """Load the kernel's names on first use; the server process never uses them."""
    if name in _LAZY:
        import importlib  # noqa: PLC0415 - only here

        return getattr(importlib.import_module(_LAZY[name]), name)
    msg = f"module 'nbsocket' has no attribute {name!r}"
    raise AttributeError(msg)


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Return where the server extension is (called by jupyter_server)."""
    from nbsocket.extension.app import NbSocketApp  # noqa: PLC0415 - only in the server

    return [{"module": "nbsocket", "app": NbSocketApp}]


def _register_magic() -> None:
    """Register ``%%client`` if IPython is running."""
    import sys  # noqa: PLC0415 - only here

    if "IPython" not in sys.modules:
        return
    from IPython.core.getipython import get_ipython  # noqa: PLC0415 - already loaded

    shell = get_ipython()
    if shell is not None:
        from nbsocket.widgets.magic import register  # noqa: PLC0415 - only in IPython

        register(shell)


_register_magic()
