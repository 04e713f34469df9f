"""WebSocket frames as a server writes them (RFC 6455, section 5.2): final, unmasked, uncompressed.

An unmasked frame carries nothing that depends on its recipient,
so the same bytes serve every client of a broadcast.
"""

from __future__ import annotations

from struct import Struct

_FIN_TEXT = 0x81
_FIN_BINARY = 0x82
_MAX_7_BIT = 125
_MAX_16_BIT = 0xFFFF
_header_7 = Struct("!BB").pack
_header_16 = Struct("!BBH").pack
_header_64 = Struct("!BBQ").pack


def server_frame(message: str | bytes) -> bytes:
    """Return the one frame that carries ``message``: a text frame for ``str``, binary for ``bytes``."""
    if isinstance(message, str):
        opcode, body = _FIN_TEXT, message.encode()
    else:
        opcode, body = _FIN_BINARY, message
    length = len(body)
    if length <= _MAX_7_BIT:
        return _header_7(opcode, length) + body
    if length <= _MAX_16_BIT:
        return _header_16(opcode, 126, length) + body
    return _header_64(opcode, 127, length) + body
