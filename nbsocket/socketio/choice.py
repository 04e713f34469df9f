"""A choice of sockets, and what can be done with it; behind ``BroadcastOperator``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from nbsocket.socketio.acks import DEFAULT_ACK_TIMEOUT_S, ask, ask_async

if TYPE_CHECKING:
    from nbsocket.socketio.acks import PendingAck
    from nbsocket.socketio.handler_thread import HandlerThread
    from nbsocket.socketio.socket import Socket


class Scope(Protocol):
    """What sockets are chosen from: a namespace, or all children of a parent."""

    @property
    def handlers(self) -> HandlerThread:
        """Where user code runs."""
        ...

    def select(self, rooms: frozenset[str], excluded: frozenset[str]) -> list[Socket]:
        """Return the sockets in any of ``rooms`` (all, if empty) and in none of ``excluded``."""
        ...

    def light_up(self, rooms: frozenset[str], excluded: frozenset[str]) -> list[Socket]:
        """Light up the panes that such sockets belong to; return the sockets."""
        ...

    def broadcast(
        self,
        event: str,
        args: tuple[Any, ...],
        rooms: frozenset[str],
        excluded: frozenset[str],
        *,
        volatile: bool,
    ) -> None:
        """Emit an event to such sockets."""
        ...

    def ask(
        self, event: str, args: tuple[Any, ...], rooms: frozenset[str], excluded: frozenset[str]
    ) -> PendingAck:
        """Emit an event that each such socket is to acknowledge."""
        ...


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of sockets.

    Args:
        scope: Where the sockets come from.
        rooms: Choose sockets in any of these; empty for all.
        excluded: Leave out sockets in any of these.
        is_volatile: Whether clients that are not ready may miss the event.
        timeout_s: How long ``call`` waits, in seconds; None for no limit.
    """

    scope: Scope
    rooms: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()
    is_volatile: bool = False
    timeout_s: float | None = DEFAULT_ACK_TIMEOUT_S

    def sockets(self) -> list[Socket]:
        """Return the sockets chosen at this moment."""
        return self.scope.select(self.rooms, self.excluded)

    def preview(self) -> list[Socket]:
        """Light up their panes, and return the sockets."""
        return self.scope.light_up(self.rooms, self.excluded)

    def emit(self, event: str, args: tuple[Any, ...]) -> None:
        """Emit an event to them."""
        self.scope.broadcast(event, args, self.rooms, self.excluded, volatile=self.is_volatile)

    def call(self, event: str, args: tuple[Any, ...]) -> list[Any]:
        """Emit an event, and block until all have acknowledged it."""
        question = self._question(event, args)
        return ask(self.scope.handlers, event, question, self.timeout_s, self.sockets())

    async def call_async(self, event: str, args: tuple[Any, ...]) -> list[Any]:
        """Emit an event, and await all acknowledgements."""
        return await ask_async(self.scope.handlers, self._question(event, args), self.timeout_s)

    def _question(self, event: str, args: tuple[Any, ...]) -> partial[PendingAck]:
        return partial(self.scope.ask, event, args, self.rooms, self.excluded)
