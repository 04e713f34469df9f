from nbsocket.socketio.latency_stats import LatencyStats


def test_without_events_all_is_nought():
    assert LatencyStats().figures() == {"handled": 0, "p50_ms": 0.0, "p90_ms": 0.0, "p99_ms": 0.0}


def test_percentiles_are_of_the_times_in_milliseconds():
    stats = LatencyStats()
    for number in reversed(range(100)):
        stats.note(number / 1000)
    stats.handled = 100
    assert stats.figures() == {"handled": 100, "p50_ms": 50.0, "p90_ms": 90.0, "p99_ms": 99.0}


def test_one_event_is_every_percentile():
    stats = LatencyStats()
    stats.note(0.0015)
    assert set(stats.figures().values()) == {0, 1.5}


def test_only_the_latest_thousand_count():
    stats = LatencyStats()
    for _ in range(1000):
        stats.note(9.0)
    for _ in range(1000):
        stats.note(0.001)
    assert stats.figures()["p99_ms"] == 1.0
