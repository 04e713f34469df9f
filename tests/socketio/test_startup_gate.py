"""Nothing arrives before its handler."""

import pytest
from support.stage import Stage, Surroundings, until

from nbsocket.protocol.socket_packet import PacketType
from nbsocket.socketio import startup_gate


def made_by_a_cell():
    """A server whose cell still runs."""
    here = Surroundings()
    cell = here.cells.begin("c")
    return Stage(here), cell


def test_clients_wait_until_the_cell_that_makes_the_server_has_ended():
    stage, cell = made_by_a_cell()
    got = []
    peer = stage.peer()
    peer.send(PacketType.CONNECT)
    peer.emit("e", 1)
    stage.settle()
    assert peer.received(PacketType.CONNECT) == []
    # Another cell's end is none of its business.
    stage.server.channel.cell_ended(stage.here.cells.begin("another"), ok=True)
    stage.settle()
    assert peer.received(PacketType.CONNECT) == []
    stage.server.on("e", lambda _, x: got.append(x))
    stage.server.channel.cell_ended(cell, ok=True)
    until(lambda: got == [1])
    stage.close()


def test_a_cell_that_goes_on_lets_them_in_after_a_while(monkeypatch):
    monkeypatch.setattr(startup_gate, "_QUIET_S", 0.05)
    stage, _ = made_by_a_cell()
    assert stage.peer().connect().connected
    stage.close()


def test_each_registration_gives_it_more_time(monkeypatch):
    times = [100.0]
    monkeypatch.setattr(startup_gate.time, "monotonic", lambda: times[0])
    stage, _ = made_by_a_cell()
    gate = stage.server.channel._gate
    times[0] = 100.9
    stage.server.on("e", lambda _: None)
    times[0] = 101.5
    stage.on_thread(gate._check)
    assert gate._held == []
    times[0] = 102.0
    stage.on_thread(gate._check)
    assert gate._held is None
    monkeypatch.undo()
    stage.close()


@pytest.mark.parametrize("has_cells", [True, False])
def test_outside_cells_a_program_says_when(make_stage, has_cells):
    stage = make_stage(has_cells=has_cells)
    peer = stage.peer()
    peer.send(PacketType.CONNECT)
    stage.settle()
    assert bool(peer.received(PacketType.CONNECT)) is has_cells
    stage.server.channel.let_in()
    until(lambda: peer.received(PacketType.CONNECT))
    stage.server.channel.let_in()
