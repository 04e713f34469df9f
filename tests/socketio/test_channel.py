"""One channel: its namespaces, its clients, and what the carrier says of it."""

import re

import pytest
from support.stage import until

from nbsocket.link.messages import (
    ChannelLost,
    Trouble,
    Unregister,
    Watch,
)
from nbsocket.protocol.socket_packet import PacketType


def test_a_namespace_exists_from_when_it_is_asked_for(stage):
    made = stage.server.of("admin")
    assert made.name == "/admin"
    assert stage.server.of("/admin") is made
    assert list(stage.server.channel.namespaces) == ["/", "/admin"]


def test_the_same_pattern_is_the_same_parent_and_its_clients_stay(stage):
    first = stage.server.of(re.compile("/room-.*"))
    peer = stage.peer()
    peer.connect("/room-1")
    assert stage.server.of(re.compile("/room-.*")) is first
    assert stage.server.of(re.compile("/other-.*")) is not first
    assert list(first.children) == ["/room-1"]


def test_a_function_of_the_same_cell_takes_the_place_of_its_earlier_self(stage):
    def check(name, _auth):
        return name == "/before"

    with stage.cell():
        first = stage.server.of(check)

    def check(name, _auth):
        return name == "/after"

    with stage.cell():
        assert stage.server.of(check) is first
    stage.peer().connect("/after")
    refused = stage.peer()
    refused.send(PacketType.CONNECT, namespace="/before")
    until(lambda: refused.received(PacketType.CONNECT_ERROR, "/before"))


def test_parents_are_asked_one_after_another_and_a_name_counts_before_them(stage):
    asked = []
    by_name = stage.server.of("/mine")
    stage.server.of(lambda name, _: asked.append(name))
    pattern = stage.server.of(re.compile("/room"))
    assert stage.peer().connect("/room").namespace is pattern.children["/room"]
    assert asked == ["/room"]
    assert stage.peer().connect("/mine").namespace is by_name
    assert stage.peer().connect("/room").namespace is pattern.children["/room"]
    assert asked == ["/room"]


def test_a_namespace_that_nobody_has_is_refused(stage):
    peer = stage.peer()
    peer.send(PacketType.CONNECT, namespace="/nowhere")
    (answer,) = until(lambda: peer.received(PacketType.CONNECT_ERROR, "/nowhere"))
    assert answer.data == {"message": "Invalid namespace"}


def test_another_notebook_takes_the_channel_over(stage, capfd):
    gone = []
    stage.server.on("disconnect", lambda _, why: gone.append(why))
    stage.guest()
    stage.here.servers["stage"] = stage.server
    stage.carrier.give(ChannelLost("stage", "lesson.ipynb"))
    until(lambda: gone == ["transport close"])
    stage.settle()
    assert "taken over by lesson.ipynb" in capfd.readouterr().out
    assert stage.here.servers == {}


def test_the_gateway_starts_again_and_all_are_gone(stage):
    gone = []
    stage.server.on("disconnect", lambda _, why: gone.append(why))
    for _ in range(3):
        stage.guest()
    stage.server.channel.gateway_restarted()
    until(lambda: gone == ["transport close"] * 3)
    assert stage.server.sockets == {}


def test_watching_begins_and_ends(stage):
    stage.carrier.give(Watch("stage", on=True))
    assert stage.here.activity.is_watched
    stage.carrier.give(Watch("stage", on=False))
    assert not stage.here.activity.is_watched


def test_what_went_wrong_with_a_client_is_said_once_and_counted(stage, capfd):
    for _ in range(3):
        bad, _ = stage.guest()
        bad.raw("no packet")
        until(lambda bad=bad: bad.closed_because)
    stage.carrier.give(Trouble("stage", "A client sent too much."))
    stage.settle()
    said = capfd.readouterr().err
    assert said.count("A client (guest) sent what is not a Socket.IO packet") == 1
    assert "nbsocket, 'stage': A client sent too much." in said
    figures = stage.server.channel.troubles.figures()
    assert figures["no_packet"]["count"] == 3


def test_what_the_carrier_says_of_other_channels_and_clients_is_nothing_here(stage):
    stage.carrier.give(Watch("another", on=True), ChannelLost("another", "x"), Trouble("another", "t"))
    peer = stage.peer()
    peer.session = 10**6
    peer.emit("lost")
    peer.leave()
    assert until(lambda: stage.is_settled)


def test_closing_gives_the_name_back(stage):
    _, socket = stage.guest()
    stage.server.close()
    assert isinstance(stage.carrier.sent[-1], Unregister)
    until(lambda: not socket.connected)
    assert stage.here.servers == {}


@pytest.mark.parametrize(("has_cells", "is_linked", "keeps"), [(True, True, True), (True, False, False)])
def test_clients_stay_through_a_restart_if_they_come_through_another_process(
    make_stage, has_cells, is_linked, keeps
):
    stage = make_stage(recovery=True, has_cells=has_cells, is_linked=is_linked)
    assert stage.server.channel.keeps is keeps
