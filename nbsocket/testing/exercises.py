"""``with exercise("…"):`` around the checks of an exercise: one line that says passed, or why not."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from nbsocket.errors import AckTimeout
from nbsocket.testing.client import ClientRefused
from nbsocket.testing.expectations import Unmet

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def exercise(name: str) -> Iterator[None]:
    """Say in a line that all checks in the block passed, or which one did not and why.

    What it raises is an ``AssertionError``, so that nbgrader and pytest count it.

    Args:
        name: What the exercise is called.

    Raises:
        Unmet: A check did not pass, nobody answered, or the learner's code raised.
    """
    try:
        yield
    except Unmet as error:
        raise Unmet(f"✗ {name}: {error}") from None
    except AckTimeout as error:
        why = f"{error}. Is there a handler for it, and does it return something?"
        raise Unmet(f"✗ {name}: {why}") from None
    except ClientRefused as error:
        raise Unmet(f"✗ {name}: {error}.") from None
    except NameError as error:
        raise Unmet(f"✗ {name}: {error}. Did you run the exercise's own cell?") from None
    except (TimeoutError, ConnectionError) as error:
        raise Unmet(f"✗ {name}: {error}.") from None
    print(f"✓ {name}")  # noqa: T201 - a learner waits for it
