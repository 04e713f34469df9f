"""The client side of every benchmark: raw WebSockets that count bytes, the same for every peer.

What a peer answers has a known size, so nothing is parsed while time is taken.
"""

from __future__ import annotations

import selectors
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.crowd import frame, server_text

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event

ACK_ID = 1_000_000
_PLACEHOLDER = '{"_placeholder":true,"num":0}'
_BUFFER = bytearray(1024 * 1024)
_PATIENCE_S = 120.0


@dataclass(frozen=True)
class Address:
    """Where a peer listens.

    Args:
        port: On loopback.
        path: The path of its WebSocket, with the query.
    """

    port: int
    path: str


class Connection:
    """One client, connected to the peer's default namespace.

    Args:
        address: The peer.
    """

    def __init__(self, address: Address) -> None:
        """Connect."""
        self.socket = socket.create_connection(("127.0.0.1", address.port), timeout=_PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(
            f"GET {address.path} HTTP/1.1\r\nHost: 127.0.0.1:{address.port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        head = self._until(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            raise ConnectionError(head[:300])
        self.socket.sendall(frame("40"))
        self._until(b'40{"sid"')

    def _until(self, mark: bytes) -> bytes:
        seen = b""
        while mark not in seen:
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError(seen[:300])
            seen += data
        return seen

    def send(self, text: str) -> None:
        """Send one message."""
        self.socket.sendall(frame(text))

    def take(self, size: int) -> None:
        """Read ``size`` bytes, whatever they are."""
        while size > 0:
            got = self.socket.recv_into(_BUFFER, min(size, len(_BUFFER)))
            if not got:
                raise ConnectionError("closed by the peer")
            size -= got

    def close(self) -> None:
        """Close it."""
        self.socket.close()


def connect(address: Address, count: int) -> list[Connection]:
    """Return so many clients."""
    return [Connection(address) for _ in range(count)]


def round_trips(client: Connection, count: int) -> list[float]:
    """Ask one question after the other; return how many seconds each took."""
    question, size = frame(f'42{ACK_ID}["echo","{"x" * 100}"]'), _answer_bytes(100)
    took = []
    for _ in range(count):
        began = time.perf_counter()
        client.socket.sendall(question)
        client.take(size)
        took.append(time.perf_counter() - began)
    return took


def round_trips_among_events(client: Connection, count: int) -> list[float]:
    """Do the same while events arrive, too."""
    question, answer = frame(f'42{ACK_ID}["echo","{"x" * 100}"]'), f"43{ACK_ID}[".encode()
    took = []
    for _ in range(count):
        began, seen = time.perf_counter(), b""
        client.socket.sendall(question)
        while answer not in seen:
            seen = seen[-len(answer) :] + client.socket.recv(65536)
        took.append(time.perf_counter() - began)
    return took


def _answer_bytes(size: int) -> int:
    return len(server_text(f'43{ACK_ID}["{"x" * size}"]'))


def _binary_question(size: int) -> bytes:
    """Return a question whose argument is an attachment."""
    return frame(f'451-{ACK_ID}["echo",{_PLACEHOLDER}]') + frame(bytes(size))


def _binary_answer_bytes(size: int) -> int:
    return len(server_text(f"461-{ACK_ID}[{_PLACEHOLDER}]")) + len(server_text("x" * size))


def pipelined(
    clients: list[Connection], count: int, window: int, size: int = 100, *, is_binary: bool = False
) -> float:
    """Have ``count`` questions of each client answered, ``window`` under way; return answers a second."""
    question, answer_bytes = frame(f'42{ACK_ID}["echo","{"x" * size}"]'), _answer_bytes(size)
    if is_binary:
        question, answer_bytes = _binary_question(size), _binary_answer_bytes(size)
    with selectors.DefaultSelector() as selector:
        state = {}
        began = time.perf_counter()
        for client in clients:
            selector.register(client.socket, selectors.EVENT_READ, client)
            client.socket.sendall(question * min(window, count))
            state[client] = [min(window, count), 0]
        left = len(clients)
        while left:
            for key, _ in selector.select(_PATIENCE_S):
                client = key.data
                mine = state[client]
                mine[1] += client.socket.recv_into(_BUFFER)
                answered = mine[1] // answer_bytes
                due = min(count, answered + window) - mine[0]
                if due > 0:
                    client.socket.sendall(question * due)
                    mine[0] += due
                if mine[1] >= count * answer_bytes:
                    selector.unregister(client.socket)
                    left -= 1
        return count * len(clients) / (time.perf_counter() - began)


def burst(clients: list[Connection], count: int, size: int = 100) -> float:
    """Have the peer emit ``count`` events to all; return the seconds until the last client has the last."""
    wanted = count * len(server_text(f'42["n","{"x" * size}"]'))
    with selectors.DefaultSelector() as selector:
        got = {}
        for client in clients:
            selector.register(client.socket, selectors.EVENT_READ, client)
            got[client] = 0
        left = len(clients)
        began = time.perf_counter()
        clients[0].send(f'42["burst",{count},{size}]')
        while left:
            ready = selector.select(_PATIENCE_S)
            if not ready:
                msg = f"{left} of {len(clients)} clients wait: {min(got.values())} of {wanted} bytes"
                raise TimeoutError(msg)
            for key, _ in ready:
                client = key.data
                size_got = client.socket.recv_into(_BUFFER)
                if not size_got:
                    raise ConnectionError("closed by the peer")
                got[client] += size_got
                if got[client] >= wanted:
                    selector.unregister(client.socket)
                    left -= 1
        return time.perf_counter() - began


def stream(address: Address, count: int, events_per_s: float, seconds: float, ready: Event) -> None:
    """Be ``count`` clients that each get so many events; in a process of its own."""
    clients = connect(address, count)
    burst(clients, 1)
    question = frame('42["burst",1,100]')
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client.socket, selectors.EVENT_READ, client)
        ready.set()
        began, asked = time.monotonic(), 0
        while (now := time.monotonic() - began) < seconds:
            due = int(now * events_per_s) - asked
            if due > 0:
                clients[0].socket.sendall(question * due)
                asked += due
            for key, _ in selector.select(0.002):
                key.data.socket.recv_into(_BUFFER)


def drain(address: Address, count: int, seconds: float, ready: Event) -> None:
    """Be ``count`` clients that read whatever comes; in a process of its own."""
    stream(address, count, 0, seconds, ready)
