from bot.runtime.latency import Latency


def test_quantiles_are_those_of_the_measurements():
    latency = Latency()
    for microseconds in range(1, 101):
        latency.add(microseconds * 1000)
    assert latency.quantiles_us() == {"p50": 51.0, "p99": 100.0}


def test_before_the_first_measurement_there_are_zeros():
    assert Latency().quantiles_us() == {"p50": 0.0, "p99": 0.0}


def test_only_the_latest_are_kept_so_that_memory_is_bounded():
    latency = Latency()
    for _ in range(70_000):
        latency.add(1_000_000)
    for _ in range(65_536):
        latency.add(1_000)
    assert latency.quantiles_us() == {"p50": 1.0, "p99": 1.0}
