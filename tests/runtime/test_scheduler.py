import asyncio
import time

from bot.runtime.scheduler import Job, Timetable


async def _wait_for(condition, timeout_s=5.0):
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_job_runs_again_and_again_and_may_be_a_coroutine():
    runs: list[str] = []

    async def later():
        await asyncio.sleep(0)
        runs.append("async")

    timetable = Timetable(lambda *_: None)
    timetable.add(Job("plain", 0.05, lambda: runs.append("plain")))
    timetable.add(Job("coroutine", 0.05, later))
    timetable.start()
    await _wait_for(lambda: runs.count("plain") >= 2 and runs.count("async") >= 2)
    timetable.stop()


async def test_a_job_whose_time_passed_while_the_loop_was_stalled_still_runs_once():
    runs: list[float] = []
    timetable = Timetable(lambda *_: None)
    timetable.add(Job("renewal", 0.3, lambda: runs.append(time.monotonic())))
    timetable.start()
    await asyncio.sleep(0.1)
    time.sleep(1.8)
    await asyncio.sleep(0.05)
    assert len(runs) == 1
    timetable.stop()


async def test_a_job_that_fails_is_reported_and_comes_round_again():
    failures: list[tuple[str, str]] = []

    def broken():
        raise RuntimeError("no answer")

    timetable = Timetable(lambda name, cause: failures.append((name, cause)))
    timetable.add(Job("clock offset", 0.05, broken))
    timetable.start()
    await _wait_for(lambda: len(failures) >= 2)
    timetable.stop()
    assert failures[0] == ("clock offset", "RuntimeError: no answer")
