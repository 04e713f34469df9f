import array
import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import io
import json
import math
import pathlib
import types
import uuid

import numpy as np
import pandas as pd
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
    class Color(enum.StrEnum):
        RED = "red"

    sent = [(1, 2), bytearray(b"a"), memoryview(b"b"), {1: "one"}, Color.RED, True]
    assert there_and_back(sent) == [[1, 2], b"a", b"b", {"1": "one"}, "red", True]


def test_numpy_scalars_are_numbers_and_arrays_are_bytes():
    some = np.arange(6, dtype="<i2").reshape(2, 3)[:, ::2]
    sent = [np.float64(1.5), np.int64(7), np.bool_(True), np.str_("x"), some]
    assert there_and_back(sent) == [1.5, 7, True, "x", some.tobytes()]


@pytest.mark.parametrize(
    ("args", "path"),
    [
        ([{"speed": math.nan}], "args[0]['speed']"),
        ([1, [2**53 + 1]], "args[1][0]"),
        ([-math.inf], "args[0]"),
        ([{"a": {1, 2}}], "args[0]['a']"),
        ([{(1, 2): 3}], "args[0][(1, 2)]"),
        ([{"a": [{None: 3}]}], "args[0]['a'][0][None]"),
        ([[{"a": {1: "x", "1": "y"}}]], "args[0][0]['a'][1]"),
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


class Color(enum.Enum):
    RED = 1


@dataclasses.dataclass
class Point:
    x: int = 1


class Later(dt.datetime):
    pass


class Ring(collections.deque):
    pass


NUMBERS = np.arange(3.0)
DAY = np.datetime64("2026-01-02", "ns")
HOURS = np.timedelta64(3, "h").astype("timedelta64[ns]")
MASKED = np.ma.masked_array([1, 2, 3], mask=[False, True, False])
# What somebody has in a notebook, and what to write instead, with ``value`` for it.
WAYS_OUT = [
    (dt.datetime(2026, 1, 2, tzinfo=dt.UTC), "value.isoformat()"),
    (Later(2026, 1, 2), "value.isoformat()"),
    (dt.date(2026, 1, 2), "value.isoformat()"),
    (dt.time(12, 30), "value.isoformat()"),
    (dt.timedelta(hours=1), "value.total_seconds()"),
    (pd.Timestamp("2026-01-02"), "value.isoformat()"),
    (pd.Timedelta("1h"), "value.total_seconds()"),
    (pd.NaT, "None"),
    (pd.NA, "None"),
    (pd.Series([1, 2]), "value.tolist()"),
    (pd.Index([1, 2]), "value.tolist()"),
    (pd.date_range("2026-01-02", periods=2).astype(str), "value.tolist()"),
    (pd.array([1, None]).fillna(0), "value.tolist()"),
    (pd.DataFrame({"a": [1]}), 'value.to_dict("records")'),
    (uuid.UUID(int=1), "str(value)"),
    (pathlib.PurePosixPath("/a"), "str(value)"),
    (pathlib.Path("/a"), "str(value)"),
    (ValueError("x"), "str(value)"),
    (Color.RED, "value.value"),
    (Point(), "dataclasses.asdict(value)"),
    (collections.deque([1]), "list(value)"),
    (Ring([1]), "list(value)"),
    (range(3), "list(value)"),
    ((one for one in (1, 2)), "list(value)"),
    (map(str, (1, 2)), "list(value)"),
    ({1: 2}.keys(), "list(value)"),
    ({1: 2}.values(), "list(value)"),
    ({1, 2}, "sorted(value)"),
    (frozenset({1}), "sorted(value)"),
    (types.MappingProxyType({"a": 1}), "dict(value)"),
    (collections.UserDict(a=1), "dict(value)"),
    (decimal.Decimal("1.5"), "float(value)"),
    (fractions.Fraction(1, 2), "float(value)"),
    (1 + 2j, "[value.real, value.imag]"),
    (io.BytesIO(b"x"), "value.getvalue()"),
    (DAY, "str(value)"),
    (np.datetime64("2026-01-02"), "str(value)"),
    (np.datetime64("NaT", "ns"), "str(value)"),
    (HOURS, 'value / numpy.timedelta64(1, "s")'),
    (np.complex128(1 + 2j), "[value.real, value.imag]"),
    (np.longdouble(1.5), "float(value)"),
    (np.array([DAY]), "value.astype(str).tolist()"),
    (np.array([HOURS]), 'value / numpy.timedelta64(1, "s")'),
    (MASKED, "value.filled(0)"),
    (MASKED, "value.tolist()"),
    (np.array([object()]), ".tolist()"),
    (np.array(["a", "b"]), "value.tolist()"),
    (np.array([b"a"]), "value.tolist()"),
    (np.zeros(2, dtype=[("a", int)]), "value.tolist()"),
    (NUMBERS * 1j, "value.real"),
    (NUMBERS.astype(np.longdouble), "value.astype(float)"),
]


@pytest.mark.promise(5)
@pytest.mark.parametrize(("value", "way_out"), WAYS_OUT, ids=lambda one: f"{type(one).__name__}")
@pytest.mark.parametrize("where", ["alone", "in a list", "in a dict"])
def test_what_cannot_be_sent_comes_with_the_conversion_to_write_which_can(value, way_out, where):
    sent, path = {
        "alone": (value, "args[1]"),
        "in a list": ([0, [value]], "args[1][1][0]"),
        "in a dict": ({"a": {7: value}}, "args[1]['a'][7]"),
    }[where]
    with pytest.raises(EncodeError) as raised:
        encode(["before", sent])
    assert raised.value.path == path
    assert way_out in raised.value.problem
    if way_out.startswith(("value", "[")) or "(value" in way_out:
        names = {"value": value, "numpy": np, "dataclasses": dataclasses}
        encode([eval(way_out, names)])  # noqa: S307 - what we tell people to write


@pytest.mark.promise(5)
@pytest.mark.parametrize("value", [print, [].append, lambda: None])
def test_a_callback_in_an_emit_is_told_how_to_ask(value):
    with pytest.raises(EncodeError, match=r"call\(event, ...\) to ask for an acknowledgement"):
        encode([1, value])


@pytest.mark.promise(5)
@pytest.mark.parametrize("kind", ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"])
@pytest.mark.parametrize("order", "<>=")
def test_arrays_of_numbers_arrive_as_javascript_reads_them(kind, order):
    """Little-endian, in C order, whatever their own order is."""
    given = np.asfortranarray(np.array([[1, 0, 1], [0, 1, 1]], dtype=order + kind))
    (arrived,) = there_and_back([given])
    assert arrived == np.ascontiguousarray(given.astype("<" + kind)).tobytes()


@pytest.mark.promise(5)
def test_an_array_of_the_standard_library_is_bytes():
    values = array.array("d", [1.5, -2.0])
    assert there_and_back([values, [array.array("B", b"ab")]]) == [values.tobytes(), [b"ab"]]


@pytest.mark.promise(5)
@pytest.mark.parametrize("kind", [np.int8, np.int64, np.uint16, np.uint64])
def test_keys_of_numpy_are_those_of_int(kind):
    assert there_and_back([{kind(7): {kind(0): "x"}}]) == [{"7": {"0": "x"}}]
    with pytest.raises(EncodeError, match=r"the keys 7 and '7' are one name in JSON"):
        encode([{"7": 1, kind(7): 2}])


@pytest.mark.promise(5)
@pytest.mark.parametrize("key", [True, None, 1.5, (1, 2), b"a", np.float64(1), np.bool_(True), Color.RED])
def test_other_keys_are_refused_with_their_place(key):
    with pytest.raises(EncodeError, match="cannot be sent; use a string") as raised:
        encode([{"a": [{key: 1}]}])
    assert raised.value.path == f"args[0]['a'][0][{key!r}]"


@pytest.mark.promise(5)
@given(st.dictionaries(st.integers(-5, 5) | st.integers(-5, 5).map(str), st.integers(0, 9)))
def test_no_entry_of_a_dict_is_ever_lost(value):
    names = [str(key) for key in value]
    if len(set(names)) == len(names):
        assert len(there_and_back([value])[0]) == len(value)
    else:
        with pytest.raises(EncodeError, match="one name in JSON"):
            encode([value])


def test_a_surrogate_in_a_key_is_found():
    with pytest.raises(EncodeError, match="surrogate"):
        encode([{"a": 1, "\ud83d": 2}])


def test_a_placeholder_may_stand_in_any_depth_and_others_stay():
    value = decode('[{"a":[{"_placeholder":true,"num":0}],"_placeholder":false}]')
    assert restore(value, [b"x"]) == [{"a": [b"x"], "_placeholder": False}]
