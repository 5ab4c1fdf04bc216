"""Stream names and what they ask for.

Source: Binance spot documentation, "WebSocket Streams: detailed stream information".
"""

from collections.abc import Collection
from enum import Enum

import msgspec

__all__ = ["INTERVALS", "Kind", "Stream", "parse"]

INTERVALS = (
    *("1s", "1m", "3m", "5m", "15m", "30m"),
    *("1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"),
)

_SLOW_MS = 1_000
_FAST_MS = 100
_KLINE_MS = 2_000
_LEVELS = ("5", "10", "20")


class Kind(Enum):
    TRADE = "trade"
    AGG_TRADE = "aggTrade"
    KLINE = "kline"
    BOOK_TICKER = "bookTicker"
    DEPTH = "depthUpdate"
    PARTIAL_DEPTH = "partialDepth"
    MINI_TICKER = "24hrMiniTicker"
    TICKER = "24hrTicker"
    AVG_PRICE = "avgPrice"
    ALL_MINI_TICKERS = "24hrMiniTicker[]"


class Stream(msgspec.Struct, frozen=True):
    """One stream; equal streams have equal names."""

    name: str
    kind: Kind
    symbol: str
    """Upper case, or ``""`` for all symbols."""
    every_ms: int
    """How often it is looked at; 0 when it follows each event."""
    interval: str = ""
    levels: int = 0


_PLAIN = {
    "trade": (Kind.TRADE, 0),
    "aggTrade": (Kind.AGG_TRADE, 0),
    "bookTicker": (Kind.BOOK_TICKER, 0),
    "depth": (Kind.DEPTH, _SLOW_MS),
    "depth@100ms": (Kind.DEPTH, _FAST_MS),
    "miniTicker": (Kind.MINI_TICKER, _SLOW_MS),
    "ticker": (Kind.TICKER, _SLOW_MS),
    "avgPrice": (Kind.AVG_PRICE, _SLOW_MS),
}


def parse(name: str, symbols: Collection[str]) -> Stream | None:
    """The stream of that name, or None where Binance would accept the name and stay silent."""
    if name == "!miniTicker@arr":
        return Stream(name, Kind.ALL_MINI_TICKERS, "", _SLOW_MS)
    lower, _, what = name.partition("@")
    symbol = lower.upper()
    if lower != lower.lower() or symbol not in symbols:
        return None
    if what in _PLAIN:
        kind, every_ms = _PLAIN[what]
        return Stream(name, kind, symbol, every_ms)
    if what.startswith("kline_") and what[6:] in INTERVALS:
        every_ms = _SLOW_MS if what == "kline_1s" else _KLINE_MS
        return Stream(name, Kind.KLINE, symbol, every_ms, interval=what[6:])
    levels, _, speed = what.removeprefix("depth").partition("@")
    if what.startswith("depth") and levels in _LEVELS and speed in ("", "100ms"):
        every_ms = _FAST_MS if speed else _SLOW_MS
        return Stream(name, Kind.PARTIAL_DEPTH, symbol, every_ms, levels=int(levels))
    return None
