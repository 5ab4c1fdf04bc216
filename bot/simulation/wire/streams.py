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
_WINDOWS = ("1h", "4h", "1d")
_EAST_8 = "+08:00"
_EAST_8_MS = 8 * 3_600_000


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
    WINDOW_TICKER = "windowTicker"
    REFERENCE_PRICE = "referencePrice"


class Stream(msgspec.Struct, frozen=True):
    """One stream; equal streams have equal names."""

    name: str
    kind: Kind
    symbol: str
    """Upper case, or ``""`` for all symbols."""
    every_ms: int
    """How often it is looked at; 0 when it follows each event."""
    interval: str = ""
    """Of bars, or the window of a ticker."""
    offset_ms: int = 0
    """How far the bars' own time zone is ahead of UTC."""
    levels: int = 0

    @property
    def event(self) -> str:
        """Its ``e``, or what stands for it; lists have ``[]``. Faults match it."""
        name = f"{self.interval}Ticker" if self.kind is Kind.WINDOW_TICKER else self.kind.value
        return name if self.symbol else f"{name}[]"


_PLAIN = {
    "trade": (Kind.TRADE, 0),
    "aggTrade": (Kind.AGG_TRADE, 0),
    "bookTicker": (Kind.BOOK_TICKER, 0),
    "depth": (Kind.DEPTH, _SLOW_MS),
    "depth@100ms": (Kind.DEPTH, _FAST_MS),
    "miniTicker": (Kind.MINI_TICKER, _SLOW_MS),
    "ticker": (Kind.TICKER, _SLOW_MS),
    "avgPrice": (Kind.AVG_PRICE, _SLOW_MS),
    "referencePrice": (Kind.REFERENCE_PRICE, _SLOW_MS),
}

# The names with a speed are of older documentation; python-binance asks for them to this day.
_ALL_MINI_MS = {"arr": _SLOW_MS, "arr@1000ms": _SLOW_MS, "arr@3000ms": 3_000}


def parse(name: str, symbols: Collection[str]) -> Stream | None:
    """The stream of that name, or None where Binance would accept the name and stay silent.

    ``@blockTrade`` is of the second kind: nobody here trades in blocks.
    """
    lower, _, what = name.partition("@")
    if not lower or lower.startswith("!"):
        return _of_all(name, lower, what)
    symbol = lower.upper()
    if lower != lower.lower() or symbol not in symbols:
        return None
    if what in _PLAIN:
        kind, every_ms = _PLAIN[what]
        return Stream(name, kind, symbol, every_ms)
    if what.startswith("kline_"):
        return _bars(name, symbol, what.removeprefix("kline_"))
    if what.startswith("ticker_") and what.removeprefix("ticker_") in _WINDOWS:
        window = what.removeprefix("ticker_")
        return Stream(name, Kind.WINDOW_TICKER, symbol, _SLOW_MS, interval=window)
    levels, _, speed = what.removeprefix("depth").partition("@")
    if what.startswith("depth") and levels in _LEVELS and speed in ("", "100ms"):
        every_ms = _FAST_MS if speed else _SLOW_MS
        return Stream(name, Kind.PARTIAL_DEPTH, symbol, every_ms, levels=int(levels))
    return None


def _of_all(name: str, subject: str, form: str) -> Stream | None:
    if subject == "!miniTicker" and form in _ALL_MINI_MS:
        return Stream(name, Kind.MINI_TICKER, "", _ALL_MINI_MS[form])
    if form != "arr":
        return None
    window = subject.removeprefix("!ticker_")
    if subject.startswith("!ticker_") and window in _WINDOWS:
        return Stream(name, Kind.WINDOW_TICKER, "", _SLOW_MS, interval=window)
    return None


def _bars(name: str, symbol: str, asked: str) -> Stream | None:
    interval, at, zone = asked.partition("@")
    if interval not in INTERVALS or (at and zone != _EAST_8):
        return None
    every_ms = _SLOW_MS if interval == "1s" else _KLINE_MS
    offset_ms = _EAST_8_MS if zone else 0
    return Stream(name, Kind.KLINE, symbol, every_ms, interval=interval, offset_ms=offset_ms)
