import time

import pytest

from bot.runtime.watchdog import StuckCallback, Watchdog


def test_a_callback_that_never_returns_is_interrupted():
    running = None
    watchdog = Watchdog(lambda: running, bound_s=0.1)
    watchdog.start()
    running = ("stuck", time.perf_counter_ns())
    with pytest.raises(StuckCallback):
        for _ in range(10**12):
            pass
    running = None
    watchdog.stop()


def test_a_callback_that_returns_in_time_is_left_alone():
    running = None
    watchdog = Watchdog(lambda: running, bound_s=10.0)
    watchdog.start()
    for _ in range(5):
        running = ("quick", time.perf_counter_ns())
        time.sleep(0.05)
        running = None
    watchdog.stop()
