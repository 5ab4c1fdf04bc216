"""What the market did. Observations: floats, as numpy and indicator libraries take them.

Every event has ``symbol``, ``ts_ns`` (the exchange's event or trade time; where the
stream carries none, the receive time) and ``recv_ns`` (when the frame reached us). Both
are nanoseconds since the epoch, UTC. Prices are in quote units, sizes in base units
(contracts on COIN-M).

``symbol`` is the key under which the event was subscribed: ``BTCUSDT``, or with another
market in front ``usdm:BTCUSDT``. ``late`` is True for what was missed and fetched after the
fact; ``from_array`` for what came with the whole market (subscribed as ``*``).
"""

import msgspec

from bot.domain.derivatives import (
    AssetIndex,
    CompositeIndex,
    ContractBracket,
    ContractInfo,
    IndexComponent,
    IndexPrice,
    Liquidation,
    MarkPrice,
    PriceBar,
    TradingSession,
)

__all__ = [
    "AggTrade",
    "AssetIndex",
    "AveragePrice",
    "Bar",
    "BlockTrade",
    "BookSnapshot",
    "CompositeIndex",
    "ContractBracket",
    "ContractInfo",
    "DepthUpdate",
    "IndexComponent",
    "IndexPrice",
    "Liquidation",
    "MarkPrice",
    "MarketEvent",
    "MiniTicker",
    "PriceBar",
    "QuoteTick",
    "ReferencePrice",
    "RpiDepthUpdate",
    "Ticker",
    "TradeTick",
    "TradingSession",
    "WholeMarket",
    "WindowTicker",
]


class TradeTick(msgspec.Struct, frozen=True, gc=False, tag=True):
    """One match between two orders (``<symbol>@trade``)."""

    symbol: str
    price: float
    size: float
    trade_id: int
    buyer_is_maker: bool
    ts_ns: int
    recv_ns: int
    late: bool = False


class BlockTrade(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A trade agreed off the book (``<symbol>@blockTrade``); its ids are a row of their own."""

    symbol: str
    price: float
    size: float
    trade_id: int
    buyer_is_maker: bool
    ts_ns: int
    recv_ns: int


class AggTrade(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Matches of one taker order at one price (``<symbol>@aggTrade``)."""

    symbol: str
    price: float
    size: float
    agg_id: int
    first_trade_id: int
    last_trade_id: int
    buyer_is_maker: bool
    ts_ns: int
    recv_ns: int
    late: bool = False


class QuoteTick(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Best bid and ask (``<symbol>@bookTicker``)."""

    symbol: str
    bid: float
    bid_size: float
    ask: float
    ask_size: float
    update_id: int
    ts_ns: int
    recv_ns: int
    from_array: bool = False

    @property
    def mid(self) -> float:
        """Half way between bid and ask, in quote units."""
        return (self.bid + self.ask) / 2.0


class Bar(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Open, high, low, close over an interval (``<symbol>@kline_<interval>``)."""

    symbol: str
    interval: str
    open: float
    high: float
    low: float
    close: float
    volume: float
    """Base units."""
    quote_volume: float
    trades: int
    open_ns: int
    close_ns: int
    closed: bool
    """False while the bar still forms."""
    ts_ns: int
    recv_ns: int
    taker_volume: float = 0.0
    """Base units that takers bought."""
    taker_quote_volume: float = 0.0
    first_trade_id: int = -1
    """-1 where there was no trade or it is not known."""
    last_trade_id: int = -1
    late: bool = False


class BookSnapshot(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The top levels of the book (``<symbol>@depth5|10|20``), best first."""

    symbol: str
    bids: tuple[tuple[float, float], ...]
    """(price, size), descending."""
    asks: tuple[tuple[float, float], ...]
    """(price, size), ascending."""
    update_id: int
    ts_ns: int
    recv_ns: int
    depth: int = 20
    """How many levels a side were asked for: 5, 10 or 20."""
    speed_ms: int = 100
    """How often the stream that it came with speaks."""


class DepthUpdate(msgspec.Struct, frozen=True, gc=False, tag=True):
    """What changed in the book (``<symbol>@depth``): new sizes by price, 0 takes a level away."""

    symbol: str
    first_update_id: int
    last_update_id: int
    previous_update_id: int
    """The last update id of the update before, on futures; -1 on spot."""
    bids: tuple[tuple[float, float], ...]
    asks: tuple[tuple[float, float], ...]
    ts_ns: int
    recv_ns: int
    speed_ms: int = 100
    """How often the stream that it came with speaks."""


class RpiDepthUpdate(DepthUpdate, frozen=True, gc=False, tag=True):
    """As DepthUpdate, of the book with retail price improvement (``<symbol>@rpiDepth@500ms``).

    Another book than DepthUpdate's, with ids of its own.
    """


class MiniTicker(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The last 24 hours in brief (``<symbol>@miniTicker``)."""

    symbol: str
    open: float
    high: float
    low: float
    close: float
    volume: float
    quote_volume: float
    ts_ns: int
    recv_ns: int
    from_array: bool = False


class Ticker(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The last 24 hours (``<symbol>@ticker``). On futures bid and ask are 0: not said there."""

    symbol: str
    last: float
    bid: float
    ask: float
    open: float
    high: float
    low: float
    volume: float
    quote_volume: float
    change: float
    change_percent: float
    weighted_average: float
    trades: int
    ts_ns: int
    recv_ns: int
    last_size: float = 0.0
    bid_size: float = 0.0
    ask_size: float = 0.0
    previous_close: float = 0.0
    """The last price before the window; 0 on futures."""
    open_ns: int = 0
    close_ns: int = 0
    first_trade_id: int = -1
    last_trade_id: int = -1
    from_array: bool = False


class WindowTicker(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The last hour, four hours or day (``<symbol>@ticker_<window>``).

    The window begins on a whole minute, so it may be up to 59,999 ms too wide.
    """

    symbol: str
    window: str
    """``1h``, ``4h`` or ``1d``."""
    last: float
    open: float
    high: float
    low: float
    volume: float
    quote_volume: float
    change: float
    change_percent: float
    weighted_average: float
    trades: int
    open_ns: int
    close_ns: int
    first_trade_id: int
    last_trade_id: int
    ts_ns: int
    recv_ns: int
    from_array: bool = False


class AveragePrice(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The average price that order filters refer to (``<symbol>@avgPrice``)."""

    symbol: str
    price: float
    window: str
    """Over how long: ``5m``."""
    last_trade_ns: int
    ts_ns: int
    recv_ns: int


class ReferencePrice(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The price that the execution rules refer to (``<symbol>@referencePrice``)."""

    symbol: str
    price: float | None
    """None while there is none."""
    ts_ns: int
    recv_ns: int


class WholeMarket(msgspec.Struct, frozen=True, gc=False, tag=True):
    """One message about many symbols (``!miniTicker@arr``): an event for each, in their order.

    Subscribers of ``*`` get the events one by one, never this.
    """

    symbol: str
    """As it was subscribed: ``*``, with its market where that is another."""
    events: tuple[
        QuoteTick
        | MiniTicker
        | Ticker
        | WindowTicker
        | MarkPrice
        | IndexPrice
        | Liquidation
        | ContractInfo
        | AssetIndex
        | TradingSession,
        ...,
    ]
    ts_ns: int
    """The newest of its events'."""
    recv_ns: int


MarketEvent = (
    TradeTick
    | AggTrade
    | QuoteTick
    | Bar
    | BookSnapshot
    | DepthUpdate
    | RpiDepthUpdate
    | MiniTicker
    | Ticker
    | WindowTicker
    | AveragePrice
    | ReferencePrice
    | BlockTrade
    | MarkPrice
    | IndexPrice
    | PriceBar
    | Liquidation
    | ContractInfo
    | CompositeIndex
    | AssetIndex
    | TradingSession
    | WholeMarket
)
