"""python-socketio's clients under test, asynchronous and plain: the same lines of JSON as ``client.mjs``."""

from __future__ import annotations

import asyncio
import json
import queue
import sys
from typing import Any

import engineio
import socketio
from engineio.payload import Payload

# By default python-engineio's client gives up on a polling answer of more than 16 packets.
Payload.max_decode_packets = 100_000

kind, origin, path, ticket, transports, namespaces = sys.argv[1:]
OPTIONS = {"reconnection_delay": 0.1, "reconnection_delay_max": 0.3}
CONNECT = {
    "socketio_path": path.strip("/"),
    "transports": transports.split(","),
    "namespaces": namespaces.split(","),
    "wait_timeout": 30,
}
ADDRESS = origin + ("" if ticket == "-" else f"?join_token={ticket}")


def plain(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray)):
        return {"bytes": value.hex()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def rich(value: Any) -> Any:
    if isinstance(value, list):
        return [rich(item) for item in value]
    if isinstance(value, dict):
        return bytes.fromhex(value["bytes"]) if "bytes" in value else {k: rich(v) for k, v in value.items()}
    return value


def say(what: str, detail: Any) -> None:
    # In one piece: the plain client calls handlers on several threads.
    sys.stdout.write(json.dumps({"kind": what, "detail": plain(detail)}) + "\n")
    sys.stdout.flush()


def happened(namespace: str) -> dict[str, Any]:
    """Return the handlers of one namespace; plain ones serve both clients."""

    def connect() -> None:
        say("connect", {"namespace": namespace, "id": client.get_sid(namespace)})

    def disconnect(reason: str) -> None:
        say("disconnect", {"namespace": namespace, "reason": reason})

    def refused(error: Any) -> None:
        say("connect_error", str(error))

    def event(name: str, *args: Any) -> Any:
        say("event", {"namespace": namespace, "event": name, "args": list(args)})
        return ("answer", *args)

    return {"connect": connect, "disconnect": disconnect, "connect_error": refused, "*": event}


def arguments(line: str) -> tuple[str, str, str, tuple[Any, ...]]:
    said = json.loads(line)
    args = rich(said["args"])
    return said["command"], said["namespace"], args[0] if args else "", tuple(args[1:])


def run_plain() -> None:
    client.connect(ADDRESS, **CONNECT)
    for line in sys.stdin:
        command, namespace, event, args = arguments(line)
        if command == "emit":
            client.emit(event, args, namespace=namespace)
        elif command == "call":
            say("answer", client.call(event, args, namespace=namespace, timeout=10))
        elif command == "transport":
            say("transport", client.transport())
        elif command == "leave":
            client.disconnect()
        elif command == "end":
            client.disconnect()
            return


async def run_async() -> None:
    await client.connect(ADDRESS, **CONNECT)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command, namespace, event, args = arguments(line)
        if command == "emit":
            await client.emit(event, args, namespace=namespace)
        elif command == "call":
            say("answer", await client.call(event, args, namespace=namespace, timeout=10))
        elif command == "transport":
            say("transport", client.transport())
        elif command == "leave":
            await client.disconnect()
        elif command == "end":
            await client.disconnect()
            return


class InOrder(engineio.Client):
    """python-engineio's plain client on one thread for all messages.

    Its own way is a thread for each, and on a busy machine an attachment then can overtake the packet that it belongs to.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._messages: queue.SimpleQueue[tuple[Any, tuple[Any, ...]]] = queue.SimpleQueue()
        super().start_background_task(self._handle_messages)

    def start_background_task(self, target: Any, *args: Any, **kwargs: Any) -> Any:
        if target == self.handlers.get("message"):
            self._messages.put((target, args))
            return None
        return super().start_background_task(target, *args, **kwargs)

    def _handle_messages(self) -> None:
        while True:
            handle, args = self._messages.get()
            handle(*args)


class PlainClient(socketio.Client):
    def _engineio_client_class(self) -> type[engineio.Client]:
        return InOrder


client = socketio.AsyncClient(**OPTIONS) if kind == "async" else PlainClient(**OPTIONS)
for one in namespaces.split(","):
    for name, handler in happened(one).items():
        client.on(name, handler, namespace=one)
try:
    if kind == "async":
        asyncio.run(run_async())
    else:
        run_plain()
except socketio.exceptions.ConnectionError as error:
    say("connect_error", str(error))
