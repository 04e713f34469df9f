"""What the public API says of its types; test_wheel.py has type checkers read it from the installed wheel."""

import inspect
import re
from typing import get_overloads

import pytest

import nbsocket
from nbsocket.classroom.classroom import Classroom
from nbsocket.gateway.config import LimitOptions, Limits

JSON_VALUES = {
    "*args: Any": "the values of an event, or of a call: JSON, bytes, NumPy",
    "**mistaken: Any": "is there to say what to write instead",
}
"""Parameters whose Any is a JSON value, or any mistake."""

ANYTHING = {
    "Server.call": "what a client answered",
    "Server.emit_with_ack": "likewise",
    "Server.wait_for": "what a client sent",
    "Server.next": "likewise",
    "Namespace.call": "likewise",
    "Namespace.emit_with_ack": "likewise",
    "Namespace.wait_for": "likewise",
    "Namespace.next": "likewise",
    "BroadcastOperator.call": "likewise",
    "BroadcastOperator.emit_with_ack": "likewise",
    "Socket.call": "likewise",
    "Socket.emit_with_ack": "likewise",
    "Socket.wait_for": "likewise",
    "Socket.next": "likewise",
    "Server.stats": "figures by name, some of them lists",
    "Classroom.tally": "what was answered, and how often",
}
"""Results whose Any is a JSON value."""


def members(cls):
    """The public members of a class, with their annotations as they are written."""
    for name, member in inspect.getmembers(cls):
        if name.startswith("_") and name != "__init__":
            continue
        function = member.fget if isinstance(member, property) else member
        if inspect.isfunction(function) and function.__module__.startswith("nbsocket"):
            # Where there are overloads, they are what a user sees.
            for seen in get_overloads(function) or [function]:
                yield f"{cls.__name__}.{name}", inspect.signature(seen)


def says_any(annotation: str) -> bool:
    """Whether there is an Any beside what functions of the user's take and return, which are JSON values."""
    return "Any" in re.sub(r"Callable\[(\[[^]]*\[[^]]*\]\]|\[[^]]*\]|\.\.\.), Any\]", "", annotation)


@pytest.mark.parametrize(
    "cls",
    [
        nbsocket.Server,
        nbsocket.Socket,
        nbsocket.Namespace,
        nbsocket.BroadcastOperator,
        nbsocket.Ticket,
        Classroom,
    ],
)
def test_the_public_api_says_any_only_of_json_values(cls):
    found = []
    for name, signature in members(cls):
        if says_any(str(signature.return_annotation)) and name not in ANYTHING:
            found.append(f"{name} -> {signature.return_annotation}")
        for parameter in signature.parameters.values():
            if parameter.name in ("self", "cls"):
                continue
            assert parameter.annotation is not inspect.Parameter.empty, (name, parameter)
            said = str(parameter).replace("'", "")
            if says_any(said) and said not in JSON_VALUES:
                found.append(f"{name}({said})")
    assert found == []


def test_limits_as_keyword_arguments_are_the_limits_there_are():
    fields = {field: kind for field, kind in Limits.__annotations__.items() if field != "timing"}
    assert dict(LimitOptions.__annotations__).keys() == fields.keys()
    for name, kind in LimitOptions.__annotations__.items():
        assert str(kind).replace("ForwardRef('", "").split("'")[0].split(",")[0] in str(fields[name])
