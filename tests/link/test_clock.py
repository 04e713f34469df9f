"""How far another clock is ahead, under any skew and any delay."""

from hypothesis import given
from hypothesis import strategies as st

from nbsocket.link.clock import ClockOffset

seconds = st.floats(0, 2)


@given(
    st.floats(-1e6, 1e6),
    st.lists(st.tuples(seconds, seconds), min_size=1, max_size=20),
)
def test_the_error_is_at_most_half_a_round_trip_unless_it_may_be_one_clock(skew_s, delays):
    clock, now = ClockOffset(), 100.0
    for there_s, back_s in delays:
        clock.note(now, now + there_s + skew_s, now + there_s + back_s)
        now += there_s + back_s + 1
    assert abs(clock.ahead_s - skew_s) <= clock.error_s + 1e-6
    shortest_s = min(there + back for there, back in delays[-8:])
    assert clock.error_s <= (shortest_s if clock.ahead_s == 0 else shortest_s / 2) + 1e-6


def test_without_an_answer_the_clocks_count_as_one():
    assert ClockOffset().ahead_s == 0
    assert ClockOffset().error_s is None
