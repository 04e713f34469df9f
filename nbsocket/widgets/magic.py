"""``%%client``: a cell of browser JavaScript."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from nbsocket.carriers.discovery import find_shell
from nbsocket.notebook.process import newest_server

if TYPE_CHECKING:
    from nbsocket.widgets.script import Script

USAGE = "%%client [name] [--channel CHANNEL]"
_running: dict[str, Script] = {}


def register(shell: Any) -> None:
    """Register the magic with ``shell``."""
    shell.register_magic_function(client, magic_kind="cell", magic_name="client")


def client(line: str, cell: str) -> None:
    """Run the cell's JavaScript in a sandboxed client beside its output.

    ``io()`` without arguments connects to this notebook's newest server,
    or to the one named with ``--channel``. Running the cell again closes the old client.
    """
    from IPython.display import display  # noqa: PLC0415 - loaded by whoever runs a magic

    from nbsocket.widgets.script import Script  # noqa: PLC0415 - widgets load when first used

    name, channel = _arguments(line)
    server = newest_server(channel)
    key = _cell_key(name)
    old = _running.pop(key, None)
    if old is not None:
        old.close()
    script = _running[key] = Script(server.name, name, server.base_url, cell)
    display(script)


def _arguments(line: str) -> tuple[str, str | None]:
    words = shlex.split(line)
    name, channel = "client", None
    names = []
    while words:
        word = words.pop(0)
        if word in {"--channel", "-c"}:
            if not words:
                msg = f"{word} needs a channel's name. Usage: {USAGE}"
                raise ValueError(msg)
            channel = words.pop(0)
        elif word.startswith("-"):
            msg = f"{word} is unknown. Usage: {USAGE}"
            raise ValueError(msg)
        else:
            names.append(word)
    if len(names) > 1:
        msg = f"one name, not {len(names)}. Usage: {USAGE}"
        raise ValueError(msg)
    return (names[0] if names else name), channel


def _cell_key(name: str) -> str:
    shell = find_shell()
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    return parent.get("metadata", {}).get("cellId") or f"name:{name}"
