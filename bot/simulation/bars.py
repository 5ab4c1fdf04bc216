"""Klines of one symbol, made from its trades."""

from collections import deque
from datetime import UTC, datetime
from typing import Any, Final

from bot.simulation.fixedpoint import text

__all__ = ["INTERVALS", "Bar", "Bars"]

_MINUTE: Final = 60_000
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_WEEK: Final = 7 * _DAY

INTERVALS: Final = {
    "1s": 1000,
    "1m": _MINUTE,
    "3m": 3 * _MINUTE,
    "5m": 5 * _MINUTE,
    "15m": 15 * _MINUTE,
    "30m": 30 * _MINUTE,
    "1h": _HOUR,
    "2h": 2 * _HOUR,
    "4h": 4 * _HOUR,
    "6h": 6 * _HOUR,
    "8h": 8 * _HOUR,
    "12h": 12 * _HOUR,
    "1d": _DAY,
    "3d": 3 * _DAY,
    "1w": _WEEK,
    "1M": 0,
}
"""Length in ms; months have none."""

_KEPT: Final = 1500


def bar_open(interval: str, time_ms: int) -> int:
    """When the bar that holds that moment opens. Weeks begin on Monday; all is UTC."""
    length = INTERVALS[interval]
    if interval == "1M":
        moment = datetime.fromtimestamp(time_ms / 1000, UTC)
        return int(datetime(moment.year, moment.month, 1, tzinfo=UTC).timestamp() * 1000)
    # The epoch was a Thursday.
    offset = 4 * _DAY if interval == "1w" else 0
    return time_ms - (time_ms - offset) % length


def bar_end(interval: str, open_ms: int) -> int:
    """When the next bar opens."""
    if interval == "1M":
        return bar_open("1M", open_ms + 32 * _DAY)
    return open_ms + INTERVALS[interval]


class Bar:
    """One kline; amounts in units of 1e-8, trade ids -1 while there is no trade."""

    __slots__ = (
        "base",
        "close",
        "end_ms",
        "first_id",
        "high",
        "last_id",
        "low",
        "open",
        "open_ms",
        "quote",
        "taker_base",
        "taker_quote",
        "trades",
    )

    def __init__(self, open_ms: int, end_ms: int, price_e8: int) -> None:
        self.open_ms = open_ms
        self.end_ms = end_ms
        self.open = self.high = self.low = self.close = price_e8
        self.base = self.quote = self.taker_base = self.taker_quote = 0
        self.trades = 0
        self.first_id = self.last_id = -1

    def absorb(self, part: "Bar") -> None:
        """Add a later and shorter bar of the same symbol; one without trades changes nothing."""
        if not part.trades:
            return
        if not self.trades:
            # Until its first trade a bar only repeats the last price.
            self.open, self.high, self.low = part.open, part.high, part.low
            self.first_id = part.first_id
        self.high = max(self.high, part.high)
        self.low = min(self.low, part.low)
        self.close = part.close
        self.base += part.base
        self.quote += part.quote
        self.taker_base += part.taker_base
        self.taker_quote += part.taker_quote
        self.trades += part.trades
        self.last_id = part.last_id

    def row(self) -> list[Any]:
        """As ``GET /api/v3/klines`` gives it."""
        return [
            self.open_ms,
            text(self.open),
            text(self.high),
            text(self.low),
            text(self.close),
            text(self.base),
            self.end_ms - 1,
            text(self.quote),
            self.trades,
            text(self.taker_base),
            text(self.taker_quote),
            "0",
        ]

    def payload(self, symbol: str, interval: str, *, closed: bool) -> dict[str, Any]:
        """As ``k`` of the kline stream."""
        return {
            "t": self.open_ms,
            "T": self.end_ms - 1,
            "s": symbol,
            "i": interval,
            "f": self.first_id,
            "L": self.last_id,
            "o": text(self.open),
            "c": text(self.close),
            "h": text(self.high),
            "l": text(self.low),
            "v": text(self.base),
            "n": self.trades,
            "x": closed,
            "q": text(self.quote),
            "V": text(self.taker_base),
            "Q": text(self.taker_quote),
            "B": "0",
        }


class Bars:
    """All intervals at once. A bar without trades repeats the last price, as Binance does."""

    def __init__(self) -> None:
        self._bars: dict[str, deque[Bar]] = {name: deque(maxlen=_KEPT) for name in INTERVALS}

    def add(
        self,
        price_e8: int,
        quantity_e8: int,
        quote_e8: int,
        *,
        buyer_is_maker: bool,
        time_ms: int,
        trade_id: int,
    ) -> None:
        """Count one trade in."""
        for interval, bars in self._bars.items():
            bar = bars[-1] if bars else None
            if bar is None or time_ms >= bar.end_ms or not bar.trades:
                bar = self._opened(interval, bars, price_e8, time_ms)
                bar.first_id = trade_id
            if price_e8 > bar.high:
                bar.high = price_e8
            elif price_e8 < bar.low:
                bar.low = price_e8
            bar.close = price_e8
            bar.base += quantity_e8
            bar.quote += quote_e8
            bar.trades += 1
            bar.last_id = trade_id
            if not buyer_is_maker:
                bar.taker_base += quantity_e8
                bar.taker_quote += quote_e8

    def roll(self, interval: str, time_ms: int) -> deque[Bar]:
        """The bars up to that moment, oldest first, the last one still forming."""
        bars = self._bars[interval]
        if bars and time_ms >= bars[-1].end_ms:
            self._fill(interval, bars, time_ms)
        return bars

    def _opened(self, interval: str, bars: deque[Bar], price_e8: int, time_ms: int) -> Bar:
        """The bar of that moment, which has no trade yet: its open is this price."""
        if not bars or bars[-1].trades:
            start = bar_open(interval, time_ms)
            if bars and start > bars[-1].end_ms:
                self._fill(interval, bars, start - 1)
            bars.append(Bar(start, bar_end(interval, start), price_e8))
        elif time_ms >= bars[-1].end_ms:
            self._fill(interval, bars, time_ms)
        bar = bars[-1]
        if not bar.trades:
            bar.open = bar.high = bar.low = bar.close = price_e8
        return bar

    def _fill(self, interval: str, bars: deque[Bar], time_ms: int) -> None:
        last = bars[-1]
        length = INTERVALS[interval]
        start = last.end_ms
        if length and time_ms - start > _KEPT * length:
            start = bar_open(interval, time_ms) - _KEPT * length
        while start <= time_ms:
            end = bar_end(interval, start)
            bars.append(Bar(start, end, last.close))
            start = end
