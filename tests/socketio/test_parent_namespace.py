"""Namespaces that come and go with their clients."""

import re
import threading

import pytest
from support.stage import until

from nbsocket.errors import AckTimeout
from nbsocket.protocol.socket_packet import PacketType


@pytest.fixture
def parent(stage):
    return stage.server.of(re.compile(r"/room-\d"))


@pytest.fixture
def two(stage, parent):
    """Two clients, each in a child of its own."""
    made = []
    for name in ("/room-1", "/room-2"):
        peer = stage.peer()
        made.append((peer, peer.connect(name)))
    return made


def events(peer, name):
    return [one.data for one in peer.received(PacketType.EVENT, name)]


def refused(stage, name, auth=None):
    peer = stage.peer()
    peer.send(PacketType.CONNECT, auth, namespace=name)
    return until(lambda: peer.received(PacketType.CONNECT_ERROR, name))[0].data["message"]


def test_a_pattern_matches_whole_names(stage, parent):
    assert stage.peer().connect("/room-1").namespace.name == "/room-1"
    assert refused(stage, "/room-12") == "Invalid namespace"
    assert refused(stage, "/a/room-1") == "Invalid namespace"
    assert repr(parent) == r"<ParentNamespace /room-\d, 1 namespaces>"


@pytest.mark.parametrize("is_async", [False, True])
def test_a_function_is_asked_with_the_name_and_auth(stage, is_async, capfd):
    asked = []

    def check(name, auth):
        asked.append((name, auth))
        return auth["key"] == "right"

    async def check_async(name, auth):
        return check(name, auth)

    parent = stage.server.of(check_async if is_async else check)
    stage.peer().connect("/x", {"key": "right"})
    assert refused(stage, "/y", {"key": "wrong"}) == "Invalid namespace"
    # One that raises says no, and its author sees why.
    assert refused(stage, "/z") == "Invalid namespace"
    assert asked == [("/x", {"key": "right"}), ("/y", {"key": "wrong"}), ("/z", {})]
    assert "KeyError: 'key'" in capfd.readouterr().err
    assert repr(parent).startswith("<ParentNamespace the check of dynamic namespaces check")


@pytest.mark.parametrize("matching", [1, None, b"/x"])
def test_what_else_there_may_be_is_refused(stage, matching):
    with pytest.raises(
        TypeError, match=r"io\.of\(\) takes a name, a compiled regular expression or a function"
    ):
        stage.server.of(matching)


def test_broadcasts_reach_all_children(stage, parent, two):
    parent.emit("hello")
    assert [events(peer, socket.namespace.name) for peer, socket in two] == [[["hello"]], [["hello"]]]
    two[0][1].join("red")
    parent.to("red").emit("red")
    assert events(two[0][0], "/room-1")[1:] == [["red"]]
    assert events(two[1][0], "/room-2")[1:] == []
    assert parent.except_("red").fetch_sockets() == [two[1][1]]


def test_all_children_are_asked_together(stage, parent, two):
    def answer(peer, name, value):
        (asked,) = until(lambda: [one for one in peer.received(2, name) if one.ack_id is not None])
        peer.send(PacketType.ACK, [value], namespace=name, ack_id=asked.ack_id)

    for (peer, socket), value in zip(two, "ab", strict=True):
        threading.Thread(target=answer, args=[peer, socket.namespace.name, value]).start()
    assert parent.call("q", timeout=5) == ["a", "b"]
    with pytest.raises(AckTimeout, match="2 of 2"):
        parent.call("q", timeout=0)


def test_its_handlers_and_middleware_count_in_each_child(stage, parent):
    said = []
    parent.use(lambda socket: said.append(("middleware", socket.namespace.name)))
    parent.on("connection", lambda socket: said.append(("connection", socket.namespace.name)))
    parent.on("e", lambda socket: said.append(("e", socket.namespace.name)))
    peer = stage.peer()
    peer.connect("/room-1")
    peer.raw('2/room-1,["e"]')
    until(lambda: len(said) == 3)
    assert said == [("middleware", "/room-1"), ("connection", "/room-1"), ("e", "/room-1")]


def test_what_is_sent_is_heard_by_a_listener_of_the_parent(stage, parent, two):
    heard = []
    parent.on_any_outgoing(lambda socket, event: heard.append((socket.namespace.name, event)))
    two[0][1].emit("hello")
    stage.settle()
    assert heard == [("/room-1", "hello")]
    # Also in a child that came after it.
    stage.peer().connect("/room-3").emit("hi")
    stage.settle()
    assert heard[1:] == [("/room-3", "hi")]


def test_a_child_goes_with_its_last_client(stage, parent, two):
    (peer, _), _ = two
    assert list(parent.children) == ["/room-1", "/room-2"]
    peer.leave()
    until(lambda: list(parent.children) == ["/room-2"])
    assert list(stage.server.channel.namespaces) == ["/", "/room-2"]


def test_a_child_that_was_asked_for_by_name_or_has_handlers_stays(stage, parent, two):
    stage.server.of("/room-1")
    two[1][1].namespace.on("e", lambda _: None)
    for peer, _ in two:
        peer.leave()
    until(lambda: not two[1][1].connected)
    stage.settle()
    assert list(parent.children) == ["/room-1", "/room-2"]


def test_running_its_cell_again_replaces_handlers_and_greets_who_is_here(stage, parent):
    said = []
    with stage.cell("c"):
        parent.on("connection", lambda _: said.append("old"))
        parent.on("e", lambda _: said.append("old e"))
    peer = stage.peer()
    peer.connect("/room-1")
    until(lambda: said == ["old"])
    with stage.cell("c"):
        parent.on("connection", lambda _: said.append("new"))
    assert said == ["old", "new"]
    peer.raw('2/room-1,["e"]')
    until(lambda: stage.is_settled)
    assert said == ["old", "new"]


def test_a_preview_lights_up_panes_in_all_children(stage, parent):
    told = []
    stage.here.output.listen("p1", lambda run, kind, _: told.append((run.client.namespace.name, kind)))
    owner = stage.peer(role="owner", handshake={"query": {"pane": "p1"}})
    owner.connect("/room-1")
    owner.connect("/room-2")
    assert len(parent.preview()) == 2
    assert told == [("/room-1", "lit"), ("/room-2", "lit")]
