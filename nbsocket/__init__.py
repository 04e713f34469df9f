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
    from nbsocket.command.findings import Finding, Report
    from nbsocket.server import Server
    from nbsocket.socketio.broadcast_operator import BroadcastOperator, Emitter
    from nbsocket.socketio.connect import ConnectionRefused
    from nbsocket.socketio.event_stream import EventStream
    from nbsocket.socketio.event_target import EventTarget
    from nbsocket.socketio.handshake import Handshake
    from nbsocket.socketio.idempotent import idempotent
    from nbsocket.socketio.namespace import Namespace
    from nbsocket.socketio.parent_namespace import ParentNamespace
    from nbsocket.socketio.socket import Socket
    from nbsocket.widgets.bench import DuplexBench
    from nbsocket.widgets.board import Board
    from nbsocket.widgets.pane import Pane
    from nbsocket.widgets.script import client
    from nbsocket.widgets.ticket import Ticket
    from nbsocket.widgets.wire import Wire

__all__ = [
    "AckTimeout",
    "BlockingCallError",
    "Board",
    "BroadcastOperator",
    "ChannelInUse",
    "ConnectionRefused",
    "DuplexBench",
    "Emitter",
    "EncodeError",
    "EventStream",
    "EventTarget",
    "ExtensionNotLoadedError",
    "Finding",
    "ForkedProcessError",
    "Handshake",
    "LinkLostError",
    "ListenError",
    "Namespace",
    "NbSocketError",
    "NoServerError",
    "Pane",
    "ParentNamespace",
    "Report",
    "Server",
    "ServerClosedError",
    "Socket",
    "Ticket",
    "VersionMismatchError",
    "Wire",
    "__version__",
    "client",
    "doctor",
    "idempotent",
]

_LAZY = {
    "Board": "nbsocket.widgets.board",
    "BroadcastOperator": "nbsocket.socketio.broadcast_operator",
    "ConnectionRefused": "nbsocket.socketio.connect",
    "DuplexBench": "nbsocket.widgets.bench",
    "Emitter": "nbsocket.socketio.broadcast_operator",
    "EventStream": "nbsocket.socketio.event_stream",
    "EventTarget": "nbsocket.socketio.event_target",
    "Finding": "nbsocket.command.findings",
    "Handshake": "nbsocket.socketio.handshake",
    "Namespace": "nbsocket.socketio.namespace",
    "Pane": "nbsocket.widgets.pane",
    "ParentNamespace": "nbsocket.socketio.parent_namespace",
    "Report": "nbsocket.command.findings",
    "Server": "nbsocket.server",
    "Socket": "nbsocket.socketio.socket",
    "Ticket": "nbsocket.widgets.ticket",
    "Wire": "nbsocket.widgets.wire",
    "client": "nbsocket.widgets.script",
    "doctor": "nbsocket.command.doctor",
    "idempotent": "nbsocket.socketio.idempotent",
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
