"""A short form of ``benchmarks/upgrades.py``."""

import pytest
from conformance.rules import ENGINE, rule
from support.upgrades import EVENTS, measure

COUNT = 100


@pytest.mark.fault(3)
@rule(
    f"{ENGINE}, Upgrade",
    "under traffic both ways, each step at a random moment: none lost, doubled, out of order",
)
@pytest.mark.timeout(120)
async def test_upgrades_lose_double_and_disorder_nothing(jupyter):
    outcome = await measure(jupyter, COUNT, together=16, seed=7)
    assert outcome.failed == []
    assert (outcome.lost, outcome.doubled, outcome.disordered) == (0, 0, 0)
    assert len(outcome.delays_s) == COUNT * 2 * EVENTS
