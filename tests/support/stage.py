"""Socket.IO's server with nothing around it: a carrier that only keeps what it is given."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from nbsocket.carriers.base import RoutingCarrier
from nbsocket.link.messages import (
    ClientMessage,
    Closed,
    CloseSession,
    Deliver,
    Opened,
    Register,
    Reply,
    Sequenced,
)
from nbsocket.link.reliable import size_of
from nbsocket.notebook.activity import Activity
from nbsocket.notebook.output import HandlerOutput
from nbsocket.protocol.socket_packet import Decoder, Packet, PacketType, encode_packet
from nbsocket.socketio.cell_run import CellRun, handler_cell
from nbsocket.socketio.handler_thread import HandlerThread
from nbsocket.socketio.server import SocketServer

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from nbsocket.socketio.socket import Socket

PATIENCE_S = 60.0


def until(what: Callable[[], Any]) -> Any:
    """Return what becomes true, soon."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := what()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.001)
    return found


class KeepingCarrier(RoutingCarrier):
    """Answers requests by itself, and keeps everything else.

    Attributes:
        sent: What the server sent, in order.
        consumed_bytes: What it said to be done with.
        answers: By the type of a request: what it is answered with.
    """

    def __init__(self) -> None:
        """Begin with nothing sent."""
        super().__init__("stage")
        self.sent: list[Sequenced] = []
        self.given_bytes = self.consumed_bytes = 0
        self.writable = True
        self.up_for_s = float("inf")
        self.answers: dict[type, dict[str, Any]] = {Register: {}}

    def wait_up(self) -> None:
        """It is up."""

    def wait_writable(self, timeout_s: float | None = None) -> bool:
        """Wait until a test says that there is room."""
        with self._changed:
            return self._changed.wait_for(lambda: self.writable, timeout_s)

    def send(self, message: Sequenced) -> None:
        """Keep it; answer what is asked."""
        answer = self.answers.get(type(message))
        if answer is not None:
            self.give(Reply(message.request, **answer))
        with self._changed:
            self.sent.append(self._stamped(message))

    def consumed(self, size: int) -> None:
        """Count."""
        with self._changed:
            self.consumed_bytes += size

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call it on a thread of its own."""
        timer = threading.Timer(seconds, call)
        timer.daemon = True
        timer.start()

    def give(self, *messages: Sequenced) -> None:
        """Bring a batch, as the gateway would."""
        self.given_bytes += sum(map(size_of, messages))
        self._route(messages)


class Cells:
    """The cells of a notebook, run by a test; none of them runs at first.

    Attributes:
        current: The one that runs.
    """

    def __init__(self) -> None:
        """Begin before the first."""
        self.current: CellRun | None = None
        self._numbers = itertools.count(1)

    def begin(self, cell_id: str | None) -> CellRun:
        """Run a cell from now on."""
        self.current = CellRun(cell_id, next(self._numbers), {})
        return self.current

    def running(self) -> CellRun | None:
        """Return the one that runs."""
        return self.current

    def registering(self, _function: object) -> CellRun | None:
        """Return the one that runs; in a handler that of the handler."""
        return handler_cell.get() or self.current


class Surroundings:
    """What a process has one of; here made for one test, and let go after it.

    Args:
        carrier: What carries; one that only keeps, if not given.
        has_cells: Whether it is a notebook, not a program.
        is_linked: Whether its clients come through another process.
    """

    def __init__(self, carrier: Any = None, *, has_cells: bool = True, is_linked: bool = True) -> None:
        """Begin without servers."""
        self.carrier = carrier or KeepingCarrier()
        self.has_cells = has_cells
        self.is_linked = is_linked
        self.cells = Cells()
        self.output = HandlerOutput(None)
        self.activity = Activity(self.carrier)
        self.handlers = HandlerThread(self.output, self.carrier, self.activity)
        self.servers: dict[str, SocketServer] = {}

    def forget(self, name: str) -> None:
        """Forget a closed server."""
        self.servers.pop(name, None)

    def close(self) -> None:
        """End the handler thread's loop."""
        self.handlers.loop.call_soon_threadsafe(self.handlers.loop.stop)


class Peer:
    """A client at the far end: it sends packets, and reads those that were sent to it."""

    _numbers = itertools.count(1)

    def __init__(self, stage: Stage, **opened: Any) -> None:
        """Open a session; ``connect`` comes next."""
        self.session = next(self._numbers)
        self._stage = stage
        self._ack_ids = itertools.count()
        handshake = {"query": {}, "headers": {}, "address": "127.0.0.1"}
        opened = {"role": "guest", "ticket_id": "t", "handshake": handshake, **opened}
        stage.carrier.give(Opened(self.session, stage.server.name, **opened))

    def messages(self, kind: PacketType, data: Any = None, **packet: Any) -> list[ClientMessage]:
        """Return a packet as the gateway brings it."""
        made = encode_packet(Packet(kind, data=data, **packet))
        return [ClientMessage(self.session, one) for one in made]

    def send(self, kind: PacketType, data: Any = None, **packet: Any) -> None:
        """Send a packet."""
        self._stage.carrier.give(*self.messages(kind, data, **packet))

    def raw(self, *data: str | bytes) -> None:
        """Send what may be no packet at all."""
        self._stage.carrier.give(*(ClientMessage(self.session, one) for one in data))

    def connect(self, namespace: str = "/", auth: Any = None) -> Socket:
        """Connect to a namespace, and return the server's socket."""
        before = len(self.received(PacketType.CONNECT, namespace))
        self.send(PacketType.CONNECT, auth, namespace=namespace)
        answer = until(lambda: self.received(PacketType.CONNECT, namespace)[before:])[0]
        return self._stage.server.channel.namespaces[namespace].face.sockets[answer.data["sid"]]

    def emit(self, event: str, *args: Any) -> None:
        """Emit."""
        self.send(PacketType.EVENT, [event, *args])

    def ask(self, event: str, *args: Any) -> Any:
        """Emit, and return what it is acknowledged with."""
        ack_id = next(self._ack_ids)
        self.send(PacketType.EVENT, [event, *args], ack_id=ack_id)
        return until(lambda: [one for one in self.received(PacketType.ACK) if one.ack_id == ack_id])[0].data

    def received(self, kind: PacketType = PacketType.EVENT, namespace: str = "/") -> list[Packet]:
        """Return the packets of this kind that were sent to it."""
        decoder, found = Decoder(is_client=True), []
        for message in list(self._stage.carrier.sent):
            if isinstance(message, Deliver) and self.session in message.to:
                found += [decoder.receive(frame) for frame in message.frames]
        return [one for one in found if one is not None and (one.type, one.namespace) == (kind, namespace)]

    def answer(self, *args: Any) -> None:
        """Acknowledge the latest event that asks for it."""
        asked = [one.ack_id for one in self.received() if one.ack_id is not None]
        self.send(PacketType.ACK, list(args), ack_id=asked[-1])

    @property
    def events(self) -> list[list[Any]]:
        """The events that it got: names and arguments."""
        return [packet.data for packet in self.received()]

    @property
    def closed_because(self) -> str:
        """Why the server closed it; empty if it did not."""
        ends = [one for one in self._stage.carrier.sent if isinstance(one, CloseSession)]
        return next((one.why or one.reason for one in ends if one.session == self.session), "")

    def leave(self, reason: str = "transport close") -> None:
        """Lose the connection."""
        self._stage.carrier.give(Closed(self.session, reason))


class Stage:
    """One server and what is around it.

    Args:
        surroundings: What is around it.
        recovery: As ``Server(recovery=…)``.
    """

    def __init__(self, surroundings: Surroundings | None = None, *, recovery: bool = False) -> None:
        """Make the server."""
        self.here = surroundings or Surroundings()
        self.carrier = self.here.carrier
        self.handlers = self.here.handlers
        self.server = SocketServer(
            "stage", self.here, takeover=False, recovery=recovery, open=False, origins=()
        )

    def peer(self, **opened: Any) -> Peer:
        """Return a new client that is not connected yet."""
        return Peer(self, **opened)

    def guest(self) -> tuple[Peer, Socket]:
        """Return a new client, connected to the default namespace, and its socket."""
        peer = self.peer()
        return peer, peer.connect()

    @contextmanager
    def cell(self, cell_id: str | None = "cell", *, ok: bool = True) -> Iterator[CellRun]:
        """Run a cell; what is registered within belongs to it."""
        run = self.here.cells.begin(cell_id)
        self.server.channel.cell_begins(run)
        try:
            yield run
        finally:
            self.here.cells.current = None
            self.server.channel.cell_ended(run, ok=ok)
            self.settle()

    def settle(self) -> None:
        """Wait until the handler thread has done all that was posted so far."""
        is_done = threading.Event()
        self.handlers.post(is_done.set)
        assert is_done.wait(PATIENCE_S), "the handler thread is busy"

    def on_thread(self, function: Callable[[], Any]) -> Any:
        """Return what ``function`` returns on the handler thread, where handlers run."""
        result: Future[Any] = Future()

        def run() -> None:
            try:
                result.set_result(function())
            except BaseException as error:  # noqa: BLE001 - the test gets it
                result.set_exception(error)

        self.handlers.post(run)
        return result.result(PATIENCE_S)

    def awaited(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Return what awaiting gives on the handler thread's loop, as in an ``async def`` handler."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.handlers.loop).result(PATIENCE_S)

    @property
    def is_settled(self) -> bool:
        """Whether everything that was brought is worked off."""
        return self.carrier.consumed_bytes == self.carrier.given_bytes

    def close(self) -> None:
        """Let go of it."""
        self.here.close()
