"""A class of phones on one notebook: joining, what the phones show, what they answer. RUNS IN THE KERNEL.

>>> class_ = io.open_class()
>>> class_.show(choices("vote", ["a day on Venus", "a year on Venus"], "Which is longer?"))
>>> class_.tally("vote")
Counter({'a day on Venus': 61, 'a year on Venus': 112})

It uses the server's own events: a phone's answer is an event that ``@io.on("vote")`` handles.
"""

from nbsocket.classroom.answers import Answers
from nbsocket.classroom.blocks import Block, button, choices, items, say, text, toggle, wall
from nbsocket.classroom.classroom import Classroom
from nbsocket.classroom.people import Person

__all__ = [
    "Answers",
    "Block",
    "Classroom",
    "Person",
    "button",
    "choices",
    "items",
    "say",
    "text",
    "toggle",
    "wall",
]
