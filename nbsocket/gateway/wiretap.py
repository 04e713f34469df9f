"""What the wire views of a channel see: every packet with its bytes and its times.

It exists only while somebody watches. Packets are reported in bounded batches: under a flood, the first
packets of each batch are shown and the others counted. Credentials are never shown.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from typing import TYPE_CHECKING, Any, Protocol

from nbsocket.gateway.ticket import QUERY_NAME
from nbsocket.link.messages import ActivityReport, Watch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbsocket.gateway.client_session import ClientSession
    from nbsocket.gateway.hub import HubChannel

IN, OUT = "in", "out"
"""From the client, and to it."""

MAX_WATCHERS = 16
"""How many wire views of one channel may be open."""

MAX_MESSAGE_BYTES = 4096
"""How much a wire view may send at once: it only asks for the time."""

_BATCH_S = 0.1
_BATCH_PACKETS = 200
_BATCH_DOINGS = 400
_TOLD_BYTES = 2048
_ASK_CLOCK_EVERY_S = 2.0
_SECRET_ARGUMENTS = frozenset({QUERY_NAME, "sid", "token", "_xsrf"})
_TOLD_HEADERS = (
    "Upgrade",
    "Connection",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Accept",
    "Content-Type",
    "Content-Length",
)


class Viewer(Protocol):
    """A wire view that watches the channel."""

    def show(self, batch: str) -> None:
        """Show a batch, given as JSON."""

    def channel_gone(self) -> None:
        """Note that the channel is gone."""


class Wire:
    """One channel's packets, for whoever watches.

    Args:
        channel: The channel.
    """

    def __init__(self, channel: HubChannel) -> None:
        """Begin without viewers."""
        self._channel = channel
        self._viewers: set[Viewer] = set()
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._items: list[dict[str, Any]] = []
        self._packets = 0
        self._doings = 0
        self._doings_left_out = 0
        self._seen = 0
        self._told = 0
        # Milliseconds since 1970 at zero of the monotonic clock: one clock for all reports.
        self._epoch_ms = (time.time() - time.monotonic()) * 1000
        self._asked_clock_at = 0.0

    # --- viewers ----------------------------------------------------------------------------

    def add(self, viewer: Viewer) -> None:
        """Add a viewer, and greet it with the current sessions."""
        if not self._viewers:
            self.kernel_came()
        self._viewers.add(viewer)
        sessions = sorted(self._channel.sessions, key=lambda one: one.number)
        for session in sessions:
            session.keep_frames()
        viewer.show(
            json.dumps(
                {
                    "type": "hello",
                    "channel": self._channel.name,
                    "now": self.now_ms(),
                    "seen": self._seen,
                    "attached": self._channel.endpoint.is_attached,
                    "sessions": [self._describe(session) for session in sessions],
                }
            )
        )

    def remove(self, viewer: Viewer) -> None:
        """Remove a viewer; with the last one, the wire is taken down."""
        self._viewers.discard(viewer)
        if self._viewers:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._channel.wire = None
        for session in self._channel.sessions:
            session.keep_frames()
        self._channel.endpoint.send(Watch(self._channel.name, on=False))

    def kernel_came(self) -> None:
        """Ask the channel's kernel to report its activity."""
        self._channel.endpoint.send(Watch(self._channel.name, on=True))
        self._ask_clock()

    def end(self) -> None:
        """Tell viewers that the channel is gone, so that they try again."""
        for viewer in list(self._viewers):
            viewer.channel_gone()
        self._viewers.clear()
        if self._timer is not None:
            self._timer.cancel()

    @property
    def viewer_count(self) -> int:
        """The number of viewers."""
        return len(self._viewers)

    def answer(self, message: str | bytes) -> str:
        """Return the answer to a viewer's request for the time.

        Raises:
            ValueError: It is not such a request.
        """
        try:
            asked = json.loads(message)["asked"]
        except (TypeError, KeyError) as error:
            raise ValueError(str(error)) from error
        if not isinstance(asked, (int, float)):
            msg = "the time asked at is not a number"
            raise ValueError(msg)  # noqa: TRY004 - what a client sends, not the caller
        return json.dumps({"type": "clock", "asked": asked, "now": self.now_ms()})

    # --- what is seen -----------------------------------------------------------------------

    def now_ms(self) -> float:
        """Return the time on the clock of all reports: milliseconds since 1970."""
        return self._epoch_ms + time.monotonic() * 1000

    def packet(
        self,
        session: ClientSession,
        direction: str,
        raw: bytes,
        transport: str,
        index: int,
        kernel_at: float = 0.0,
    ) -> int:
        """Report one packet; return its number, which the kernel uses to say when it arrived.

        Args:
            session: The session it belongs to.
            direction: ``IN`` or ``OUT``.
            raw: Its bytes as they went over the wire: whole frames, or its part of a polling payload.
            transport: ``websocket``, ``polling`` or ``comm``.
            index: The number of the MESSAGE in this session and direction, from 1; 0 for other packets.
            kernel_at: When the kernel sent it, on the kernel's clock; 0 if unknown.
        """
        if not self.has_room:
            self.skip(1)
            return 0
        self._seen += 1
        self._packets += 1
        self._told += 1
        number = self._seen
        item: dict[str, Any] = {
            "type": "packet",
            "number": number,
            "at": self.now_ms(),
            "session": session.number,
            "direction": direction,
            "transport": transport,
            "size": len(raw),
            "raw": base64.b64encode(raw[:_TOLD_BYTES]).decode(),
            "index": index,
        }
        if kernel_at:
            item["kernel_at"] = self._on_our_clock(kernel_at)
        self._tell(item)
        return number

    @property
    def has_room(self) -> bool:
        """Whether another packet would be shown."""
        return self._packets < _BATCH_PACKETS

    def skip(self, count: int) -> None:
        """Count packets that are not shown."""
        self._seen += count
        self._wake()

    def came(self, session: ClientSession) -> None:
        """Report a client that connected."""
        session.keep_frames()
        self._tell({"type": "came", "at": self.now_ms(), **self._describe(session)})

    def went(self, session: ClientSession, reason: str) -> None:
        """Report a client that left."""
        self._tell({"type": "went", "at": self.now_ms(), "session": session.number, "reason": reason})

    def http(
        self,
        session: ClientSession,
        method: str,
        path: str,
        query: dict[str, list[bytes]],
        status: int,
        headers: Iterable[tuple[str, str]],
        took_s: float,
    ) -> None:
        """Report an HTTP request that was answered, without its ticket and session id."""
        arguments = "&".join(
            f"{name}={'…' if name.lower() in _SECRET_ARGUMENTS else values[-1].decode('utf-8', 'replace')}"
            for name, values in query.items()
        )
        told = {name.title(): value for name, value in headers}
        self._tell(
            {
                "type": "http",
                "at": self.now_ms(),
                "session": session.number,
                "method": method,
                "url": f"{path}?{arguments}"[:500],
                "status": status,
                "headers": {name: told[name.title()] for name in _TOLD_HEADERS if name.title() in told},
                "took_ms": took_s * 1000,
            }
        )

    def doings(self, message: ActivityReport) -> None:
        """Report what the kernel did."""
        if self._doings >= _BATCH_DOINGS:
            self._doings_left_out += len(message.arrived) + len(message.ran) + len(message.cells)
            self._doings_left_out += message.left_out
            return
        left_out, self._doings_left_out = self._doings_left_out + message.left_out, 0
        self._doings += len(message.arrived) + len(message.ran) + len(message.cells) + 1

        def ours(at: float) -> float:
            return self._on_our_clock(at) if at else 0.0

        self._tell(
            {
                "type": "kernel",
                "at": self.now_ms(),
                "arrived": [[number, ours(at)] for number, at in message.arrived],
                "ran": [[session, event, ours(a), ours(b)] for session, event, a, b in message.ran],
                "cells": [[number, ours(a), ours(b)] for number, a, b in message.cells],
                "left_out": left_out,
            }
        )

    # --- inside -----------------------------------------------------------------------------

    def _ask_clock(self) -> None:
        self._asked_clock_at = time.monotonic()
        self._channel.endpoint.ask_clock()

    def _on_our_clock(self, kernel_at: float) -> float:
        return self._epoch_ms + (kernel_at - self._channel.endpoint.clock.ahead_s) * 1000

    @staticmethod
    def _describe(session: ClientSession) -> dict[str, Any]:
        return {
            "session": session.number,
            "role": session.ticket.role,
            "transport": session.transport,
            "pane": str(session.handshake.get("query", {}).get("pane", ""))[:64],
            "round_trip_ms": session.round_trip_ms,
        }

    def _tell(self, item: dict[str, Any]) -> None:
        self._items.append(item)
        self._wake()

    def _wake(self) -> None:
        if self._timer is None:
            self._timer = self._loop.call_later(_BATCH_S, self._flush)

    def _flush(self) -> None:
        self._timer = None
        items, self._items = self._items, []
        self._packets = self._doings = 0
        if time.monotonic() > self._asked_clock_at + _ASK_CLOCK_EVERY_S:
            self._ask_clock()
        clock = self._channel.endpoint.clock
        batch = json.dumps(
            {
                "type": "batch",
                "now": self.now_ms(),
                "items": items,
                "seen": self._seen,
                "told": self._told,
                "kernel_ahead_ms": clock.ahead_s * 1000,
                "kernel_error_ms": None if clock.error_s is None else clock.error_s * 1000,
            }
        )
        for viewer in list(self._viewers):
            viewer.show(batch)
