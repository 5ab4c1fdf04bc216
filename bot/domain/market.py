"""What the market did. Observations: floats, as numpy and indicator libraries take them.

Every event has ``symbol``, ``ts_ns`` (the exchange's event or trade time; where the
stream carries none, the receive time) and ``recv_ns`` (when the frame reached us). Both
are nanoseconds since the epoch, UTC. Prices are in quote units, sizes in base units.
"""

import msgspec

__all__ = [
    "AggTrade",
    "Bar",
    "BookSnapshot",
    "MarketEvent",
    "MiniTicker",
    "QuoteTick",
    "Ticker",
    "TradeTick",
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


class BookSnapshot(msgspec.Struct, frozen=True, tag=True):
    """The top levels of the book (``<symbol>@depth5|10|20``), best first."""

    symbol: str
    bids: tuple[tuple[float, float], ...]
    """(price, size), descending."""
    asks: tuple[tuple[float, float], ...]
    """(price, size), ascending."""
    update_id: int
    ts_ns: int
    recv_ns: int


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


class Ticker(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The last 24 hours (``<symbol>@ticker``)."""

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


MarketEvent = TradeTick | AggTrade | QuoteTick | Bar | BookSnapshot | MiniTicker | Ticker
