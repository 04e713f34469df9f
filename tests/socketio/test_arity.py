"""What handlers can be called with."""

import functools
from math import inf

import pytest

from nbsocket.socketio.arity import ANY, arity_of, counted, is_async, name_of, refuse_generator


class Thing:
    def method(self, one, two=None):
        """Take one or two."""

    def __call__(self, *args):
        """Take any number."""


class AsyncThing:
    async def __call__(self, one):
        """Take one."""


async def coroutine(one, /, two):
    """Take two."""


def wrapped(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)

    return wrapper


@pytest.mark.parametrize(
    ("function", "arity"),
    [
        (lambda: None, (0, 0)),
        (lambda a, b=1: None, (1, 2)),
        (lambda *args: None, (0, inf)),
        (lambda a, *args: None, (1, inf)),
        (lambda *, a=1: None, (0, 0)),
        (lambda **options: None, (0, 0)),
        (coroutine, (2, 2)),
        (Thing().method, (1, 2)),
        (Thing(), (0, inf)),
        (functools.partial(lambda a, b: None, 1), (1, 1)),
        (wrapped(lambda a: None), (0, inf)),
        (len, (1, 1)),
        (min, ANY),
    ],
)
def test_needs_and_takes(function, arity):
    assert arity_of(function) == arity


def test_a_keyword_without_a_default_can_never_be_given():
    def handler(socket, *, text):
        """Need a keyword."""

    with pytest.raises(TypeError, match=r"handler\(\) needs the keyword argument 'text'"):
        arity_of(handler)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (coroutine, True),
        (functools.partial(coroutine, 1), True),
        (AsyncThing(), True),
        (AsyncThing().__call__, True),
        (Thing(), False),
        (AsyncThing, False),
        (print, False),
    ],
)
def test_what_is_async_def(function, expected):
    assert is_async(function) is expected


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (coroutine, "coroutine"),
        (functools.partial(functools.partial(coroutine), 1), "coroutine"),
        (Thing(), "Thing"),
        (Thing().method, "method"),
        (lambda: None, "<lambda>"),
    ],
)
def test_names_are_those_that_its_author_knows(function, name):
    assert name_of(function) == name


def test_generators_are_refused_also_in_disguise():
    def generator(socket):
        yield socket

    async def async_generator(socket):
        yield socket

    class Yielding:
        def __call__(self):
            yield

    for one in (generator, async_generator, functools.partial(generator, 1), Yielding()):
        with pytest.raises(TypeError, match="contains a yield"):
            refuse_generator(one)
    for one in (coroutine, Thing(), len, Thing):
        refuse_generator(one)


def test_counts_are_in_the_singular_where_it_is_one():
    assert [counted(number) for number in (0, 1, 2)] == ["0 arguments", "1 argument", "2 arguments"]
