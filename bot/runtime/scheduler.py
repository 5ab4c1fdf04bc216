"""The timed work, by APScheduler."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.runtime.logs import logger

__all__ = ["Job", "Timetable"]

_TRIES_A_PERIOD: Final = 8
"""The longest pause between two tries of a job that failed is this part of its period."""


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do every so often."""

    name: str
    every_s: float
    work: Callable[[], Awaitable[object] | None]
    jitter_s: float = 0.0
    """Up to so much later, by chance: not everybody's work at the same moment."""
    retry_s: float = 0.0
    """After a failure it is tried again so much later, then after twice that..., until it
    succeeds; 0: not before its next time."""


class Timetable:
    """Runs jobs on the event loop.

    ``misfire_grace_time=None``: APScheduler's default of one second silently drops a job
    whose time passed while the loop was busy; ours run late rather than never.
    ``coalesce``: several missed times are made up once. ``max_instances=1``: never twice
    at the same time.
    """

    def __init__(self, on_failed: Callable[[str, str], None]) -> None:
        self._on_failed = on_failed
        self._scheduler: Any = AsyncIOScheduler(
            timezone="UTC",
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )

    def add(self, job: Job) -> None:
        """Run the job every ``job.every_s`` seconds, for the first time one period from now.

        Of failures in a row the first is reported.
        """
        failures = 0

        async def run() -> None:
            nonlocal failures
            try:
                result = job.work()
                if result is not None:
                    await result
            except Exception as e:  # noqa: BLE001 - wall: scheduled job
                logger.bind(source="scheduler").warning("{} failed: {}", job.name, e)
                if not failures or not job.retry_s:
                    self._on_failed(job.name, f"{type(e).__name__}: {e}")
                failures += 1
                if job.retry_s:
                    again_s = job.retry_s * 2.0 ** min(failures - 1, 30)
                    retry(min(again_s, job.every_s / _TRIES_A_PERIOD))
            else:
                failures = 0

        def retry(after_s: float) -> None:
            self._scheduler.add_job(
                run,
                "date",
                run_date=datetime.now(UTC) + timedelta(seconds=after_s),
                id=f"{job.name}, again",
                replace_existing=True,
            )

        self._scheduler.add_job(
            run,
            "interval",
            seconds=job.every_s,
            jitter=job.jitter_s or None,
            id=job.name,
            name=job.name,
        )

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)
