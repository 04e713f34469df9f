"""The page's end of a widget's comm, in Python: what js/src/shared/comm_socket.ts does, over a network of one's own."""

from __future__ import annotations

import base64
import random
import threading
import time
from typing import Any

from support.waiting import soon as until

from nbsocket.carriers.comm import STREAM, CommRoute
from nbsocket.carriers.tunnel_end import Visit
from nbsocket.link.agreement import ENGINE_IO
from nbsocket.protocol.byte_stream import WINDOW_BYTES, ByteStream, Segment
from nbsocket.protocol.websocket import Opcode, client_frame, take_server_frames

_NO_MASK = bytes(4)


class Network:
    """What lies between page and kernel.

    Args:
        loss: The share of messages that are lost.
        buffers: Whether buffers arrive: ``kept``, ``lost`` (without their message) or ``fatal`` (with it).
        seed: For the same losses again.
    """

    def __init__(self, loss: float = 0.0, buffers: str = "kept", seed: int = 1) -> None:
        self.loss = loss
        self.buffers = buffers
        self.chance = random.Random(seed)
        self.messages = 0

    def passes(self, buffers: list[bytes]) -> list[bytes] | None:
        """Return the buffers that arrive; None if the message is lost."""
        self.messages += 1
        if self.chance.random() < self.loss or (buffers and self.buffers == "fatal"):
            return None
        return buffers if self.buffers == "kept" else []


class CommPage:
    """One widget on one page.

    Args:
        carrier: The kernel's way to its gateway.
        channel: The channel.
        role: The role that the kernel gives its clients.
        network: What lies between.
    """

    def __init__(
        self, carrier: Any, channel: str, role: str = "owner", network: Network | None = None
    ) -> None:
        self.network = network or Network()
        self.sockets: dict[str, CommSocket] = {}
        self.told: list[dict[str, Any]] = []
        self.route = CommRoute(
            carrier,
            lambda opens, query: Visit(channel, role, "view", {"query": {**query, "name": "alice"}}, opens),
            self.told_by_kernel,
        )

    def told_by_kernel(self, content: dict[str, Any], buffers: list[bytes]) -> None:
        """A message of the kernel, on the carrier's thread."""
        arrived = self.network.passes(buffers)
        if arrived is None:
            return
        self.told.append(content)
        socket = self.sockets.get(str(content["id"]))
        if socket is not None:
            socket.receive(content, arrived)

    def tell(self, content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        """Send a message to the kernel."""
        arrived = self.network.passes(buffers or [])
        if arrived is not None:
            self.route.receive({"type": STREAM, **content}, arrived)

    def open(self, name: str = "one", opens: str = ENGINE_IO, **query: str) -> CommSocket:
        """Open a connection."""
        self.sockets[name] = made = CommSocket(self, name, {"opens": opens, "query": query})
        made.say()
        made.page.tell({"id": name, "probe": True}, [b"\0"])
        return made


class CommSocket:
    """One connection; answers pings unless it is told not to."""

    def __init__(self, page: CommPage, name: str, opening: dict[str, Any]) -> None:
        self.page = page
        self.name = name
        self.messages: list[str | bytes] = []
        self.ended: str | None = None
        self.is_busy = False
        self.answers_pings = True
        self._opening = opening
        self._stream = ByteStream()
        self._plain = True
        self._heard = False
        self._lock = threading.RLock()

    def send(self, *messages: str | bytes) -> None:
        """Send Engine.IO packets."""
        with self._lock:
            for message in messages:
                self._stream.write(client_frame(message, _NO_MASK))
            while self._stream.has_more:
                self.say()

    def again(self) -> None:
        """Send again what is not acknowledged."""
        with self._lock:
            self._stream.again()
            self.say()

    def say(self) -> None:
        """Send the next segment."""
        self._said_at = time.monotonic()
        segment = self._stream.segment()
        content: dict[str, Any] = {
            "id": self.name,
            "start": segment.start,
            "received": segment.received,
            "limit": segment.limit,
            "missing": segment.missing,
            "plain": self._plain,
        }
        if not self._heard:
            content["open"] = self._opening
        if not segment.data:
            self.page.tell(content)
            return
        content["size"] = len(segment.data)
        if self._plain:
            self.page.tell({**content, "data": base64.b64encode(segment.data).decode()})
        else:
            self.page.tell(content, [segment.data])

    def receive(self, content: dict[str, Any], buffers: list[bytes]) -> None:
        """Process a message of the kernel."""
        with self._lock:
            if "ended" in content:
                self.ended = self.ended or content["ended"]
                return
            data = base64.b64decode(content["data"]) if "data" in content else b"".join(buffers)
            if content.get("probe"):
                self._plain = len(data) != 1
                return
            if content.get("size", 0) != len(data):
                self._plain, data = True, b""
                self._stream.miss()
            self._heard = True
            self.is_busy = bool(content.get("busy"))
            segment = Segment(
                content["start"], content["received"], content["limit"], bool(content.get("missing")), data
            )
            fresh = self._stream.receive(segment)
            self._stream.read(len(fresh))
            self._take(fresh)
            # As the page does: it acknowledges twenty times a second, and before the kernel has to wait for it.
            is_due = fresh and time.monotonic() - self._said_at >= 0.05
            is_due = is_due or self._stream.owes * 4 >= WINDOW_BYTES
            if is_due or self._stream.must_answer or self._stream.has_more:
                self.say()

    _rest = b""
    _said_at = 0.0

    def _take(self, fresh: bytes) -> None:
        frames, self._rest = take_server_frames(self._rest + fresh)
        for opcode, body in frames:
            message = body.decode() if opcode == Opcode.TEXT else body
            if message == "2" and self.answers_pings:
                self.send("3")
            elif message != "2":
                self.messages.append(message)

    @property
    def events(self) -> list[str]:
        """The texts of Socket.IO packets that came."""
        return [one[1:] for one in self.messages if isinstance(one, str) and one[:1] == "4"]

    def connect(self) -> CommSocket:
        """Connect to the default namespace."""
        self.send("40")
        until(lambda: any(one.startswith("0") for one in self.events))
        return self
