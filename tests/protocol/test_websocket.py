import pytest

from nbsocket.protocol.websocket import server_frame


@pytest.mark.parametrize(
    ("length", "header"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65535, b"\x81\x7e\xff\xff"),
        (65536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_the_three_forms_of_a_length(length, header):
    """RFC 6455, section 5.2."""
    assert server_frame("x" * length) == header + b"x" * length


def test_bytes_go_in_a_binary_frame():
    assert server_frame(b"\x00\xff") == b"\x82\x02\x00\xff"
