"""Clients of one widget that reach the kernel over the widget's own comm, where nothing else reaches it.

Each client is a byte stream (``protocol.byte_stream``) in the widget's custom messages, which carry what a
WebSocket would: the gateway sees no difference. Few messages carry much, since some hosts wait for a round
trip to the browser for each: a message goes at once only if the page has answered all earlier ones.
"""

from __future__ import annotations

import base64
import binascii
import logging
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbsocket.abilities import has_threads
from nbsocket.protocol.byte_stream import WINDOW_BYTES, ByteStream, Segment
from nbsocket.protocol.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nbsocket.carriers.interface import Carrier
    from nbsocket.carriers.tunnel_end import TunnelEnd, Visit

log = logging.getLogger("nbsocket")

STREAM = "stream"
"""The type of the custom messages."""

MAX_STREAMS = 256
"""How many clients of one widget there may be."""

_EVERY_S = 0.05
_AGAIN_S = 3.0
_LONGEST_AGAIN_S = 30.0
_BUSY_AFTER_S = 0.3
_MAX_ID = 64
_MAX_QUERY = 64
_MOST = 2**53
"""The largest whole number of JavaScript."""


class CommRoute:
    """The comm of one widget.

    Args:
        carrier: The way to the gateway.
        visit: Makes a ``Visit`` of what a client wants to open and the query it sends.
        send: Sends a custom message with buffers to every page that shows the widget.

    Raises:
        ValueError: By ``visit``: such a client is not let in; the text says why.
    """

    def __init__(
        self,
        carrier: Carrier,
        visit: Callable[[str, dict[str, str]], Visit],
        send: Callable[[dict[str, Any], list[bytes]], None],
    ) -> None:
        """Begin without clients."""
        self._carrier = carrier
        self._visit = visit
        self._send = send
        self._streams: dict[str, CommStream] = {}
        self._heard_on = 0

    def receive(self, content: Mapping[str, Any], buffers: Sequence[Any]) -> None:
        """Process a custom message of a page; any thread."""
        if has_threads():
            self._heard_on = threading.get_ident()
        self._carrier.later(0.0, lambda: self._receive(content, [bytes(one) for one in buffers]))

    def close(self) -> None:
        """Let all clients go: the widget is closed."""
        self._carrier.later(0.0, self._close)

    def _close(self) -> None:
        for stream in list(self._streams.values()):
            stream.close("the cell was run again")

    # --- the carrier's thread ---------------------------------------------------------------

    def _receive(self, content: Mapping[str, Any], buffers: list[bytes]) -> None:
        name = content.get("id")
        if not isinstance(name, str) or not 0 < len(name) <= _MAX_ID:
            return
        try:
            stream = self._streams.get(name) or self._open(name, content)
            stream.receive(content, buffers)
        except (ProtocolError, ValueError) as error:
            self._end(name, str(error))

    def _open(self, name: str, content: Mapping[str, Any]) -> CommStream:
        if content.get("closed"):
            msg = "closed already"
            raise ValueError(msg)
        wanted = content.get("open")
        if not isinstance(wanted, dict):
            msg = "this kernel does not know the connection"
            raise ValueError(msg)  # noqa: TRY004 - what a page sends, not the caller
        if not self._carrier.has_tunnels:
            msg = "the Jupyter server has an older nbsocket, without connections over a widget's comm"
            raise ValueError(msg)
        if len(self._streams) >= MAX_STREAMS:
            msg = f"{MAX_STREAMS} connections of this view are open already"
            raise ValueError(msg)
        visit = self._visit(str(wanted.get("opens")), _query_of(wanted.get("query")))
        stream = self._streams[name] = CommStream(name, self._carrier, self._send, self._forget)
        stream.begin(replace(visit, handshake={**visit.handshake, "heard_on": self._heard_on}))
        return stream

    def _end(self, name: str, why: str) -> None:
        stream = self._streams.get(name)
        if stream is not None:
            stream.close(why)
        else:
            self._send({"type": STREAM, "id": name, "ended": why}, [])

    def _forget(self, name: str) -> None:
        self._streams.pop(name, None)


def _query_of(given: Any) -> dict[str, str]:
    if not isinstance(given, dict):
        return {}
    return {str(name): str(value) for name, value in list(given.items())[:_MAX_QUERY]}


class CommStream:
    """One client; everything runs on the carrier's thread.

    Args:
        name: How the page calls it.
        carrier: The way to the gateway.
        send: Sends a custom message with buffers.
        forget: Called with its name once it has ended.
    """

    def __init__(
        self,
        name: str,
        carrier: Carrier,
        send: Callable[[dict[str, Any], list[bytes]], None],
        forget: Callable[[str], None],
    ) -> None:
        """Begin without a tunnel."""
        self._name = name
        self._carrier = carrier
        self._send = send
        self._forget = forget
        self._stream = ByteStream()
        self._tunnel: TunnelEnd | None = None
        self._is_open = True
        # Until the page has got a buffer from here: some hosts lose them.
        self._is_plain = True
        self._is_held = False
        self._is_busy = False
        self._sent_at = 0.0
        self._heard_at = time.monotonic()
        self._again_s = _AGAIN_S
        self._due_at = float("inf")

    def begin(self, visit: Visit) -> None:
        """Open the tunnel."""
        self._tunnel = self._carrier.open_tunnel(visit, self)
        self._carrier.later(_AGAIN_S, self._look)

    # --- from the page ----------------------------------------------------------------------

    def receive(self, content: Mapping[str, Any], buffers: list[bytes]) -> None:
        """Process a message of the page.

        Raises:
            ProtocolError: It is not a part of the stream.
            ValueError: Likewise.
        """
        tunnel = self._tunnel
        if not self._is_open or tunnel is None:
            return
        if content.get("closed"):
            tunnel.close()
            self._over()
            return
        self._heard_at = time.monotonic()
        self._again_s = _AGAIN_S
        if content.get("probe"):
            # A buffer came here; the page looks whether this one arrives, too.
            self._send({"type": STREAM, "id": self._name, "probe": True}, buffers[:1])
            return
        if content.get("plain") is not None:
            self._is_plain = bool(content["plain"])
        data = _data_of(content, buffers)
        if content.get("size", 0) not in {0, len(data)}:
            # This host has lost them.
            data = b""
            self._stream.miss()
        start, received, limit = (_number(content, name) for name in ("start", "received", "limit"))
        segment = Segment(start, received, limit, bool(content.get("missing")), data)
        waited = self._stream.waiting
        fresh = self._stream.receive(segment)
        if fresh:
            tunnel.write(fresh)
        if self._stream.waiting < waited:
            tunnel.read(waited - self._stream.waiting)
        if content.get("open") and not self._stream.has_more:
            # The page asks whether it is heard.
            self._say()
        else:
            self._wake()

    # --- from the gateway -------------------------------------------------------------------

    def arrived(self, data: bytes) -> None:
        """Take bytes for the page."""
        self._stream.write(data)
        self._wake()

    def taken(self, count: int) -> None:
        """Let the page send more."""
        self._stream.read(count)
        self._wake()

    def ended(self, why: str) -> None:
        """Tell the page that the gateway closed it, after what it sent before."""
        self._tunnel = None
        self._flush()
        self._send({"type": STREAM, "id": self._name, "ended": why}, [])
        self._over()

    def held(self, *, on: bool) -> None:
        """Tell the page that a cell is running, unless it ends soon; or that it has ended."""
        self._is_held = on
        if on:
            self._carrier.later(_BUSY_AFTER_S, self._tell_busy)
        elif self._is_busy:
            self._is_busy = False
            self._say()

    def _tell_busy(self) -> None:
        if self._is_open and self._is_held and not self._is_busy:
            self._is_busy = True
            self._say()

    # --- the end ----------------------------------------------------------------------------

    def close(self, why: str) -> None:
        """End it from here."""
        if self._is_open:
            if self._tunnel is not None:
                self._tunnel.close()
            self._send({"type": STREAM, "id": self._name, "ended": why}, [])
            self._over()

    def _over(self) -> None:
        self._is_open = False
        self._tunnel = None
        self._forget(self._name)

    # --- to the page ------------------------------------------------------------------------

    def _wake(self) -> None:
        """Send now or soon what there is to send."""
        stream = self._stream
        if not (stream.has_more or stream.owes or stream.must_answer):
            return
        now = time.monotonic()
        is_urgent = (
            stream.must_answer
            or (stream.has_more and not stream.in_flight)
            or stream.owes * 4 >= WINDOW_BYTES
        )
        due_at = now if is_urgent else max(now, self._sent_at + _EVERY_S)
        if self._due_at <= now:
            # It is late: a cell keeps the loop that both share busy.
            self._flush()
        elif due_at < self._due_at:
            self._due_at = due_at
            self._carrier.later(due_at - now, self._flush)

    def _flush(self) -> None:
        self._due_at = float("inf")
        stream = self._stream
        if not self._is_open or not (stream.has_more or stream.owes or stream.must_answer):
            return
        self._say()
        while stream.has_more:
            self._say()

    def _say(self) -> None:
        segment = self._stream.segment()
        self._sent_at = time.monotonic()
        content: dict[str, Any] = {
            "type": STREAM,
            "id": self._name,
            "start": segment.start,
            "received": segment.received,
            "limit": segment.limit,
        }
        if segment.missing:
            content["missing"] = True
        if self._is_busy:
            content["busy"] = True
        if not segment.data:
            self._send(content, [])
            return
        content["size"] = len(segment.data)
        if self._is_plain:
            content["data"] = base64.b64encode(segment.data).decode()
            self._send(content, [])
        else:
            self._send(content, [segment.data])

    def _look(self) -> None:
        """Send again what the page did not acknowledge in time."""
        if not self._is_open:
            return
        silent_s = time.monotonic() - self._heard_at
        if self._stream.in_flight and not self._is_busy and silent_s >= self._again_s:
            self._again_s = min(_LONGEST_AGAIN_S, self._again_s * 2)
            self._stream.again()
            self._say()
        self._carrier.later(_AGAIN_S, self._look)


def _number(content: Mapping[str, Any], name: str) -> int:
    number = content.get(name)
    if not isinstance(number, int) or not 0 <= number <= _MOST:
        msg = f"{name!r} is not a number of bytes"
        raise ValueError(msg)
    return number


def _data_of(content: Mapping[str, Any], buffers: list[bytes]) -> bytes:
    plain = content.get("data")
    if isinstance(plain, str):
        try:
            return base64.b64decode(plain, validate=True)
        except binascii.Error as error:
            msg = "data that is not Base64"
            raise ValueError(msg) from error
    return b"".join(buffers)
