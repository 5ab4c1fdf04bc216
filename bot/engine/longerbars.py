"""Bars of time built from the exchange's own shorter bars: seven minutes from single ones.

A longer bar forms at the pace of the shorter ones and closes with the last of them, or with the
first one after it if that last one was missed. The rules of order are those of
:mod:`bot.engine.tradebars`: a shorter bar that comes after the longer one closed (fetched after
a hole of the stream) makes it come again, ``late``; a longer bar of which nothing had come is
then issued for the first time. Shorter bars without trades make a bar without trades; the
exchange sends them, so nothing is invented here.
"""

from bisect import insort
from typing import Final

import msgspec

from bot.domain.interval import Interval
from bot.domain.market import Bar
from bot.domain.values import MS_NS
from bot.engine.forming import Forming
from bot.engine.tradebars import NEVER_NS

__all__ = ["LongerBars"]

_CORRECTABLE: Final = 32
"""Closed bars whose parts are kept, because late ones may still come."""
_SETTLE_NS: Final = 100 * MS_NS


class _Assembly(msgspec.Struct):
    """One longer bar and the parts that came of it."""

    begin: int
    end: int
    sum: Forming
    """Of the closed parts, in their order."""
    parts: dict[int, Bar]
    closed: bool = False
    changed: bool = False

    def put(self, part: Bar) -> bool:
        """Take in a part, or a newer version of one; False if that changes nothing."""
        before = self.parts.get(part.open_ns)
        if before is not None and before.closed and (not part.closed or _same(before, part)):
            return False
        newest = max(self.parts, default=-1)
        self.parts[part.open_ns] = part
        if part.closed:
            if part.open_ns >= newest and (before is None or not before.closed):
                self.sum.absorb(part)
            else:
                self._add_up()
        return True

    def total(self) -> Forming:
        """Of all parts: the closed ones and the one that forms."""
        last = self.parts[max(self.parts)]
        if last.closed:
            return self.sum
        total = msgspec.structs.replace(self.sum)
        total.absorb(last)
        return total

    def _add_up(self) -> None:
        first = self.parts[min(self.parts)]
        self.sum = Forming.flat(self.begin, self.end, first.open, self.begin)
        for open_ns in sorted(self.parts):
            if self.parts[open_ns].closed:
                self.sum.absorb(self.parts[open_ns])


class LongerBars:
    """Bars of one length of time on one symbol, from shorter bars that fit into it."""

    def __init__(self, symbol: str, interval: Interval, shorter: Interval) -> None:
        self.symbol = symbol
        self.interval = interval
        self.shorter = shorter
        # Engine time at which pass_time() has something to do.
        self.next_ns = NEVER_NS
        self._current: _Assembly | None = None
        self._closed: list[_Assembly] = []
        self._whole_from_ns: int | None = None

    def add(self, part: Bar) -> list[Bar]:
        """Take a shorter bar in, forming or closed; the bars that follow from it."""
        issued = (
            [] if part.late or self.next_ns == NEVER_NS else self.pass_time(part.recv_ns, now=True)
        )
        begin = self.interval.open_ns(part.open_ns)
        current = self._current
        if current is None or begin >= current.end:
            issued += self._advance(part, begin)
            current = self._current
        assert current is not None
        if begin == current.begin and not current.closed:
            issued += self._progress(current, part)
        elif part.closed:
            self._correct(begin, part)
        return issued

    def pass_time(self, now_ns: int, *, now: bool = False) -> list[Bar]:
        """It is this late: issue again what late parts changed."""
        if not now and now_ns < self.next_ns:
            return []
        self.next_ns = NEVER_NS
        issued = []
        for whole in self._closed:
            if whole.changed:
                whole.changed = False
                issued.append(self._bar(whole, now_ns, closed=True, late=True))
        return issued

    def pause(self) -> None:
        """Nothing can be heard; no bar is closed by time here."""

    def _advance(self, part: Bar, begin: int) -> list[Bar]:
        current, issued = self._current, []
        if current is not None and not current.closed and current.parts:
            issued = self._close(current, part)
        elif current is None and self._whole_from_ns is None:
            whole = begin if part.open_ns == begin else self.interval.next_ns(begin)
            self._whole_from_ns = whole
        self._current = self._assembly(begin, part.open)
        return issued

    def _progress(self, current: _Assembly, part: Bar) -> list[Bar]:
        if not current.put(part):
            return []
        if part.closed and self.shorter.next_ns(part.open_ns) >= current.end:
            return self._close(current, part)
        if not self._is_whole(current):
            return []
        return [self._bar(current, part.recv_ns, closed=False, late=False)]

    def _close(self, whole: _Assembly, by: Bar) -> list[Bar]:
        whole.closed = True
        if not self._is_whole(whole):
            return []
        self._keep(whole)
        return [self._bar(whole, by.recv_ns, closed=True, late=by.late)]

    def _correct(self, begin: int, part: Bar) -> None:
        for whole in reversed(self._closed):
            if whole.begin == begin:
                break
        else:
            whole = self._assembly(begin, part.open)
            whole.closed = True
            oldest = self._closed[0].begin if len(self._closed) == _CORRECTABLE else 0
            if not self._is_whole(whole) or begin < oldest:
                return
            self._keep(whole)
        if whole.put(part):
            whole.changed = True
            self.next_ns = part.recv_ns + _SETTLE_NS

    def _keep(self, whole: _Assembly) -> None:
        insort(self._closed, whole, key=lambda kept: kept.begin)
        del self._closed[:-_CORRECTABLE]

    def _is_whole(self, whole: _Assembly) -> bool:
        return self._whole_from_ns is not None and whole.begin >= self._whole_from_ns

    def _assembly(self, begin: int, price: float) -> _Assembly:
        end = self.interval.next_ns(begin)
        return _Assembly(begin, end, Forming.flat(begin, end, price, begin), {})

    def _bar(self, whole: _Assembly, recv_ns: int, *, closed: bool, late: bool) -> Bar:
        total = whole.total()
        return total.bar(
            self.symbol,
            self.interval.text,
            close_ns=whole.end - MS_NS,
            closed=closed,
            ts_ns=total.ts_ns,
            recv_ns=recv_ns,
            late=late,
        )


def _same(one: Bar, other: Bar) -> bool:
    return (one.open, one.high, one.low, one.close, one.volume, one.trades) == (
        other.open,
        other.high,
        other.low,
        other.close,
        other.volume,
        other.trades,
    )
