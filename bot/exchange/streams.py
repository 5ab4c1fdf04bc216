"""The names of market streams. Source: Binance spot documentation, "WebSocket Streams"."""

from typing import Final

from bot.domain.commands import StreamKind, Subscription
from bot.domain.errors import SettingsError

__all__ = ["stream_name"]

_INTERVALS: Final = frozenset(
    "1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1M".split()  # noqa: SIM905 - reads like the docs
)
_DEPTHS: Final = frozenset({"5", "10", "20"})
_PLAIN: Final = {
    StreamKind.TRADES: "trade",
    StreamKind.AGG_TRADES: "aggTrade",
    StreamKind.QUOTES: "bookTicker",
    StreamKind.MINI_TICKER: "miniTicker",
    StreamKind.TICKER: "ticker",
}


def stream_name(subscription: Subscription) -> str:
    """``btcusdt@trade`` for trades of BTCUSDT.

    Bars without an interval are those of one minute; a book without a depth has 20 levels,
    every 100 ms.

    Raises:
        SettingsError: Binance has no such interval or depth.
    """
    kind, detail = subscription.kind, subscription.detail
    symbol = subscription.symbol.lower()
    if kind is StreamKind.BARS:
        interval = detail or "1m"
        if interval not in _INTERVALS:
            raise SettingsError(f"bar interval {interval!r}: Binance has {_listed(_INTERVALS)}")
        return f"{symbol}@kline_{interval}"
    if kind is StreamKind.BOOK:
        depth = detail or "20"
        if depth not in _DEPTHS:
            raise SettingsError(f"book depth {depth!r}: Binance has {_listed(_DEPTHS)}")
        return f"{symbol}@depth{depth}@100ms"
    return f"{symbol}@{_PLAIN[kind]}"


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names, key=lambda name: (len(name), name)))
