"""Clocks that jump: heartbeats follow the steady one, expiry follows the wall."""

import ast
from pathlib import Path

import pytest

from nbsocket.gateway.codes import CodeOffice
from nbsocket.gateway.tickets import TicketSigner
from nbsocket.protocol.engine_packet import Packet, PacketType
from nbsocket.protocol.engine_session import PacketDue, Session, Timing
from nbsocket.protocol.engine_states import Trigger

PACKAGE = Path(__file__).parent.parent.parent / "nbsocket"
# Where the time of day is meant: when a ticket expires, what Jupyter calls activity, what a wire view shows.
OF_THE_WALL = {
    "gateway/ticket.py",
    "gateway/tickets.py",
    "socketio/tickets.py",
    "extension/activity.py",
    "gateway/wiretap.py",
    # These only show it: when an answer came, and when an event of the bench was made.
    "classroom/round.py",
    "widgets/bench_source.py",
}


@pytest.mark.fault(26)
def test_only_expiry_asks_for_the_time_of_day():
    asking = set()
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in ("time.time", "datetime.now"):
                asking.add(str(file.relative_to(PACKAGE)))
    assert asking == OF_THE_WALL


@pytest.mark.fault(26)
@pytest.mark.parametrize("jump_s", [-3600.0, 3600.0])
def test_a_clock_that_jumps_moves_expiry_alone(jump_s):
    wall = [1_800_000_000.0]
    office = TicketSigner(b"secret", lambda: wall[0])
    value, ticket = office.mint("chat", "guest", "kernel", 1800)
    codes = CodeOffice(office, lambda: 5.0)
    code = codes.issue(value, ticket)
    wall[0] += jump_s
    is_good = jump_s < 0
    assert (office.check(value, "chat") is not None) is is_good
    assert (codes.exchange(code, "here") is not None) is is_good


@pytest.mark.fault(26)
def test_after_a_long_sleep_the_next_ping_is_one_ping():
    """A laptop sleeps for eight hours: the session asks once whether the client is there."""
    session = Session("s", Timing(ping_interval_s=25, ping_timeout_s=20))
    session.open(Trigger.WEBSOCKET_HANDSHAKE, 100.0)
    slept = 100.0 + 8 * 3600
    assert session.tick(slept) == PacketDue(Packet(PacketType.PING))
    assert session.tick(slept) is None
    session.receive(Packet(PacketType.PONG), slept + 1)
    assert session.deadline == slept + 26
