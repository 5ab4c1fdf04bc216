"""Which events a subscription means: the topic of a subscription is that of its events."""

from collections.abc import Callable, Hashable
from typing import Any, Final

from bot.domain.commands import StreamKind, Subscription
from bot.domain.market import (
    AssetIndex,
    Bar,
    BookSnapshot,
    ContractInfo,
    DepthUpdate,
    IndexPrice,
    Liquidation,
    MarketEvent,
    MarkPrice,
    MiniTicker,
    PriceBar,
    QuoteTick,
    Ticker,
    TradingSession,
    WindowTicker,
)
from bot.domain.values import WHOLE_MARKET, Market

__all__ = [
    "Topic",
    "canonical",
    "is_of_instrument",
    "topic_of",
    "topic_wanted",
    "whole_market_of",
]

Topic = Hashable
"""The symbol; or the symbol and what tells events of one type on it apart."""

_DEFAULTS: Final = {
    StreamKind.BARS: "1m",
    StreamKind.CONTINUOUS_BARS: "1m",
    StreamKind.MARK_BARS: "1m",
    StreamKind.INDEX_BARS: "1m",
    StreamKind.BOOK: "20",
    StreamKind.DEPTH: "100ms",
    StreamKind.WINDOW_TICKER: "1d",
    StreamKind.MARK_PRICE: "1s",
    StreamKind.INDEX_PRICE: "1s",
}
_NO_INSTRUMENT: Final = frozenset(
    {
        StreamKind.CONTINUOUS_BARS,
        StreamKind.INDEX_BARS,
        StreamKind.INDEX_PRICE,
        StreamKind.COMPOSITE_INDEX,
        StreamKind.ASSET_INDEX,
    }
)


def canonical(subscription: Subscription, home: Market | None = None) -> Subscription:
    """The same wish in its one form.

    Its detail is spelt out (bars are of one minute unless it says so), and its symbol is
    plain if it is one of the ``home`` market.
    """
    kind, symbol, detail = subscription.kind, subscription.symbol, subscription.detail
    if home is not None:
        symbol = symbol.removeprefix(f"{home.value}:")
    return Subscription(kind, symbol, detail or _DEFAULTS.get(kind, ""))


def is_of_instrument(subscription: Subscription) -> bool:
    """Whether its symbol should be one that the run trades.

    Not so for symbols of other markets, for a whole market, and for pairs and indices.
    """
    symbol = subscription.symbol
    return subscription.kind not in _NO_INSTRUMENT and symbol != WHOLE_MARKET and ":" not in symbol


def topic_wanted(subscription: Subscription) -> Topic:
    """The topic of the events that the subscription brings."""
    wish = canonical(subscription)
    make = _WANTED.get(wish.kind)
    return wish.symbol if make is None else (wish.symbol, *make(wish))


def topic_of(event: MarketEvent) -> Topic:
    """The topic of an event."""
    make = _TOPICS.get(type(event))
    return event.symbol if make is None else make(event)


def whole_market_of(symbol: str) -> str:
    """``*``, with the market of the symbol in front if it has one."""
    market, colon, _ = symbol.rpartition(":")
    return f"{market}{colon}{WHOLE_MARKET}"


def _symbol_or_all(event: Any) -> Topic:
    return whole_market_of(event.symbol) if event.from_array else event.symbol


_WANTED: Final[dict[StreamKind, Callable[[Subscription], tuple[Hashable, ...]]]] = {
    StreamKind.BARS: lambda wish: (wish.detail,),
    StreamKind.CONTINUOUS_BARS: lambda wish: (wish.detail,),
    StreamKind.MARK_BARS: lambda wish: ("mark", wish.detail),
    StreamKind.INDEX_BARS: lambda wish: ("index", wish.detail),
    StreamKind.BOOK: lambda wish: (int(wish.detail.partition("@")[0]), wish.speed_ms),
    StreamKind.DEPTH: lambda wish: (wish.speed_ms,),
    StreamKind.WINDOW_TICKER: lambda wish: (wish.detail,),
}
_TOPICS: Final[dict[type, Callable[[Any], Topic]]] = {
    Bar: lambda bar: (bar.symbol, bar.interval),
    PriceBar: lambda bar: (bar.symbol, bar.source, bar.interval),
    BookSnapshot: lambda book: (book.symbol, book.depth, book.speed_ms),
    DepthUpdate: lambda update: (update.symbol, update.speed_ms),
    WindowTicker: lambda ticker: (_symbol_or_all(ticker), ticker.window),
    **dict.fromkeys(
        (
            QuoteTick,
            MiniTicker,
            Ticker,
            MarkPrice,
            IndexPrice,
            Liquidation,
            ContractInfo,
            AssetIndex,
            TradingSession,
        ),
        _symbol_or_all,
    ),
}
