"""Access to Jupyter's kernel manager, whichever kind it is."""

from __future__ import annotations

from typing import Any

from jupyter_core.utils import ensure_async


class Kernels:
    """The kernels of one Jupyter server.

    Args:
        manager: Its kernel manager.
    """

    def __init__(self, manager: Any) -> None:
        """Wrap ``manager``."""
        self._manager = manager

    def find(self, kernel_id: str) -> Any:
        """Return a kernel's manager; None if this server has no such kernel."""
        return self._manager.get_kernel(kernel_id) if kernel_id in self._manager else None

    def key_of(self, kernel_id: str) -> bytes | None:
        """Return the key in a kernel's connection file; None if there is no such kernel."""
        kernel = self.find(kernel_id)
        if kernel is None:
            return None
        key = getattr(kernel.session, "key", b"")
        return key if isinstance(key, bytes) else b""

    def process_of(self, kernel_id: str) -> object:
        """Return something that changes when a kernel's process does."""
        return getattr(getattr(self.find(kernel_id), "provisioner", None), "pid", None)

    async def is_alive(self, kernel_id: str) -> bool:
        """Whether the kernel's process runs."""
        kernel = self.find(kernel_id)
        return kernel is not None and bool(await ensure_async(kernel.is_alive()))
