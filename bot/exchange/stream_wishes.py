"""Streams by the names that Binance gives them, as wishes for market events."""

import re
from typing import Final

from bot.domain.commands import StreamKind, Subscription
from bot.domain.errors import SettingsError
from bot.domain.values import WHOLE_MARKET, Market

__all__ = ["every_stream", "wish"]

_PLAIN: Final = {
    "trade": StreamKind.TRADES,
    "aggTrade": StreamKind.AGG_TRADES,
    "bookTicker": StreamKind.QUOTES,
    "miniTicker": StreamKind.MINI_TICKER,
    "ticker": StreamKind.TICKER,
    "avgPrice": StreamKind.AVERAGE_PRICE,
    "referencePrice": StreamKind.REFERENCE_PRICE,
    "blockTrade": StreamKind.BLOCK_TRADES,
    "forceOrder": StreamKind.LIQUIDATIONS,
    "compositeIndex": StreamKind.COMPOSITE_INDEX,
    "assetIndex": StreamKind.ASSET_INDEX,
    "rpiDepth@500ms": StreamKind.RPI_DEPTH,
}
_INTERVAL: Final = r"(?P<detail>\d+[smhdwM](@.+)?)"
_DETAILED: Final = (
    (re.compile(rf"kline_{_INTERVAL}"), StreamKind.BARS),
    (re.compile(rf"continuousKline_{_INTERVAL}"), StreamKind.CONTINUOUS_BARS),
    (re.compile(rf"markPriceKline_{_INTERVAL}"), StreamKind.MARK_BARS),
    (re.compile(rf"indexPriceKline_{_INTERVAL}"), StreamKind.INDEX_BARS),
    (re.compile(r"depth(?P<detail>(5|10|20)(@\d+ms)?)"), StreamKind.BOOK),
    (re.compile(r"depth(@(?P<detail>\d+ms))?"), StreamKind.DEPTH),
    (re.compile(r"markPrice(@(?P<detail>\d+s))?"), StreamKind.MARK_PRICE),
    (re.compile(r"indexPrice(@(?P<detail>\d+s))?"), StreamKind.INDEX_PRICE),
    (re.compile(r"ticker_(?P<detail>1h|4h|1d)"), StreamKind.WINDOW_TICKER),
)
_WHOLE: Final = {
    "!bookTicker": StreamKind.QUOTES,
    "!miniTicker@arr": StreamKind.MINI_TICKER,
    "!ticker@arr": StreamKind.TICKER,
    "!forceOrder@arr": StreamKind.LIQUIDATIONS,
    "!assetIndex@arr": StreamKind.ASSET_INDEX,
    "!contractInfo": StreamKind.CONTRACT_INFO,
    "tradingSession": StreamKind.TRADING_SESSION,
}
_WHOLE_DETAILED: Final = (
    (re.compile(r"!ticker_(?P<detail>1h|4h|1d)@arr"), StreamKind.WINDOW_TICKER),
    (re.compile(r"!markPrice@arr(@(?P<detail>1s))?"), StreamKind.MARK_PRICE),
    (re.compile(r"!indexPrice@arr(@(?P<detail>1s))?"), StreamKind.INDEX_PRICE),
)
_PRICES: Final = frozenset({StreamKind.MARK_PRICE, StreamKind.INDEX_PRICE})
_OF_ALL: Final = ("trade", "aggTrade", "bookTicker", "depth@100ms", "depth20@100ms", "kline_1m")
_TICKERS: Final = ("ticker", "miniTicker")
_OF_FUTURES: Final = (
    *_OF_ALL,
    *_TICKERS,
    "continuousKline_1m",
    "markPrice@1s",
    "forceOrder",
)
_EVERY: Final = {
    Market.SPOT: (
        *_OF_ALL,
        *_TICKERS,
        "ticker_1h",
        "ticker_4h",
        "ticker_1d",
        "avgPrice",
        "referencePrice",
        "blockTrade",
    ),
    Market.USDM: (*_OF_FUTURES, "rpiDepth@500ms"),
    Market.COINM: (*_OF_FUTURES, "indexPrice@1s", "markPriceKline_1m", "indexPriceKline_1m"),
}
_LISTED: Final = ", ".join(
    [
        *_PLAIN,
        *("kline_1m", "continuousKline_1m", "markPriceKline_1m", "indexPriceKline_1m"),
        *("depth5|10|20@100ms", "depth@100ms", "markPrice@1s", "indexPrice@1s"),
        *("ticker_1h|4h|1d", *_WHOLE, "!ticker_1h@arr", "!markPrice@arr@1s"),
    ]
)


def wish(stream: str, symbol: str, market: Market = Market.SPOT) -> Subscription:
    """The subscription of ``trade``, ``kline_1m``, ``depth@100ms`` ... for a symbol.

    Of pairs (``indexPrice``, ``indexPriceKline``, ``continuousKline``, there of the perpetual
    contract) the symbol's own is meant; of ``!miniTicker@arr`` and its like the whole market.

    Raises:
        SettingsError: there is no such stream.
    """
    if whole := _found(stream, _WHOLE, _WHOLE_DETAILED):
        return Subscription(whole[0], WHOLE_MARKET, _spelt_out(*whole, market))
    one = _found(stream, _PLAIN, _DETAILED)
    if one is None:
        raise SettingsError(f"--stream {stream!r}: Binance has {_LISTED}")
    kind, detail = one
    if kind is StreamKind.CONTINUOUS_BARS:
        symbol = f"{_pair(symbol)}_PERPETUAL"
    elif kind in {StreamKind.INDEX_PRICE, StreamKind.INDEX_BARS}:
        symbol = _pair(symbol)
    return Subscription(kind, symbol, _spelt_out(kind, detail, market))


def every_stream(market: Market) -> tuple[str, ...]:
    """What ``--all`` records of each symbol: every kind of stream, bars of a minute."""
    return _EVERY[market]


def _found(
    stream: str,
    plain: dict[str, StreamKind],
    detailed: tuple[tuple[re.Pattern[str], StreamKind], ...],
) -> tuple[StreamKind, str] | None:
    if stream in plain:
        return plain[stream], ""
    for pattern, kind in detailed:
        if match := pattern.fullmatch(stream):
            return kind, match["detail"] or ""
    return None


def _spelt_out(kind: StreamKind, detail: str, market: Market) -> str:
    """With the speed that Binance means by a name without one."""
    slow = "1000ms" if market is Market.SPOT else "250ms"
    if kind is StreamKind.DEPTH:
        return detail or slow
    if kind is StreamKind.BOOK:
        levels, _, speed = detail.partition("@")
        return levels if speed == "100ms" else f"{levels}@{speed or slow}"
    return detail or "3s" if kind in _PRICES else detail


def _pair(symbol: str) -> str:
    """``BTCUSD`` of ``BTCUSD_PERP``."""
    return symbol.partition("_")[0]
