"""Defects of recorded bars and trades, row by row: what is missing, repeated, impossible, odd."""

from math import isfinite
from typing import Final

import msgspec

from bot.domain.interval import interval_of
from bot.domain.times import day_of, iso_utc
from bot.domain.values import MS_NS, SECOND_NS

__all__ = ["BarCheck", "ChainCheck", "Finding", "IdCheck", "PriceCheck", "TimeCheck"]

_LISTED: Final = 10_000
"""Findings and missing bars that are kept; more are counted."""


class Finding(msgspec.Struct, frozen=True, order=True):
    """Something wrong at a row; the first row is 1."""

    row: int
    what: str


class Findings(list[Finding]):
    """The first ten thousand; ``total`` counts all."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def add(self, row: int, what: str) -> None:
        self.total += 1
        if len(self) < _LISTED:
            self.append(Finding(row, what))


class BarCheck:
    """A fold over the bars of one series, which should be whole and in order."""

    def __init__(self, interval: str) -> None:
        self.rows = 0
        self.findings = Findings()
        self.missing: list[int] = []
        """Open times (ns) of bars that should be there; the first ten thousand."""
        self.missing_count = 0
        self.repeated = 0
        self.unordered = 0
        self._interval = interval_of(interval)
        self._last_ns: int | None = None

    def see(
        self, open_ns: int, first: float, high: float, low: float, last: float, volume: float
    ) -> None:
        """Check the next bar."""
        self.rows += 1
        self._check_time(open_ns)
        prices = (first, high, low, last)
        if not all(map(isfinite, (*prices, volume))):
            self._find("a price or the volume is not a number")
        elif min(prices) <= 0:
            self._find("a price is not above 0")
        elif high < low:
            self._find(f"the high {high:g} is below the low {low:g}")
        elif high < max(first, last) or low > min(first, last):
            self._find("open or close lies outside of high and low")
        if volume < 0:
            self._find("the volume is negative")

    def _check_time(self, open_ns: int) -> None:
        last_ns, step = self._last_ns, self._interval
        if step.open_ns(open_ns) != open_ns:
            self._find(f"no bar opens at {iso_utc(open_ns)}")
        elif last_ns is None:
            self._last_ns = open_ns
        elif open_ns == last_ns:
            self.repeated += 1
            self._find("the bar is there twice")
        elif open_ns < last_ns:
            self.unordered += 1
            self._find("the bar is older than the one before")
        else:
            due_ns = step.next_ns(last_ns)
            if due_ns < open_ns:
                self._find(f"bars are missing from {iso_utc(due_ns)} on")
            while due_ns < open_ns:
                self.missing_count += 1
                if len(self.missing) < _LISTED:
                    self.missing.append(due_ns)
                due_ns = step.next_ns(due_ns)
            self._last_ns = open_ns

    def _find(self, what: str) -> None:
        self.findings.add(self.rows, what)


class IdCheck:
    """Ids that should count up by one. The row after tells which kind of break it was."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._due: int | None = None
        self._doubtful: tuple[int, int] | None = None

    def see(self, row: int, number: int) -> None:
        """Check the id of the next row."""
        due = self._due
        if due is None:
            self._due = number + 1
        elif self._doubtful is not None:
            self._judge(row, number, due, *self._doubtful)
        elif number == due:
            self._due = due + 1
        else:
            self._doubtful = row, number

    def end(self) -> None:
        """There are no more rows."""
        if self._doubtful is not None and self._due is not None:
            self._tell(*self._doubtful, self._due)
            self._doubtful = None

    def _judge(self, row: int, number: int, due: int, bad_row: int, bad: int) -> None:
        self._doubtful = None
        if number == due + 1:
            # As if the row before had had the id that was due.
            self._findings.add(bad_row, f"id {bad} in the place of {due}")
            self._due = number + 1
            return
        self._tell(bad_row, bad, due)
        self._due = max(due, bad + 1)
        self.see(row, number)

    def _tell(self, row: int, number: int, due: int) -> None:
        if number < due:
            self._findings.add(row, f"id {number} was there before")
        else:
            self._findings.add(row, f"ids {due} to {number - 1} are missing")


class PriceCheck:
    """Prices and sizes that can be, and no price that leaps away and comes back at once."""

    def __init__(self, findings: Findings, *, leap: float = 0.02, at_once: int = 3) -> None:
        """``leap``: how far, as a share; ``at_once``: that many rows are a true move."""
        self._findings = findings
        self._leap = leap
        self._at_once = at_once
        self._trusted: float | None = None
        self._odd: list[tuple[int, float]] = []

    def see(self, row: int, price: float, size: float, *, leaps: bool = True) -> None:
        """Check one. ``leaps=False``: of a price that need not be near the one before."""
        if not isfinite(price) or price <= 0:
            self._findings.add(row, f"the price {price:g} is not above 0")
        elif leaps:
            self._compare(row, price)
        if not isfinite(size) or size < 0:
            self._findings.add(row, f"the size {size:g} is negative or no number")

    def _compare(self, row: int, price: float) -> None:
        if self._trusted is None or abs(price / self._trusted - 1.0) <= self._leap:
            for odd_row, odd in self._odd:
                self._findings.add(odd_row, f"the price leaps to {odd:g} and back")
            self._odd.clear()
            self._trusted = price
            return
        self._odd.append((row, price))
        if len(self._odd) >= self._at_once:
            self._odd.clear()
            self._trusted = price


class TimeCheck:
    """Exchange times that fit the times of arrival, all on one day."""

    def __init__(
        self, findings: Findings, *, early_ns: int = MS_NS, late_ns: int = SECOND_NS
    ) -> None:
        self._findings = findings
        self._early_ns = early_ns
        self._late_ns = late_ns
        self._day: object = None

    def see(self, row: int, ts_ns: int, recv_ns: int, *, late: bool = True) -> None:
        """Check one. ``late=False``: it may have been written down long after it happened."""
        if ts_ns <= 0:
            self._findings.add(row, "there is no time")
            return
        lag_ns = recv_ns - ts_ns
        if lag_ns < -self._early_ns:
            self._findings.add(row, f"it came {-lag_ns / MS_NS:g} ms before it happened")
        elif late and lag_ns > self._late_ns:
            self._findings.add(row, f"it came {lag_ns / MS_NS:g} ms after it happened")
        if late:
            day = day_of(recv_ns)
            if self._day is None:
                self._day = day
            elif day != self._day:
                self._findings.add(row, f"it came on {day}, the first on {self._day}")


class ChainCheck:
    """Diffs of a book, each of which must continue the one before."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._last_id: int | None = None
        self._rows: range = range(0)

    def see(self, rows: range, first_id: int, last_id: int, previous_id: int) -> None:
        """Check one diff that stands in these rows; ``previous_id`` is -1 on spot."""
        before = self._last_id
        if before is not None:
            if previous_id >= 0:
                if before > previous_id:
                    # The one before claims an update that this one knows nothing of.
                    self._tell(self._rows, f"it ends at {before}, the next follows {previous_id}")
                elif before < previous_id:
                    self._tell(rows, f"it follows {previous_id}, the one before ends at {before}")
            elif first_id != before + 1:
                self._tell(rows, f"it begins at {first_id} and not at {before + 1}")
        self._last_id, self._rows = last_id, rows

    def _tell(self, rows: range, what: str) -> None:
        for row in rows:
            self._findings.add(row, what)
