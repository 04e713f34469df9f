from nbsocket.gateway.stats import RATE_SAMPLES, Rates, Traffic


def test_rates_are_those_of_the_last_seconds():
    rates, traffic = Rates(), Traffic()
    assert rates.per_second(5.0, traffic) == {"in_per_s": 0.0, "out_per_s": 0.0}
    for second in range(30):
        rates.note(float(second), traffic)
        traffic.messages_in += 10
        traffic.messages_out += 1000 if second >= 20 else 0
    assert len(rates.samples) == RATE_SAMPLES
    assert rates.per_second(30.0, traffic) == {"in_per_s": 10.0, "out_per_s": 1000.0}


def test_a_channel_that_falls_silent_has_no_rate():
    rates, traffic = Rates(), Traffic(messages_in=500)
    for second in range(20):
        rates.note(float(second), traffic)
    assert rates.per_second(20.0, traffic) == {"in_per_s": 0.0, "out_per_s": 0.0}
