"""Python values to JSON with attachments, and back.

Source: Socket.IO protocol, section "Packet encoding": bytes leave the JSON and stand
as ``{"_placeholder": true, "num": n}``; they follow the packet as binary messages.

What JavaScript could not read as the same value is refused here, at the caller, with its path.
"""

from __future__ import annotations

import math
import re
import sys
from typing import Any

import msgspec

from nbsocket.protocol.errors import EncodeError, ProtocolError

MAX_DEPTH = 64
"""How deep arrays and objects may nest, in both directions."""

MAX_ATTACHMENTS = 10
"""How many attachments one packet may announce (socket.io-parser's default)."""

MAX_SAFE_INTEGER = 2**53
"""Beyond this JavaScript numbers cannot tell two integers apart."""

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
_WAYS_OUT = {
    "set": "sorted(value), or list(value)",
    "frozenset": "sorted(value), or list(value)",
    "datetime": "value.isoformat()",
    "date": "value.isoformat()",
    "Decimal": "float(value), or str(value)",
    "DataFrame": 'value.to_dict("records")',
    "Series": "value.tolist()",
}


class _UnsendableError(Exception):
    """A value that cannot be sent; on its way out it learns where it stood."""

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
            plain.append(_plain(value, 1, attachments))  # noqa: PERF401 - the error asks how many there are
    except _UnsendableError as error:
        raise EncodeError(f"args[{len(plain)}]{error.path}", error.problem) from None
    try:
        return _encode_json(plain).decode(), attachments
    except UnicodeEncodeError:
        raise EncodeError(
            _path_of_surrogate(plain, "args") or "args",
            "a string holds half of a surrogate pair, which is no text; "
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
        name = key if type(key) is str else _key(key)
        try:
            plain[name] = _plain(item, depth, attachments)
        except _UnsendableError as error:
            error.path = f"[{key!r}]{error.path}"
            raise
    return plain


def _plain_list(value: list[Any] | tuple[Any, ...], depth: int, attachments: list[bytes]) -> Any:
    # Long lists of one kind are looked through in C.
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
    """Subclasses of the plain types, and NumPy, which is asked for only if someone imported it."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return _integer(int(value))
    if isinstance(value, float):
        return _number(float(value))
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        if isinstance(value, numpy.ndarray):
            if value.dtype.hasobject:
                msg = "an array of Python objects has no bytes; use .tolist()"
                raise _UnsendableError(msg)
            return _attach(value.tobytes(), attachments)
        if isinstance(value, numpy.generic):
            item = value.item()
            if isinstance(item, (bool, int, float, str, bytes)):
                return _plain(item, 1, attachments)
    way_out = _WAYS_OUT.get(type(value).__name__, "None, bool, int, float, str, bytes, lists and dicts")
    msg = f"{type(value).__name__} cannot be sent; use {way_out}"
    raise _UnsendableError(msg)


def _integer(value: int) -> int:
    if -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
        return value
    msg = "an integer beyond 2**53 would arrive changed in JavaScript; send it as a string"
    raise _UnsendableError(msg)


def _number(value: float) -> float:
    if math.isfinite(value):
        return value
    msg = f"{value} is no JSON number; send None or a string instead"
    raise _UnsendableError(msg)


def _key(key: Any) -> str:
    if isinstance(key, str):
        return str.__str__(key)
    if isinstance(key, int) and not isinstance(key, bool):
        return str(key)
    msg = f"the key {key!r} is no string"
    raise _UnsendableError(msg)


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

    A lone surrogate (the half of an emoji that a phone cut) becomes U+FFFD.

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
    """Whether brackets outside strings nest deeper than ``MAX_DEPTH``, or are not paired.

    Linear, whatever the text: each step goes once over what the one before left.
    """
    # Without escapes a quotation mark always begins or ends a string.
    unescaped = text.replace("\\\\", "").replace('\\"', "")
    brackets = _NOT_BRACKETS.sub("", "".join(unescaped.split('"')[::2]))
    for _ in range(MAX_DEPTH):
        if not brackets:
            return False
        # A level less: a pair that encloses nothing goes.
        left = brackets.replace("[]", "").replace("{}", "")
        if len(left) == len(brackets):
            break
        brackets = left
    return bool(brackets)


def restore(value: Any, attachments: list[bytes]) -> Any:
    """Put ``attachments`` back where their placeholders stand in ``value`` (changed in place).

    Raises:
        ProtocolError: A placeholder names no attachment.
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
