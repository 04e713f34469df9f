"""Naming the rule that a test checks."""

import pytest

ENGINE = "Engine.IO v4"
SOCKET = "Socket.IO v5"


def rule(section, text):
    """Mark a test as the check of one rule; so it answers to the first row of the fault table.

    ``section`` is the specification's; ``text`` says the rule in our own words.
    """

    def mark(test):
        return pytest.mark.fault(1)(pytest.mark.rule(section, text)(test))

    return mark
