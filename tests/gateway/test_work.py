"""What a guest's traffic costs, and how it waits for its turn."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsocket.gateway.config import Limits
from nbsocket.gateway.work import SMALL_BYTES, WINDOW, Allowance, Turnstile, cost_of

LIMITS = Limits(guest_events_per_s=100.0, guest_burst=50)
pytestmark = pytest.mark.threat(32)


@given(st.text(max_size=3000) | st.binary(max_size=3000))
def test_the_cost_counts_bytes_and_items(data):
    cost = cost_of(data)
    assert cost >= 1.0
    if len(data) <= SMALL_BYTES:
        assert cost == 1.0
    if isinstance(data, str):
        assert cost_of(data + "[]," * 500) > cost + 10


def test_a_megabyte_of_lists_costs_what_a_thousand_events_do():
    assert cost_of("[]," * 333_000) > 5000
    assert cost_of("x" * 1_000_000) < 300
    assert cost_of(bytes(1_000_000)) < 300


@given(st.lists(st.tuples(st.floats(0, 30), st.floats(0, 3)), max_size=50))
def test_an_allowance_lets_through_its_burst_and_its_rate(steps):
    """Whatever is taken when: it is never ahead of burst and rate, and nobody waits who has not spent it."""
    now = spent = 0.0
    allowance = Allowance(LIMITS, now)
    for cost, gap in steps:
        now += gap
        wait_s = allowance.take(cost, now)
        spent += cost
        now += wait_s
        assert spent <= LIMITS.guest_burst + now * LIMITS.guest_events_per_s + 1e-6
    assert Allowance(LIMITS, 0).take(LIMITS.guest_burst, 0) == 0.0


class Kernel:
    """Counts bytes as the link does: sent, and done with."""

    def __init__(self):
        self.sent = self.done = 0
        self.turnstile = Turnstile(lambda: self.sent, lambda: self.done)

    def send(self, size=10):
        self.sent += size

    def finish(self, size):
        self.done = min(self.sent, self.done + size)
        self.turnstile.refresh()


def send_ready(kernel, waiting):
    """Send what has had its turn."""
    for one in [one for one in waiting if one[1].done()]:
        waiting.remove(one)
        kernel.turnstile.sent(one[2])
        kernel.send()


@given(
    st.lists(st.sampled_from(["greedy", "modest", "finish", "fail"]), min_size=1, max_size=400), st.data()
)
def test_all_get_their_turn_and_no_more_than_a_window_is_under_way(steps, data):
    async def run():
        kernel = Kernel()
        turnstile = kernel.turnstile
        allowances = {name: Allowance(LIMITS, 0) for name in ("greedy", "modest")}
        waiting = []
        for step in steps:
            if step == "finish":
                kernel.finish(data.draw(st.integers(0, 200)))
            elif step == "fail" and waiting:
                _, turn, cost = waiting.pop()
                if not turn.cancel():
                    turnstile.gave_up(cost)
            elif step in allowances:
                cost = 100.0 if step == "greedy" else 1.0
                turn = turnstile.enter(allowances[step], cost)
                if turn is None:
                    kernel.send()
                else:
                    waiting.append((step, turn, cost))
            send_ready(kernel, waiting)
            assert turnstile._cost < WINDOW + 100
        # Once the kernel gets on, nobody is left behind.
        for _ in range(len(steps) + 1):
            kernel.finish(10**9)
            send_ready(kernel, waiting)
        assert waiting == []
        kernel.finish(10**9)
        assert turnstile._cost == pytest.approx(0)

    asyncio.run(run())


async def test_who_has_sent_little_comes_first():
    kernel = Kernel()
    greedy, modest = Allowance(LIMITS, 0), Allowance(LIMITS, 0)
    while kernel.turnstile.enter(greedy, 1.0) is None:
        kernel.send()
    behind = [kernel.turnstile.enter(greedy, 1.0) for _ in range(1000)]
    first = kernel.turnstile.enter(modest, 1.0)
    kernel.finish(20)
    assert first.done()
    assert sum(one.done() for one in behind) <= 2


async def test_when_the_kernel_is_gone_nobody_waits():
    kernel = Kernel()
    allowance = Allowance(LIMITS, 0)
    while (turn := kernel.turnstile.enter(allowance, 1.0)) is None:
        kernel.send()
    kernel.turnstile.open()
    assert turn.done()
    assert kernel.turnstile.enter(allowance, 1.0) is None
