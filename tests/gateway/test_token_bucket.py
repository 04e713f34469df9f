import pytest

from nbsocket.gateway.token_bucket import TokenBucket


def test_it_begins_full_and_never_holds_more():
    bucket = TokenBucket(2.0, 10, 100.0)
    assert bucket.left(100.0) == bucket.left(1000.0) == 10


def test_what_was_taken_comes_back_at_its_rate():
    bucket = TokenBucket(2.0, 10, 100.0)
    assert bucket.take(4, 100.0) == 0.0
    assert bucket.left(100.0) == 6
    assert bucket.left(101.0) == 8


def test_one_may_take_more_than_there_is_and_is_told_how_long_that_lasts():
    bucket = TokenBucket(2.0, 10, 100.0)
    assert bucket.take(11, 100.0) == 0.5
    assert bucket.take(1, 100.0) == 1.0
    assert bucket.left(100.0) == -2
    assert bucket.take(1, 101.5) == 0.0


@pytest.mark.parametrize("steps", [[0.1] * 100, [0.0] * 100, [5.0, 0.0, 0.0]])
def test_in_the_long_run_it_gives_its_rate(steps):
    now, bucket, given = 0.0, TokenBucket(3.0, 5, 0.0), 0
    for step in steps:
        now += step
        while bucket.left(now) >= 1:
            bucket.take(1, now)
            given += 1
    assert given <= 5 + 3.0 * now
