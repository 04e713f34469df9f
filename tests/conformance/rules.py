"""Naming the rule that a test checks."""

import pytest

ENGINE = "Engine.IO v4"
SOCKET = "Socket.IO v5"


def rule(section, text):
    """Mark a test as the check of one rule.

    ``section`` is the specification's; ``text`` says the rule in our own words.
    """
    return pytest.mark.rule(section, text)
