"""``nbsocket settings``: every setting of the server extension, with its default and what it is for."""

from __future__ import annotations

import textwrap

_WIDTH = 100
_HEAD = """\
# Settings of nbsocket's server extension, with their defaults: seconds and bytes.
# Put them in jupyter_server_config.py without the leading #, or on the command line:
#   jupyter lab --NbSocketApp.max_clients=500
"""


def settings() -> str:
    """Return all settings as a configuration file, each commented out."""
    from nbsocket.extension.app import NbSocketApp  # noqa: PLC0415 - only for this command

    own = NbSocketApp.class_own_traits(config=True)
    parts = [_HEAD]
    for name, trait in sorted(own.items()):
        words = textwrap.fill(trait.help, _WIDTH, initial_indent="# ", subsequent_indent="# ")
        parts.append(f"{words}\n# c.NbSocketApp.{name} = {trait.default_value!r}\n")
    return "\n".join(parts).rstrip()
