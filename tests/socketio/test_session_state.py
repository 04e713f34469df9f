"""What is kept of a client for the kernel's next process."""

import math
from types import SimpleNamespace

import msgspec
import pytest

from nbsocket.socketio.session_state import MAX_STATE_BYTES, read_state, state_of


def socket(data, name="/", rooms=("red",)):
    return SimpleNamespace(
        id="id",
        pid="pid",
        namespace=SimpleNamespace(name=name),
        handshake=SimpleNamespace(auth={"name": "alice"}),
        rooms=frozenset({"id", *rooms}),
        data=data,
    )


def kept(data):
    return read_state(state_of([socket(data)]))["/"].data


def test_it_comes_back_as_it_was():
    states = read_state(state_of([socket({"score": 1}, rooms=("b", "a")), socket({}, "/chat")]))
    assert list(states) == ["/", "/chat"]
    state = states["/"]
    assert (state.id, state.pid, state.auth) == ("id", "pid", {"name": "alice"})
    assert (state.rooms, state.data) == (["a", "b"], {"score": 1})


class Text(str):
    __slots__ = ()


class Unfriendly(dict):
    def __eq__(self, other):
        raise TypeError

    __hash__ = None


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1: 2},
        (1, 2),
        math.nan,
        "\ud800",
        b"bytes",
        "x" * (MAX_STATE_BYTES + 1),
        Unfriendly({"a": 1}),
    ],
)
def test_what_json_does_not_bring_back_is_left_out_alone(value):
    assert kept({"before": 1, "bad": value, "after": [2]}) == {"before": 1, "after": [2]}


def test_what_refers_to_itself_is_left_out():
    loop = []
    loop.append(loop)
    assert kept({"loop": loop, "x": 1}) == {"x": 1}


def test_keys_that_are_not_strings_are_left_out():
    assert kept({1: "one", "two": 2}) == {"two": 2}


def test_data_that_is_no_dict_is_empty():
    assert kept([1, 2]) == {}
    assert kept(None) == {}


def test_a_name_of_a_class_of_the_users_own_is_a_name():
    state = read_state(state_of([socket({}, rooms=(Text("red"),))]))["/"]
    assert state.rooms == ["red"]


def test_too_much_data_is_left_out_and_too_much_of_all_is_nothing():
    many = {str(number): "x" * 1000 for number in range(100)}
    state = read_state(state_of([socket(many)]))["/"]
    assert (state.data, state.rooms) == ({}, ["red"])
    assert state_of([socket({}, rooms=[f"room {number}" * 10 for number in range(1000)])]) == b""


@pytest.mark.parametrize("state", [b"", b"[]", b'{"/":{"id":1}}', b'{"/":["id"]}', b"\xff"])
def test_what_an_other_version_wrote_is_refused(state):
    with pytest.raises(msgspec.DecodeError):
        read_state(state)
