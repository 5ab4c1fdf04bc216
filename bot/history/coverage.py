"""Whether a series of trades or bars is whole."""

from collections.abc import Iterable
from typing import Any, Final

from bot.domain.times import iso_utc
from bot.domain.values import SECOND_NS
from bot.history.archive import Row, identity
from bot.history.series import Dataset, Series

__all__ = ["Coverage"]

_GAPS_LISTED: Final = 1000
_UNITS_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}


class Coverage:
    """A fold over the rows of one series, oldest first."""

    def __init__(self, series: Series) -> None:
        self.series = series
        self.rows = 0
        self.missing = 0
        """Trades by their ids, or bars by their open times."""
        self.gaps: list[dict[str, Any]] = []
        """The first thousand."""
        self.gap_count = 0
        self.repeated = 0
        """Rows that are not newer than the one before."""
        self._step = 1
        if series.dataset is Dataset.KLINES:
            # Months are not alike long, so theirs are not counted.
            unit_s = _UNITS_S.get(series.interval[-1], 0)
            self._step = int(series.interval.rstrip("smhdwo")) * unit_s * SECOND_NS
        self._first: Row | None = None
        self._last: Row | None = None

    @classmethod
    def of(cls, rows: Iterable[Row], series: Series) -> "Coverage":
        coverage = cls(series)
        for row in rows:
            coverage.feed(row)
        return coverage

    def feed(self, row: Row) -> None:
        last = self._last
        self.rows += 1
        if last is None:
            self._first = self._last = row
            return
        before, at = identity(last), identity(row)
        if at <= before:
            self.repeated += 1
            return
        self._last = row
        if self._step and at != before + self._step:
            self._gap(before, at)

    def as_dict(self) -> dict[str, Any]:
        """In plain values. Times are those of the trades, of bars their open times."""
        first, last = self._first, self._last
        return {
            "series": str(self.series),
            "dataset": self.series.dataset.value,
            "market": self.series.market.value,
            "symbol": self.series.symbol,
            "interval": self.series.interval,
            "rows": self.rows,
            "missing": self.missing,
            "gap_count": self.gap_count,
            "gaps": self.gaps,
            "repeated": self.repeated,
            "from": None if first is None else iso_utc(self._time(first)),
            "to": None if last is None else iso_utc(self._time(last)),
        }

    def _gap(self, before: int, at: int) -> None:
        count = (at - before) // self._step - 1
        self.missing += count
        self.gap_count += 1
        if len(self.gaps) >= _GAPS_LISTED:
            return
        gap: dict[str, Any] = {"missing": count}
        if self.series.dataset is Dataset.KLINES:
            gap |= {"from": iso_utc(before + self._step), "to": iso_utc(at - self._step)}
        else:
            gap |= {"from_id": before + 1, "to_id": at - 1}
        self.gaps.append(gap)

    def _time(self, row: Row) -> int:
        return identity(row) if self.series.dataset is Dataset.KLINES else row.ts_ns
