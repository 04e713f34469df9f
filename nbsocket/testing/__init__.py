"""Headless clients and checks, for exercises and tests. RUNS WHERE THE SERVER RUNS, as its clients.

>>> from nbsocket.testing import Client, exercise, expect
>>> with exercise("Pass it on"), Client(io, "alice") as alice, Client(io, "bob") as bob:
...     alice.emit("say", "hi")
...     expect(bob).to_receive("said", "hi")
...     expect(alice).not_to_receive("said")
"""

from nbsocket.testing.client import Client, ClientRefused
from nbsocket.testing.event import Event
from nbsocket.testing.exercises import exercise
from nbsocket.testing.expectations import Expectation, Unmet, anything, expect

__all__ = ["Client", "ClientRefused", "Event", "Expectation", "Unmet", "anything", "exercise", "expect"]
