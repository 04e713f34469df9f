"""What this process is (a kernel, another notebook, a program), and where its Jupyter server may be."""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbsocket.link.agreement import URL_ENVIRONMENT

_SLUG = re.compile(r"[^a-z0-9]+")
_SLUG_LENGTH = 40


@dataclass(frozen=True, slots=True)
class KernelIdentity:
    """This kernel.

    Args:
        kernel_id: Its id at the Jupyter server.
        key: The key in its connection file; both ends of the link hold it.
        notebook: The notebook's path, if Jupyter provides it.
    """

    kernel_id: str
    key: bytes
    notebook: str

    @property
    def default_channel(self) -> str:
        """The slug of the notebook's stem plus four characters of the kernel id."""
        slug = _SLUG.sub("-", Path(self.notebook).stem.lower())[:_SLUG_LENGTH].strip("-")
        return f"{slug or 'notebook'}-{self.kernel_id[:4]}"


def is_kernel() -> bool:
    """Whether this process is a Jupyter kernel, whatever launched it."""
    module = sys.modules.get("ipykernel.kernelapp")
    return module is not None and bool(module.IPKernelApp.initialized())


def is_notebook() -> bool:
    """Whether cells run in this process: a kernel, IPython, marimo; anything else is a program."""
    return is_kernel() or find_shell() is not None or _is_marimo()


def find_shell() -> Any:
    """Return IPython's shell; None outside IPython."""
    module = sys.modules.get("IPython.core.getipython")
    return None if module is None else module.get_ipython()


def _is_marimo() -> bool:
    module = sys.modules.get("marimo")
    return module is not None and bool(module.running_in_notebook())


def this_kernel() -> KernelIdentity:
    """Return this kernel's identity; only in a kernel."""
    app = sys.modules["ipykernel.kernelapp"].IPKernelApp.instance()
    kernel_id = Path(app.connection_file).stem.removeprefix("kernel-")
    return KernelIdentity(kernel_id, app.session.key, os.environ.get("JPY_SESSION_NAME", ""))


def candidate_urls() -> list[str]:
    """Return where the server may be: its own hint first, then its info file."""
    urls = []
    hint = os.environ.get(URL_ENVIRONMENT)
    if hint:
        urls.append(hint)
    url = _url_in_info_file()
    if url and url not in urls:
        urls.append(url)
    return urls


def _url_in_info_file() -> str | None:
    from jupyter_core.paths import jupyter_runtime_dir  # noqa: PLC0415 - only where Jupyter is

    parent = os.environ.get("JPY_PARENT_PID")
    if not parent:
        return None
    file = Path(jupyter_runtime_dir()) / f"jpserver-{parent}.json"
    try:
        info = json.loads(file.read_text(encoding="utf-8"))
        url = str(info["url"])
    except (OSError, ValueError, KeyError):
        return None
    return url if url.startswith("http") else None
