from dataclasses import FrozenInstanceError

import pytest

from nbsocket.socketio.handshake import Handshake


def test_it_holds_what_the_gateway_told_and_what_connect_brought():
    details = {
        "headers": {"host": "here"},
        "query": {"EIO": "4"},
        "address": "127.0.0.1",
        "url": "/nbsocket/",
        "secure": True,
        "xdomain": False,
    }
    assert Handshake.of(details, {"name": "alice"}) == Handshake(
        {"host": "here"}, {"EIO": "4"}, {"name": "alice"}, "127.0.0.1", "/nbsocket/", secure=True
    )


def test_what_the_gateway_left_out_is_empty():
    assert Handshake.of({}, {}) == Handshake()
    assert Handshake().xdomain is False


def test_it_cannot_be_changed_and_shares_nothing_with_the_message():
    details = {"query": {"name": "alice"}}
    shake = Handshake.of(details, {})
    details["query"]["name"] = "mallory"
    assert shake.query == {"name": "alice"}
    with pytest.raises(FrozenInstanceError):
        shake.address = "elsewhere"
