"""The carrier without a Jupyter server: a gateway in this process, on a thread and a port of its own."""

from __future__ import annotations

import asyncio
import secrets
import threading
from dataclasses import fields
from typing import TYPE_CHECKING

from nbsocket.carriers.in_process import InProcessCarrier
from nbsocket.errors import ListenError
from nbsocket.gateway.config import Limits
from nbsocket.gateway.public_port import PublicPort
from nbsocket.gateway.tickets import TicketSigner

if TYPE_CHECKING:
    from nbsocket.carriers.listen import Listening

_CLOSE_S = 1.0


class LocalCarrier(InProcessCarrier):
    """Carries between this process's servers and its own gateway.

    Args:
        listening: Where the gateway listens, and its limits.
        name: The program's name as the holder of a channel.
    """

    def __init__(self, listening: Listening, name: str) -> None:
        """Start the thread and wait until the port is open.

        Raises:
            ListenError: It cannot be opened.
            ValueError: A limit is unknown.
        """
        super().__init__(name, _limits_of(listening), asyncio.new_event_loop())
        self._listening = listening
        self.port_key = secrets.token_bytes(32) if listening.is_private else b""
        self._error: OSError | None = None
        self._is_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name="nbsocket port", daemon=True)
        self._thread.start()
        self._is_up.wait()
        self.wait_up()

    # --- any thread -------------------------------------------------------------------------

    def wait_up(self) -> None:
        """Check that the port is open.

        Raises:
            ListenError: It is not open.
        """
        if self._error is not None:
            where = f"{self._listening.host}:{self._listening.port}"
            msg = (
                f"nbsocket cannot listen on {where} ({self._error.strerror or self._error}). Stop what "
                "listens there, or choose another port: set PORT, or nbsocket.Server(port=…)."
            )
            raise ListenError(msg) from self._error

    def wait_writable(self, timeout_s: float | None = None) -> bool:
        """Block until the gateway has room for more; False on time-out."""
        if self.writable:
            return True
        with self._changed:
            return self._changed.wait_for(lambda: self.writable or self.closed.is_set(), timeout_s)

    def close(self) -> None:
        """Close the port and end the thread."""
        with self._changed:
            if self.closed.is_set():
                return
            self.closed.set()
            self._changed.notify_all()
        self._loop.call_soon_threadsafe(self._loop.stop)
        if threading.current_thread() is not self._thread:
            self._thread.join(_CLOSE_S)

    # --- the port's thread ------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._open())
        except OSError as error:
            self._error = error
        self._is_up.set()
        if self._error is not None:
            self._loop.close()
            return
        try:
            self._loop.run_forever()
            self._loop.run_until_complete(asyncio.wait_for(self._shut(), _CLOSE_S))
        except TimeoutError:
            pass
        finally:
            self._loop.close()

    async def _open(self) -> None:
        # Tickets end with the program, so the secret that signs them may, too.
        self._open_gateway(TicketSigner(secrets.token_bytes(32)), may_open=not self._listening.is_private)
        self._public = PublicPort(self._hub, private_key=self.port_key)
        self._public.listen(self._listening.host, self._listening.port)
        self.url = self._public.url

    async def _shut(self) -> None:
        self._port.gone()
        await self._public.close()


def _limits_of(listening: Listening) -> Limits:
    known = {field.name for field in fields(Limits)}
    unknown = sorted(set(listening.limits) - known)
    if unknown:
        msg = f"Server() has no setting {unknown[0]!r}; there are {', '.join(sorted(known))}"
        raise ValueError(msg)
    defaults = Limits()
    kinds = {name: type(getattr(defaults, name)) for name in known}
    return Limits(**{name: kinds[name](value) for name, value in listening.limits.items()})
