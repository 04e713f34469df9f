"""The opening handshake of the kernel link, on the kernel's side: connect, prove identity, be welcomed.

Everything that goes wrong here becomes an error that names the cause and the next step.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tornado.httpclient import HTTPClientError
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError

from nbsocket._version import __version__
from nbsocket.carriers.ws_client import connect
from nbsocket.errors import (
    ExtensionNotLoadedError,
    NbSocketError,
    NoServerError,
    VersionMismatchError,
)
from nbsocket.link import proof
from nbsocket.link.messages import encode
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

if TYPE_CHECKING:
    from nbsocket.carriers.discovery import KernelIdentity

_OPENING_S = 2.0


class NotOursError(NoServerError):
    """A server with nbsocket says that it did not start this kernel: the address was inherited."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a kernel says about itself, and where an earlier link left off.

    Args:
        identity: The kernel.
        epoch: Identifies this process of the kernel.
        server_epoch: The earlier link's epoch; empty before the first link.
        received: The last batch that the kernel has received.
        credit: How much the server may send.
    """

    identity: KernelIdentity
    epoch: str
    server_epoch: str
    received: int
    credit: int


Link = tuple[WebSocketClientConnection, "asyncio.Queue[Any]", Welcome]


async def open_link(url: str, credentials: Credentials) -> Link:
    """Connect to the server at ``url`` and perform the opening handshake.

    Raises:
        NbSocketError: It is not this kernel's server, or it cannot be reached.
    """
    incoming: asyncio.Queue[Any] = asyncio.Queue()
    try:
        connection = await connect(url, "nbsocket/link", incoming.put_nowait, _OPENING_S)
    except HTTPClientError as error:
        raise _http_error(url, error.code) from error
    except (OSError, TimeoutError) as error:
        raise NoServerError(no_server(f"nothing answers at {url} ({error})")) from error
    try:
        welcome = await asyncio.wait_for(_prove(connection, incoming, url, credentials), _OPENING_S)
    except (TimeoutError, LinkError, WebSocketClosedError) as error:
        connection.close()
        raise NoServerError(no_server(f"what answers at {url} does not speak nbsocket")) from error
    except NbSocketError:
        connection.close()
        raise
    return connection, incoming, welcome


async def _prove(
    connection: WebSocketClientConnection,
    incoming: asyncio.Queue[Any],
    url: str,
    credentials: Credentials,
) -> Welcome:
    nonce = secrets.token_bytes(proof.NONCE_BYTES)
    oldest, newest = LINK_PROTOCOL
    identity = credentials.identity
    hello = Hello(
        oldest,
        newest,
        __version__,
        identity.kernel_id,
        credentials.epoch,
        nonce,
        url,
        credentials.server_epoch,
        credentials.received,
        credentials.credit,
    )
    await connection.write_message(encode(hello), binary=True)
    answer = await _expect(incoming, ServerProof, url)
    fields = (identity.kernel_id, credentials.epoch, url, answer.server_id)
    nonces = (nonce, answer.nonce)
    if not identity.key:
        msg = "The kernel's connection file holds no key: remove Session.key = '' from your settings."
        raise NoServerError(msg)
    try:
        expected = proof.server_proof(identity.key, fields, nonces)
    except ValueError as error:
        raise LinkError(str(error)) from error
    if not proof.same(expected, answer.mac):
        msg = f"What answers at {url} is not the Jupyter server that started this kernel."
        raise NoServerError(msg)
    mac = proof.kernel_proof(identity.key, fields, nonces)
    await connection.write_message(encode(KernelProof(mac)), binary=True)
    welcome: Welcome = await _expect(incoming, Welcome, url)
    return welcome


async def _expect(incoming: asyncio.Queue[Any], kind: type, url: str) -> Any:
    data = await incoming.get()
    if not isinstance(data, bytes):
        msg = "the connection was closed during the opening"
        raise LinkError(msg)
    message = decode_opening(data)
    if isinstance(message, Refusal):
        if message.code == "version":
            msg = (
                f"{message.message}. Install the same version of nbsocket in the environment of "
                f"the Jupyter server at {url} and in this kernel's, then restart both."
            )
            raise VersionMismatchError(msg)
        msg = f"The Jupyter server at {url} refused this kernel: {message.message}."
        if message.code == UNKNOWN_KERNEL:
            raise NotOursError(msg)
        raise NoServerError(msg)
    if not isinstance(message, kind):
        msg = f"{type(message).__name__} instead of {kind.__name__}"
        raise LinkError(msg)
    return message


def _http_error(url: str, code: int) -> NbSocketError:
    if code == 404:  # noqa: PLR2004 - HTTP's own number
        return ExtensionNotLoadedError(
            f"The Jupyter server at {url} runs without the nbsocket extension. In the environment that "
            "starts the server run:  pip install nbsocket  and then restart the server. "
            "(jupyter server extension list  shows whether it is enabled.)"
        )
    return NoServerError(no_server(f"{url} answered with HTTP status {code}"))


def no_server(why: str) -> str:
    """Return the message for when no server was found, with what to do about it."""
    return (
        f"No Jupyter server with nbsocket was found for this kernel: {why}. "
        "Start the notebook with  jupyter lab  (or jupyter notebook) from an environment that has nbsocket."
    )
