"""The kernel link's WebSocket, which accepts only a kernel that proves its identity.

The server proves its identity first, so that the kernel reveals nothing useful to a wrong server.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from typing import TYPE_CHECKING, Any, cast

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError
from tornado.websocket import WebSocketHandler

from nbsocket._version import __version__
from nbsocket.extension.doors import AnonymousHandler
from nbsocket.link import proof
from nbsocket.link.agreement import MAX_MESSAGE_BYTES
from nbsocket.link.messages import (
    Batch,
    Ping,
    Pong,
    decode,
    encode,
)
from nbsocket.link.opening import (
    LINK_PROTOCOL,
    UNKNOWN_KERNEL,
    Hello,
    KernelProof,
    LinkError,
    Refusal,
    ServerProof,
    Welcome,
    decode_opening,
)
from nbsocket.protocol.websocket import CloseCode, server_frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbsocket.extension.kernel_links import KernelLink, KernelLinks
    from nbsocket.extension.kernels import Kernels

_MAX_OPENING_MESSAGE = 16 * 1024
_OPENING_TIMEOUT_S = 10.0


class LinkHandler(AnonymousHandler, WebSocketHandler):
    """``nbsocket/link``."""

    def initialize(
        self,
        kernel_links: KernelLinks,
        kernels: Kernels,
        server_id: str,
        limits: dict[str, float],
        public_url: Callable[[], str],
    ) -> None:
        """Store the route's arguments."""
        self._kernel_links = kernel_links
        self._kernels = kernels
        self._server_id = server_id
        self._limits = limits
        self._public_url = public_url
        self._kernel_link: KernelLink | None = None
        self._hello: Hello | None = None
        self._expected = b""
        self._deadline: asyncio.TimerHandle | None = None

    @allow_unauthenticated
    async def get(self, *args: str, **kwargs: str) -> None:
        """Open the WebSocket; refuse browsers, which always send an Origin."""
        if "Origin" in self.request.headers:
            raise HTTPError(403, "The kernel link is not for web pages.")
        await super().get(*args, **kwargs)

    def get_compression_options(self) -> None:
        """Never compress."""

    @property
    def ping_interval(self) -> float | None:
        """The link has its own ping."""
        return None

    @property
    def max_message_size(self) -> int:
        """A small limit, until the kernel has proved its identity."""
        return _MAX_OPENING_MESSAGE

    def open(self, *_: str, **__: str) -> None:
        """Start the timeout of the opening handshake."""
        self.set_nodelay(True)
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(_OPENING_TIMEOUT_S, self.close, CloseCode.POLICY_VIOLATION)

    async def on_message(self, message: str | bytes) -> None:
        """Process the next message of the opening handshake, or of the open link."""
        if isinstance(message, str):
            self.close(1003)
            return
        try:
            if self._kernel_link is not None:
                await self._receive(self._kernel_link, message)
            else:
                await self._open_with(message)
        except LinkError as error:
            self.log.warning("nbsocket: kernel link closed: %s", str(error)[:200])
            self.close(CloseCode.PROTOCOL_ERROR)

    async def _receive(self, kernel_link: KernelLink, data: bytes) -> None:
        message = decode(data)
        if isinstance(message, Batch):
            await kernel_link.receive(message)
        elif isinstance(message, Ping):
            self.write_link(encode(Pong(message.at, time.monotonic())))
        elif isinstance(message, Pong):
            kernel_link.endpoint.clock.note(message.asked_at, message.at, time.monotonic())

    async def _open_with(self, data: bytes) -> None:
        message = decode_opening(data)
        if isinstance(message, Hello) and self._hello is None:
            self._challenge(message)
        elif isinstance(message, KernelProof) and self._hello is not None:
            await self._welcome(self._hello, message)
        else:
            self.close(CloseCode.PROTOCOL_ERROR)

    def _challenge(self, hello: Hello) -> None:
        oldest, newest = LINK_PROTOCOL
        if hello.newest < oldest or hello.oldest > newest:
            self._refuse(
                "version",
                f"the Jupyter server has nbsocket {__version__}, this kernel {hello.version}",
            )
            return
        key = self._kernels.key_of(hello.kernel_id)
        if key is None:
            self._refuse(UNKNOWN_KERNEL, "this kernel was not started by this Jupyter server")
            return
        if not key:
            self._refuse("unsigned", "this Jupyter server runs kernels with an empty Session.key")
            return
        nonce = secrets.token_bytes(proof.NONCE_BYTES)
        fields = (hello.kernel_id, hello.epoch, hello.url, self._server_id)
        nonces = (hello.nonce, nonce)
        try:
            mac = proof.server_proof(key, fields, nonces)
        except ValueError as error:
            raise LinkError(str(error)) from error
        self._hello = hello
        self._expected = proof.kernel_proof(key, fields, nonces)
        self.write_link(encode(ServerProof(self._server_id, nonce, mac)))

    async def _welcome(self, hello: Hello, answer: KernelProof) -> None:
        expected, self._expected = self._expected, b""
        if not expected or not proof.same(expected, answer.mac):
            self._refuse("proof", "the kernel's proof is wrong")
            return
        if self._deadline is not None:
            self._deadline.cancel()
        kernel_link, resumed = await self._kernel_links.attach(
            hello.kernel_id, hello.epoch, hello.resume_epoch
        )
        connection = self.ws_connection
        if connection is None:
            return
        connection.params.max_message_size = MAX_MESSAGE_BYTES  # type: ignore[attr-defined]
        self._kernel_link = kernel_link
        self.write_link(
            encode(
                Welcome(
                    min(LINK_PROTOCOL[1], hello.newest),
                    __version__,
                    kernel_link.epoch,
                    resumed,
                    kernel_link.end.received,
                    kernel_link.end.credit,
                    self.base_url,
                    self._limits,
                    public_url=self._public_url(),
                )
            )
        )
        kernel_link.connected(self, hello.received, hello.credit)

    def _refuse(self, code: str, message: str) -> None:
        self.log.warning("nbsocket: kernel link refused: %s", message)
        self.write_link(encode(Refusal(code, message)))
        self.close(CloseCode.POLICY_VIOLATION)

    def on_close(self) -> None:
        """Tell ``KernelLinks`` that the connection is lost."""
        if self._deadline is not None:
            self._deadline.cancel()
        if self._kernel_link is not None:
            self._kernel_links.lost(self._kernel_link, self)

    def write_link(self, data: bytes) -> None:
        """Send one message; if the connection is closed, the reliable end keeps it."""
        connection = cast("Any", self.ws_connection)
        if connection is None or connection.is_closing():
            return
        # Bypasses Tornado's ``write_message``, which creates a task for every message.
        with contextlib.suppress(StreamClosedError):
            connection.stream.write(server_frame(data))

    def close_link(self) -> None:
        """Close the connection."""
        self.close(1000)
