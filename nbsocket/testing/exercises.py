"""``with exercise("…"):`` around the checks of an exercise: one line that says passed, or why not."""

from __future__ import annotations

import contextlib
import traceback
from typing import TYPE_CHECKING

from nbsocket.errors import AckTimeout
from nbsocket.testing.client import ClientRefused
from nbsocket.testing.expectations import Unmet

if TYPE_CHECKING:
    from collections.abc import Iterator

_OURS = {__file__, contextlib.__file__}


def _raised(error: Exception) -> str:
    """Return what the learner's code raised, and where."""
    frames = [one for one in traceback.extract_tb(error.__traceback__) if one.filename not in _OURS]
    where = f" in {frames[-1].name}: {frames[-1].line}" if frames and frames[-1].line else ""
    return f"it raised {type(error).__name__}: {error}{where}"


@contextlib.contextmanager
def exercise(name: str) -> Iterator[None]:
    """Print one line if all checks in the block pass; otherwise raise with the one that failed and why.

    What it raises is an ``AssertionError``, so that nbgrader and pytest count it.

    Args:
        name: The name of the exercise.

    Raises:
        Unmet: A check failed, nobody answered, or the learner's code raised.
    """
    try:
        yield
    except Unmet as error:
        raise Unmet(f"✗ {name}: {error}") from None
    except AckTimeout as error:
        raise Unmet(f"✗ {name}: {error}.") from None
    except ClientRefused as error:
        raise Unmet(f"✗ {name}: {error}.") from None
    except NameError as error:
        raise Unmet(f"✗ {name}: {error}. Did you run the exercise's own cell?") from None
    except (TimeoutError, ConnectionError) as error:
        raise Unmet(f"✗ {name}: {error}.") from None
    except Exception as error:
        raise Unmet(f"✗ {name}: {_raised(error)}") from error
    print(f"✓ {name}")  # noqa: T201 - a learner waits for it
