"""The carrier over the kernel link, with its own thread, event loop and timeouts.

No user code ever runs here, so a busy cell or a slow handler does not stop the link.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import os
import secrets
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from tornado.iostream import StreamClosedError

from nbsocket.carriers.base import RoutingCarrier
from nbsocket.carriers.discovery import candidate_urls
from nbsocket.carriers.link_handshake import Credentials, NotOursError, no_server, open_link
from nbsocket.errors import (
    ExtensionNotLoadedError,
    LinkLostError,
    NbSocketError,
    NoServerError,
    VersionMismatchError,
)
from nbsocket.link.link_end import LinkEnd
from nbsocket.link.messages import (
    Goodbye,
    Ping,
    Pong,
    Register,
    Sequenced,
    decode,
    encode,
)
from nbsocket.link.opening import TUNNELS_SINCE, LinkError, Welcome
from nbsocket.protocol.websocket import client_frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from tornado.websocket import WebSocketClientConnection

    from nbsocket.carriers.discovery import KernelIdentity

log = logging.getLogger("nbsocket")

_START_S = 2.7
_PING_EVERY_S = 20.0
_SILENT_PINGS = 3
_RETRY_S = (0.1, 0.2, 0.5, 1.0, 2.0)
_EXIT_S = 0.3
_FINAL = (ExtensionNotLoadedError, VersionMismatchError, NotOursError)
"""Errors that waiting does not fix."""


class LinkCarrier(RoutingCarrier):
    """The link of this kernel process to its Jupyter server.

    Args:
        identity: Who this kernel is.
    """

    def __init__(self, identity: KernelIdentity) -> None:
        """Start the thread; ``wait_up`` reports whether the link came up."""
        super().__init__(identity.notebook)
        self.identity = identity
        self._epoch = secrets.token_hex(8)
        self._server_epoch = ""
        self._connection: WebSocketClientConnection | None = None
        self._error: NbSocketError | None = None
        self._attempts = 0
        self._closed = False
        self._heard = True
        self._up_at = 0.0
        self._loop = asyncio.new_event_loop()
        self._end = self._new_end()
        self._thread = threading.Thread(target=self._run, name="nbsocket link", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    # --- any thread -------------------------------------------------------------------------

    def wait_up(self) -> None:
        """Block until the link is up, 3 seconds at most.

        Raises:
            NbSocketError: It is not up; a subclass names the cause and the next step.
        """
        deadline = time.monotonic() + _START_S
        with self._changed:
            attempts = self._attempts
            while self._connection is None:
                left = deadline - time.monotonic()
                final = isinstance(self._error, _FINAL)
                if left <= 0 or (final and self._attempts > attempts):
                    raise self._error or NoServerError(no_server("it did not answer in time"))
                self._changed.wait(left)

    @property
    def writable(self) -> bool:
        """Whether the server has room for more."""
        self.check_process()
        return self._end.writable

    @property
    def up_for_s(self) -> float:
        """For how many seconds the link has been up; 0 while it is not."""
        return time.monotonic() - self._up_at if self._connection is not None else 0.0

    def wait_writable(self, timeout_s: float | None = None) -> bool:
        """Block until the server has room for more; False on time-out."""
        self.check_process()
        if self._end.writable:
            return True
        with self._changed:
            return self._changed.wait_for(lambda: self._end.writable or self._closed, timeout_s)

    def send(self, message: Sequenced) -> None:
        """Send ``message`` after everything sent before."""
        if self._is_child:
            self.check_process()
        self._end.send(self._stamped(message))

    def gather(self) -> None:
        """Coalesce what is sent from now on, for up to a millisecond."""
        self._end.gather()

    def release(self) -> None:
        """Send what was gathered, and stop coalescing."""
        self._end.release()

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call ``call`` on the carrier's thread after ``seconds``; any thread."""
        if not self._closed:
            self._loop.call_soon_threadsafe(self._loop.call_later, seconds, call)

    def consumed(self, size: int) -> None:
        """Note that received messages of this size have been processed; acknowledged in batches."""
        self._end.consumed(size)

    def close(self) -> None:
        """Say goodbye and end the thread; at most 0.3 s."""
        if self._closed or self._thread is None:
            return
        atexit.unregister(self.close)
        self.send(Goodbye())
        self._loop.call_soon_threadsafe(self._finish)
        self._thread.join(_EXIT_S)

    def _forked(self) -> None:
        """In a forked child: drop the connection, which belongs to the parent."""
        super()._forked()
        self._closed = self._end.is_closed = True
        connection, self._connection = self._connection, None
        if connection is not None:
            stream = getattr(connection.protocol, "stream", None)
            if stream is not None and stream.socket is not None:
                os.close(stream.socket.detach())

    # --- the link's thread ------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._main = self._loop.create_task(self._stay_connected())
        try:
            self._loop.run_until_complete(self._main)
        except asyncio.CancelledError:
            pass
        finally:
            self._loop.close()

    def _new_end(self) -> LinkEnd:
        loop = self._loop
        return LinkEnd(loop.call_soon_threadsafe, loop.call_later, self._lock)

    def _finish(self) -> None:
        self._end.flush()
        self._closed = self._end.is_closed = True
        connection = self._connection
        if connection is not None:
            connection.close(1000)
        self._loop.call_later(0.05, self._main.cancel)

    async def _stay_connected(self) -> None:
        failures = 0
        while not self._closed:
            try:
                await self._connect_and_serve()
                # It was up: what cut it may have passed, so retry fast enough that clients do not notice.
                failures = 0
            except NbSocketError as error:
                with self._changed:
                    self._error = error
                    self._attempts += 1
                    self._changed.notify_all()
            except Exception:
                log.exception("nbsocket: internal error in nbsocket; the link starts over")
            await asyncio.sleep(_RETRY_S[min(failures, len(_RETRY_S) - 1)])
            failures += 1

    async def _connect_and_serve(self) -> None:
        urls = candidate_urls()
        if not urls:
            raise NoServerError(no_server("Jupyter left no address"))
        error: NbSocketError | None = None
        for url in urls:
            try:
                connection, incoming, welcome = await open_link(url, self._credentials())
            except NbSocketError as refused:
                # An error of what may be our own server matters more than that another one is not ours.
                error = refused if error is None or isinstance(error, NotOursError) else error
                continue
            await self._serve(connection, incoming, welcome, url)
            return
        raise error or NoServerError(no_server("it did not answer"))

    def _credentials(self) -> Credentials:
        with self._changed:
            return Credentials(
                self.identity,
                self._epoch,
                self._server_epoch,
                self._end.received,
                self._end.credit,
            )

    async def _serve(
        self,
        connection: WebSocketClientConnection,
        incoming: asyncio.Queue[Any],
        welcome: Welcome,
        url: str,
    ) -> None:
        self._begin(connection, welcome, url)
        self._heard = True
        pinging = asyncio.ensure_future(self._ping(connection))
        try:
            while (data := await incoming.get()) is not None:
                self._heard = True
                self._receive(data)
        except LinkError:
            log.warning("nbsocket: the kernel link was out of step and starts over", exc_info=True)
            connection.close()
        finally:
            pinging.cancel()
            with self._changed:
                self._connection = self._end.write = None
                self._error = LinkLostError(
                    f"The link to the Jupyter server at {url} was cut; nbsocket keeps trying."
                )

    def _begin(self, connection: WebSocketClientConnection, welcome: Welcome, url: str) -> None:
        with self._changed:
            fresh = not welcome.resumed and bool(self._server_epoch)
            if fresh:
                # The server knows nothing of the earlier link: its sessions and numbers are void.
                self._end = self._new_end()
                self._clients.clear()
            self._server_epoch = welcome.epoch
            self.has_tunnels = welcome.protocol >= TUNNELS_SINCE
            self.base_url, self.url, self.public_url = welcome.base_url, url, welcome.public_url
            self.max_payload = int(welcome.limits.get("max_payload", self.max_payload))
            self._end.connected(partial(self._write, connection), welcome.received, welcome.credit)
            channels = list(self._channels.items()) if fresh else []
            for name, _ in channels:
                register = Register(
                    next(self._requests), name, self.identity.notebook, keeps=name in self._keeping
                )
                self._end.send(register)
            self._connection, self._error = connection, None
            self._up_at = time.monotonic()
            self._changed.notify_all()
        if fresh:
            self._tunnels.lost()
        for _, events in channels:
            events.gateway_restarted()
        self._end.flush()

    def _receive(self, data: bytes) -> None:
        message = decode(data)
        if isinstance(message, Pong):
            return
        if isinstance(message, Ping):
            if self._connection is not None:
                self._write(self._connection, encode(Pong(message.at, time.monotonic())))
            return
        with self._changed:
            was_writable = self._end.writable
            messages = self._end.receive(message)
            if self._end.writable and not was_writable:
                self._changed.notify_all()
        if not messages:
            return
        self._route(messages)

    @staticmethod
    def _write(connection: WebSocketClientConnection, data: bytes) -> None:
        protocol: Any = connection.protocol
        if protocol is None or protocol.is_closing():
            # The reliable end keeps it until the link is back.
            return
        # Bypasses Tornado's ``write_message``, which creates a task for every message.
        with contextlib.suppress(StreamClosedError):
            protocol.stream.write(client_frame(data, os.urandom(4)))

    async def _ping(self, connection: WebSocketClientConnection) -> None:
        """Notice a server that has gone silently.

        Counted in iterations of this loop, so that a kernel that was frozen for a minute blames nobody.
        """
        silent = 0
        while True:
            await asyncio.sleep(_PING_EVERY_S)
            silent = 0 if self._heard else silent + 1
            self._heard = False
            if silent >= _SILENT_PINGS:
                connection.close()
                return
            self._write(connection, encode(Ping(time.monotonic())))
