"""A polling payload as a whole; the gateway reads it part by part."""

from nbsocket.protocol.engine_packet import Packet, decode_polling_packet, payload_parts


def decode_payload(payload: str) -> list[Packet]:
    """Return the packets of a posted body, in order."""
    return [decode_polling_packet(part) for part in payload_parts(payload)]
