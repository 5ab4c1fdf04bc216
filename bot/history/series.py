"""What a public archive holds, and how its files are called.

Source of the layout: https://github.com/binance/binance-public-data (README), and the files
themselves.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final

import msgspec

from bot.domain.errors import SettingsError
from bot.domain.values import Market

__all__ = ["INTERVALS", "Dataset", "Period", "Series", "periods", "series_of"]

INTERVALS: Final = tuple(
    "1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1mo".split()  # noqa: SIM905 - reads like the docs
)
"""Of bars, as the archive writes them: a month is ``1mo``, for file systems that fold case."""

_ROOTS: Final = {
    Market.SPOT: "data/spot",
    Market.USDM: "data/futures/um",
    Market.COINM: "data/futures/cm",
}
_SYMBOL: Final = re.compile(r"[A-Z0-9]{2,30}(_[A-Z0-9]{1,10})?")
_NAME: Final = re.compile(
    r"(?P<symbol>[A-Z0-9]+(?:_[A-Z0-9]+)?)-(?P<what>trades|aggTrades|\d+(?:mo|[smhdwM]))"
    r"-(?P<when>\d{4}[-\d Q]*)\.(?:csv|csv\.gz|zip)"
)


class Dataset(StrEnum):
    """The kinds of data, as the archive calls them."""

    TRADES = "trades"
    AGG_TRADES = "aggTrades"
    KLINES = "klines"


class Period(msgspec.Struct, frozen=True):
    """The days of one file: one, or those of a month."""

    first: date
    last: date

    @property
    def is_month(self) -> bool:
        return self.first != self.last

    @property
    def days(self) -> Iterator["Period"]:
        """Each day by itself."""
        for number in range((self.last - self.first).days + 1):
            day = self.first + timedelta(days=number)
            yield Period(day, day)

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}" if self.is_month else self.first.isoformat()


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of data of one symbol."""

    dataset: Dataset
    market: Market
    symbol: str
    interval: str = ""
    """Of klines."""

    def __post_init__(self) -> None:
        if not _SYMBOL.fullmatch(self.symbol):
            raise SettingsError(f"{self.symbol!r} is no symbol: write it as BTCUSDT")
        if self.dataset is Dataset.KLINES and self.interval not in INTERVALS:
            listed = ", ".join(INTERVALS)
            raise SettingsError(f"--interval {self.interval!r}: the archive has {listed}")

    def __str__(self) -> str:
        what = f"{self.interval} klines" if self.interval else str(self.dataset)
        return f"{what} of {self.market} {self.symbol}"

    def archive(self, period: Period) -> PurePosixPath:
        """The path of the archive's file, below its address and below our folder alike."""
        return self._path("monthly" if period.is_month else "daily", period)

    def fetched(self, period: Period) -> PurePosixPath:
        """The path of a day that was asked for over REST, below our folder."""
        return self._path("rest", period)

    def _path(self, frequency: str, period: Period) -> PurePosixPath:
        folder = PurePosixPath(_ROOTS[self.market], frequency, self.dataset.value, self.symbol)
        if self.dataset is Dataset.KLINES:
            return folder / self.interval / f"{self.symbol}-{self.interval}-{period}.zip"
        return folder / f"{self.symbol}-{self.dataset}-{period}.zip"


def periods(first: date, last: date, *, today: date) -> list[Period]:
    """The files that cover the days: months that are over as a whole, days for the rest."""
    found: list[Period] = []
    day = first
    while day <= last:
        ends = day.replace(day=monthrange(day.year, day.month)[1])
        whole = day.day == 1 and ends <= last and ends < today.replace(day=1)
        period = Period(day, ends if whole else day)
        found.append(period)
        day = period.last + timedelta(days=1)
    return found


def series_of(path: PurePosixPath) -> Series | None:
    """What a file holds, by its name and folders; spot if those do not tell. None: unknown."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        return None
    parts = path.parts
    market = next((m for m in (Market.USDM, Market.COINM) if _is_below(parts, m)), Market.SPOT)
    what = match["what"]
    if what in {Dataset.TRADES.value, Dataset.AGG_TRADES.value}:
        return Series(dataset=Dataset(what), market=market, symbol=match["symbol"])
    interval = "1mo" if what == "1M" else what
    if interval not in INTERVALS:
        return None
    return Series(dataset=Dataset.KLINES, market=market, symbol=match["symbol"], interval=interval)


def _is_below(parts: tuple[str, ...], market: Market) -> bool:
    root = PurePosixPath(_ROOTS[market]).parts
    return any(parts[at : at + len(root)] == root for at in range(len(parts)))
