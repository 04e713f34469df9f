"""Writes ``docs/api.md`` from the docstrings of the public names.

    python docs/make_api.py            # write it
    python docs/make_api.py --check    # say whether it is up to date

griffe reads the source; nothing is imported or run.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import griffe

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "api.md"
HEAD = """# API reference

Made from the docstrings by `docs/make_api.py`; do not edit.
Times are in seconds, sizes in bytes. "Source" names the section of Socket.IO's documentation
that a method follows; [parity.md](parity.md) sets the two side by side.
"""
# What a user gets a hand on, in the order of a first reading.
CLASSES = {
    "Server": "server.Server",
    "Socket": "socketio.socket.Socket",
    "Handshake": "socketio.handshake.Handshake",
    "Namespace": "socketio.namespace.Namespace",
    "ParentNamespace": "socketio.parent_namespace.ParentNamespace",
    "BroadcastOperator": "socketio.broadcast_operator.BroadcastOperator",
    "EventStream": "socketio.event_stream.EventStream",
    "Emitter": "socketio.broadcast_operator.Emitter",
    "EventTarget": "socketio.event_target.EventTarget",
    "Ticket": "widgets.ticket.Ticket",
    "ConnectionRefused": "socketio.connect.ConnectionRefused",
    "Pane": "widgets.pane.Pane",
    "DuplexBench": "widgets.bench.DuplexBench",
    "Classroom": "classroom.classroom.Classroom",
    "Board": "widgets.board.Board",
    "Answers": "classroom.answers.Answers",
    "Person": "classroom.people.Person",
    "Client": "testing.client.Client",
    "Expectation": "testing.expectations.Expectation",
    "Report": "command.findings.Report",
    "Finding": "command.findings.Finding",
}
# Functions, by the module that users import them from.
FUNCTIONS = {
    "nbsocket": {
        "duplex_bench": "server",
        "doctor": "command.doctor",
        "idempotent": "socketio.idempotent",
    },
    "nbsocket.classroom": dict.fromkeys(
        ("say", "choices", "text", "button", "toggle", "items", "wall"), "classroom.blocks"
    ),
    "nbsocket.testing": {"exercise": "testing.exercises", "expect": "testing.expectations"},
}
ERRORS = "errors"
# Parts of the machinery that other modules of the package call.
HIDDEN = {
    "EventStream": {"put", "wants"},
    "ParentNamespace": {"is_same", "matches", "child", "emptied", "cell_ended"},
    "Handshake": {"of"},
    "Server": {"name", "channel"},
    "Pane": {"picture", "replaced", "channel", "name", "pane_id", "base_url", "weather"},
    "DuplexBench": {"picture", "replaced"},
    "Board": {"picture", "told", "asked_again"},
}


def page() -> str:
    """Return the whole page."""
    package = griffe.load("nbsocket", search_paths=[str(ROOT)], docstring_parser="google")
    parts = [HEAD]
    contents = [f"- [{name}](#{name.lower()})" for name in CLASSES]
    contents += ["- [Functions](#functions)", "- [Errors](#errors)"]
    parts.append("\n".join(contents) + "\n")
    for name, path in CLASSES.items():
        parts.append(_class(name, package[path]))
    parts.append("## Functions\n")
    for module, functions in FUNCTIONS.items():
        for name, where in functions.items():
            function = package[f"{where}.{name}"]
            parts.append(f"### `{module}.{name}{_signature(function)}`\n\n{_docstring(function)}")
    parts.append("## Errors\n")
    errors = {**package[ERRORS].members, "EncodeError": package["protocol.errors.EncodeError"]}
    for name, error in errors.items():
        if not error.is_alias and error.is_class:
            bases = ", ".join(f"`{base}`" for base in error.bases)
            parts.append(f"### `{name}` ({bases})\n\n{_docstring(error)}")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).rstrip() + "\n"


def _class(name: str, found: griffe.Class) -> str:
    parts = [f"## {name}\n"]
    if name in {"Server", "ConnectionRefused", "Client"}:
        module = "nbsocket.testing" if name == "Client" else "nbsocket"
        parts.append(f"```python\n{module}.{name}{_signature(found.all_members['__init__'])}\n```\n")
    parts.append(_docstring(found))
    above = found.mro()
    shared = [f"[{base.name}](#{base.name.lower()})" for base in above if base.name in CLASSES]
    if shared:
        parts.append(f"It has all members of {' and '.join(shared)}, too.\n")
    # Of bases that have no chapter of their own, what they have stands here.
    own = {}
    for base in [found, *(base for base in above if base.name not in CLASSES or base.name == name)]:
        own = {**base.members, **own} if base is not found else dict(base.members)
    for member, what in own.items():
        if member.startswith("_") or member in HIDDEN.get(name, set()) or what.docstring is None:
            continue
        if "property" in what.labels:
            parts.append(f"### `.{member}` → `{what.annotation}`\n\n{_docstring(what)}")
        elif what.is_function:
            awaited = "await " if "async" in what.labels else ""
            parts.append(f"### `{awaited}.{member}{_signature(what)}`\n\n{_docstring(what)}")
    return "\n".join(parts)


def _signature(function: griffe.Function) -> str:
    shown = []
    keyword_only = False
    for one in function.parameters:
        if one.name == "self":
            continue
        if one.kind is griffe.ParameterKind.keyword_only and not keyword_only:
            keyword_only = True
            if not any(shown_one.startswith("*") for shown_one in shown):
                shown.append("*")
        star = {"variadic positional": "*", "variadic keyword": "**"}.get(one.kind.value, "")
        text = f"{star}{one.name}: {one.annotation}"
        if one.default is not None and not star:
            text += f" = {one.default}"
        shown.append(text)
    returns = f" -> {function.returns}" if function.returns not in (None, "None") else ""
    return f"({', '.join(shown)}){returns}"


def _docstring(what: griffe.Object) -> str:
    parts = []
    for section in what.docstring.parsed:
        kind = section.kind.value
        if kind == "text":
            text = section.value.strip()
            before, _, source = text.partition("Source: ")
            parts += [before.strip(), f"*Source: {source.rstrip('.')}.*" if source else ""]
        elif kind == "examples":
            parts += [f"```python\n{text}\n```" for _, text in section.value]
        else:
            lines = [f"**{kind.capitalize()}**\n"]
            for one in section.value:
                name = getattr(one, "name", "") or ""
                label = f"`{name}`" if name else f"`{one.annotation}`"
                if kind in {"parameters", "attributes"} and one.annotation is not None:
                    label += f" (`{one.annotation}`)"
                text = " ".join(one.description.split())
                lines.append(f"- {text}" if kind == "returns" else f"- {label}: {text}")
            parts.append("\n".join(lines))
    # reStructuredText's double backquotes are Markdown's single ones.
    joined = "\n\n".join(part for part in parts if part)
    return re.sub(r"(?<!`)``([^`\n]+(?:\n[^`\n]+)?)``(?!`)", r"`\1`", joined) + "\n"


def main() -> int:
    """Write or check the page."""
    made = page()
    if "--check" in sys.argv[1:]:
        is_same = PAGE.exists() and PAGE.read_text(encoding="utf-8") == made
        said = "up to date" if is_same else "old: run  python docs/make_api.py"
        print(f"docs/api.md is {said}")
        return int(not is_same)
    PAGE.write_text(made, encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
