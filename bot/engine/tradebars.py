"""Bars of time and of numbers of trades, built from trades.

In which order they come:

1. Of one series, forming bars and bars that close come in the order of their opening, each closes
   once. A bar closes with the first trade that belongs to a later one (of ``100t``: with its own
   last trade); a bar of time also when so much time has passed that none of its trades can still
   be under way.
2. An interval of time in which nothing was traded is a flat bar at the last price without volume,
   as it is in Binance's own series: bars of time have no hole.
3. A trade that comes after its bar closed (fetched after a hole of the stream, or overtaken)
   changes that bar. Such changes are gathered until the next trade in good order, or for a
   moment; then each bar that is now another is issued again, oldest first, ``closed`` and
   ``late``. It keeps its ``open_ns``.
4. A trade that was there before, by its id, changes nothing.
5. The first bar is the first whole one: what began before the first trade that is known is not
   issued, neither forming nor closed.
"""

from abc import ABC, abstractmethod
from collections import deque
from decimal import Decimal
from typing import Final

from bot.domain.interval import Interval
from bot.domain.market import AggTrade, Bar, TradeTick
from bot.domain.values import MS_NS, SECOND_NS
from bot.engine.forming import Arrivals, Forming, exact, singles

__all__ = ["NEVER_NS", "TickBars", "TimeBars"]

NEVER_NS: Final = 2**63 - 1
_NONE: Final = Decimal(0)
_CORRECTABLE: Final = 500
"""Closed bars that a late trade may still change; also the most flat bars issued at once."""
_GRACE_NS: Final = SECOND_NS
"""How long after its end a bar of time waits for trades that are under way."""
_SETTLE_NS: Final = 100 * MS_NS
"""Late trades come in bursts: so long after the last one the bars are issued again."""


class _TradeBars(ABC):
    """What both have in common: one bar forms, others are closed and may be corrected."""

    def __init__(self, symbol: str, interval: Interval, *, has_worth: bool = True) -> None:
        """``has_worth``: price times size is quote units; not so of COIN-M's contracts."""
        self.symbol = symbol
        self.interval = interval
        self._has_worth = has_worth
        # Engine time at which pass_time() has something to do.
        self.next_ns = NEVER_NS
        self._arrivals = Arrivals()
        self._current: Forming | None = None
        self._closed: deque[Forming] = deque(maxlen=_CORRECTABLE)
        self._whole_from: int | None = None
        self._settle_ns = NEVER_NS

    def begin_whole(self, begin: int) -> None:
        """Every trade from that instant (or id) on will be given: that bar is no part of one."""
        self._whole_from = begin

    @property
    def last_id(self) -> int:
        """The newest id that was taken in; -1 before the first."""
        return self._arrivals.last_id

    @abstractmethod
    def _bar(self, bar: Forming, ts_ns: int, recv_ns: int, *, closed: bool, late: bool) -> Bar: ...

    def _close(self, bar: Forming, ts_ns: int, recv_ns: int) -> list[Bar]:
        if self._whole_from is None or bar.begin < self._whole_from:
            return []
        self._closed.append(bar)
        return [self._bar(bar, ts_ns, recv_ns, closed=True, late=False)]

    def _past(self, at: int, recv_ns: int) -> Forming | None:
        """The closed bar that holds that place, to be issued again soon."""
        for bar in reversed(self._closed):
            if bar.begin <= at < bar.end:
                bar.changed = True
                self._settle_ns = recv_ns + _SETTLE_NS
                return bar
        return None

    def _settled(self, recv_ns: int) -> list[Bar]:
        """Every closed bar that is now another."""
        self._settle_ns = NEVER_NS
        issued: list[Bar] = []
        price: float | None = None
        for bar in self._closed:
            if price is not None and bar.is_flat and bar.open != price and self.interval.is_time:
                bar.level(price)
                bar.changed = True
            if bar.changed:
                bar.changed = False
                issued.append(self._bar(bar, bar.ts_ns, recv_ns, closed=True, late=True))
            price = bar.close
        current = self._current
        if current is not None and current.is_flat and price is not None:
            current.level(price)
        return issued


class TimeBars(_TradeBars):
    """Bars of one length of time on one symbol, from aggregate trades."""

    def __init__(self, symbol: str, interval: Interval, *, has_worth: bool = True) -> None:
        super().__init__(symbol, interval, has_worth=has_worth)
        # Exchange time is engine time plus this: a recording has its own time.
        self._skew_ns = 0
        self._paused = False

    def add(self, trade: AggTrade) -> list[Bar]:
        """Take a trade in; the bars that follow from it."""
        if not self._arrivals.is_new(trade.agg_id, trade.agg_id):
            return []
        ts_ns, recv_ns, price = trade.ts_ns, trade.recv_ns, trade.price
        issued: list[Bar] = []
        if not trade.late:
            self._paused = False
            self._skew_ns = ts_ns - recv_ns
            if self._settle_ns != NEVER_NS:
                issued += self._settled(recv_ns)
        current = self._current
        if current is None or ts_ns >= current.end:
            issued += self._advance(ts_ns, price, recv_ns)
            current = self._current
        assert current is not None
        bar = current if ts_ns >= current.begin else self._past(ts_ns, recv_ns)
        if bar is not None:
            size = exact(trade.size)
            worth = size * exact(price) if self._has_worth else _NONE
            bar.take(trade.agg_id, trade, size, worth, singles(trade))
            if bar is current and self._whole_from is not None and bar.begin >= self._whole_from:
                issued.append(self._bar(bar, ts_ns, recv_ns, closed=False))
        self._look_ahead()
        return issued

    def pass_time(self, now_ns: int) -> list[Bar]:
        """It is this late: close what is over, and issue again what late trades changed."""
        issued = self._settled(now_ns) if now_ns >= self._settle_ns else []
        current = self._current
        exchange_ns = now_ns + self._skew_ns - _GRACE_NS
        if current is not None and not self._paused and exchange_ns >= current.end:
            issued += self._advance(exchange_ns, current.close, now_ns)
        self._look_ahead()
        return issued

    def pause(self) -> None:
        """Nothing can be heard: until the next trade nobody knows that nothing is traded."""
        self._paused = True
        self._look_ahead()

    def _advance(self, ts_ns: int, price: float, recv_ns: int) -> list[Bar]:
        """Close the current bar and the empty ones after it, up to the one that holds ``ts_ns``."""
        interval, current = self.interval, self._current
        open_ns = interval.open_ns(ts_ns)
        issued: list[Bar] = []
        if current is None:
            if self._whole_from is None:
                self._whole_from = open_ns if ts_ns == open_ns else interval.next_ns(open_ns)
        else:
            price = current.close
            issued += self._close(current, current.end, recv_ns)
            flat_ns = current.end
            if interval.length_ns:
                flat_ns = max(flat_ns, open_ns - _CORRECTABLE * interval.length_ns)
            while flat_ns < open_ns:
                next_ns = interval.next_ns(flat_ns)
                flat = Forming.flat(flat_ns, next_ns, price, flat_ns)
                issued += self._close(flat, next_ns, recv_ns)
                flat_ns = next_ns
        self._current = Forming.flat(open_ns, interval.next_ns(open_ns), price, open_ns)
        return issued

    def _look_ahead(self) -> None:
        current = self._current
        self.next_ns = self._settle_ns
        if current is not None and not self._paused:
            self.next_ns = min(self.next_ns, current.end - self._skew_ns + _GRACE_NS)

    def _bar(
        self, bar: Forming, ts_ns: int, recv_ns: int, *, closed: bool, late: bool = False
    ) -> Bar:
        return bar.bar(
            self.symbol,
            self.interval.text,
            close_ns=bar.end - MS_NS,
            closed=closed,
            ts_ns=ts_ns,
            recv_ns=recv_ns,
            late=late,
        )


class TickBars(_TradeBars):
    """Bars of so many trades on one symbol, from single trades.

    They are aligned to the exchange's trade ids (of ``100t`` one begins with each id that a hundred
    divides), so that a bar is the same after a restart and for everyone.
    """

    def __init__(self, symbol: str, interval: Interval, *, has_worth: bool = True) -> None:
        super().__init__(symbol, interval, has_worth=has_worth)
        self._count = int(interval.amount)
        self._opened_ns = 0

    def add(self, trade: TradeTick) -> list[Bar]:
        """Take a trade in; the bars that follow from it."""
        number, recv_ns = trade.trade_id, trade.recv_ns
        if not self._arrivals.is_new(number, number):
            return []
        issued: list[Bar] = []
        if not trade.late and self._settle_ns != NEVER_NS:
            issued += self._settled(recv_ns)
        current = self._current
        if current is None or number >= current.end:
            issued += self._advance(trade)
            current = self._current
        assert current is not None
        bar = current if number >= current.begin else self._past(number, recv_ns)
        if bar is not None:
            if bar.is_flat:
                bar.open_ns = self._instant(trade.ts_ns, late=bar is not current)
            size = exact(trade.size)
            worth = size * exact(trade.price) if self._has_worth else _NONE
            bar.take(number, trade, size, worth, (number, number, 1))
            if bar is current:
                issued += self._progress(bar, recv_ns)
        self.next_ns = self._settle_ns
        return issued

    def pass_time(self, now_ns: int) -> list[Bar]:
        """It is this late: issue again what late trades changed."""
        issued = self._settled(now_ns) if now_ns >= self._settle_ns else []
        self.next_ns = self._settle_ns
        return issued

    def pause(self) -> None:
        """Nothing can be heard; no bar of trades ends by that."""

    def _advance(self, trade: TradeTick) -> list[Bar]:
        begin = trade.trade_id - trade.trade_id % self._count
        current, issued = self._current, []
        if current is None:
            if self._whole_from is None:
                self._whole_from = begin if trade.trade_id == begin else begin + self._count
        else:
            at = current.begin
            if not current.is_flat:
                # Its last trades are missing; if they come, it is issued again.
                issued = self._close(current, current.ts_ns, trade.recv_ns)
                at = current.end
            for missed in range(max(at, begin - _CORRECTABLE * self._count), begin, self._count):
                if self._whole_from is not None and missed >= self._whole_from:
                    self._closed.append(self._empty(missed, trade.price))
        self._current = self._empty(begin, trade.price)
        return issued

    def _empty(self, begin: int, price: float) -> Forming:
        return Forming.flat(begin, begin + self._count, price, 0)

    def _instant(self, ts_ns: int, *, late: bool) -> int:
        """In one instant several bars may open: each is known by an instant of its own."""
        if late:
            while any(bar.open_ns == ts_ns for bar in self._closed):
                ts_ns += 1
            return ts_ns
        self._opened_ns = max(ts_ns, self._opened_ns + 1)
        return self._opened_ns

    def _progress(self, bar: Forming, recv_ns: int) -> list[Bar]:
        if bar.last_id == bar.end - 1:
            self._current = self._empty(bar.end, bar.close)
            return self._close(bar, bar.ts_ns, recv_ns)
        if self._whole_from is None or bar.begin < self._whole_from:
            return []
        return [self._bar(bar, bar.ts_ns, recv_ns, closed=False)]

    def _bar(
        self, bar: Forming, ts_ns: int, recv_ns: int, *, closed: bool, late: bool = False
    ) -> Bar:
        return bar.bar(
            self.symbol,
            self.interval.text,
            close_ns=bar.ts_ns,
            closed=closed,
            ts_ns=ts_ns,
            recv_ns=recv_ns,
            late=late,
        )
