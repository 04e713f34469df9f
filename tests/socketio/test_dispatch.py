"""Which handlers run for what, and in which order."""

import asyncio
import re

import pytest
from support.stage import until


@pytest.fixture
def said():
    return []


def test_the_sockets_own_handlers_come_first(stage, said):
    peer, socket = stage.guest()
    stage.server.on("e", lambda _, x: said.append(("server", x)))
    socket.on("e", lambda x: said.append(("socket", x)))
    peer.ask("e", 1)
    assert said == [("socket", 1), ("server", 1)]


def test_parents_come_before_children(stage, said):
    parent = stage.server.of(re.compile("/r.*"))
    parent.on("e", lambda _: said.append("parent"))
    peer = stage.peer()
    peer.connect("/room").namespace.on("e", lambda _: said.append("child"))
    peer.raw('2/room,["e"]')
    until(lambda: said == ["parent", "child"])


def test_listeners_of_all_events_hear_it_before_the_handlers(stage, said):
    peer, socket = stage.guest()
    stage.server.on("e", lambda *_: said.append("handler"))
    stage.server.on_any(lambda one, event, *args: said.append(("server", one is socket, event, args)))
    socket.on_any(lambda event, *args: said.append(("socket", event, args)))
    peer.ask("e", 1, 2)
    assert said == [("socket", "e", (1, 2)), ("server", True, "e", (1, 2)), "handler"]


def test_listeners_of_what_is_sent_hear_it_once_for_each_recipient(stage, said):
    _, alice = stage.guest()
    _, bob = stage.guest()
    stage.server.on_any_outgoing(lambda one, event, *args: said.append((one, event, args)))
    bob.on_any_outgoing(lambda event, *args: said.append(("bob's own", event, args)))
    stage.server.emit("e", 1)
    bob.emit("f")
    stage.settle()
    assert said == [
        (alice, "e", (1,)),
        ("bob's own", "e", (1,)),
        (bob, "e", (1,)),
        ("bob's own", "f", ()),
        (bob, "f", ()),
    ]


def test_middleware_of_a_socket_may_change_the_arguments_or_stop_the_event(stage, said):
    peer, socket = stage.guest()
    stage.server.on("e", lambda _, x: said.append(x))

    @socket.use
    def double(event, args):
        if args[0] < 0:
            raise ValueError("negative")
        args[0] *= 2

    @socket.use
    async def increment(event, args):
        await asyncio.sleep(0)
        args[0] += 1

    socket.on("error", lambda error: said.append(str(error)))
    peer.emit("e", 5)
    until(lambda: said == [11])
    peer.emit("e", -1)
    until(lambda: said == [11, "negative"])


def test_without_a_handler_of_errors_the_author_sees_what_middleware_raised(stage, said, capfd):
    peer, socket = stage.guest()
    stage.server.on("e", lambda *_: said.append("handled"))
    socket.use(lambda *_: 1 / 0)
    peer.emit("e")
    until(lambda: stage.is_settled)
    assert said == []
    assert "ZeroDivisionError" in capfd.readouterr().err


@pytest.mark.parametrize("of_socket", [False, True])
def test_once_is_once(stage, said, of_socket):
    peer, socket = stage.guest()
    if of_socket:
        socket.once("e", said.append)
    else:
        stage.server.once("e", lambda _, x: said.append(x))
    peer.emit("e", 1)
    peer.emit("e", 2)
    until(lambda: stage.is_settled)
    assert said == [1]


def test_once_of_a_parent_is_once_for_all_its_children(stage, said):
    parent = stage.server.of(re.compile("/r.*"))
    parent.once("e", lambda one: said.append(one.namespace.name))
    for name in ("/r1", "/r2"):
        peer = stage.peer()
        peer.connect(name)
        peer.raw(f'2{name},["e"]')
    until(lambda: stage.is_settled)
    assert said == ["/r1"]


def test_a_once_handler_that_removes_another_keeps_it_from_running(stage, said):
    peer, socket = stage.guest()
    socket.once("e", lambda: (said.append("first"), socket.off("e")))
    socket.once("e", lambda: said.append("second"))
    peer.emit("e")
    until(lambda: stage.is_settled)
    assert said == ["first"]


def test_connection_handlers_run_once_for_each_socket(stage, said):
    with stage.cell():
        stage.server.on("connection", lambda _: said.append("first"))
    stage.guest()
    until(lambda: said == ["first"])
    # A cell that runs again greets those who are here by its new handler.
    with stage.cell():
        stage.server.on("connection", lambda _: said.append("again"))
    assert said == ["first", "again"]
    stage.guest()
    until(lambda: said == ["first", "again", "again"])


def test_a_new_connection_handler_does_not_greet_who_came_before(stage, said):
    stage.guest()
    with stage.cell():
        stage.server.on("connection", lambda _: said.append("late"))
    assert said == []


def test_a_connection_handler_of_once_greets_one(stage, said):
    stage.server.once("connect", lambda _: said.append("hello"))
    stage.guest()
    stage.guest()
    stage.settle()
    assert said == ["hello"]


def test_a_client_cannot_emit_the_events_of_the_servers_own_life(stage, said):
    for event in ("connection", "connect"):
        stage.server.on(event, lambda *_, event=event: said.append(event))
    peer, _ = stage.guest()
    until(lambda: said == ["connection", "connect"])
    peer.raw('2["connection"]')
    until(lambda: stage.is_settled)
    assert said == ["connection", "connect"]
    assert peer.closed_because == ""


@pytest.mark.parametrize("event", ["connect", "disconnect", "disconnecting"])
def test_a_client_that_emits_a_reserved_event_is_closed(stage, said, event):
    peer, _ = stage.guest()
    stage.server.on(event, lambda _, why="": said.append(why))
    peer.raw(f'2["{event}","a reason of its own"]')
    assert "reserved" in until(lambda: peer.closed_because)
    stage.settle()
    assert "a reason of its own" not in said


def test_a_client_that_left_is_not_handled_any_more(stage, said):
    peer, _ = stage.guest()
    stage.server.on("e", lambda one: (said.append("e"), one.disconnect()))
    stage.carrier.give(*[one for _ in range(3) for one in peer.messages(2, ["e"])])
    until(lambda: stage.is_settled)
    assert said == ["e"]


def test_an_event_without_a_handler_tells_the_pane(stage):
    told = []
    stage.here.output.listen("p1", lambda run, kind, text: told.append((run.event, kind, text)))
    peer = stage.peer(role="owner", handshake={"query": {"pane": "p1"}})
    peer.connect()
    peer.send(2, ["nobody"], ack_id=3)
    until(lambda: stage.is_settled)
    assert told == [
        ("nobody", "stderr", "No handler is registered for 'nobody'.\n"),
        ("nobody", "unanswered", "3"),
    ]
