from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.stage import Stage, Surroundings


@pytest.fixture
def make_stage() -> Iterator[Callable[..., Stage]]:
    """Makes a server in given surroundings."""
    made: list[Stage] = []

    def make(*, recovery: bool = False, **surroundings: Any) -> Stage:
        made.append(Stage(Surroundings(**surroundings), recovery=recovery))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def stage(make_stage) -> Stage:
    """A server in a notebook of which no cell runs."""
    return make_stage()
