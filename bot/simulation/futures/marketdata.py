"""What the futures exchange tells everybody: Binance's public endpoints, and its streams' facts."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bot.simulation.errors import ApiError
from bot.simulation.fixedpoint import decimal
from bot.simulation.futures.barforms import bar_payload, bar_row
from bot.simulation.futures.clockwork import FuturesSource
from bot.simulation.futures.composites import index_parts
from bot.simulation.futures.contracts import Contract, Kind
from bot.simulation.futures.emissions import MarkChanged
from bot.simulation.futures.floor import FuturesFloor
from bot.simulation.futures.indices import Indices
from bot.simulation.futures.publicdata import PublicData
from bot.simulation.futures.sessions import schedule
from bot.simulation.futures.statistics import Statistics
from bot.simulation.publicdata import quote

__all__ = ["MarketData"]

Params = Mapping[str, str]
Body = dict[str, Any]


class MarketData:
    """The public side of a futures exchange, as of its last advance."""

    def __init__(
        self, floor: FuturesFloor, source: FuturesSource, kind: Kind, start_ms: int
    ) -> None:
        self._floor = floor
        self._source = source
        self._kind = kind
        self._now_ms = start_ms
        self._public = PublicData(floor.books, floor.marks, floor.ledger, lambda: self.market_ms)
        self._indices = Indices(floor.books, floor.marks, lambda: self.market_ms)
        self._statistics = Statistics(self._public, is_inverse=kind == "coinm")

    # --- public data, as of the last advance -----------------------------------------

    def exchange_info(self, params: Params) -> Body:
        """``GET /fapi/v1/exchangeInfo``. How often one may ask is not decided here."""
        wanted = params.get("symbol")
        if wanted is not None and wanted not in self._floor.contracts:
            raise ApiError.invalid_symbol()
        assets = dict.fromkeys(c.margin_asset for c in self._floor.contracts.values())
        which = {"futuresType": "U_MARGINED"} if self._kind == "usdm" else {}
        return {
            **which,
            "exchangeFilters": [],
            "rateLimits": [],
            "serverTime": self._now_ms,
            "assets": [
                {"asset": asset, "marginAvailable": True, "autoAssetExchange": "-100"}
                for asset in assets
            ],
            "symbols": [
                contract.exchange_info(is_open=self._floor.books[symbol].status == "TRADING")
                for symbol, contract in self._floor.contracts.items()
                if wanted in {None, symbol}
            ],
            "timezone": "UTC",
        }

    def depth(self, params: Params) -> Body:
        """``GET /fapi/v1/depth``."""
        return self._public.depth(params)

    def trades(self, params: Params) -> list[Body]:
        """``GET /fapi/v1/trades``."""
        return self._public.trades(params)

    def historical_trades(self, params: Params) -> list[Body]:
        """``GET /fapi/v1/historicalTrades``."""
        return self._public.historical_trades(params)

    def agg_trades(self, params: Params) -> list[Body]:
        """``GET /fapi/v1/aggTrades``."""
        return self._public.agg_trades(params)

    def klines(self, params: Params) -> list[list[Any]]:
        """``GET /fapi/v1/klines``."""
        return self._public.klines(params)

    def continuous_klines(self, params: Params) -> list[list[Any]]:
        """``GET /fapi/v1/continuousKlines``."""
        return self._public.continuous_klines(params)

    def index_price_klines(self, params: Params) -> list[list[Any]]:
        """``GET /fapi/v1/indexPriceKlines``."""
        return self._public.index_price_klines(params)

    def mark_price_klines(self, params: Params) -> list[list[Any]]:
        """``GET /fapi/v1/markPriceKlines``."""
        return self._public.mark_price_klines(params)

    def premium_index(self, params: Params) -> Body | list[Body]:
        """``GET /fapi/v1/premiumIndex``."""
        return self._public.premium_index(params)

    def funding_rate(self, params: Params) -> list[Body]:
        """``GET /fapi/v1/fundingRate``."""
        return self._public.funding_rate(params)

    def funding_info(self, params: Params) -> list[Body]:
        """``GET /fapi/v1/fundingInfo``."""
        del params
        return self._public.funding_info()

    def ticker_24hr(self, params: Params) -> Body | list[Body]:
        """``GET /fapi/v1/ticker/24hr``."""
        return self._public.ticker_24hr(params)

    def ticker_price(self, params: Params) -> Body | list[Body]:
        """``GET /fapi/v1/ticker/price``."""
        return self._public.ticker_price(params)

    def book_ticker(self, params: Params) -> Body | list[Body]:
        """``GET /fapi/v1/ticker/bookTicker``."""
        return self._public.book_ticker(params)

    def open_interest(self, params: Params) -> Body:
        """``GET /fapi/v1/openInterest``."""
        return self._public.open_interest(params)

    def premium_index_klines(self, params: Params) -> list[list[Any]]:
        """``GET /fapi/v1/premiumIndexKlines``."""
        return self._public.premium_index_klines(params)

    def rpi_depth(self, params: Params) -> Body:
        """``GET /fapi/v1/rpiDepth``."""
        return self._public.rpi_depth(params)

    def constituents(self, params: Params) -> Body:
        """``GET /fapi/v1/constituents``."""
        return self._indices.constituents(params)

    def index_info(self, params: Params) -> Body | list[Body]:
        """``GET /fapi/v1/indexInfo``."""
        return self._indices.index_info(params)

    def asset_index(self, params: Params) -> Body | list[Body]:
        """``GET /fapi/v1/assetIndex``."""
        return self._indices.asset_index(params)

    def insurance_balance(self, params: Params) -> Body | list[Body]:
        """``GET /fapi/v1/insuranceBalance``: one object for ``symbol``, else a list."""
        wanted = params.get("symbol")
        contracts = self._floor.contracts
        if wanted is not None and wanted not in contracts:
            raise ApiError.invalid_symbol()
        assets = list(dict.fromkeys(c.margin_asset for c in contracts.values()))
        body = self._floor.fund.body(contracts, assets, self.market_ms)
        return [body] if wanted is None else body

    def adl_risk(self, params: Params) -> Body | list[Body]:
        """``GET /fapi/v1/symbolAdlRisk``."""
        wanted = params.get("symbol")
        rows = [
            {
                "symbol": symbol,
                "adlRisk": self._floor.fund.risk(contract.margin_asset),
                "updateTime": self.market_ms,
            }
            for symbol, contract in self._floor.contracts.items()
            if wanted in {None, symbol}
        ]
        if not rows:
            raise ApiError.invalid_symbol()
        return rows if wanted is None else rows[0]

    def trading_schedule(self, params: Params) -> Body:
        """``GET /fapi/v1/tradingSchedule``."""
        del params
        return schedule(self._now_ms)

    def statistics_of(self, params: Params, name: str) -> list[Body]:
        """``GET /futures/data/<name>``."""
        return self._statistics.answer(name, params)

    # --- for the wire's streams ------------------------------------------------------

    @property
    def kind(self) -> Kind:
        return self._kind

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(self._floor.contracts)

    def contract(self, symbol: str) -> Contract:
        """What is traded under that name."""
        return self._floor.contracts[symbol]

    def pair(self, symbol: str) -> str:
        """``BTCUSD`` of ``BTCUSD_PERP``; of a USDⓈ-M perpetual the symbol itself."""
        return self._floor.contracts[symbol].pair

    @property
    def market_ms(self) -> int:
        """The time of market data."""
        return self._source.market_ms(self._now_ms)

    def best(self, symbol: str) -> tuple[tuple[Decimal, Decimal], tuple[Decimal, Decimal]] | None:
        """((bid, quantity), (ask, quantity)); None while a side is empty."""
        bid, bought, ask, sold = quote(self._floor.books[symbol])
        if not bid or not ask:
            return None
        return (decimal(bid), decimal(bought)), (decimal(ask), decimal(sold))

    @property
    def recorded_streams(self) -> frozenset[str]:
        """Stream names that a tape brings as :class:`RawFrame`; do not derive these."""
        return self._source.recorded_streams

    def quote_id(self, symbol: str) -> int:
        """The id of the last change of the best prices."""
        listing = self._floor.books[symbol]
        return listing.quoted_id or listing.ids.update

    def update_id(self, symbol: str) -> int:
        """The id of the last change of the book."""
        return self._floor.books[symbol].ids.update

    def top(self, symbol: str, n: int) -> tuple[list[list[str]], list[list[str]]]:
        """The best ``n`` bids and asks as ``[price, quantity]`` texts."""
        return self._public.top(self._floor.books[symbol], n)

    def kline(self, symbol: str, interval: str) -> list[Any]:
        """The current bar as the REST row of 12; empty before the first trade."""
        listing = self._floor.books[symbol]
        bars = listing.bars.roll(interval, self.market_ms)
        return bar_row(listing.contract, bars[-1]) if bars else []

    def kline_payload(self, symbol: str, interval: str, back: int = 0) -> Body | None:
        """``k`` of the kline stream: the current bar, or the one ``back`` bars ago (``x`` true)."""
        listing = self._floor.books[symbol]
        bars = listing.bars.roll(interval, self.market_ms)
        if len(bars) <= back:
            return None
        return bar_payload(listing.contract, bars[-1 - back], interval, closed=back > 0)

    def asset_indices(self) -> list[Body]:
        """Every asset, keys as in ``assetIndex``."""
        return self._indices.assets()

    def index_parts(self, symbol: str) -> list[Body]:
        """What the index of the contract is made of, as ``c`` of ``compositeIndex``; or nothing."""
        return index_parts(symbol, decimal(self._floor.marks[symbol].index_e8))

    def mark(self, symbol: str) -> MarkChanged:
        """The current mark price."""
        return self._floor.marks[symbol].emission()

    def statistics(self, symbol: str) -> Body:
        """The last 24 hours, keys as in ``ticker/24hr``."""
        return self._public.full(self._floor.books[symbol])
