"""The events of a duplex bench for pages that ask by HTTP, and the bytes that this takes.

The same events go to a Socket.IO client over its WebSocket. Only the transport differs, and its cost is
counted: every byte of the request as it came, and of the response as it was written.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from nbsocket.link.agreement import OWNER

if TYPE_CHECKING:
    from tornado.httputil import HTTPServerRequest
    from tornado.iostream import IOStream

    from nbsocket.gateway.client_session import ClientSession
    from nbsocket.gateway.websocket_connection import WebSocketConnection

MAX_EVENTS = 2000
MAX_RUNS = 32
PANE = "bench-"
"""The prefix of ``pane`` for a client that belongs to a bench; the run's name follows."""

_CRLF = 2


@dataclass(slots=True)
class Count:
    """What one way of getting events took.

    Args:
        requests: HTTP requests, including opening handshakes.
        empty: Responses without an event.
        header_bytes: Request and status lines, header fields, chunk sizes, frame headers.
        payload_bytes: Bodies, and the payload of frames.
    """

    requests: int = 0
    empty: int = 0
    header_bytes: int = 0
    payload_bytes: int = 0


class Bench:
    """One channel's bench."""

    def __init__(self) -> None:
        """Begin without events."""
        self._events: deque[tuple[int, str]] = deque(maxlen=MAX_EVENTS)
        self._news = asyncio.Event()
        self._runs: dict[str, dict[str, Count]] = {}

    # --- events -----------------------------------------------------------------------------

    @property
    def newest(self) -> int:
        """The number of the newest event; 0 before the first."""
        return self._events[-1][0] if self._events else 0

    def post(self, number: int, text: str) -> None:
        """Take an event from the kernel: its number, and the event as JSON."""
        self._events.append((number, text))
        self._news.set()
        self._news = asyncio.Event()

    def since(self, number: int) -> list[str]:
        """Return the events after ``number``, as JSON."""
        return [text for one, text in self._events if one > number]

    async def wait_since(self, number: int, timeout_s: float) -> list[str]:
        """Return the events after ``number``; if there are none, wait up to ``timeout_s`` for one."""
        found = self.since(number)
        if not found:
            try:
                await asyncio.wait_for(self._news.wait(), timeout_s)
            except TimeoutError:
                return []
            found = self.since(number)
        return found

    # --- bytes ------------------------------------------------------------------------------

    def count(self, run: str, way: str) -> Count:
        """Return the count of one way in one run of a page; if there are too many runs, drop the oldest."""
        if run not in self._runs and len(self._runs) >= MAX_RUNS:
            del self._runs[next(iter(self._runs))]
        return self._runs.setdefault(run, {}).setdefault(way, Count())

    def counts(self, run: str, sessions: set[ClientSession]) -> dict[str, Any]:
        """Return the counts of a run by way; the WebSocket's has ``wire_bytes``, with frame headers."""
        found = {way: asdict(count) for way, count in self._runs.get(run, {}).items()}
        for session in sessions:
            pane = session.handshake.get("query", {}).get("pane")
            websocket: WebSocketConnection | None = session.websocket  # type: ignore[assignment]
            if pane == PANE + run and websocket is not None and session.ticket.role == OWNER:
                mine = found.setdefault("websocket", asdict(Count()))
                mine["wire_bytes"] = websocket.received_bytes + websocket.sent_bytes
        return found

    def shaken(self, session: ClientSession, request: HTTPServerRequest, answer_bytes: int) -> None:
        """Count the opening handshake of a WebSocket of this bench."""
        pane = str(session.handshake.get("query", {}).get("pane", ""))
        # A guest may claim any ``pane``, so its claim is ignored.
        if pane.startswith(PANE) and session.ticket.role == OWNER:
            count = self.count(pane.removeprefix(PANE), "websocket")
            count.requests += 1
            count.header_bytes += head_bytes(request) + answer_bytes


def head_bytes(request: HTTPServerRequest) -> int:
    """Return the size of a request's line and fields, with a blank after each colon as browsers send it."""
    line = len(f"{request.method} {request.uri} {request.version}".encode()) + _CRLF
    named = request.headers.get_all()
    fields = [f"{name}: {value}".encode("latin-1", "replace") for name, value in named]
    return line + sum(len(field) + _CRLF for field in fields) + _CRLF


class WriteMeter:
    """Counts what is written to a stream while attached to it.

    Args:
        stream: The stream.
    """

    def __init__(self, stream: IOStream) -> None:
        """Start counting."""
        self.written_bytes = 0
        self._stream: Any = stream
        self._write = stream.write
        # Patches this one object for a while, since Tornado does not report what it writes.
        setattr(self._stream, "write", self._counted)  # noqa: B010 - a method

    def _counted(self, data: bytes | memoryview) -> Any:
        self.written_bytes += len(data)
        return self._write(data)

    def take_off(self) -> None:
        """Stop counting."""
        self._stream.__dict__.pop("write", None)


def events_json(texts: list[str], newest: int) -> str:
    """Return events as the JSON of a response."""
    return f'{{"newest":{newest},"events":[{",".join(texts)}]}}'
