"""Streams by the names that Binance gives them, as wishes for market events."""

import re
from typing import Final

from bot.domain.commands import StreamKind, Subscription
from bot.domain.errors import SettingsError
from bot.domain.values import Market

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
    "contractInfo": StreamKind.CONTRACT_INFO,
    "compositeIndex": StreamKind.COMPOSITE_INDEX,
    "assetIndex": StreamKind.ASSET_INDEX,
    "tradingSession": StreamKind.TRADING_SESSION,
}
_DETAILED: Final = (
    (re.compile(r"kline_(?P<detail>\d+[smhdwM](@.+)?)"), StreamKind.BARS),
    (re.compile(r"depth(?P<detail>5|10|20)(@100ms)?"), StreamKind.BOOK),
    (re.compile(r"depth(@(?P<detail>\d+ms))?"), StreamKind.DEPTH),
    (re.compile(r"markPrice(@(?P<detail>\d+s))?"), StreamKind.MARK_PRICE),
    (re.compile(r"indexPrice(@(?P<detail>\d+s))?"), StreamKind.INDEX_PRICE),
    (re.compile(r"ticker_(?P<detail>1h|4h|1d)"), StreamKind.WINDOW_TICKER),
)
_OF_BOTH: Final = ("trade", "aggTrade", "bookTicker", "depth@100ms", "kline_1m", "ticker")
_EVERY: Final = {
    Market.SPOT: (*_OF_BOTH, "miniTicker", "avgPrice"),
    Market.USDM: (*_OF_BOTH, "markPrice@1s", "forceOrder"),
    Market.COINM: (*_OF_BOTH, "markPrice@1s", "forceOrder"),
}


def wish(stream: str, symbol: str) -> Subscription:
    """The subscription of ``trade``, ``kline_1m``, ``depth@100ms`` ... for a symbol.

    Raises:
        SettingsError: there is no such stream.
    """
    kind = _PLAIN.get(stream)
    if kind is not None:
        return Subscription(kind, symbol)
    for pattern, detailed in _DETAILED:
        if match := pattern.fullmatch(stream):
            return Subscription(detailed, symbol, match["detail"] or "")
    listed = ", ".join([*_PLAIN, "kline_1m", "depth5|10|20", "depth@100ms", "markPrice@1s"])
    raise SettingsError(f"--stream {stream!r}: Binance has {listed}, ticker_1h|4h|1d")


def every_stream(market: Market) -> tuple[str, ...]:
    """What ``--all`` records of each symbol."""
    return _EVERY[market]
