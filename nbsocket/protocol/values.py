"""Python values to JSON with attachments, and back.

Source: Socket.IO protocol, section "Packet encoding": bytes leave the JSON and stand
as ``{"_placeholder": true, "num": n}``; they follow the packet as binary messages.

Values that JavaScript could not read unchanged are refused here, with their path.
"""

from __future__ import annotations

import math
import re
import sys
from array import array
from typing import Any

import msgspec

from nbsocket.protocol.errors import EncodeError, ProtocolError

MAX_DEPTH = 64
"""How deep arrays and objects may nest, in both directions."""

MAX_ATTACHMENTS = 10
"""How many attachments one packet may announce (socket.io-parser's default)."""

MAX_SAFE_INTEGER = 2**53
"""Beyond this, JavaScript numbers cannot represent every integer."""

_encode_json = msgspec.json.Encoder().encode
_decode_json = msgspec.json.Decoder().decode
# \ud800-\udbff not followed by \udc00-\udfff, or \udc00-\udfff on its own;
# runs of whole pairs and of escaped backslashes are skipped, each as one match.
_SURROGATES = re.compile(
    r"((?:\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\\\)+)|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)
_NOT_BRACKETS = re.compile(r"[^][{}]+")
_AS_THEY_ARE = frozenset({str, bool, type(None)})
_INT, _FLOAT = frozenset({int}), frozenset({float})
_PLAIN_KINDS = frozenset("biuf")
"""NumPy's kinds of numbers: bool, signed and unsigned integers, floats."""

_LARGEST_NUMBER = 8
"""Bytes of the largest number in a typed array."""

_FUNCTION = "call(event, ...) to ask for an acknowledgement: there is no callback here"
_LISTED, _ISO, _TEXT, _NOTHING = "list(value)", "value.isoformat()", "str(value)", "None"
_WAYS_OUT = {
    # By the name of the class or a base class, so that none of their modules need be loaded.
    "set": "sorted(value), or list(value)",
    "frozenset": "sorted(value), or list(value)",
    **dict.fromkeys(("deque", "range", "generator", "map", "filter", "zip", "dict_keys"), _LISTED),
    **dict.fromkeys(("dict_values", "dict_items", "KeysView", "ValuesView", "ItemsView"), _LISTED),
    **dict.fromkeys(("datetime", "date", "time"), _ISO),
    "timedelta": "value.total_seconds()",
    **dict.fromkeys(("UUID", "PurePath", "ZoneInfo", "BaseException"), _TEXT),
    **dict.fromkeys(("Decimal", "Fraction"), "float(value), or str(value)"),
    "complex": "[value.real, value.imag]",
    "Enum": "value.value, or value.name",
    **dict.fromkeys(("mappingproxy", "UserDict", "ChainMap", "Mapping"), "dict(value)"),
    "BytesIO": "value.getvalue()",
    "function": _FUNCTION,
    "method": _FUNCTION,
    "builtin_function_or_method": _FUNCTION,
    "datetime64": "str(value)",
    "timedelta64": 'value / numpy.timedelta64(1, "s")',
    "longdouble": "float(value)",
    "complexfloating": "[value.real, value.imag]",
    **dict.fromkeys(("NaTType", "NAType"), _NOTHING),
    **dict.fromkeys(("Series", "Index", "ExtensionArray", "Tensor"), "value.tolist()"),
    "DataFrame": 'value.to_dict("records")',
    "Struct": "msgspec.to_builtins(value)",
    "BaseModel": "value.model_dump()",
}
_ANYTHING = "None, bool, int, float, str, bytes, lists and dicts"


class _UnsendableError(Exception):
    """A value that cannot be sent; its path is added while the exception propagates."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.path = ""


def encode(args: list[Any]) -> tuple[str, list[bytes]]:
    """Return the JSON text of ``args`` and the attachments that were taken out of it.

    Raises:
        EncodeError: A value cannot be sent; the message names its path.
    """
    attachments: list[bytes] = []
    plain = []
    try:
        for value in args:
            plain.append(_plain(value, 1, attachments))  # noqa: PERF401 - the error needs the count so far
    except _UnsendableError as error:
        raise EncodeError(f"args[{len(plain)}]{error.path}", error.problem) from None
    try:
        return _encode_json(plain).decode(), attachments
    except UnicodeEncodeError:
        raise EncodeError(
            _path_of_surrogate(plain, "args") or "args",
            "a string holds half of a surrogate pair, which is not text; "
            "clean it with s.encode('utf-16', 'surrogatepass').decode('utf-16', 'replace')",
        ) from None


def _plain(value: Any, depth: int, attachments: list[bytes]) -> Any:
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is int:
        return _integer(value)
    if kind is float:
        return _number(value)
    if depth > MAX_DEPTH:
        msg = f"nests deeper than {MAX_DEPTH} levels (does it contain itself?)"
        raise _UnsendableError(msg)
    if isinstance(value, dict):
        return _plain_dict(value, depth + 1, attachments)
    if isinstance(value, (list, tuple)):
        return _plain_list(value, depth + 1, attachments)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _attach(bytes(value), attachments)
    return _rarer(value, attachments)


def _plain_dict(value: dict[Any, Any], depth: int, attachments: list[bytes]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    key: Any
    for key, item in value.items():
        try:
            name = key if type(key) is str else _key(key, value)
            plain[name] = _plain(item, depth, attachments)
        except _UnsendableError as error:
            error.path = f"[{key!r}]{error.path}"
            raise
    return plain


def _plain_list(value: list[Any] | tuple[Any, ...], depth: int, attachments: list[bytes]) -> Any:
    # Long lists of one type are checked in C.
    kinds = set(map(type, value))
    if kinds <= _AS_THEY_ARE:
        return value
    if kinds == _INT and min(value) >= -MAX_SAFE_INTEGER and max(value) <= MAX_SAFE_INTEGER:
        return value
    if kinds == _FLOAT and all(map(math.isfinite, value)):
        return value
    plain = []
    try:
        for item in value:
            plain.append(_plain(item, depth, attachments))  # noqa: PERF401 - likewise
    except _UnsendableError as error:
        error.path = f"[{len(plain)}]{error.path}"
        raise
    return plain


def _rarer(value: Any, attachments: list[bytes]) -> Any:
    """Handle subclasses of the plain types, and NumPy if it has been imported."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return _integer(int(value))
    if isinstance(value, float):
        return _number(float(value))
    if isinstance(value, array):
        return _attach(value.tobytes(), attachments)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        if isinstance(value, numpy.ndarray):
            return _attach(_bytes_of_array(value), attachments)
        if isinstance(value, numpy.generic) and value.dtype.kind in _PLAIN_KINDS:
            item = value.item()
            if isinstance(item, (bool, int, float)):
                return _plain(item, 1, attachments)
    msg = f"{type(value).__name__} cannot be sent; use {_way_out(value)}"
    raise _UnsendableError(msg)


def _bytes_of_array(value: Any) -> bytes:
    """Return a NumPy array's numbers as JavaScript's typed arrays read them: C order, little-endian."""
    kind, size = value.dtype.kind, value.dtype.itemsize
    if hasattr(value, "mask"):
        msg = "a masked array would lose its mask; use value.filled(0), or value.tolist()"
    elif kind == "M":
        msg = "an array of dates would arrive as bare numbers; use value.astype(str).tolist()"
    elif kind == "m":
        msg = 'an array of times would arrive as bare numbers; use value / numpy.timedelta64(1, "s")'
    elif kind == "c":
        msg = "JavaScript has no array of complex numbers; send value.real and value.imag"
    elif kind == "f" and size > _LARGEST_NUMBER:
        msg = "JavaScript has no numbers of this size; use value.astype(float)"
    elif kind not in _PLAIN_KINDS:
        msg = f"an array of {value.dtype} holds no numbers that JavaScript knows; use value.tolist()"
    else:
        little: bytes = value.astype(value.dtype.newbyteorder("<"), copy=False).tobytes()
        return little
    raise _UnsendableError(msg)


def _way_out(value: Any) -> str:
    kinds = type(value).__mro__
    if kinds[0].__module__.startswith("polars") and kinds[0].__name__ == "DataFrame":
        return "value.to_dicts()"
    if hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        return "dataclasses.asdict(value)"
    return next((_WAYS_OUT[kind.__name__] for kind in kinds if kind.__name__ in _WAYS_OUT), _ANYTHING)


def _integer(value: int) -> int:
    if -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
        return value
    msg = "an integer beyond 2**53 would arrive changed in JavaScript; send it as a string"
    raise _UnsendableError(msg)


def _number(value: float) -> float:
    if math.isfinite(value):
        return value
    msg = f"{value} is not a JSON number; send None or a string instead"
    raise _UnsendableError(msg)


def _key(key: Any, entries: dict[Any, Any]) -> str:
    """Return the JSON name of a key that is not a plain string."""
    if isinstance(key, str):
        return str.__str__(key)
    numpy = sys.modules.get("numpy")
    is_integer = isinstance(key, int) or (numpy is not None and isinstance(key, numpy.integer))
    if is_integer and not isinstance(key, bool):
        name = str(int(key))
        if name in entries:
            msg = f"the keys {int(key)} and {name!r} are one name in JSON, and an entry would be lost"
            raise _UnsendableError(msg)
        return name
    msg = f"a key that is {_article(type(key).__name__)} cannot be sent; use a string"
    raise _UnsendableError(msg)


def _article(name: str) -> str:
    return f"{'an' if name[:1] in 'aeiouAEIOU' else 'a'} {name}"


def _attach(data: bytes, attachments: list[bytes]) -> dict[str, Any]:
    if len(attachments) == MAX_ATTACHMENTS:
        msg = f"more than {MAX_ATTACHMENTS} binary values in one event; join some of them"
        raise _UnsendableError(msg)
    attachments.append(data)
    return {"_placeholder": True, "num": len(attachments) - 1}


def _path_of_surrogate(value: Any, path: str) -> str | None:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return path
        return None
    pairs: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    for key, item in pairs:
        found = _path_of_surrogate(key, path) or _path_of_surrogate(item, f"{path}[{key!r}]")
        if found:
            return found
    return None


def decode(text: str) -> Any:
    """Return the value of a JSON text from a peer.

    A lone surrogate (half an emoji, as phones may cut them) becomes U+FFFD.

    Raises:
        ProtocolError: Not JSON, a number beyond a double, or nested deeper than ``MAX_DEPTH``.
    """
    if text.count("[") + text.count("{") > MAX_DEPTH and _nests_too_deep(text):
        msg = f"JSON nested deeper than {MAX_DEPTH} levels"
        raise ProtocolError(msg)
    if "\\u" in text:
        text = _SURROGATES.sub(_replace_lone, text)
    try:
        return _decode_json(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        msg = "not valid JSON"
        raise ProtocolError(msg) from error


def _replace_lone(match: re.Match[str]) -> str:
    return match[1] or "\\ufffd"


def _nests_too_deep(text: str) -> bool:
    """Whether brackets outside strings nest deeper than ``MAX_DEPTH``, or are not balanced.

    Linear for any text: each step goes once over what the previous one left.
    """
    # Without escapes a quotation mark always begins or ends a string.
    unescaped = text.replace("\\\\", "").replace('\\"', "")
    brackets = _NOT_BRACKETS.sub("", "".join(unescaped.split('"')[::2]))
    for _ in range(MAX_DEPTH):
        if not brackets:
            return False
        # Remove one level: pairs that enclose nothing.
        left = brackets.replace("[]", "").replace("{}", "")
        if len(left) == len(brackets):
            break
        brackets = left
    return bool(brackets)


def restore(value: Any, attachments: list[bytes]) -> Any:
    """Put ``attachments`` back in place of their placeholders in ``value`` (changed in place).

    Raises:
        ProtocolError: A placeholder refers to no attachment.
    """
    if isinstance(value, list):
        for index, item in enumerate(value):
            value[index] = restore(item, attachments)
    elif isinstance(value, dict):
        if value.get("_placeholder") is True:
            number = value.get("num")
            if type(number) is int and 0 <= number < len(attachments):
                return attachments[number]
            msg = "a placeholder names no attachment"
            raise ProtocolError(msg)
        for key, item in value.items():
            value[key] = restore(item, attachments)
    return value
