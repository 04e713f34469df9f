"""What cannot leave its process."""

from __future__ import annotations

from typing import Any


class ProcessBound:
    """An object that has no meaning in another process, nor as a copy."""

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Refuse to be pickled or copied.

        Raises:
            TypeError: Always; the message says what to pass on instead.
        """
        kind = type(self).__name__
        msg = (
            f"a {kind} cannot be pickled or copied: it belongs to this process. "
            "Pass a name or an id on instead, and emit in the process that made it."
        )
        raise TypeError(msg)
