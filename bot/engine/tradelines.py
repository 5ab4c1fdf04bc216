"""Bars that are built from trades: their history is built from the trades before the first one."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from bot.domain.commands import FetchTrades, StreamKind
from bot.domain.interval import Interval, IntervalKind
from bot.domain.market import AggTrade, Bar, TradeTick
from bot.domain.values import SECOND_NS, Market
from bot.engine.barlines import Line, LineDesk
from bot.engine.forming import exact
from bot.engine.series import Series
from bot.engine.tradebars import NEVER_NS, TickBars, TimeBars
from bot.engine.volumebars import VolumeBars

__all__ = ["TradeLine", "maker_of"]

_A_PAGE: Final = 1_000
_FIRST_TRADE_NS: Final = 10 * SECOND_NS
"""How long to wait for a trade that tells where the history ends."""
_MOST_HELD: Final = 50_000

Trade = AggTrade | TradeTick
Maker = TimeBars | TickBars | VolumeBars


def maker_of(symbol: str, interval: Interval, market: Market) -> Maker:
    """What builds bars of that interval from trades.

    COIN-M trades contracts, whose worth in coins depends on their size: there the quote volume
    of such bars is 0.
    """
    has_worth = market is not Market.COINM
    if interval.kind is IntervalKind.TIME:
        return TimeBars(symbol, interval, has_worth=has_worth)
    if interval.kind is IntervalKind.TICKS:
        return TickBars(symbol, interval, has_worth=has_worth)
    return VolumeBars(symbol, interval, has_worth=has_worth)


class TradeLine(Line):
    """Bars built from trades. ``most`` trades of the past are fetched for them and no more."""

    def __init__(
        self,
        desk: LineDesk,
        symbol: str,
        interval: Interval,
        series: Series,
        *,
        market: Market,
        most: int,
    ) -> None:
        super().__init__(desk, symbol, interval, series)
        ticks = interval.kind is IntervalKind.TICKS
        self.kind = StreamKind.TRADES if ticks else StreamKind.AGG_TRADES
        self._maker = maker_of(symbol, interval, market)
        self._most = most
        self._held: list[Trade] | None = None
        self._first: Trade | None = None
        self._older: list[Trade] = []

    def warm_up(self, count: int, *, required: bool) -> None:
        self.required = self.required or required
        if self.wanted or self._maker.last_id >= 0:
            self.wanted = max(self.wanted, count) if self._first is None else self.wanted
            return
        self.wanted, self.is_warm, self._held = count, False, []
        self._retry_ns = self._desk.now_ns + _FIRST_TRADE_NS

    def hear(self, trade: Trade) -> list[Bar]:
        """A trade came; the bars to issue."""
        if self._held is None:
            return self._kept(self._maker.add(trade))  # type: ignore[arg-type]
        if len(self._held) < _MOST_HELD:
            self._held.append(trade)
        if self._first is None and not trade.late:
            self._first = trade
            self._retry_ns = NEVER_NS
            return self._ask_before(_id(trade))
        return []

    def fetched(self, rows: Sequence[msgspec.Struct]) -> list[Bar]:
        trades = [row for row in rows if isinstance(row, AggTrade | TradeTick)]
        self._answered()
        self._older = [*trades, *self._older]
        if not trades or self._is_enough() or len(self._older) + _A_PAGE > self._most:
            return self._join()
        return self._ask_before(_id(trades[0]))

    def pause(self) -> None:
        self._maker.pause()

    def _give_up(self) -> list[Bar]:
        self._answered()
        return self._join()

    @property
    def _maker_ns(self) -> int:
        return self._maker.next_ns

    def _pass_time(self, now_ns: int) -> list[Bar]:
        issued = self._kept(self._maker.pass_time(now_ns))
        if not self.is_warm and self._first is None and not self.required:
            self._desk.failed(self, f"no trade came within {_FIRST_TRADE_NS // SECOND_NS} s")
            issued += self._join()
        return issued

    def _ask_before(self, number: int) -> list[Bar]:
        first = max(number - _A_PAGE, 0)
        if self.interval.kind is IntervalKind.TICKS:
            first = max(first, self._oldest_wanted())
        if first >= number:
            return self._join()
        self._ask(
            FetchTrades(
                number=0, symbol=self.symbol, kind=self.kind, from_id=first, to_id=number - 1
            )
        )
        return []

    def _is_enough(self) -> bool:
        assert self._first is not None
        oldest, amount = self._older[0], self.interval.amount
        if self.interval.kind is IntervalKind.TICKS:
            return _id(oldest) <= self._oldest_wanted()
        if self.interval.kind is IntervalKind.TIME:
            since_ns = self.interval.open_ns(self._first.ts_ns)
            return oldest.ts_ns < since_ns - self.wanted * self.interval.length_ns
        of_quote = self.interval.kind is IntervalKind.QUOTE_VOLUME
        traded = sum(
            (exact(t.size) * (exact(t.price) if of_quote else 1) for t in self._older), Decimal(0)
        )
        return traded >= amount * self.wanted

    def _oldest_wanted(self) -> int:
        """Of bars that are aligned to trade ids: the first id of the oldest."""
        assert self._first is not None
        count = int(self.interval.amount)
        return max((_id(self._first) // count - self.wanted) * count, 0)

    def _join(self) -> list[Bar]:
        """The past first, of which nobody hears, then what was heard meanwhile."""
        older, self._older = self._older, []
        for trade in older:
            for bar in self._maker.add(trade):  # type: ignore[arg-type]
                if bar.closed:
                    self.series.keep(msgspec.structs.replace(bar, late=True))
        held, self._held = self._held or [], None
        self.is_warm = True
        return [bar for trade in held for bar in self.hear(trade)]

    def _kept(self, bars: list[Bar]) -> list[Bar]:
        for bar in bars:
            if bar.closed:
                self.series.keep(bar)
        return bars


def _id(trade: Trade) -> int:
    return trade.agg_id if isinstance(trade, AggTrade) else trade.trade_id
