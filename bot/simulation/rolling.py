"""Price statistics of a window that the caller chooses, and of the trading day.

Source: Binance spot documentation, "Rolling window price change statistics" and "Trading Day
Ticker".
"""

import re
from collections.abc import Callable
from itertools import takewhile
from typing import Any, Final

from bot.simulation.bars import INTERVALS, Bar
from bot.simulation.errors import ApiError
from bot.simulation.fixedpoint import text
from bot.simulation.listing import Listing
from bot.simulation.parameters import Params, check_known, optional
from bot.simulation.publicdata import PublicData
from bot.simulation.zones import zone_ms, zoned

__all__ = ["RollingTickers"]

_WINDOW: Final = re.compile(r"([1-9]|[1-5][0-9])m|([1-9]|1[0-9]|2[0-3])h|([1-7])d")
_MINUTE_MS: Final = 60_000
_UNITS_MS: Final = {"m": _MINUTE_MS, "h": 60 * _MINUTE_MS, "d": 1_440 * _MINUTE_MS}
# The longest span that the kept bars of an interval cover.
_COVERED: Final = {"1m": 1_440 * _MINUTE_MS, "15m": 7 * 1_440 * _MINUTE_MS}


class RollingTickers:
    """``now`` is the time of market data."""

    def __init__(self, public: PublicData, now: Callable[[], int]) -> None:
        self._public = public
        self._now = now

    def window(self, params: Params) -> dict[str, Any] | list[dict[str, Any]]:
        """``GET /api/v3/ticker``: from the start of a minute, up to 59 999 ms more than asked."""
        known = frozenset({"symbol", "symbols", "windowSize", "type", "symbolStatus"})
        size = optional(params, "windowSize") or "1d"
        if not _WINDOW.fullmatch(size):
            raise ApiError.invalid("windowSize")
        span_ms = int(size[:-1]) * _UNITS_MS[size[-1]]
        return self._each(params, known, lambda listing: self._last(listing, span_ms))

    def trading_day(self, params: Params) -> dict[str, Any] | list[dict[str, Any]]:
        """``GET /api/v3/ticker/tradingDay``: the whole day of the zone that it is now."""
        known = frozenset({"symbol", "symbols", "timeZone", "type", "symbolStatus"})
        offset_ms = zone_ms(params)

        def day(listing: Listing) -> Bar:
            bars = zoned(listing.bars, "1d", offset_ms, self._now())
            return bars[-1] if bars else _empty(self._now(), listing)

        return self._each(params, known, day)

    def _last(self, listing: Listing, span_ms: int) -> Bar:
        """The trades of the window as one bar."""
        now_ms = self._now()
        open_ms = now_ms - span_ms
        open_ms -= open_ms % _MINUTE_MS
        interval = next(name for name, most_ms in _COVERED.items() if span_ms <= most_ms)
        from_ms = open_ms - open_ms % INTERVALS[interval]
        whole = Bar(open_ms, now_ms + 1, listing.last_price_e8)
        newest_first = reversed(listing.bars.roll(interval, now_ms))
        parts = list(takewhile(lambda bar: bar.open_ms >= from_ms, newest_first))
        for part in reversed(parts):
            whole.absorb(part)
        return whole

    def _each(
        self, params: Params, known: frozenset[str], bar: Callable[[Listing], Bar]
    ) -> dict[str, Any] | list[dict[str, Any]]:
        check_known(params, known)
        kind = optional(params, "type") or "FULL"
        if kind not in {"FULL", "MINI"}:
            raise ApiError.bad_request(-1139, "Invalid ticker type.")
        if "symbol" not in params and "symbols" not in params:
            raise ApiError.missing_both("symbol", "symbols")
        if "symbol" in params and "symbols" in params:
            raise ApiError.bad_request(-1128, "Combination of optional parameters invalid.")
        row = _full if kind == "FULL" else _mini
        if "symbol" in params:
            listing = self._public.listing(params)
            return row(listing, bar(listing))
        return [row(listing, bar(listing)) for listing in self._public.chosen(params)]


def _empty(now_ms: int, listing: Listing) -> Bar:
    return Bar(now_ms, now_ms + 1, listing.last_price_e8)


def _full(listing: Listing, bar: Bar) -> dict[str, Any]:
    change = bar.close - bar.open
    mini = _mini(listing, bar)
    return {
        "symbol": mini.pop("symbol"),
        "priceChange": text(change),
        "priceChangePercent": f"{change / bar.open * 100 if bar.open else 0:.3f}",
        "weightedAvgPrice": text(bar.quote * 10**8 // bar.base if bar.base else 0),
        **mini,
    }


def _mini(listing: Listing, bar: Bar) -> dict[str, Any]:
    return {
        "symbol": listing.rules.symbol,
        "openPrice": text(bar.open),
        "highPrice": text(bar.high),
        "lowPrice": text(bar.low),
        "lastPrice": text(bar.close),
        "volume": text(bar.base),
        "quoteVolume": text(bar.quote),
        "openTime": bar.open_ms,
        "closeTime": bar.end_ms - 1,
        "firstId": bar.first_id,
        "lastId": bar.last_id,
        "count": bar.trades,
    }
