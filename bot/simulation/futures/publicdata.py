"""Market data as Binance's public futures endpoints give it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from bot.simulation.bars import Bar, Bars
from bot.simulation.errors import ApiError
from bot.simulation.fixedpoint import decimal
from bot.simulation.futures.amounts import ZERO, fixed, money
from bot.simulation.futures.barforms import bar_row, check_interval, price_row
from bot.simulation.futures.contracts import Contract
from bot.simulation.futures.ledger import Ledger
from bot.simulation.futures.listing import FuturesListing
from bot.simulation.futures.marks import Mark
from bot.simulation.futures.tickers import book_ticker, day_ticker, premium, price_ticker
from bot.simulation.listing import AggTrade, PublicTrade
from bot.simulation.parameters import Params, integer, limit, optional, required

__all__ = ["PublicData"]

_DEPTHS: Final = frozenset({5, 10, 20, 50, 100, 500, 1000})
_RPI_DEPTH: Final = 1000
_OTHERS_HOLD: Final = 20_000
"""Open interest in contracts of a median size that the crowd is said to have anyway."""


class PublicData:
    """Answers from the public side of each listing. ``now`` is the time of market data."""

    def __init__(
        self,
        listings: Mapping[str, FuturesListing],
        marks: Mapping[str, Mark],
        ledger: Ledger,
        now: Callable[[], int],
    ) -> None:
        self._listings = listings
        self._marks = marks
        self._ledger = ledger
        self._now = now

    def depth(self, params: Params) -> dict[str, Any]:
        """``GET depth``."""
        listing = self.listing(params)
        n = integer(params, "limit")
        if n is not None and n not in _DEPTHS:
            raise ApiError.bad_request(-4021, f"{n} is not valid depth limit.")
        bids, asks = self.top(listing, n or 500)
        body: dict[str, Any] = {"lastUpdateId": listing.ids.update}
        if listing.contract.is_inverse:
            body |= {"symbol": listing.rules.symbol, "pair": listing.contract.pair}
        return {**body, "E": self._now(), "T": self._now(), "bids": bids, "asks": asks}

    def rpi_depth(self, params: Params) -> dict[str, Any]:
        """``GET rpiDepth``: without orders of retail price improvement it is the same book."""
        n = integer(params, "limit")
        if n is not None and n != _RPI_DEPTH:
            raise ApiError.bad_request(-4021, f"{n} is not valid depth limit.")
        return self.depth({**params, "limit": str(_RPI_DEPTH)})

    def top(self, listing: FuturesListing, n: int) -> tuple[list[list[str]], list[list[str]]]:
        """The best levels as texts."""
        price, quantity = listing.contract.price_text, listing.contract.quantity_text
        bids, asks = (listing.public.top(is_buy, n) for is_buy in (True, False))
        return (
            [[price(p), quantity(q)] for p, q in bids],
            [[price(p), quantity(q)] for p, q in asks],
        )

    def trades(self, params: Params) -> list[dict[str, Any]]:
        """``GET trades``: the newest."""
        listing = self.listing(params)
        newest = islice(
            listing.trades, max(0, len(listing.trades) - limit(params, default=500)), None
        )
        return [_trade(listing.contract, t) for t in newest]

    def historical_trades(self, params: Params) -> list[dict[str, Any]]:
        """``GET historicalTrades``: from ``fromId`` on, as far back as is kept."""
        listing = self.listing(params)
        most = limit(params, default=100, maximum=500)
        from_id = integer(params, "fromId")
        if from_id is None:
            return self.trades({"symbol": listing.rules.symbol, "limit": str(most)})
        later = (_trade(listing.contract, t) for t in listing.trades if t.trade_id >= from_id)
        return list(islice(later, most))

    def agg_trades(self, params: Params) -> list[dict[str, Any]]:
        """``GET aggTrades``: ``fromId`` and times are inclusive."""
        listing = self.listing(params)
        from_id = integer(params, "fromId")
        start, end = integer(params, "startTime"), integer(params, "endTime")
        chosen = [
            a
            for a in listing.aggs
            if (from_id is None or a.agg_id >= from_id)
            and (start is None or a.time_ms >= start)
            and (end is None or a.time_ms <= end)
        ]
        most = limit(params)
        newest = from_id is None and start is None
        rows = chosen[-most:] if newest else chosen[:most]
        return [_aggregate(listing.contract, a) for a in rows]

    def klines(self, params: Params) -> list[list[Any]]:
        """``GET klines``."""
        listing = self.listing(params)
        rows = self._rows(params, listing.bars)
        return [bar_row(listing.contract, bar) for bar in rows]

    def continuous_klines(self, params: Params) -> list[list[Any]]:
        """``GET continuousKlines``: only perpetuals are traded here."""
        if required(params, "contractType") != "PERPETUAL":
            raise ApiError.invalid("contractType")
        return self.klines({**params, "symbol": self.of_pair(params).rules.symbol})

    def index_price_klines(self, params: Params) -> list[list[Any]]:
        """``GET indexPriceKlines``."""
        mark = self._marks[self.of_pair(params).rules.symbol]
        return [price_row(bar) for bar in self._rows(params, mark.index_bars)]

    def mark_price_klines(self, params: Params) -> list[list[Any]]:
        """``GET markPriceKlines``."""
        mark = self._marks[self.listing(params).rules.symbol]
        return [price_row(bar) for bar in self._rows(params, mark.mark_bars)]

    def premium_index_klines(self, params: Params) -> list[list[Any]]:
        """``GET premiumIndexKlines``."""
        mark = self._marks[self.listing(params).rules.symbol]
        return [price_row(bar) for bar in self._rows(params, mark.premium_bars)]

    def premium_index(self, params: Params) -> dict[str, Any] | list[dict[str, Any]]:
        """``GET premiumIndex``."""
        return self._each(params, lambda one: premium(self._marks[one.rules.symbol]))

    def funding_rate(self, params: Params) -> list[dict[str, Any]]:
        """``GET fundingRate``: oldest first."""
        start, end = integer(params, "startTime"), integer(params, "endTime")
        most = limit(params, default=100)
        rows = [
            {
                "symbol": listing.rules.symbol,
                "fundingTime": f.time_ms,
                "fundingRate": money(f.rate),
                "markPrice": money(f.mark),
                **({} if listing.contract.is_inverse else {"rateType": "Regular"}),
            }
            for listing in self._chosen(params)
            for f in self._marks[listing.rules.symbol].fundings
            if (start is None or f.time_ms >= start) and (end is None or f.time_ms <= end)
        ]
        rows.sort(key=lambda row: (row["fundingTime"], row["symbol"]))
        return rows[-most:] if start is None else rows[:most]

    def funding_info(self) -> list[dict[str, Any]]:
        """``GET fundingInfo``."""
        return [
            {
                "symbol": symbol,
                "adjustedFundingRateCap": "0.00300000",
                "adjustedFundingRateFloor": "-0.00300000",
                "fundingIntervalHours": listing.contract.funding_hours,
                "disclaimer": False,
                "updateTime": self._marks[symbol].time_ms,
            }
            for symbol, listing in self._listings.items()
        ]

    def ticker_24hr(self, params: Params) -> dict[str, Any] | list[dict[str, Any]]:
        """``GET ticker/24hr``."""
        return self._each(params, self.full)

    def ticker_price(self, params: Params) -> dict[str, Any] | list[dict[str, Any]]:
        """``GET ticker/price``."""
        return self._each(params, lambda one: price_ticker(one, self._now()))

    def book_ticker(self, params: Params) -> dict[str, Any] | list[dict[str, Any]]:
        """``GET ticker/bookTicker``."""
        return self._each(params, lambda one: book_ticker(one, self._now()))

    def open_interest(self, params: Params) -> dict[str, Any]:
        """``GET openInterest``: positions of clients, and a steady crowd."""
        contract = self.listing(params).contract
        held = sum(
            (
                abs(position.amount)
                for account in self._ledger.accounts.values()
                for position in account.held()
                if position.contract is contract
            ),
            ZERO,
        )
        body: dict[str, Any] = {
            "symbol": contract.symbol,
            "openInterest": fixed(held + _OTHERS_HOLD, contract.quantity_places),
            "time": self._now(),
        }
        if contract.is_inverse:
            body |= {"pair": contract.pair, "contractType": "PERPETUAL"}
        return body

    def full(self, listing: FuturesListing) -> dict[str, Any]:
        """The last 24 hours."""
        return day_ticker(listing, self._now())

    def listing(self, params: Params) -> FuturesListing:
        """The listing of the mandatory ``symbol``."""
        listing = self._listings.get(required(params, "symbol"))
        if listing is None:
            raise ApiError.invalid_symbol()
        return listing

    def of_pair(self, params: Params) -> FuturesListing:
        """The perpetual of the mandatory ``pair``."""
        pair = required(params, "pair")
        for listing in self._listings.values():
            if listing.contract.pair == pair:
                return listing
        raise ApiError.invalid_symbol()

    def bars(self, listing: FuturesListing, interval: str) -> Sequence[Bar]:
        """Of trades, oldest first; the last one is not over yet."""
        return listing.bars.roll(interval, self._now())

    def index_bars(self, listing: FuturesListing, interval: str) -> Sequence[Bar]:
        """Of the index, as far as it was watched."""
        return self._marks[listing.rules.symbol].index_bars.roll(interval, self._now())

    def _chosen(self, params: Params) -> Iterable[FuturesListing]:
        """Of ``symbol`` or ``pair``; all without them."""
        if optional(params, "symbol") is not None:
            return [self.listing(params)]
        if optional(params, "pair") is not None:
            return [self.of_pair(params)]
        return self._listings.values()

    def _each(
        self, params: Params, form: Callable[[FuturesListing], dict[str, Any]]
    ) -> dict[str, Any] | list[dict[str, Any]]:
        """One body for ``symbol`` on USDⓈ-M, else a list."""
        rows = [form(listing) for listing in self._chosen(params)]
        inverse = any(listing.contract.is_inverse for listing in self._listings.values())
        return rows if inverse or optional(params, "symbol") is None else rows[0]

    def _rows(self, params: Params, source: Bars) -> Sequence[Bar]:
        interval = check_interval(required(params, "interval"))
        start, end = integer(params, "startTime"), integer(params, "endTime")
        chosen = [
            bar
            for bar in source.roll(interval, self._now())
            if (start is None or bar.open_ms >= start) and (end is None or bar.open_ms <= end)
        ]
        most = limit(params, maximum=1500)
        return chosen[-most:] if start is None else chosen[:most]


def _trade(contract: Contract, trade: PublicTrade) -> dict[str, Any]:
    value = "baseQty" if contract.is_inverse else "quoteQty"
    extra = {} if contract.is_inverse else {"isRPITrade": False}
    return {
        "id": trade.trade_id,
        "price": contract.price_text(trade.price_e8),
        "qty": contract.quantity_text(trade.quantity_e8),
        value: money(decimal(trade.quote_e8)),
        "time": trade.time_ms,
        "isBuyerMaker": trade.buyer_is_maker,
        **extra,
    }


def _aggregate(contract: Contract, aggregate: AggTrade) -> dict[str, Any]:
    return {
        "a": aggregate.agg_id,
        "p": contract.price_text(aggregate.price_e8),
        "q": contract.quantity_text(aggregate.quantity_e8),
        # Without orders of retail price improvement, which do not exist here: USDⓈ-M only.
        **({} if contract.is_inverse else {"nq": contract.quantity_text(aggregate.quantity_e8)}),
        "f": aggregate.first_id,
        "l": aggregate.last_id,
        "T": aggregate.time_ms,
        "m": aggregate.buyer_is_maker,
    }
