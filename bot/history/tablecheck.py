"""What is wrong with a flattened table, row by row."""

import csv
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Final

from bot.domain.errors import DataError
from bot.history.flattened import CARRIED_OVER, Flattened, Row, event_of
from bot.history.frame import instant_ns
from bot.history.lines import lines
from bot.history.quality import ChainCheck, Finding, Findings, IdCheck, PriceCheck, TimeCheck

__all__ = ["check_table"]

_FIRST_DATA_ROW: Final = 1


def check_table(path: Path) -> list[Finding]:
    """The findings in the order of the rows; the first row after the heading is 1.

    Raises:
        DataError: it is no such table.
    """
    content = [line for line in lines(path, None) if line]
    if not content or not Flattened().recognises(content[0]):
        raise DataError(f"{path} is not a table of one trade or price level a row")
    text = (line.decode(errors="replace") for line in content if not line.startswith(b"#"))
    check = _TableCheck()
    numbered = enumerate(csv.DictReader(text), _FIRST_DATA_ROW)
    for _, group in groupby(numbered, key=event_of):
        check.see(list(group))
    return check.end()


class _TableCheck:
    def __init__(self) -> None:
        self._findings = Findings()
        self._ids = IdCheck(self._findings)
        self._prices = PriceCheck(self._findings)
        self._times = TimeCheck(self._findings)
        self._chain = ChainCheck(self._findings)

    def see(self, event: list[tuple[int, Row]]) -> None:
        """Check the rows of one event."""
        for number, row in event:
            try:
                self._check_row(number, row)
            except (KeyError, TypeError, ValueError):
                self._findings.add(number, "it cannot be read")
        self._check_marks(event)
        first_row, first = event[0]
        if first.get("StreamType") == CARRIED_OVER or not first.get("FirstUpdateId"):
            return
        try:
            previous = int(first.get("FinalUpdateIdInLastStream") or -1)
            ids = int(first["FirstUpdateId"]), int(first["FinalUpdateId"])
        except (KeyError, TypeError, ValueError):
            return  # told above
        self._chain.see(range(first_row, first_row + len(event)), *ids, previous)

    def end(self) -> list[Finding]:
        self._ids.end()
        return sorted(self._findings)

    def _check_row(self, number: int, row: Row) -> None:
        carried = row.get("StreamType") == CARRIED_OVER
        is_trade = bool(row.get("TradeId"))
        self._prices.see(number, float(row["Price"]), float(row["Quantity"]), leaps=is_trade)
        if is_trade:
            self._ids.see(number, int(row["TradeId"]))
        recv = row.get("TimestampOfReceiveUS") or row["TimestampOfReceive"]
        if row.get("EventTime"):
            ts_ns, recv_ns = instant_ns(int(row["EventTime"])), instant_ns(int(recv))
            self._times.see(number, ts_ns, recv_ns, late=not carried)

    def _check_marks(self, event: list[tuple[int, Row]]) -> None:
        for number, mark in _marks(event):
            if mark != (number == event[-1][0]):
                what = "marked as the last of its event, and is not"
                self._findings.add(number, what if mark else "not marked as the last of its event")


def _marks(event: Iterable[tuple[int, Row]]) -> Iterator[tuple[int, bool]]:
    return ((number, row["IsLast"] == "1") for number, row in event if row.get("IsLast"))
