"""A class on a server of this very process, and headless people in it."""

import pytest

import nbsocket
from nbsocket.testing import Client


@pytest.fixture
def io():
    server = nbsocket.Server("classes", port=0)
    yield server
    server.close()


@pytest.fixture
def class_(io):
    return io.open_class("Networks")


@pytest.fixture
def come(io, class_):
    """Let people in, as the join page does; they leave at the end."""
    came = []

    def join(name="", key="", **options):
        auth = {"class": True, "name": name, "key": key}
        client = Client(io, name or "nobody", auth=auth, ticket=class_._ticket.value, **options)
        came.append(client)
        return client

    yield join
    for client in came:
        client.disconnect()
