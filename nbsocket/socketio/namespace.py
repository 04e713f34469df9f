"""A namespace, as user code sees it (Socket.IO server API, "Namespace")."""

from __future__ import annotations

from nbsocket.socketio.namespace_methods import NamespaceMethods


class Namespace(NamespaceMethods):
    """The sockets that share a name such as ``/`` or ``/admin``; ``Server.of`` returns it.

    Source: Socket.IO server API, "Namespace".
    """

    def __repr__(self) -> str:
        """Show its name and how many sockets are connected."""
        return f"<Namespace {self.name}, {len(self.sockets)} connected>"

    @property
    def name(self) -> str:
        """Its name.

        Source: Socket.IO server API, ``namespace.name``.
        """
        return self._core.name
