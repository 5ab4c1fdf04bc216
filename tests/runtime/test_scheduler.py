import asyncio
from datetime import UTC, datetime, timedelta

from bot.runtime.scheduler import Job, Timetable


async def _wait_for(condition, timeout_s=20.0):
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
    runs: list[str] = []
    timetable = Timetable(lambda *_: None)
    timetable.add(Job("renewal", 600, lambda: runs.append("late")))
    timetable.start()
    # As after a stall: six times of the last hour were missed; the next one is far away.
    missed = datetime.now(UTC) - timedelta(seconds=3300)
    timetable._scheduler.modify_job("renewal", next_run_time=missed)
    await _wait_for(lambda: runs)
    await asyncio.sleep(0.2)
    assert runs == ["late"]
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


async def test_a_job_that_must_not_fail_is_tried_again_at_once_and_reported_once():
    failures: list[tuple[str, str]] = []
    tries: list[str] = []

    def renew():
        tries.append("try")
        if len(tries) < 5:
            raise RuntimeError("no answer")

    timetable = Timetable(lambda name, cause: failures.append((name, cause)))
    timetable.add(Job("lease renewal", 600, renew, retry_s=0.01))
    timetable.start()
    timetable._scheduler.modify_job("lease renewal", next_run_time=datetime.now(UTC))
    await _wait_for(lambda: len(tries) == 5)
    await asyncio.sleep(0.2)
    timetable.stop()
    assert len(tries) == 5
    assert failures == [("lease renewal", "RuntimeError: no answer")]
