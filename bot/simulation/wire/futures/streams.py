"""Names of futures streams: what they ask for, and on which path they speak.

Source: Binance USDⓈ-M and COIN-M documentation, "Websocket market streams", and the change
notice of 2026-03-06, which split the USDⓈ-M streams into ``/public`` and ``/market``.
"""

from collections.abc import Mapping
from enum import Enum

import msgspec

from bot.simulation.wire.futures.contracts import COIN_MARGINED, Contract

__all__ = ["MARKET", "PUBLIC", "Kind", "Stream", "parse"]

_INTERVALS = frozenset(
    (
        *("1m", "3m", "5m", "15m", "30m"),
        *("1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"),
    )
)
_KLINE_MS = 250
_SECOND_MS = 1_000
_DEPTH_MS = {"": 250, "100ms": 100, "250ms": 250, "500ms": 500}
_MARK_MS = {"": 3_000, "1s": _SECOND_MS}
_LEVELS = ("5", "10", "20")


class Kind(Enum):
    TRADE = "trade"
    AGG_TRADE = "aggTrade"
    KLINE = "kline"
    CONTINUOUS_KLINE = "continuous_kline"
    BOOK_TICKER = "bookTicker"
    ALL_BOOK_TICKERS = "!bookTicker"
    DEPTH = "depthUpdate"
    PARTIAL_DEPTH = "partialDepth"
    MINI_TICKER = "24hrMiniTicker"
    ALL_MINI_TICKERS = "!miniTicker"
    TICKER = "24hrTicker"
    ALL_TICKERS = "!ticker"
    MARK_PRICE = "markPriceUpdate"
    ALL_MARK_PRICES = "!markPrice"
    INDEX_PRICE = "indexPriceUpdate"
    MARK_PRICE_KLINE = "markPrice_kline"
    INDEX_PRICE_KLINE = "indexPrice_kline"
    FORCE_ORDER = "forceOrder"
    ALL_FORCE_ORDERS = "!forceOrder"
    CONTRACT_INFO = "contractInfo"
    COMPOSITE_INDEX = "compositeIndex"
    ASSET_INDEX = "assetIndexUpdate"
    ALL_ASSET_INDICES = "!assetIndex"
    TRADING_SESSION = "tradingSession"


PUBLIC = frozenset(
    {Kind.TRADE, Kind.BOOK_TICKER, Kind.ALL_BOOK_TICKERS, Kind.DEPTH, Kind.PARTIAL_DEPTH}
)
MARKET = frozenset(Kind) - PUBLIC


class Stream(msgspec.Struct, frozen=True):
    """One stream; equal streams have equal names."""

    name: str
    kind: Kind
    symbol: str
    """Upper case, or ``""`` for all symbols of both markets. An asset for its index."""
    every_ms: int
    """How often it is looked at; 0 when it follows each event."""
    interval: str = ""
    levels: int = 0


_PLAIN = {
    "trade": (Kind.TRADE, 0),
    "aggTrade": (Kind.AGG_TRADE, 0),
    "bookTicker": (Kind.BOOK_TICKER, 0),
    "miniTicker": (Kind.MINI_TICKER, 2_000),
    "ticker": (Kind.TICKER, 2_000),
    "forceOrder": (Kind.FORCE_ORDER, _SECOND_MS),
    "compositeIndex": (Kind.COMPOSITE_INDEX, _SECOND_MS),
    "markPrice": (Kind.MARK_PRICE, _MARK_MS[""]),
    "markPrice@1s": (Kind.MARK_PRICE, _MARK_MS["1s"]),
    # Orders of retail price improvement do not exist here, so both books are the same.
    "rpiDepth@500ms": (Kind.DEPTH, 500),
}
_ALL = {
    "!markPrice@arr": (Kind.ALL_MARK_PRICES, _MARK_MS[""]),
    "!markPrice@arr@1s": (Kind.ALL_MARK_PRICES, _MARK_MS["1s"]),
    "!miniTicker@arr": (Kind.ALL_MINI_TICKERS, _SECOND_MS),
    "!ticker@arr": (Kind.ALL_TICKERS, _SECOND_MS),
    "!bookTicker": (Kind.ALL_BOOK_TICKERS, 5_000),
    "!contractInfo": (Kind.CONTRACT_INFO, 0),
    "!assetIndex@arr": (Kind.ALL_ASSET_INDICES, _SECOND_MS),
    "tradingSession": (Kind.TRADING_SESSION, _SECOND_MS),
    "!forceOrder@arr": (Kind.ALL_FORCE_ORDERS, _SECOND_MS),
}


def parse(name: str, contracts: Mapping[str, Contract]) -> Stream | None:
    """The stream of that name, or None where Binance would accept the name and stay silent."""
    if name in _ALL:
        kind, every_ms = _ALL[name]
        return Stream(name, kind, "", every_ms)
    lower, _, what = name.partition("@")
    if lower != lower.lower():
        return None
    if what.startswith(("continuousKline_", "indexPrice")):
        return _of_pair(name, lower.upper(), what, contracts)
    symbol = lower.upper()
    if what == "assetIndex":
        return Stream(name, Kind.ASSET_INDEX, symbol, _SECOND_MS)
    if symbol not in contracts:
        return None
    if what in _PLAIN:
        kind, every_ms = _PLAIN[what]
        return Stream(name, kind, symbol, every_ms)
    if what.startswith("kline_") and what[6:] in _INTERVALS:
        return Stream(name, Kind.KLINE, symbol, _KLINE_MS, interval=what[6:])
    name_of_mark, _, interval = what.partition("_")
    is_mark = name_of_mark == "markPriceKline" and contracts[symbol].universe == COIN_MARGINED
    if is_mark and interval in _INTERVALS:
        return Stream(name, Kind.MARK_PRICE_KLINE, symbol, _KLINE_MS, interval=interval)
    return _depth(name, symbol, what)


def _depth(name: str, symbol: str, what: str) -> Stream | None:
    levels, _, speed = what.removeprefix("depth").partition("@")
    if not what.startswith("depth") or speed not in _DEPTH_MS:
        return None
    every_ms = _DEPTH_MS[speed]
    if not levels:
        return Stream(name, Kind.DEPTH, symbol, every_ms)
    if levels not in _LEVELS:
        return None
    return Stream(name, Kind.PARTIAL_DEPTH, symbol, every_ms, levels=int(levels))


def _of_pair(name: str, first: str, what: str, contracts: Mapping[str, Contract]) -> Stream | None:
    """``<pair>_<contractType>@continuousKline_<i>`` and COIN-M's ``<pair>@indexPrice``."""
    chosen = [c for c in contracts.values() if first in (f"{c.pair}_{c.kind}", c.pair)]
    if not chosen:
        return None
    symbol = chosen[0].symbol
    if what.startswith("continuousKline_") and first != chosen[0].pair:
        interval = what.removeprefix("continuousKline_")
        if interval in _INTERVALS:
            return Stream(name, Kind.CONTINUOUS_KLINE, symbol, _KLINE_MS, interval=interval)
        return None
    if chosen[0].universe != COIN_MARGINED or first != chosen[0].pair:
        return None
    interval = what.removeprefix("indexPriceKline_")
    if interval in _INTERVALS:
        return Stream(name, Kind.INDEX_PRICE_KLINE, symbol, _KLINE_MS, interval=interval)
    speeds = {"indexPrice": 3_000, "indexPrice@1s": 1_000}
    return Stream(name, Kind.INDEX_PRICE, symbol, speeds[what]) if what in speeds else None
