"""Bringing a series of market history here: from the archive, and over REST what it lacks yet."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec

from bot.domain.errors import DataError, Rejected, SettingsError, VenueError, VenueSetupError
from bot.exchange.archive import ARCHIVE_URL, Archive, ArchiveOptions, Outcome
from bot.exchange.endpoints import LIVE, Endpoints
from bot.exchange.rest_history import RestHistory
from bot.exchange.session import Session
from bot.history.series import Dataset, Period, Series, periods
from bot.history.written import is_complete, write_rows

__all__ = ["Download", "DownloadPlan", "DownloadProgress", "DownloadReport", "days_of"]

_DAY_MS: Final = 86_400_000
_ARCHIVE_LAG_DAYS: Final = 7
"""How long the archive may take to have a day; older ones that it lacks never come."""
_NO_SYMBOL: Final = frozenset({-1121, -1122})


class DownloadPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted, and where it goes."""

    series: Series
    first: date
    last: date
    """The days, both included, UTC."""
    out: Path
    base_url: str = ARCHIVE_URL
    rest: Endpoints | None = LIVE
    """Who is asked for the days that the archive does not have yet; None: nobody."""
    parallel: int = 4
    options: ArchiveOptions = ArchiveOptions()


class DownloadProgress(msgspec.Struct):
    """The present state."""

    files: int
    files_done: int = 0
    size_bytes: int = 0
    """Of the files whose fetching has begun."""
    sizes: int = 0
    """How many those are."""
    got_bytes: int = 0
    rows: int = 0
    """That were asked for over REST."""


class DownloadReport(msgspec.Struct, kw_only=True):
    """What became of it."""

    series: Series
    first: date
    last: date
    files: list[str] = []
    """Paths, by the time they are of."""
    fetched: int = 0
    kept: int = 0
    rest_days: list[str] = []
    rest_rows: int = 0
    got_bytes: int = 0
    gaps: list[dict[str, str]] = []
    """Days without data: ``from``, ``to``, both included, and ``cause``."""
    elapsed_s: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        series = self.series
        return {
            "series": str(series),
            "dataset": series.dataset.value,
            "market": series.market.value,
            "symbol": series.symbol,
            "interval": series.interval,
            "from": self.first.isoformat(),
            "to": self.last.isoformat(),
            "files": self.files,
            "fetched": self.fetched,
            "kept": self.kept,
            "rest_days": self.rest_days,
            "rest_rows": self.rest_rows,
            "bytes": self.got_bytes,
            "gaps": self.gaps,
            "elapsed_s": round(self.elapsed_s, 3),
        }


def days_of(first: str, last: str, *, today: date) -> tuple[date, date]:
    """The days that two texts like 2024-01-31 name; an empty second one is today.

    Raises:
        SettingsError: one is no day, they are the wrong way round, or in the future.
    """
    days = []
    for option, text in (("--from", first), ("--to", last or today.isoformat())):
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise SettingsError(f"{option} {text!r} is no day: write it like 2024-01-31") from None
        if day > today:
            raise SettingsError(f"{option} {text} is in the future: today is {today} (UTC)")
        days.append(day)
    if days[0] > days[1]:
        raise SettingsError(f"--from {days[0]} is after --to {days[1]}: turn them round")
    return days[0], days[1]


class Download:
    """One download. Use :meth:`run` once."""

    def __init__(
        self,
        plan: DownloadPlan,
        *,
        on_progress: Callable[[DownloadProgress], object] = lambda _: None,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._plan = plan
        self._on_progress = on_progress
        self._now_ms = now_ms
        self._today = datetime.fromtimestamp(now_ms() / 1000, UTC).date()
        self._wanted = periods(plan.first, plan.last, today=self._today)
        self._progress = DownloadProgress(files=len(self._wanted))
        self._report = DownloadReport(series=plan.series, first=plan.first, last=plan.last)
        self._files: dict[date, str] = {}
        self._absent: dict[date, str] = {}
        self._begun: set[str] = set()
        self._room = asyncio.Semaphore(plan.parallel)
        self._rest_turn = asyncio.Lock()

    async def run(self) -> DownloadReport:
        """Fetch everything; days that are nowhere are gaps in the report.

        Raises:
            UserError: the symbol does not exist, there is no data at all, a server cannot be
                reached, a file is damaged, or the disk does not take it. What has arrived is
                kept, so that the same download goes on from there.
        """
        began = time.monotonic()
        async with AsyncExitStack() as stack:
            # One connection for each file under way; an archive is no place for cookies.
            http = await stack.enter_async_context(
                aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
            )
            rest = await stack.enter_async_context(_rest(self._plan))
            archive = Archive(
                http,
                self._plan.base_url,
                options=self._plan.options,
                on_size=self._sized,
                on_bytes=self._arrived,
            )
            async with asyncio.TaskGroup() as tasks:
                for period in self._wanted:
                    tasks.create_task(self._period(archive, rest, period), name=str(period))
        return self._reported(time.monotonic() - began)

    async def _period(self, archive: Archive, rest: RestHistory | None, period: Period) -> None:
        plan = self._plan
        path = plan.series.archive(period)
        async with self._room:
            outcome = await archive.fetch(str(path), plan.out / path)
        if outcome is not Outcome.ABSENT:
            self._has(period, plan.out / path)
            self._report.fetched += outcome is Outcome.FETCHED
            self._report.kept += outcome is Outcome.KEPT
            self._drop_rest(period)
        elif period.is_month:
            # A month appears a few days after its end, and not for every symbol.
            days = list(period.days)
            self._progress.files += len(days)
            async with asyncio.TaskGroup() as tasks:
                for day in days:
                    tasks.create_task(self._period(archive, rest, day), name=str(day))
        else:
            await self._ask_for_day(rest, period)
        self._progress.files_done += 1
        self._on_progress(self._progress)

    async def _ask_for_day(self, rest: RestHistory | None, day: Period) -> None:
        plan = self._plan
        if rest is None or (self._today - day.first).days > _ARCHIVE_LAG_DAYS:
            self._absent[day.first] = "not in the archive"
            return
        target = plan.out / plan.series.fetched(day)
        start_ms = _midnight_ms(day.first)
        end_ms = start_ms + _DAY_MS
        async with self._rest_turn:
            if not is_complete(target, end_ms):
                until_ms = min(end_ms, self._now_ms())
                rows = self._counted(self._rows(rest, start_ms, until_ms))
                await self._write(target, rows, until_ms, end_ms)
                if day.first not in self._absent:
                    self._report.rest_days.append(str(day))
            else:
                self._report.kept += 1
        if day.first not in self._absent:
            self._has(day, target)

    async def _write(
        self, target: Path, rows: AsyncIterator[list[str]], until_ms: int, end_ms: int
    ) -> None:
        day = datetime.fromtimestamp((end_ms - _DAY_MS) / 1000, UTC).date()
        try:
            count = await write_rows(target, rows, until_ms=until_ms, day_end_ms=end_ms)
        except Rejected as refused:
            if refused.code in _NO_SYMBOL:
                series = self._plan.series
                raise VenueSetupError(
                    f"{series.market} has no symbol {series.symbol}: is it written right, and is"
                    f" --market {series.market} its market?"
                ) from refused
            self._absent[day] = f"the exchange refused: {refused}"
            return
        except VenueError as failure:
            raise VenueSetupError(
                f"cannot ask for {day} over REST: {failure}; the same command goes on from there"
            ) from failure
        except OSError as e:
            raise DataError(f"cannot write {target}: {e.strerror or e}") from e
        if not count and until_ms == end_ms:
            self._absent[day] = "nothing was traded"

    def _rows(self, rest: RestHistory, start_ms: int, end_ms: int) -> AsyncIterator[list[str]]:
        series = self._plan.series
        if series.dataset is Dataset.KLINES:
            return rest.klines(series.symbol, series.interval, start_ms, end_ms)
        ask = rest.trades if series.dataset is Dataset.TRADES else rest.agg_trades
        return ask(series.symbol, start_ms, end_ms)

    async def _counted(self, rows: AsyncIterator[list[str]]) -> AsyncIterator[list[str]]:
        async for row in rows:
            self._progress.rows += 1
            if not self._progress.rows % 1000:
                self._on_progress(self._progress)
            yield row

    def _has(self, period: Period, path: Path) -> None:
        self._files[period.first] = str(path)

    def _drop_rest(self, period: Period) -> None:
        """What was asked for over REST gives way to the archive's own file."""
        for day in period.days:
            (self._plan.out / self._plan.series.fetched(day)).unlink(missing_ok=True)

    def _sized(self, path: str, more_bytes: int) -> None:
        self._begun.add(path)
        self._progress.size_bytes += more_bytes
        self._progress.sizes = len(self._begun)
        self._on_progress(self._progress)

    def _arrived(self, count: int) -> None:
        self._progress.got_bytes += count
        self._on_progress(self._progress)

    def _reported(self, elapsed_s: float) -> DownloadReport:
        report, series = self._report, self._plan.series
        report.files = [self._files[day] for day in sorted(self._files)]
        report.gaps = list(_runs(self._absent))
        report.rest_days.sort()
        report.rest_rows = self._progress.rows
        report.got_bytes = self._progress.got_bytes
        report.elapsed_s = elapsed_s
        if not report.files:
            cause = report.gaps[0]["cause"]
            raise DataError(
                f"there are no {series} from {report.first} to {report.last} ({cause}): is the"
                f" symbol right, and is --market {series.market} its market?"
            )
        return report


@asynccontextmanager
async def _rest(plan: DownloadPlan) -> AsyncIterator[RestHistory | None]:
    if plan.rest is None:
        yield None
        return
    session = Session(plan.rest)
    try:
        yield RestHistory(session, plan.series.market)
    finally:
        await session.close()


def _runs(absent: dict[date, str]) -> list[dict[str, str]]:
    """Days that follow each other for the same cause, as one."""
    runs: list[dict[str, str]] = []
    for day in sorted(absent):
        text, before = day.isoformat(), (day - timedelta(days=1)).isoformat()
        if runs and runs[-1]["to"] == before and runs[-1]["cause"] == absent[day]:
            runs[-1]["to"] = text
        else:
            runs.append({"from": text, "to": text, "cause": absent[day]})
    return runs


def _midnight_ms(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000
