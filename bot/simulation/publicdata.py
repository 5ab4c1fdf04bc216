"""Market data as Binance's public REST endpoints give it."""

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Final

from bot.simulation.bars import INTERVALS
from bot.simulation.errors import ApiError
from bot.simulation.fixedpoint import text
from bot.simulation.listing import Listing
from bot.simulation.parameters import (
    Params,
    check_known,
    integer,
    limit,
    no_such_symbol,
    optional,
    required,
    symbol_names,
)
from bot.simulation.zones import zone_ms, zoned

__all__ = ["PublicData"]

_DAY_MS: Final = 86_400_000
_STATUSES: Final = frozenset({"TRADING", "END_OF_DAY", "HALT", "BREAK", "CANCEL_ONLY"})
_BARS_MOST: Final = 1000
_DEPTH_MOST: Final = 5000


class PublicData:
    """Answers from the public side of each listing. ``now`` is the time of market data."""

    def __init__(self, listings: Mapping[str, Listing], now: Callable[[], int]) -> None:
        self._listings = listings
        self._now = now

    def depth(self, params: Params) -> dict[str, Any]:
        """``GET /api/v3/depth``; a limit above 5000 gives 5000."""
        check_known(params, frozenset({"symbol", "limit", "symbolStatus"}))
        listing = self.listing(params)
        n = limit(params, default=100, maximum=10**9)
        bids, asks = self.top(listing, min(n, _DEPTH_MOST))
        return {"lastUpdateId": listing.ids.update, "bids": bids, "asks": asks}

    def top(self, listing: Listing, n: int) -> tuple[list[list[str]], list[list[str]]]:
        """The best levels as texts."""
        book = listing.public
        return (
            [[text(p), text(q)] for p, q in book.top(is_buy=True, n=n)],
            [[text(p), text(q)] for p, q in book.top(is_buy=False, n=n)],
        )

    def trades(self, params: Params) -> list[dict[str, Any]]:
        """``GET /api/v3/trades``: the newest."""
        check_known(params, frozenset({"symbol", "limit"}))
        trades = self.listing(params).trades
        return [t.body() for t in islice(trades, max(0, len(trades) - limit(params)), None)]

    def historical_trades(self, params: Params) -> list[dict[str, Any]]:
        """``GET /api/v3/historicalTrades``: from ``fromId`` on, as far back as is kept."""
        check_known(params, frozenset({"symbol", "limit", "fromId"}))
        listing = self.listing(params)
        from_id = integer(params, "fromId")
        if from_id is None:
            return self.trades({k: v for k, v in params.items() if k != "fromId"})
        later = (t.body() for t in listing.trades if t.trade_id >= from_id)
        return list(islice(later, limit(params)))

    def agg_trades(self, params: Params) -> list[dict[str, Any]]:
        """``GET /api/v3/aggTrades``: ``fromId`` and times are inclusive."""
        check_known(params, frozenset({"symbol", "limit", "fromId", "startTime", "endTime"}))
        listing = self.listing(params)
        from_id = integer(params, "fromId")
        start, end = integer(params, "startTime"), integer(params, "endTime")
        if from_id is not None and (start is not None or end is not None):
            raise ApiError.bad_request(-1128, "Combination of optional parameters invalid.")
        chosen = [
            a
            for a in listing.aggs
            if (from_id is None or a.agg_id >= from_id)
            and (start is None or a.time_ms >= start)
            and (end is None or a.time_ms <= end)
        ]
        most = limit(params)
        newest = from_id is None and start is None
        return [a.body() for a in (chosen[-most:] if newest else chosen[:most])]

    def klines(self, params: Params) -> list[list[Any]]:
        """``GET /api/v3/klines``; ``timeZone`` moves where bars begin, not the times.

        A limit above 1000 gives 1000.
        """
        check_known(
            params, frozenset({"symbol", "interval", "startTime", "endTime", "timeZone", "limit"})
        )
        listing = self.listing(params)
        interval = required(params, "interval")
        if interval not in INTERVALS:
            raise ApiError.bad_request(-1120, "Invalid interval.")
        start, end = integer(params, "startTime"), integer(params, "endTime")
        chosen = [
            bar
            for bar in zoned(listing.bars, interval, zone_ms(params), self._now())
            if (start is None or bar.open_ms >= start) and (end is None or bar.open_ms <= end)
        ]
        most = min(limit(params, maximum=10**9), _BARS_MOST)
        return [bar.row() for bar in (chosen[-most:] if start is None else chosen[:most])]

    def avg_price(self, params: Params) -> dict[str, Any]:
        """``GET /api/v3/avgPrice``."""
        check_known(params, frozenset({"symbol"}))
        listing = self.listing(params)
        last = listing.last
        return {
            "mins": 5,
            "price": text(listing.average(5, self._now())),
            "closeTime": last.time_ms if last else self._now(),
        }

    def ticker_24hr(self, params: Params) -> dict[str, Any] | list[dict[str, Any]]:
        """``GET /api/v3/ticker/24hr``, FULL or MINI."""
        known = frozenset({"symbol", "symbols", "type", "symbolStatus"})
        kind = optional(params, "type") or "FULL"
        if kind not in {"FULL", "MINI"}:
            raise ApiError.bad_request(-1139, "Invalid ticker type.")
        return self._each(params, known, self.mini if kind == "MINI" else self.full)

    def ticker_price(self, params: Params) -> dict[str, Any] | list[dict[str, Any]]:
        """``GET /api/v3/ticker/price``."""
        return self._each(
            params,
            frozenset({"symbol", "symbols", "symbolStatus"}),
            lambda one: {"symbol": one.rules.symbol, "price": text(one.last_price_e8)},
        )

    def book_ticker(self, params: Params) -> dict[str, Any] | list[dict[str, Any]]:
        """``GET /api/v3/ticker/bookTicker``."""
        known = frozenset({"symbol", "symbols", "symbolStatus"})
        return self._each(params, known, self._book_ticker)

    def full(self, listing: Listing) -> dict[str, Any]:
        """The last 24 hours."""
        now = self._now()
        mini = self.mini(listing)
        opened = (listing.day.prices(now) or (0, 0, 0))[0]
        change = listing.last_price_e8 - opened if opened else 0
        bid, bid_quantity, ask, ask_quantity = quote(listing)
        last_quantity = listing.last.quantity_e8 if listing.last else 0
        return {
            "symbol": mini["symbol"],
            "priceChange": text(change),
            "priceChangePercent": f"{change / opened * 100 if opened else 0:.3f}",
            "weightedAvgPrice": text(listing.day.average(now)),
            "prevClosePrice": text(listing.day.before or opened),
            "lastPrice": mini["lastPrice"],
            "lastQty": text(last_quantity),
            "bidPrice": text(bid),
            "bidQty": text(bid_quantity),
            "askPrice": text(ask),
            "askQty": text(ask_quantity),
            **{k: v for k, v in mini.items() if k not in {"symbol", "lastPrice"}},
        }

    def mini(self, listing: Listing) -> dict[str, Any]:
        """The last 24 hours in brief."""
        now = self._now()
        opened, high, low = listing.day.prices(now) or (0, 0, 0)
        first_id, last_id = listing.day.ids()
        return {
            "symbol": listing.rules.symbol,
            "openPrice": text(opened),
            "highPrice": text(high),
            "lowPrice": text(low),
            "lastPrice": text(listing.last_price_e8),
            "volume": text(listing.day.base),
            "quoteVolume": text(listing.day.quote),
            "openTime": now - _DAY_MS,
            "closeTime": now,
            "firstId": first_id,
            "lastId": last_id,
            "count": listing.day.count,
        }

    def listing(self, params: Params) -> Listing:
        """The listing of the mandatory ``symbol``."""
        name = required(params, "symbol")
        listing = self._listings.get(name)
        if listing is None:
            raise no_such_symbol(name)
        status = _status(params)
        if status is not None and listing.status != status:
            msg = "The symbol's status does not match the requested symbolStatus."
            raise ApiError.bad_request(-1220, msg)
        return listing

    def chosen(self, params: Params) -> list[Listing]:
        """The listings of ``symbols`` (a JSON list); all without it. Of that status, if any."""
        status = _status(params)
        return [one for one in self._named(params) if status in (None, one.status)]

    def _named(self, params: Params) -> list[Listing]:
        wanted = optional(params, "symbols")
        if wanted is None:
            return list(self._listings.values())
        names = symbol_names(wanted)
        if len(set(names)) != len(names):
            msg = "Symbol is present multiple times in the list."
            raise ApiError.bad_request(-1151, msg)
        if not all(name in self._listings for name in names):
            raise ApiError.invalid_symbol()
        return [self._listings[name] for name in names]

    def _each(
        self,
        params: Params,
        known: frozenset[str],
        form: Callable[[Listing], dict[str, Any]],
    ) -> dict[str, Any] | list[dict[str, Any]]:
        """One body for ``symbol``, a list otherwise."""
        check_known(params, known)
        if optional(params, "symbol") is not None:
            if "symbols" in params:
                raise ApiError.bad_request(-1128, "Combination of optional parameters invalid.")
            return form(self.listing(params))
        return [form(listing) for listing in self.chosen(params)]

    def _book_ticker(self, listing: Listing) -> dict[str, Any]:
        bid, bid_quantity, ask, ask_quantity = quote(listing)
        return {
            "symbol": listing.rules.symbol,
            "bidPrice": text(bid),
            "bidQty": text(bid_quantity),
            "askPrice": text(ask),
            "askQty": text(ask_quantity),
        }


def _status(params: Params) -> str | None:
    status = optional(params, "symbolStatus")
    if status is not None and status not in _STATUSES:
        raise ApiError.bad_request(-1122, "Invalid symbolStatus.")
    return status


def quote(listing: Listing) -> tuple[int, int, int, int]:
    """(bid, quantity, ask, quantity); zeros where a side is empty."""
    if listing.quoted is not None:
        return listing.quoted
    bids, asks = listing.public.top(is_buy=True, n=1), listing.public.top(is_buy=False, n=1)
    return *(bids[0] if bids else (0, 0)), *(asks[0] if asks else (0, 0))
