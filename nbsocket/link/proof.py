"""Mutual proof that both ends hold the key in the kernel's connection file.

The server proves first, so that a kernel that reached a wrong server reveals nothing useful.
Every proof covers both nonces, the kernel, both ends' names and which end is speaking,
so none can be replayed, reflected, or used with another kernel.
"""

from __future__ import annotations

import hmac

NONCE_BYTES = 32
_LABEL = b"nbsocket kernel link 1"
_PORT_LABEL = b"nbsocket port 1"


def server_proof(key: bytes, hello_fields: tuple[str, ...], nonces: tuple[bytes, bytes]) -> bytes:
    """Return the server's proof.

    Args:
        key: The kernel's key, not empty.
        hello_fields: kernel id, kernel epoch, url as the kernel sees it, server id.
        nonces: The kernel's and the server's.
    """
    return _mac(key, b"server", hello_fields, nonces)


def kernel_proof(key: bytes, hello_fields: tuple[str, ...], nonces: tuple[bytes, bytes]) -> bytes:
    """Return the kernel's proof, over the same fields."""
    return _mac(key, b"kernel", hello_fields, nonces)


def port_proof(key: bytes, nonce: bytes) -> bytes:
    """Return the proof that a port is the kernel's, for a page that got the key from the kernel.

    Args:
        key: Only the kernel and its widgets know it.
        nonce: The page's.
    """
    if not key or len(nonce) != NONCE_BYTES:
        msg = f"a nonce has {NONCE_BYTES} bytes"
        raise ValueError(msg)
    return hmac.digest(key, _PORT_LABEL + nonce, "sha256")


def same(expected: bytes, given: bytes) -> bool:
    """Compare two proofs in constant time."""
    return hmac.compare_digest(expected, given)


def _mac(key: bytes, speaker: bytes, fields: tuple[str, ...], nonces: tuple[bytes, bytes]) -> bytes:
    if not key:
        msg = "an empty key proves nothing: this Jupyter server does not sign kernel messages"
        raise ValueError(msg)
    if any(len(nonce) != NONCE_BYTES for nonce in nonces):
        msg = f"a nonce has {NONCE_BYTES} bytes"
        raise ValueError(msg)
    parts = [_LABEL, speaker, *(field.encode() for field in fields), *nonces]
    # Each part with its length, so that no two lists of parts give the same bytes.
    body = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hmac.digest(key, body, "sha256")
