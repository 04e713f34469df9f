"""Handlers that run once for an id."""

import asyncio
import threading
import time

import pytest

import nbsocket
from nbsocket import AckTimeout
from nbsocket.testing import Client

pytestmark = pytest.mark.promise(6)


@pytest.fixture
def io():
    server = nbsocket.Server("once", port=0)
    yield server
    server.close()


def test_a_handler_runs_once_for_an_id_and_answers_each_time(io):
    ran = []

    @io.on("order")
    @nbsocket.idempotent("order_id")
    def order(socket, what, order_id):
        ran.append(what)
        return f"{what} number {len(ran)}"

    with Client(io, "alice") as alice, Client(io, "bob") as bob:
        assert [alice.call("order", "pizza", "a") for _ in range(3)] == ["pizza number 1"] * 3
        # The same person on another connection.
        assert bob.call("order", "pizza", "a") == "pizza number 1"
        assert bob.call("order", "cake", "b") == "cake number 2"
        assert bob.call("order", "cake", 7) == "cake number 3"
    assert ran == ["pizza", "cake", "cake"]


def test_an_async_handler_that_is_under_way_is_waited_for(io):
    ran = []

    @io.on("order")
    @nbsocket.idempotent("order_id")
    async def order(socket, order_id):
        ran.append(order_id)
        await asyncio.sleep(0.5)
        return len(ran)

    with Client(io, "alice") as alice:
        answers = []
        asking = [
            threading.Thread(target=lambda: answers.append(alice.call("order", "a"))) for _ in range(5)
        ]
        for one in asking:
            one.start()
            time.sleep(0.02)
        for one in asking:
            one.join()
        assert answers == [1] * 5
    assert ran == ["a"]


@pytest.mark.parametrize("is_async", [False, True])
def test_what_raised_may_be_tried_again(io, is_async):
    tries = []

    def attempt(order_id):
        tries.append(order_id)
        if len(tries) == 1:
            raise RuntimeError("the oven is cold")
        return "done"

    if is_async:

        @nbsocket.idempotent("order_id")
        async def order(_socket, order_id):
            await asyncio.sleep(0)
            return attempt(order_id)
    else:

        @nbsocket.idempotent("order_id")
        def order(_socket, order_id):
            return attempt(order_id)

    io.on("order", order)
    with Client(io, "alice") as alice:
        with pytest.raises(AckTimeout, match="the oven is cold"):
            alice.call("order", "a")
        assert [alice.call("order", "a") for _ in range(3)] == ["done"] * 3
    assert len(tries) == 2


def test_the_oldest_ids_are_forgotten(io):
    ran = []

    @io.on("order")
    @nbsocket.idempotent("order_id", keep=2)
    def order(socket, order_id):
        ran.append(order_id)

    with Client(io, "alice") as alice:
        for one in ("a", "b", "b", "a", "c", "a", "b"):
            alice.call("order", one)
    assert ran == ["a", "b", "c", "a", "b"]


def test_an_id_may_be_made_of_who_sends_it(io):
    ran = []

    @io.on("order")
    @nbsocket.idempotent(lambda socket, order: f"{socket.id} {order['id']}")
    def order(socket, order):
        ran.append(order["id"])

    with Client(io, "alice") as alice, Client(io, "bob") as bob:
        for client in (alice, bob, alice, bob):
            client.call("order", {"id": 1})
    assert ran == [1, 1]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "NoneType"),
        ([None], "NoneType"),
        ([{"a": 1}], "dict"),
        ([True], "bool"),
        ([1.5], "float"),
        ([""], "0 characters"),
        (["x" * 201], "201 characters"),
        ([b"x"], "bytes"),
    ],
)
def test_what_is_no_id_is_told(io, given, words):
    @io.on("order")
    @nbsocket.idempotent("order_id")
    def order(socket, order_id=None):
        raise AssertionError("it must not run")

    with Client(io, "alice") as alice, pytest.raises(AckTimeout, match=words):
        alice.call("order", *given)


def test_mistakes_are_named():
    with pytest.raises(
        TypeError, match=r"idempotent\('id'\): the handler's parameters are socket, order_id"
    ):

        @nbsocket.idempotent("id")
        def order(socket, order_id):
            pass

    with pytest.raises(ValueError, match="at least one id"):
        nbsocket.idempotent("id", keep=0)


def test_a_missing_argument_is_told_as_without_it(io):
    @io.on("order")
    @nbsocket.idempotent("order_id")
    def order(socket, order_id, what):
        raise AssertionError("it must not run")

    with Client(io, "alice") as alice, pytest.raises(AckTimeout, match="needs 2"):
        alice.call("order", "a")
