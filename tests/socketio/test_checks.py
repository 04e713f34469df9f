"""What calls are given."""

import decimal
import math

import numpy as np
import pytest

from nbsocket.socketio.checks import no_options, room_names, seconds


def test_rooms_come_one_by_one_or_as_lists():
    assert room_names(["a", ["b", "c"], ("d",), {"e"}, frozenset("f")]) == set("abcdef")
    assert room_names([]) == frozenset()


@pytest.mark.parametrize("name", [1, None, b"a", ["a", 1], [["a"]]])
def test_a_room_is_a_string(name):
    with pytest.raises(TypeError, match="a room's name is a string, not"):
        room_names([name])


@pytest.mark.parametrize("value", [0, 1.5, np.float32(1.5), decimal.Decimal("1.5"), math.inf])
def test_seconds_are_any_number(value):
    found = seconds(value)
    assert type(found) is float
    assert found == value


def test_no_seconds_are_for_ever():
    assert seconds(None) is None


@pytest.mark.parametrize("value", ["1", True, [1], 1j])
def test_what_is_not_a_number_is_refused(value):
    with pytest.raises(TypeError, match=r"timeout=.*give seconds as a number"):
        seconds(value)


@pytest.mark.parametrize("value", [-1, -0.001, math.nan])
def test_seconds_are_not_negative(value):
    with pytest.raises(ValueError, match=r"wait=.*not negative"):
        seconds(value, "wait")


def test_a_keyword_of_another_library_is_told_what_to_write_instead():
    no_options("emit", {})
    with pytest.raises(TypeError, match=r"emit\(\) has no room=; write  io\.to\(room\)\.emit"):
        no_options("emit", {"room": "a"})
    with pytest.raises(TypeError, match=r"emit\(\) has no colour=; .*without keywords"):
        no_options("emit", {"colour": "red"})
