"""One channel of a process: its namespaces and its clients."""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from nbsocket.link.troubles import Troubles
from nbsocket.protocol import reasons
from nbsocket.socketio.client import Client
from nbsocket.socketio.handler_run import HandlerRun
from nbsocket.socketio.latency_stats import LatencyStats
from nbsocket.socketio.namespace_core import NamespaceCore
from nbsocket.socketio.parent_core import ParentCore
from nbsocket.socketio.startup_gate import StartupGate

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

    from nbsocket.link.messages import Opened
    from nbsocket.socketio.cell_run import CellRun
    from nbsocket.socketio.surroundings import Surroundings


class Channel:
    """A channel as its carrier and its notebook see it (``carriers.interface.ChannelEvents``).

    Args:
        name: The channel's name.
        here: The process.
        recovery: Whether clients that reconnect resume where they left off.
    """

    def __init__(self, name: str, here: Surroundings, *, recovery: bool) -> None:
        """Begin without clients and without namespaces."""
        self.name = name
        self.recovery = recovery
        self.namespaces: dict[str, NamespaceCore] = {}
        self._parents: list[ParentCore] = []
        self._clients: set[Client] = set()
        self._here = here
        self.carrier = here.carrier
        self.handlers = here.handlers
        self._gate = StartupGate(here)
        # A port of the process itself closes when the process ends.
        self.keeps = recovery and here.is_linked
        self.doors: dict[str, Callable[[dict[str, Any]], str]] = {}
        """By what a ticket opens: return why a CONNECT with this ``auth`` is refused; empty if it isn't."""
        self.latency = LatencyStats()
        self.troubles = Troubles()
        self.cell = here.cells.running()
        """The run that last asked for the server: its output is where the author looks."""

    def namespace(self, name: str) -> NamespaceCore:
        """Return the namespace of this name; create it if needed, and keep it."""
        if name not in self.namespaces:
            self.namespaces[name] = self.make(name)
        self.namespaces[name].is_lasting = True
        return self.namespaces[name]

    def make(self, name: str, parent: ParentCore | None = None) -> NamespaceCore:
        """Return a new namespace of this channel."""
        return NamespaceCore(
            name,
            self.carrier,
            self.handlers,
            self._here.cells,
            self._gate.registered,
            self.recovery,
            parent,
            keeps=self.keeps,
        )

    def parent_of(self, matching: re.Pattern[str] | Callable[[str, dict[str, Any]], Any]) -> ParentCore:
        """Return the parent of all namespaces whose names match."""
        parent = ParentCore(
            matching,
            self.handlers,
            self._here.cells,
            self._gate.registered,
            make=self.make,
            forget=lambda child: self.namespaces.pop(child.name, None),
        )
        for index, old in enumerate(self._parents):
            if old.is_same(parent):
                # The same cell again, or the same pattern elsewhere: handlers and clients stay.
                self._parents[index].check = parent.check
                return old
        self._parents.append(parent)
        return parent

    def let_in(self) -> None:
        """Stop waiting for registrations, and let clients in."""
        self._gate.open()

    # --- cells ------------------------------------------------------------------------------

    def cell_begins(self, _: CellRun) -> None:
        """Count events for ``wait_for`` from here on."""
        for namespace in list(self.namespaces.values()):
            namespace.arrivals.cell_begins()

    def cell_ended(self, cell: CellRun, *, ok: bool) -> None:
        """Apply the end of a cell run to every socket; let in clients that waited for it."""
        for parent in self._parents:
            parent.cell_ended(cell, ok=ok)
        for namespace in list(self.namespaces.values()):
            namespace.cell_ended(cell, ok=ok)
        self._gate.cell_ended(cell)
        if self.keeps:
            # The cell may have changed ``socket.data``.
            for client in list(self._clients):
                self.handlers.post(client.remember)

    # --- called by the carrier, on its thread -----------------------------------------------

    def opened(self, opened: Opened) -> Client:
        """Add a new client."""
        client = Client(opened, self)
        self._clients.add(client)
        self._gate.hold(client)
        if opened.state:
            self.handlers.post(partial(client.adopt, opened.state), client)
        return client

    def forget(self, client: Client) -> None:
        """Forget a client that is gone; any thread."""
        self._clients.discard(client)

    @property
    def waiting(self) -> int:
        """How many messages of its clients, and jobs for them, wait for the handler thread."""
        self.handlers.turns.sort()
        return sum(client.length for client in list(self._clients))

    def figures(self) -> dict[str, float]:
        """Return how many events were handled, how many wait, and how long they took."""
        return {"waiting": self.waiting, **self.latency.figures()}

    # --- on the handler thread --------------------------------------------------------------

    async def find(self, name: str, auth: Any) -> NamespaceCore | None:
        """Return the namespace of this name, asking each parent in turn whether it matches."""
        for parent in list(self._parents):
            if name in self.namespaces:
                break
            if await parent.matches(name, dict(auth or {})) and name not in self.namespaces:
                self.namespaces[name] = parent.child(name)
        return self.namespaces.get(name)

    # --- any thread -------------------------------------------------------------------------

    def trouble(self, kind: str, text: str) -> None:
        """Count a problem with a client, and report it under the server's cell, but not too often."""
        told = self.troubles.note(kind, text, time.monotonic())
        if told:
            self.troubled(told)

    def troubled(self, text: str) -> None:
        """Report a problem with a client under the server's cell."""
        output = self._here.output

        def say() -> None:
            context = output.context_of(self.cell, HandlerRun("", None))
            context.run(lambda: sys.stderr.write(f"nbsocket, {self.name!r}: {text}\n"))

        self.handlers.post(say)

    def watched(self, *, on: bool) -> None:
        """Start or stop activity reporting."""
        self._here.activity.watch(self.name, on=on)

    def gateway_restarted(self) -> None:
        """Forget all clients: their connections are gone."""
        self.close_clients()

    def close_clients(self) -> None:
        """Let all clients go; their ``disconnect`` handlers run."""
        for client in list(self._clients):
            client.closed(reasons.TRANSPORT_CLOSE)

    def lost(self, by: str) -> None:
        """Close this server, since another notebook took the channel over."""
        self._here.forget(self.name)
        self.close_clients()
        message = (
            f"nbsocket: the channel {self.name!r} was taken over by {by or 'another notebook'}. "
            "This server is closed."
        )
        self.handlers.post(lambda: print(message))  # noqa: T201 - for the notebook's reader
