"""The timed work, by APScheduler."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.runtime.logs import logger

__all__ = ["Job", "Timetable"]


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do every so often."""

    name: str
    every_s: float
    work: Callable[[], Awaitable[object] | None]
    jitter_s: float = 0.0
    """Up to so much later, by chance: not everybody's work at the same moment."""


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
        """Run the job every ``job.every_s`` seconds, for the first time one period from now."""

        async def run() -> None:
            try:
                result = job.work()
                if result is not None:
                    await result
            except Exception as e:  # noqa: BLE001 - wall: scheduled job
                logger.bind(source="scheduler").warning("{} failed: {}", job.name, e)
                self._on_failed(job.name, f"{type(e).__name__}: {e}")

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
