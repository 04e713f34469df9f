"""The gateway's own WebSocket connection, over a real port, byte by byte."""

import socket
import struct
import time

import pytest
from support.program import Program

from nbsocket.gateway.websocket_connection import accept_key
from nbsocket.protocol.websocket import apply_mask

PROGRAM = """
import nbsocket
io = nbsocket.Server("raw", open=True)
io.on("echo", lambda socket, value: value)
print("serving", flush=True)
io.run()
"""
MASK = b"\x01\x02\x03\x04"


def frame(opcode, body=b"", fin=0x80):
    return bytes([fin | opcode, 0x80 | len(body)]) + MASK + apply_mask(MASK, body)


def request(port, version="1.1", **headers):
    """Ask for a WebSocket; return the socket and the head of the answer."""
    fields = {
        "Host": f"127.0.0.1:{port}",
        "Upgrade": "websocket",
        "Connection": "keep-alive, Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    client = socket.create_connection(("127.0.0.1", port), timeout=10)
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    client.sendall(f"GET /socket.io/?EIO=4&transport=websocket HTTP/{version}\r\n{head}\r\n".encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += client.recv(1)
    return client, answer.decode()


def take(client, size):
    data = b""
    while len(data) < size:
        more = client.recv(size - len(data))
        assert more, data
        data += more
    return data


def receive(client):
    """Return the opcode and the body of the next frame."""
    first, length = take(client, 2)
    if length == 126:
        (length,) = struct.unpack("!H", take(client, 2))
    return first & 0xF, take(client, length)


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    script = tmp_path_factory.mktemp("raw") / "app.py"
    script.write_text(PROGRAM)
    with Program(script) as program:
        program.says("serving")
        yield program.port


@pytest.fixture(scope="module")
def patient_port(tmp_path_factory):
    """Of a server that waits for ever for the answer to its CLOSE."""
    script = tmp_path_factory.mktemp("patient") / "app.py"
    change = "import nbsocket.gateway.websocket_connection as module\nmodule._LINGER_S = 3600.0\n"
    script.write_text(change + PROGRAM)
    with Program(script) as program:
        program.says("serving")
        yield program.port


@pytest.fixture
def client(port):
    client, answer = request(port)
    assert answer.startswith("HTTP/1.1 101 ")
    opcode, body = receive(client)
    assert opcode == 1
    assert body.startswith(b'0{"sid"')
    with client:
        yield client


def closing(client):
    """Return the close code and the reason that come."""
    opcode, body = receive(client)
    while opcode != 8:
        opcode, body = receive(client)
    return struct.unpack("!H", body[:2])[0], body[2:].decode()


def closed_with(client):
    """Return the close code that comes."""
    return closing(client)[0]


def test_the_answer_to_the_key():
    """The example of RFC 6455, section 1.3."""
    assert accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def test_the_opening_handshake(port):
    """RFC 6455, section 4.2.2; no extension is taken, whatever is offered."""
    client, answer = request(port, Sec_WebSocket_Extensions="permessage-deflate")
    with client:
        assert "\r\nSec-Websocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in answer
        assert "Upgrade: websocket" in answer
        assert "Extensions" not in answer


@pytest.mark.parametrize("name", ["Upgrade", "Connection", "Sec-WebSocket-Key"])
def test_a_handshake_that_lacks_something_is_a_bad_request(port, name):
    """RFC 6455, section 4.2.1; no session is left behind."""
    client, answer = request(port, **{name.replace("-", "_"): ""})
    with client:
        assert answer.startswith("HTTP/1.1 400 ")


@pytest.mark.promise(4)
@pytest.mark.parametrize(
    "key",
    [
        "x",
        "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25jZQ=",
        "dGhlIHNhbXBsZSBub25jZQ===",
        "dGhlIHNhbXBsZSBub25jZSB0b28gbG9uZw==",
        "dGhlIHNhbXBsZSBub25jZ_==",
        "dGhlIHNhbXBs ZSBub25jZQ==",
        "=" * 24,
        "\u00e9" * 22 + "==",
    ],
)
def test_a_key_that_is_not_sixteen_bytes_in_base64_is_a_bad_request(port, key):
    """RFC 6455, section 4.2.1, item 5."""
    client, answer = request(port, Sec_WebSocket_Key=key)
    with client:
        assert answer.startswith("HTTP/1.1 400 ")


@pytest.mark.promise(4)
def test_an_upgrade_over_http_1_0_is_a_bad_request(port):
    """RFC 6455, section 4.2.1, item 1."""
    client, answer = request(port, version="1.0")
    with client:
        assert answer.startswith("HTTP/1.1 400 ")


def test_another_version_is_told_which_one_is_spoken(port):
    """RFC 6455, section 4.4."""
    client, answer = request(port, Sec_WebSocket_Version="8")
    with client:
        assert answer.startswith("HTTP/1.1 426 ")
        assert "Sec-Websocket-Version: 13" in answer


def test_a_ping_is_answered_between_the_fragments_of_a_message(client):
    """RFC 6455, sections 5.4 and 5.5."""
    client.sendall(frame(1, b"4", fin=0) + frame(9, b"are you there") + frame(0, b"0"))
    assert receive(client) == (0xA, b"are you there")
    assert receive(client)[1].startswith(b'40{"sid"')


def test_pings_that_nobody_reads_the_answers_to_are_answered_by_the_latest(port):
    """RFC 6455, section 5.5.3: only the latest need be answered, and the connection lives on."""
    client, _ = request(port)
    with client:
        client.sendall(frame(9, b"x" * 125) * 45 + frame(9, b"the last one"))
        while receive(client) != (0xA, b"the last one"):
            pass
        client.sendall(frame(1, b"40"))
        assert receive(client)[1].startswith(b'40{"sid"')


@pytest.mark.threat(32)
def test_a_flood_of_pings_is_read_at_the_rate_of_a_guest(port, client):
    """Each costs a loop that others share: the flood waits in its sender's own network buffers."""
    flooder, _ = request(port)
    flooder.settimeout(1)
    flood = frame(9, b"x" * 125) * 1_000_000
    with flooder:
        with pytest.raises(TimeoutError):
            flooder.sendall(flood)
        answered, until = 0, time.monotonic() + 2
        while time.monotonic() < until:
            answered += receive(flooder)[0] == 0xA
        assert answered < 150, "its burst, and a few a second after that"
        client.sendall(frame(1, b"40"))
        assert receive(client)[1].startswith(b'40{"sid"')


BIG = b"\x81\xff" + struct.pack("!Q", 2_000_000) + MASK


@pytest.mark.promise(4)
@pytest.mark.parametrize(
    ("data", "code", "reason"),
    [
        (b"\x81\x02hi", 1002, "a client's frame must be masked"),
        (frame(0x3), 1002, "opcode 0x3 is reserved"),
        (frame(0x41, b"x"), 1002, "a reserved bit is set, but no extension is in use"),
        (frame(0x0, b"x"), 1002, "fragments of a message are out of order"),
        (frame(0x9, b"x", fin=0), 1002, "a control frame is too long or in fragments"),
        (frame(0x1, b"\xff"), 1007, "a text message is not UTF-8"),
        (BIG + b"x" * 2_000_000, 1009, "a message of 2000000 bytes is over the limit of 1000000"),
        (frame(0x3) + frame(0x1, b"x" * 100) * 5000 + frame(0x9), 1002, "opcode 0x3 is reserved"),
    ],
)
def test_what_no_client_may_send_is_answered_with_its_code_and_the_end_comes_with_the_answer(
    patient_port, data, code, reason
):
    """RFC 6455, section 7.1.7: the client learns why. The server would wait an hour for its answer."""
    client, _ = request(patient_port)
    with client:
        client.sendall(data)
        assert closing(client) == (code, reason)
        client.sendall(frame(8, struct.pack("!H", code)))
        assert client.recv(1) == b""


def test_a_client_that_does_not_answer_does_not_keep_the_connection(client):
    client.sendall(b"\x81\xff" + struct.pack("!Q", 1 << 40))
    assert closed_with(client) == 1009
    client.settimeout(30)
    assert client.recv(1) == b""


@pytest.mark.promise(4)
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"9", "parse error: no Engine.IO packet"),
        (b"41", "parse error: the first packet is not a CONNECT"),
    ],
)
def test_what_is_no_packet_is_told_in_the_close(client, text, reason):
    client.sendall(frame(1, text))
    code, said = closing(client)
    assert (code, said[: len(reason)]) == (1002, reason)


def test_a_close_frame_is_answered_and_the_server_closes_first(client):
    """RFC 6455, sections 5.5.1 and 7.1.1."""
    client.sendall(frame(8, struct.pack("!H", 3000) + b"bye"))
    assert closed_with(client) == 3000
    assert client.recv(1) == b""


def test_after_its_close_frame_nothing_of_a_client_counts(client):
    """RFC 6455, section 5.5.1."""
    client.sendall(frame(8) + frame(1, b"40") + frame(1, b'421["echo",1]'))
    assert receive(client) == (8, b"")
    assert client.recv(1) == b""
