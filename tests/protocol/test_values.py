import enum
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsocket.protocol.errors import EncodeError, ProtocolError
from nbsocket.protocol.values import MAX_ATTACHMENTS, MAX_DEPTH, decode, encode, restore

texts = st.text(st.characters(codec="utf-8"))
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
plain = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)
with_bytes = st.recursive(
    st.none() | st.booleans() | texts | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=MAX_ATTACHMENTS,
)


def there_and_back(args):
    text, attachments = encode(args)
    json.loads(text)
    return restore(decode(text), attachments)


@given(st.lists(plain, max_size=4))
def test_json_values_arrive_as_they_were(args):
    assert args == there_and_back(args)


@given(with_bytes)
def test_bytes_arrive_in_any_depth(value):
    if '"_placeholder"' in json.dumps(value, default=repr):
        return
    assert [value] == there_and_back([value])


def test_what_becomes_what():
    class Color(str, enum.Enum):
        RED = "red"

    sent = [(1, 2), bytearray(b"a"), memoryview(b"b"), {1: "one"}, Color.RED, True]
    assert there_and_back(sent) == [[1, 2], b"a", b"b", {"1": "one"}, "red", True]


def test_numpy_scalars_are_numbers_and_arrays_are_bytes():
    array = np.arange(6, dtype="<i2").reshape(2, 3)[:, ::2]
    sent = [np.float64(1.5), np.int64(7), np.bool_(True), np.str_("x"), array]
    assert there_and_back(sent) == [1.5, 7, True, "x", array.tobytes()]


@pytest.mark.parametrize(
    ("args", "path"),
    [
        ([{"speed": math.nan}], "args[0]['speed']"),
        ([1, [2**53 + 1]], "args[1][0]"),
        ([-math.inf], "args[0]"),
        ([{"a": {1, 2}}], "args[0]['a']"),
        ([{(1, 2): 3}], "args[0]"),
        ([{"a": ["\ud83d"]}], "args[0]['a'][0]"),
        ([[b""] * (MAX_ATTACHMENTS + 1)], f"args[0][{MAX_ATTACHMENTS}]"),
        ([np.float64("nan")], "args[0]"),
        ([np.array([object()])], "args[0]"),
        ([object()], "args[0]"),
    ],
)
def test_what_cannot_be_sent_is_named_by_its_path(args, path):
    with pytest.raises(EncodeError) as raised:
        encode(args)
    assert raised.value.path == path


def test_a_list_that_contains_itself_is_refused():
    endless = []
    endless.append(endless)
    with pytest.raises(EncodeError, match="deeper"):
        encode([endless])


def test_as_deep_as_allowed_both_ways_and_no_deeper():
    deep = "x"
    for _ in range(MAX_DEPTH - 1):
        deep = [deep]
    assert [deep] == there_and_back([deep])
    with pytest.raises(ProtocolError, match="deeper"):
        decode("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))
    decode("[" + ",".join(["[]"] * 1000) + "]")


@pytest.mark.parametrize(
    "text",
    ["", "NaN", "[Infinity]", "[1e999]", "{", '"\x01"', "[1,]", "[" * 100_000, '{"a":}', "[01]"],
)
def test_what_is_not_json_is_a_protocol_error(text):
    with pytest.raises(ProtocolError):
        decode(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"a\ud83d"', "a\ufffd"),
        (r'"\ude00b"', "\ufffdb"),
        (r'"\ud83d\ude00"', "😀"),
        (r'"\ud83d\ud83d\ude00"', "\ufffd😀"),
        (r'"\\ud83d"', "\\ud83d"),
    ],
)
def test_a_cut_emoji_becomes_the_replacement_character(text, value):
    assert decode(text) == value


@pytest.mark.parametrize("number", ["1", "-1", "true", '"0"', "0.0", "null", "1e0"])
def test_a_placeholder_must_name_an_attachment(number):
    with pytest.raises(ProtocolError, match="placeholder"):
        restore(decode('[{"_placeholder":true,"num":%s}]' % number), [b"x"])  # noqa: UP031 - braces


def test_subclasses_of_plain_types_are_sent_as_these():
    class Number(enum.IntEnum):
        SEVEN = 7

    class Ratio(float):
        pass

    class Settings(dict):
        pass

    assert there_and_back([Number.SEVEN, Ratio(0.5), Settings(a=1)]) == [7, 0.5, {"a": 1}]


def test_numpy_values_without_a_json_form_are_refused():
    with pytest.raises(EncodeError, match="datetime64"):
        encode([np.datetime64("2026-01-01")])


def test_a_surrogate_in_a_key_is_found():
    with pytest.raises(EncodeError, match="surrogate"):
        encode([{"a": 1, "\ud83d": 2}])


def test_a_placeholder_may_stand_in_any_depth_and_others_stay():
    value = decode('[{"a":[{"_placeholder":true,"num":0}],"_placeholder":false}]')
    assert restore(value, [b"x"]) == [{"a": [b"x"], "_placeholder": False}]
