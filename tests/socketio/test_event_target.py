"""Registering and removing."""

import copy
import pickle
import re

import pytest
from support.stage import until

from nbsocket.socketio.cell_run import NO_CELL, handler_cell


@pytest.fixture(params=["server", "namespace", "parent", "socket"])
def target(request, stage):
    """Each thing on which handlers can be registered."""
    return {
        "server": lambda: stage.server,
        "namespace": lambda: stage.server.of("/n"),
        "parent": lambda: stage.server.of(re.compile("/p.*")),
        "socket": lambda: stage.guest()[1],
    }[request.param]()


def test_as_a_decorator_or_with_the_function_it_returns_the_function(target):
    def handler(*_):
        """Do nothing."""

    assert target.on("e", handler) is handler
    assert target.on("f")(handler) is handler
    assert target.once("g", handler) is handler
    assert target.once("h")(handler) is handler
    assert target.on_any(handler) is handler
    assert target.on_any_outgoing(handler) is handler
    assert target.use(handler) is handler


@pytest.mark.parametrize("event", [1, None, b"e", print])
def test_an_events_name_is_a_string(target, event):
    with pytest.raises(TypeError, match=r'an event\'s name is a string.*write @io\.on\("name"\)'):
        target.on(event)


def test_a_handler_can_be_called(target):
    with pytest.raises(TypeError, match="a handler must be callable, str is not"):
        target.on("e", "handler")
    with pytest.raises(TypeError, match="a handler must be callable, NoneType is not"):
        target.on_any(None)(None)


def test_removing_one_or_all_of_an_event_or_all(target):
    def one(*_):
        """Do nothing."""

    def two(*_):
        """Do nothing."""

    table = target._registrar().table
    for event in ("e", "f"):
        target.on(event, one)
        target.on(event, two)
    target.on_any(one)
    target.on_any_outgoing(one)
    target.off("e", one)
    assert [registered.function for registered in table.of("e")] == [two]
    target.off("e")
    assert table.of("e") == []
    target.off()
    assert table.of("f") == []
    assert table
    target.off_any(two)
    assert table
    target.off_any(one)
    target.off_any_outgoing()
    assert not table


@pytest.mark.parametrize("how", [pickle.dumps, copy.copy, copy.deepcopy])
def test_it_belongs_to_its_process(target, how):
    with pytest.raises(TypeError, match="cannot be pickled or copied: it belongs to this process"):
        how(target)


def test_what_a_handler_registers_belongs_to_the_cell_of_the_handler(stage):
    said = []
    with stage.cell("outer"):

        @stage.server.on("connection")
        def greet(socket):
            said.append(handler_cell.get())
            socket.on("e", lambda: said.append("e"))

    peer, socket = stage.guest()
    until(lambda: said)
    assert said[0].cell_id == "outer"
    peer.ask("e")
    with stage.cell("outer"):
        # Runs again and registers nothing: what its earlier run did goes, also on sockets.
        pass
    assert socket._registrar().table.of("e") == []


def test_what_belongs_to_no_cell_is_no_sign_that_a_cell_still_registers(stage):
    waits = []
    stage.server._core.registered = lambda: waits.append(True)
    token = handler_cell.set(NO_CELL)
    try:
        stage.server.on("e", lambda _: None)
    finally:
        handler_cell.reset(token)
    assert waits == []
    stage.server.on("e", lambda _: None)
    assert waits == [True]
