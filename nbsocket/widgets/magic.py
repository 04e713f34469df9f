"""``%%client``: a cell of browser JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from nbsocket.carriers.discovery import find_shell
from nbsocket.notebook.process import newest_server

if TYPE_CHECKING:
    from nbsocket.widgets.script import Script

_running: dict[str, Script] = {}


def register(shell: Any) -> None:
    """Register the magic with ``shell``."""
    shell.register_magic_function(client, magic_kind="cell", magic_name="client")


@magic_arguments("%client")
@argument("name", nargs="?", default="client", help="The client's name.")
@argument("-c", "--channel", help="The channel of the server that io() connects to.")
def client(line: str, cell: str) -> None:
    """Run the cell's JavaScript in a sandboxed client beside its output.

    ``io()`` without arguments connects to this notebook's newest server,
    or to the one named with ``--channel``. Running the cell again closes the old client.
    """
    from IPython.display import display  # noqa: PLC0415 - loaded by whoever runs a magic

    from nbsocket.widgets.script import Script  # noqa: PLC0415 - widgets load when first used

    options = parse_argstring(client, line)
    name = options.name
    server = newest_server(options.channel)
    key = _cell_key(name)
    old = _running.pop(key, None)
    if old is not None:
        old.close()
    script = _running[key] = Script(server.name, name, server.channel.carrier, cell)
    display(script)


def _cell_key(name: str) -> str:
    shell = find_shell()
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    return parent.get("metadata", {}).get("cellId") or f"name:{name}"
