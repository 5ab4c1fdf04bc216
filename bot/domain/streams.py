"""The names of market streams, and the connections that carry them.

Source: Binance documentation, "WebSocket Streams" (spot), "WebSocket Market Streams" (USDⓈ-M,
COIN-M) and the notice on the split of the USDⓈ-M addresses of 2026-03-06.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Final, NamedTuple

from bot.domain.commands import StreamKind, Subscription
from bot.domain.errors import SettingsError
from bot.domain.interval import interval_of
from bot.domain.values import WHOLE_MARKET, Market, split_symbol, symbol_key

__all__ = ["Address", "address", "category_of", "check", "stream_name"]


class Address(NamedTuple):
    """Where a stream is: streams of one market and category may share a connection."""

    market: Market
    category: str
    """``public`` or ``market``: USDⓈ-M serves them at different URLs. Elsewhere ``market``."""
    name: str


def address(subscription: Subscription, home: Market = Market.SPOT) -> Address:
    """The stream of a subscription in a run whose own market is ``home``.

    Raises:
        SettingsError: that market has no such stream, bar interval, depth, speed or window.
    """
    market, symbol = split_symbol(subscription.symbol, home)
    kind = subscription.kind
    if not _SYMBOL.fullmatch(symbol) and symbol != WHOLE_MARKET:
        raise SettingsError(
            f"symbol {subscription.symbol!r}: write it as Binance does, as in BTCUSDT, or of "
            f"another market as in {Market.USDM.value}:BTCUSDT"
        )
    if kind not in _KINDS[market]:
        raise SettingsError(
            f"{kind.value} of {subscription.symbol}: {market.value} has no such stream"
        )
    if kind is StreamKind.CONTINUOUS_BARS:
        _known("contract", symbol.partition("_")[2], _CONTRACTS)
    if symbol == WHOLE_MARKET:
        name = _whole_market_name(subscription, market)
    elif kind in _WHOLE_ONLY:
        raise SettingsError(
            f"{kind.value} of {subscription.symbol}: Binance has one stream of it, for the whole "
            f"market: subscribe {symbol_key(market, WHOLE_MARKET, home)!r}"
        )
    else:
        name = f"{symbol.lower()}@{_suffix(subscription, market)}"
    return Address(market, _category(kind, market), name)


def stream_name(subscription: Subscription, home: Market = Market.SPOT) -> str:
    """``btcusdt@trade`` for trades of BTCUSDT. Raises as :func:`address`."""
    return address(subscription, home).name


def category_of(subscription: Subscription, home: Market = Market.SPOT) -> str:
    """``public`` or ``market``. Raises as :func:`address`."""
    return address(subscription, home).category


def check(subscription: Subscription, home: Market = Market.SPOT) -> None:
    """Raise unless the exchange has it; bars of any interval are, for what it lacks is built.

    Raises:
        SettingsError: as :func:`address`.
        ValueError: that is no interval of bars.
    """
    kind, symbol, detail = subscription.kind, subscription.symbol, subscription.detail
    if kind is StreamKind.BARS and detail:
        interval_of(detail)
        detail = ""
    address(Subscription(kind, symbol, detail), home)


# Binance's symbols need not be ASCII; lower case is how it writes them in names of streams.
_SYMBOL: Final = re.compile(r"[^\s:@/*a-z]+")
_INTERVALS: Final = frozenset(
    "1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1M".split()  # noqa: SIM905 - reads like the docs
)
_SPOT_INTERVALS: Final = (
    _INTERVALS | {"1s"} | {f"{interval}@+08:00" for interval in (*_INTERVALS, "1s")}
)
_DEPTHS: Final = frozenset({"5", "10", "20"})
_CONTRACTS: Final = frozenset({"PERPETUAL", "TRADIFI_PERPETUAL", "CURRENT_QUARTER", "NEXT_QUARTER"})
_WINDOWS: Final = frozenset({"1h", "4h", "1d"})
_SPEEDS: Final = frozenset({"1s", "3s"})
# The first is what a stream without a speed in its name has.
_BOOK_SPEEDS: Final = {
    Market.SPOT: ("1000ms", "100ms"),
    Market.USDM: ("250ms", "500ms", "100ms"),
    Market.COINM: ("250ms", "500ms", "100ms"),
}

_EVERYWHERE: Final = frozenset(
    {
        StreamKind.TRADES,
        StreamKind.AGG_TRADES,
        StreamKind.QUOTES,
        StreamKind.BARS,
        StreamKind.BOOK,
        StreamKind.DEPTH,
        StreamKind.MINI_TICKER,
        StreamKind.TICKER,
    }
)
_ON_FUTURES: Final = _EVERYWHERE | {
    StreamKind.MARK_PRICE,
    StreamKind.CONTINUOUS_BARS,
    StreamKind.LIQUIDATIONS,
    StreamKind.CONTRACT_INFO,
}
_KINDS: Final = {
    Market.SPOT: _EVERYWHERE
    | {
        StreamKind.WINDOW_TICKER,
        StreamKind.AVERAGE_PRICE,
        StreamKind.REFERENCE_PRICE,
        StreamKind.BLOCK_TRADES,
    },
    Market.USDM: _ON_FUTURES
    | {
        StreamKind.RPI_DEPTH,
        StreamKind.COMPOSITE_INDEX,
        StreamKind.ASSET_INDEX,
        StreamKind.TRADING_SESSION,
    },
    Market.COINM: _ON_FUTURES
    | {StreamKind.INDEX_PRICE, StreamKind.INDEX_BARS, StreamKind.MARK_BARS},
}
_WHOLE_ONLY: Final = frozenset({StreamKind.CONTRACT_INFO, StreamKind.TRADING_SESSION})
# What USDⓈ-M serves under /public/; everything else of the market is under /market/.
_PUBLIC: Final = frozenset(
    {
        StreamKind.TRADES,
        StreamKind.QUOTES,
        StreamKind.BOOK,
        StreamKind.DEPTH,
        StreamKind.RPI_DEPTH,
    }
)
_PLAIN: Final = {
    StreamKind.TRADES: "trade",
    StreamKind.AGG_TRADES: "aggTrade",
    StreamKind.BLOCK_TRADES: "blockTrade",
    StreamKind.QUOTES: "bookTicker",
    StreamKind.MINI_TICKER: "miniTicker",
    StreamKind.TICKER: "ticker",
    StreamKind.AVERAGE_PRICE: "avgPrice",
    StreamKind.REFERENCE_PRICE: "referencePrice",
    StreamKind.LIQUIDATIONS: "forceOrder",
    StreamKind.COMPOSITE_INDEX: "compositeIndex",
    StreamKind.ASSET_INDEX: "assetIndex",
    StreamKind.RPI_DEPTH: "rpiDepth@500ms",
}
_BARS: Final = {
    StreamKind.BARS: "kline",
    StreamKind.CONTINUOUS_BARS: "continuousKline",
    StreamKind.MARK_BARS: "markPriceKline",
    StreamKind.INDEX_BARS: "indexPriceKline",
}
_PRICES: Final = {StreamKind.MARK_PRICE: "markPrice", StreamKind.INDEX_PRICE: "indexPrice"}


def _category(kind: StreamKind, market: Market) -> str:
    return "public" if market is Market.USDM and kind in _PUBLIC else "market"


def _suffix(subscription: Subscription, market: Market) -> str:
    kind, detail = subscription.kind, subscription.detail
    if kind in _BARS:
        known = _SPOT_INTERVALS if market is Market.SPOT else _INTERVALS
        return f"{_BARS[kind]}_{_known('bar interval', detail or '1m', known)}"
    if kind in _PRICES:
        return f"{_PRICES[kind]}{_price_speed(detail)}"
    make = _DETAILED.get(kind)
    return _PLAIN[kind] if make is None else make(detail, market)


def _whole_market_name(subscription: Subscription, market: Market) -> str:
    kind, detail = subscription.kind, subscription.detail
    if kind in _PRICES:
        return f"!{_PRICES[kind]}@arr{_price_speed(detail)}"
    if kind is StreamKind.WINDOW_TICKER:
        return f"!ticker_{_known('window', detail or '1d', _WINDOWS)}@arr"
    name = _WHOLE_NAMES.get(kind)
    if name is None or (market is Market.SPOT and kind is not StreamKind.MINI_TICKER):
        raise SettingsError(
            f"{kind.value} of {WHOLE_MARKET!r}: {market.value} has no stream of the whole market"
        )
    return name


_WHOLE_NAMES: Final = {
    StreamKind.MINI_TICKER: "!miniTicker@arr",
    StreamKind.TICKER: "!ticker@arr",
    StreamKind.QUOTES: "!bookTicker",
    StreamKind.LIQUIDATIONS: "!forceOrder@arr",
    StreamKind.CONTRACT_INFO: "!contractInfo",
    StreamKind.ASSET_INDEX: "!assetIndex@arr",
    StreamKind.TRADING_SESSION: "tradingSession",
}


def _price_speed(detail: str) -> str:
    return "@1s" if _known("speed", detail or "1s", _SPEEDS) == "1s" else ""


def _book(detail: str, market: Market) -> str:
    depth, _, speed = detail.partition("@")
    depth = _known("book depth", depth or "20", _DEPTHS)
    return f"depth{depth}{_book_speed(speed, market)}"


def _depth(detail: str, market: Market) -> str:
    return f"depth{_book_speed(detail, market)}"


def _book_speed(speed: str, market: Market) -> str:
    speeds = _BOOK_SPEEDS[market]
    chosen = _known("book speed", speed or "100ms", speeds)
    return "" if chosen == speeds[0] else f"@{chosen}"


def _window(detail: str, _: Market) -> str:
    return f"ticker_{_known('window', detail or '1d', _WINDOWS)}"


_DETAILED: Final[Mapping[StreamKind, Callable[[str, Market], str]]] = {
    StreamKind.BOOK: _book,
    StreamKind.DEPTH: _depth,
    StreamKind.WINDOW_TICKER: _window,
}


def _known(what: str, name: str, names: Collection[str]) -> str:
    if name not in names:
        listed = ", ".join(sorted(names, key=lambda known: (len(known), known)))
        raise SettingsError(f"{what} {name!r}: Binance has {listed}")
    return name
