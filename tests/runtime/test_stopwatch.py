import time

from bot.runtime.stopwatch import Stopwatch


def test_it_follows_the_clock_and_stands_still_when_stopped():
    watch = Stopwatch()
    began_ns = watch.now_ns
    watch.start()
    while watch.now_ns == began_ns:
        time.sleep(0.005)
    assert began_ns < watch.now_ns <= time.perf_counter_ns()
    watch.stop()
    stopped_ns = watch.now_ns
    time.sleep(0.05)
    assert watch.now_ns == stopped_ns
