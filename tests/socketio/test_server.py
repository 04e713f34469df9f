"""A server on one channel."""

import threading

import pytest
from support.stage import Stage, Surroundings, until

from nbsocket.errors import ChannelInUse, LinkLostError, NoServerError, ServerClosedError
from nbsocket.link.messages import AskStats, MintTicket, Register


def test_it_says_what_it_is(stage):
    stage.guest()
    assert repr(stage.server) == "<nbsocket.Server 'stage', 1 connected>"


def test_it_is_where_its_carrier_is(stage):
    stage.carrier.url, stage.carrier.base_url = "http://127.0.0.1:8888/a/", "/a/"
    stage.carrier.public_url = "http://192.0.2.1:9000/a/"
    server = stage.server
    assert (server.url, server.base_url) == ("http://127.0.0.1:8888/a/", "/a/")
    assert server.public_url == "http://192.0.2.1:9000/a/"


def test_the_server_is_its_default_namespace(stage):
    peer, socket = stage.guest()
    said = []
    stage.server.on("e", lambda _: said.append("e"))
    middleware = stage.server.use(lambda _: said.append("asked"))
    peer.ask("e")
    assert stage.server.sockets == stage.server.of("/").sockets == {socket.id: socket}
    assert [one.function for one in stage.server.of("/")._registrar().table.of("e")]
    stage.guest()
    stage.server.unuse(middleware)
    stage.guest()
    assert said == ["e", "asked"]


def test_a_name_that_another_holds_is_refused_and_nothing_of_it_stays():
    here = Surroundings()
    here.carrier.answers[Register] = {"error": "channel_in_use", "message": "lesson.ipynb"}
    with pytest.raises(ChannelInUse, match=r"held by lesson\.ipynb.*takeover=True") as caught:
        Stage(here)
    assert caught.value.notebook == "lesson.ipynb"
    assert (here.servers, here.carrier._channels) == ({}, {})
    here.carrier.answers[Register] = {"error": "bad_channel", "message": "'stage' is not valid"}
    with pytest.raises(ValueError, match="'stage' is not valid"):
        Stage(here)
    here.close()


def test_without_a_link_there_is_no_server(monkeypatch):
    here = Surroundings()

    def down():
        raise NoServerError("nothing here")

    monkeypatch.setattr(here.carrier, "wait_up", down)
    with pytest.raises(NoServerError):
        Stage(here)
    assert here.carrier.sent == []
    here.close()


def test_draining_waits_until_there_is_room(stage):
    stage.carrier.writable = False

    def make_room():
        with stage.carrier._changed:
            stage.carrier.writable = True
            stage.carrier._changed.notify_all()

    threading.Timer(0.02, make_room).start()
    stage.awaited(stage.server.drain())
    assert stage.carrier.writable


# --- tickets and numbers ----------------------------------------------------------------------


def test_numbers_are_those_of_the_gateway_and_of_this_process(stage):
    stage.carrier.answers[AskStats] = {"value": {"clients": 1, "troubles": {"too_big": {"count": 2}}}}
    peer, _ = stage.guest()
    stage.server.on("e", lambda _: None)
    peer.ask("e")
    bad, _ = stage.guest()
    bad.raw("nonsense")
    until(lambda: stage.is_settled)
    stats = stage.server.stats()
    assert stats["clients"] == 1
    assert {kind: one["count"] for kind, one in stats["troubles"].items()} == {"too_big": 2, "no_packet": 1}
    # Two CONNECTs and an event.
    assert (stats["handlers"]["handled"], stats["handlers"]["waiting"]) == (3, 0)


def test_a_gateway_that_knows_no_such_channel_is_told(stage):
    stage.carrier.answers[AskStats] = {"error": "no_channel"}
    stage.carrier.answers[MintTicket] = {"error": "no_channel"}
    for call in (stage.server.stats, stage.server.ticket):
        with pytest.raises(
            LinkLostError, match="has no channel 'stage'; run the cell that creates it again"
        ):
            call()


def test_a_closed_server_says_so(stage):
    stage.server.close()
    for call in (stage.server.stats, stage.server.ticket):
        with pytest.raises(ServerClosedError, match=r"nbsocket\.Server\('stage'\)  for a new one"):
            call()
