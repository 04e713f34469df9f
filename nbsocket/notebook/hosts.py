"""Who shows this process's widgets, and whether whoever sees them is its author or a visitor.

A widget's comm reaches this process for everyone who sees the widget: in a notebook that is its author,
in a hosted app a visitor. An unknown host counts as a hosted app.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from nbsocket.carriers.discovery import find_shell, is_kernel
from nbsocket.link.agreement import GUEST, OWNER


@dataclass(frozen=True, slots=True)
class Host:
    """What shows the widgets.

    Args:
        name: Its name, for people.
        role: The role of clients that come over a widget's comm: ``owner`` or ``guest``.
        shows_widgets: Whether it shows widgets at all.
    """

    name: str
    role: str
    shows_widgets: bool = True


def this_host() -> Host:
    """Return what shows this process's widgets, as far as it can be told."""
    if (mode := _marimo_mode()) is not None:
        return Host("marimo", OWNER if mode == "edit" else GUEST)
    for module, name in (("panel", "Panel"), ("solara", "Solara"), ("shinywidgets", "Shiny")):
        if module in sys.modules and not is_kernel():
            return Host(name, GUEST)
    if "pyodide_kernel" in sys.modules:
        return Host("JupyterLite", OWNER)
    if not is_kernel():
        return Host("a terminal" if find_shell() is not None else "a program", GUEST, shows_widgets=False)
    if any(name.startswith("VOILA_") for name in os.environ):
        return Host("Voilà", GUEST)
    return Host("a notebook", OWNER) if _is_notebook() else Host("an unknown host", GUEST)


def _marimo_mode() -> str | None:
    """Return how marimo runs this code: ``edit`` for its author; None outside marimo."""
    marimo = sys.modules.get("marimo")
    if marimo is None or not marimo.running_in_notebook():
        return None
    return str(marimo.app_meta().mode or "run")


def _is_notebook() -> bool:
    """Whether a notebook's own front end runs this kernel.

    Jupyter names the session of a notebook (jupyter_server's session manager); VS Code defines the name of
    the notebook's file in it; Colab's kernel has Colab's module.
    """
    shell = find_shell()
    return bool(
        os.environ.get("JPY_SESSION_NAME")
        or "google.colab" in sys.modules
        or (shell is not None and "__vsc_ipynb_file__" in shell.user_ns)
    )
